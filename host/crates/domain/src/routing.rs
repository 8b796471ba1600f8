//! Routing: policies that choose among integrations, and the record of each choice.
//! Nothing here evaluates an expression; that takes the engine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::id::{IntegrationId, PolicyId};
use crate::time::Timestamp;

mod check;
mod decision;

pub use decision::{Basis, Candidate, Decision, SkippedRule};

/// How a tenant chooses among its integrations: rules in order, of which the first that
/// matches decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Policy {
    /// Its identifier.
    pub id: PolicyId,
    /// Its name, which no other policy of the tenant has.
    pub name: String,
    /// The capabilities it decides about by itself: a code, or the beginning of one and `*`.
    /// A policy without is used only where a request names it.
    pub capability: Option<String>,
    /// The rules, in order.
    pub rules: Vec<Rule>,
    /// When it was made.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[schemars(with = "String")]
    pub updated_at: Timestamp,
}

/// One rule of a policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RoutingRule")]
pub struct Rule {
    /// When it matches: a CEL expression over `parameters`, `capability`, `entity` and
    /// `purpose` that gives true or false. Always, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What it chooses.
    pub then: Choice,
}

/// How a rule orders integrations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// The first of the list that can serve.
    Priority(Vec<IntegrationId>),
    /// A share of the calls each.
    Split(Split),
    /// The one that has succeeded most often lately.
    SuccessRate(SuccessRate),
}

/// Shares of the calls: one key always takes the same way, and changing one weight moves no
/// more keys than its share changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// The integrations with their weights.
    pub weights: Vec<Share>,
    /// What decides: a CEL expression such as `parameters.customer`, or a JSON path into the
    /// parameters such as `$.customer`. The entity's id where absent or where it gives nothing,
    /// else the idempotency key, else each call by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// One integration's share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// The integration.
    pub integration: IntegrationId,
    /// Its weight, relative to the others'; with 0 it serves only where no other can.
    pub weight: u32,
}

/// Choice by success over a sliding window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuccessRate {
    /// The integrations; the first wins where two do equally well.
    pub integrations: Vec<IntegrationId>,
    /// How far back to look, in minutes, 1 to 60. Default 15.
    #[serde(default = "fifteen")]
    pub window_minutes: u32,
    /// How many calls to look at, the newest first, in whole minutes. Default 200.
    #[serde(default = "two_hundred")]
    pub window_calls: u32,
    /// The share of calls, 0 to 1, that goes to one of the others, so that what they can do
    /// stays known. Default 0.05.
    #[serde(default = "one_in_twenty")]
    pub explore: f64,
    /// Makes which calls explore depend on this number and the call's key alone; by chance
    /// where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

fn fifteen() -> u32 {
    15
}

fn two_hundred() -> u32 {
    200
}

fn one_in_twenty() -> f64 {
    0.05
}

impl Policy {
    /// Checks everything but the expressions, and that the integrations exist.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] with the JSON path of each thing that is wrong.
    pub fn check(&self) -> Result<()> {
        let problems = check::problems(self);
        if problems.is_empty() { Ok(()) } else { Err(Error::problems("the policy does not fit", problems)) }
    }

    /// How closely its pattern fits a capability: greater is closer, absent is not at all. A
    /// code fits closer than any beginning of it.
    pub fn fit(&self, capability: &str) -> Option<usize> {
        let pattern = self.capability.as_deref()?;
        match pattern.strip_suffix('*') {
            Some(beginning) => capability.starts_with(beginning).then_some(beginning.len()),
            None => (pattern == capability).then_some(usize::MAX),
        }
    }

    /// Every integration that it names, with the JSON path where.
    pub fn integrations(&self) -> impl Iterator<Item = (String, IntegrationId)> + '_ {
        self.rules.iter().enumerate().flat_map(|(index, rule)| {
            let named = rule.then.integrations();
            named.into_iter().map(move |(path, id)| (format!("$.rules[{index}].then.{path}"), id))
        })
    }
}

impl Choice {
    /// Every integration that it names, with the path below `then`.
    pub fn integrations(&self) -> Vec<(String, IntegrationId)> {
        let list = |name: &str, ids: &[IntegrationId]| {
            ids.iter().enumerate().map(|(index, id)| (format!("{name}[{index}]"), *id)).collect()
        };
        match self {
            Self::Priority(ids) => list("priority", ids),
            Self::SuccessRate(rate) => list("success_rate.integrations", &rate.integrations),
            Self::Split(split) => {
                let shares = split.weights.iter().enumerate();
                shares
                    .map(|(index, share)| (format!("split.weights[{index}].integration"), share.integration))
                    .collect()
            }
        }
    }
}
