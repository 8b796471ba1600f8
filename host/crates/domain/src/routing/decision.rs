//! A decision: which integration was chosen, among which, and why not the others.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{IntegrationId, PolicyId};

/// What decides about a call, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The request named the integration.
    Named,
    /// A link of the entity.
    EntityLink,
    /// A link of the tenant itself.
    TenantDefault,
    /// A routing policy.
    Policy,
}

/// How an integration was chosen for a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RoutingDecision")]
pub struct Decision {
    /// What decided; absent where nothing did.
    pub rule: Option<Basis>,
    /// The policy that was asked, where one was.
    pub policy: Option<PolicyId>,
    /// Which of the policy's rules matched, from 0.
    pub policy_rule: Option<u32>,
    /// Rules of the policy that could not be evaluated, and so did not match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped_rules: Vec<SkippedRule>,
    /// Who was considered, in order.
    pub candidates: Vec<Candidate>,
    /// Who was chosen; absent where nobody can serve.
    pub chosen: Option<IntegrationId>,
}

/// An integration that was considered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// The integration.
    pub integration: IntegrationId,
    /// Its provider's code; absent where the integration is gone.
    pub provider: Option<String>,
    /// What brought it up.
    pub rule: Basis,
    /// Whether it can serve this call.
    pub eligible: bool,
    /// Why it can not, or why it stands where it stands.
    pub reason: String,
}

/// A rule of a policy that could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SkippedRule {
    /// Which one, from 0.
    pub rule: u32,
    /// Why.
    pub reason: String,
}
