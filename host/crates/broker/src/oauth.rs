//! OAuth 2: everything of it that touches a secret. It asks token endpoints, reads their answers,
//! signs assertions, checks callbacks. It decides nothing and keeps nothing.
//!
//! Read in this order: where a provider's endpoints are, who we are, what is asked, what is
//! answered.

mod answer;
mod ask;
mod assertion;
mod authorize;
mod client;
mod exchange;
mod lookup;
mod places;
mod revoke;

pub use answer::{Issued, TokenError};
pub use ask::{Ask, Asking};
pub use authorize::{challenge_of, digest, random_secret};
pub use client::{APP, OAuthClient};
pub use places::{Places, fill_text};
