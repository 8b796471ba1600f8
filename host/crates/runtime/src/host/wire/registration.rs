//! The types of `gatehouse:plugin/registrations` as they cross into a component and back.

use gatehouse_domain::guest;
use wasmtime::component::{ComponentType, Lift, Lower};

/// `registrations.registration`.
#[derive(Debug, ComponentType, Lift, Lower)]
#[component(record)]
pub(crate) struct Registration {
    id: String,
    url: String,
    events: Vec<String>,
    active: bool,
    #[component(name = "expires-at-ms")]
    expires_at_ms: Option<u64>,
}

impl From<Registration> for guest::Registration {
    fn from(from: Registration) -> Self {
        let Registration { id, url, events, active, expires_at_ms } = from;
        Self { id, url, events, active, expires_at_ms }
    }
}

impl From<guest::Registration> for Registration {
    fn from(from: guest::Registration) -> Self {
        let guest::Registration { id, url, events, active, expires_at_ms } = from;
        Self { id, url, events, active, expires_at_ms }
    }
}
