//! The only crate that sees a plaintext secret or opens an outbound socket.
//!
//! Read in this order: what a secret is, how it is sealed, how a webhook is verified with
//! one, then a request's way out: the message, the policy that judges it, the credential
//! that is added last, the connection, the answer and what is taken out of it. `delivery` is the other way out: our own
//! signed requests to host apps.

pub mod credentials;
pub mod secret;

pub mod vault;

pub mod webhook;

pub mod message;
pub mod session;

pub mod oauth;

pub mod broker;
pub mod delivery;

mod bounded;
mod egress;
mod scrub;

pub use broker::{Broker, BrokerConfig};
pub use credentials::Credentials;
pub use delivery::{Heard, Notice};
pub use egress::carry::{Carry, Carrying, Uncarried};
pub use egress::resolve::{Resolve, Resolving};
pub use message::{Body, Method, Request, Response, SendError};
pub use secret::Secret;
pub use session::{Passed, Session, SessionSpec};
pub use vault::signing::{NewSigning, SealedSecret, SigningContext};
pub use vault::{
    AuditSeals, CredentialContext, Owner, Place, RootKey, RootKeys, SealedKeys, TenantKeyRef, Vault, sealed_under,
};
pub use webhook::{
    FetchFor, Handshaken, Inbound, Known, Refusal, RefusalReason, Reply, Sealed, SealedApp, Secrets, SignAs,
};
