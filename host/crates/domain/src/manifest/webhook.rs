//! How a provider's webhooks are verified and answered, as data. The host verifies the raw bytes;
//! plugin code sees only what passed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub mod backfill;
mod check;
pub mod handshake;
pub mod place;
pub mod registration;
pub mod signature;
pub mod template;
pub mod verify;

pub use backfill::Backfill;
pub use handshake::{Answer, Confirm, Handshake, HandshakeMethod, Hash, TokenCheck, When};
pub use place::Place;
pub use registration::{Passing, Registration};
pub use signature::{HmacAlgorithm, SignatureEncoding, SignatureFormat, TextEncoding, TimestampUnit};
pub use template::{Part, Template};
pub use verify::{
    Basic, BodyHash, Certificate, Hmac, Jwt, JwtAlgorithm, JwtBodyHash, KeyAlgorithm, PublicKey, StandardWebhooks,
    Token, Verify,
};

use crate::webhook::Trust;

/// What a verification names where the provider signs with the client secret of our OAuth app:
/// the one that the integration's tokens were given to. It stands wherever a field may stand, and
/// is no field of the credential. While the app's secret is being replaced, the one before counts too.
pub const CLIENT_SECRET: &str = "oauth.client_secret";

/// The rules for one provider's webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRules {
    /// How a delivery proves where it comes from.
    pub verify: Verify,
    /// What has to be equal to a credential field besides, such as the topic of a notification.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub require: Vec<Require>,
    /// Where the provider's id of a delivery is. Deliveries without one are told apart by their
    /// bytes. Prefer a place that the signature covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedupe: Option<Place>,
    /// Requests that the host answers by itself, tried in this order before anything else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handshakes: Vec<Handshake>,
    /// Whether what does not verify is answered with 401, where a provider tests for that, and not
    /// with the 404 of an unknown endpoint.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refuse_with_401: bool,
    /// The provider's names of the events that the gateway understands, for the permission sheet. Our
    /// endpoint is registered for them.
    #[serde(default)]
    pub events: Vec<String>,
    /// How the host keeps the provider's registrations of an endpoint; needed by an exported
    /// `registrations`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<Registration>,
    /// How far back and how often the host reads the provider's own list of events; needed by an
    /// exported `backfill`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill: Option<Backfill>,
}

/// Something in a delivery that has to be equal to a credential field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Require {
    /// Where it is. Every value there has to be equal, and there has to be one.
    pub at: Place,
    /// The credential field. It may hold several values, one a line.
    pub field: String,
}

impl WebhookRules {
    /// How far a delivery that verified is to be believed.
    pub fn trust(&self) -> Trust {
        self.verify.trust()
    }

    /// Whether a header carries a proof or a secret: a gateway does not get to see it.
    pub fn hides(&self, header: &str) -> bool {
        let required = self.require.iter().filter_map(|require| require.at.header());
        let mut hidden = self.verify.headers().into_iter().chain(required);
        let header = header.to_ascii_lowercase();
        hidden.any(|name| name.strip_suffix('*').map_or(name == header, |stem| header.starts_with(stem)))
    }

    /// The credential fields that verifying needs, each once; [`CLIENT_SECRET`] may be among them.
    pub fn fields(&self) -> Vec<&str> {
        let mut fields = self.verify.fields();
        fields.extend(self.require.iter().map(|require| require.field.as_str()));
        fields.extend(self.handshakes.iter().flat_map(Handshake::fields));
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// The hosts from which the host fetches keys or certificates, or confirms, by itself.
    pub fn fetches_from(&self) -> Vec<String> {
        let mut hosts = self.verify.fetches_from();
        hosts.extend(
            self.handshakes
                .iter()
                .filter_map(|handshake| handshake.confirm.as_ref())
                .flat_map(|confirm| confirm.hosts.clone()),
        );
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }
}
