//! Where an integration stands, and every way from one status to another.
//!
//! | status | meaning | calls |
//! |---|---|---|
//! | draft | configured, not yet seen to work | tried |
//! | `pending_auth` | waits for a person at the provider's consent page | refused |
//! | active | the provider accepted the credential when last asked | made |
//! | degraded | active, and the provider fails so often that calls are held back | made as the breaker lets them |
//! | expired | the provider no longer accepts a credential that had worked | refused |
//! | error | a test failed in a way that needs a person | tried, as a call may show that it works again |
//! | disabled | switched off by the tenant | refused |

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where an integration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntegrationStatus {
    /// Configured and not yet seen to work.
    Draft,
    /// Waits for a person at the provider's consent page.
    PendingAuth,
    /// The provider accepted the credential when last asked.
    Active,
    /// Active, and the provider fails so often that calls are held back.
    Degraded,
    /// The provider no longer accepts a credential that had worked.
    Expired,
    /// The last test failed in a way that needs a person.
    Error,
    /// Switched off by the tenant.
    Disabled,
}

/// What can move an integration from one status to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signal {
    /// A test or a call showed that the credential works.
    Worked,
    /// The provider does not accept the credential.
    Refused,
    /// A test failed by something else that a person has to mend.
    Broken,
    /// A person was sent to the provider's consent page.
    ConsentAsked,
    /// A whole credential was put in place of what there was.
    CredentialReplaced,
    /// The credential was destroyed.
    Disconnected,
    /// The provider fails too often.
    CircuitOpened,
    /// The provider answers again.
    CircuitClosed,
    /// The tenant switched it off.
    SwitchedOff,
    /// The tenant switched it on.
    SwitchedOn,
}

impl IntegrationStatus {
    /// Every status.
    pub const ALL: [Self; 7] =
        [Self::Draft, Self::PendingAuth, Self::Active, Self::Degraded, Self::Expired, Self::Error, Self::Disabled];

    /// The status after `signal`; the same one where the signal says nothing new.
    #[must_use]
    pub fn after(self, signal: Signal) -> Self {
        match (self, signal) {
            // What is switched off stays so, whatever happens around it, until it is switched on.
            (Self::Disabled, Signal::SwitchedOn) => Self::Draft,
            (Self::Disabled, _) => Self::Disabled,
            (_, Signal::SwitchedOff) => Self::Disabled,
            (_, Signal::Disconnected | Signal::CredentialReplaced) => Self::Draft,
            (Self::Active | Self::Degraded | Self::Expired, Signal::Refused) => Self::Expired,
            (_, Signal::Refused | Signal::Broken) => Self::Error,
            // A held back provider is not well because one call went through: the breaker says when.
            (Self::Degraded, Signal::Worked) => Self::Degraded,
            (_, Signal::Worked) => Self::Active,
            // Consent that is asked for again does not stop what still works.
            (Self::Draft | Self::Expired | Self::Error, Signal::ConsentAsked) => Self::PendingAuth,
            (Self::Active, Signal::CircuitOpened) => Self::Degraded,
            (Self::Degraded, Signal::CircuitClosed) => Self::Active,
            (same, _) => same,
        }
    }

    /// Whether calls may be made, or at least tried.
    pub fn takes_calls(self) -> bool {
        !matches!(self, Self::PendingAuth | Self::Expired | Self::Disabled)
    }

    /// Whether routing may choose it by itself: it has been seen to work, and not to break since.
    pub fn is_eligible(self) -> bool {
        matches!(self, Self::Active | Self::Degraded)
    }

    /// The event that tells of a move from `self` to `next`, where one does.
    pub fn event_to(self, next: Self) -> Option<&'static str> {
        match (self, next) {
            (from, to) if from == to => None,
            (Self::Degraded, Self::Active) => Some("integration.recovered"),
            (_, Self::Active) => Some("integration.connected"),
            (_, Self::Degraded) => Some("integration.degraded"),
            (_, Self::Expired) => Some("integration.expired"),
            (_, Self::Error) => Some("integration.failed"),
            (_, Self::Disabled) => Some("integration.disabled"),
            (_, Self::Draft | Self::PendingAuth) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::IntegrationStatus::{Active, Degraded, Disabled, Draft, Error, Expired, PendingAuth};
    use super::Signal::{
        Broken, CircuitClosed, CircuitOpened, ConsentAsked, CredentialReplaced, Disconnected, Refused, SwitchedOff,
        SwitchedOn, Worked,
    };
    use super::*;

    #[test]
    fn every_status_and_every_signal_has_its_place_in_the_table() {
        let signals = [
            Worked,
            Refused,
            Broken,
            ConsentAsked,
            CredentialReplaced,
            Disconnected,
            CircuitOpened,
            CircuitClosed,
            SwitchedOff,
            SwitchedOn,
        ];
        let table = [
            (Draft, [Active, Error, Error, PendingAuth, Draft, Draft, Draft, Draft, Disabled, Draft]),
            (
                PendingAuth,
                [Active, Error, Error, PendingAuth, Draft, Draft, PendingAuth, PendingAuth, Disabled, PendingAuth],
            ),
            (Active, [Active, Expired, Error, Active, Draft, Draft, Degraded, Active, Disabled, Active]),
            (Degraded, [Degraded, Expired, Error, Degraded, Draft, Draft, Degraded, Active, Disabled, Degraded]),
            (Expired, [Active, Expired, Error, PendingAuth, Draft, Draft, Expired, Expired, Disabled, Expired]),
            (Error, [Active, Error, Error, PendingAuth, Draft, Draft, Error, Error, Disabled, Error]),
            (
                Disabled,
                [Disabled, Disabled, Disabled, Disabled, Disabled, Disabled, Disabled, Disabled, Disabled, Draft],
            ),
        ];
        assert_eq!(table.map(|(from, _)| from), IntegrationStatus::ALL);
        for (from, nexts) in table {
            for (signal, next) in signals.into_iter().zip(nexts) {
                assert_eq!(from.after(signal), next, "{from:?} after {signal:?}");
            }
        }
    }

    #[test]
    fn events_are_told_of_real_moves_only() {
        for from in IntegrationStatus::ALL {
            assert_eq!(from.event_to(from), None);
            for to in IntegrationStatus::ALL {
                let told = from.event_to(to);
                assert!(told.is_none_or(|told| crate::event::OURS.iter().any(|(kind, _)| *kind == told)), "{told:?}");
            }
        }
        assert_eq!(Degraded.event_to(Active), Some("integration.recovered"));
        assert_eq!(Draft.event_to(Active), Some("integration.connected"));
    }

    #[test]
    fn nothing_is_chosen_that_may_not_be_called() {
        assert!(IntegrationStatus::ALL.into_iter().all(|status| !status.is_eligible() || status.takes_calls()));
    }
}
