//! The permission sheet: what a plugin may do, computed from its manifest and its imports.
//! A tenant sees it before enabling, and the one that was consented to is kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::capability::{Capability, Effect};
use crate::manifest::{Manifest, Rule};

/// Everything a plugin may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PermissionSheet {
    /// Requests that it may send.
    pub requests: Vec<Rule>,
    /// Secrets that the host uses for it, and where each is attached.
    pub secrets: Vec<SecretUse>,
    /// Capabilities that can change something at the provider.
    pub writes: Vec<String>,
    /// Capabilities that only look.
    pub reads: Vec<String>,
    /// The provider's events that it understands.
    pub events: Vec<String>,
    /// What the component imports from the host.
    pub imports: Vec<String>,
}

/// One secret and where the host attaches it. The gateway never sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct SecretUse {
    /// The credential field.
    pub field: String,
    /// Where it goes, in words.
    pub attached: String,
}

impl PermissionSheet {
    /// The sheet of a plugin.
    pub fn of(manifest: &Manifest, capabilities: &[Capability], imports: &[String]) -> Self {
        let codes = |effect: Effect| {
            let of_it = capabilities.iter().filter(|capability| capability.effect == effect);
            of_it.map(|capability| capability.code.clone()).collect()
        };
        Self {
            requests: manifest.egress.allow.clone(),
            secrets: secret_uses(manifest),
            writes: codes(Effect::Write),
            reads: codes(Effect::Read),
            events: manifest.webhook.iter().flat_map(|webhook| webhook.events.clone()).collect(),
            imports: imports.to_vec(),
        }
    }
}

fn secret_uses(manifest: &Manifest) -> Vec<SecretUse> {
    let mut uses: Vec<SecretUse> = Vec::new();
    for scheme in &manifest.auth {
        for field in scheme.placement.secrets() {
            uses.push(SecretUse { field: field.to_owned(), attached: scheme.placement.describe() });
        }
    }
    if let Some(webhook) = &manifest.webhook {
        let attached = "nowhere: it only verifies webhooks".to_owned();
        uses.push(SecretUse { field: webhook.verify.secret().to_owned(), attached });
    }
    uses
}
