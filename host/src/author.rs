//! The author's side of the product: the folder that a new gateway begins as, the SDK that it is built against, and
//! the plays of its fixtures on the compiled component. It asks no server and knows no provider.

pub(crate) mod kinds;
pub(crate) mod languages;
pub(crate) mod scaffold;
pub(crate) mod sdk;

pub(crate) mod account;
mod cache;
pub(crate) mod recorder;
pub(crate) mod stage;
pub(crate) mod targets;
mod translate;

pub(crate) mod codes;
pub(crate) mod findings;
