//! Rehearsals: what comes of recorded calls on another version of their plugin, beside what came
//! of them. Nothing here runs a call.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cassette::{Answered, Label};
use crate::plugin::PluginRef;

/// How a recorded call did on another version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "RehearsalVerdict")]
pub enum Verdict {
    /// It asked for the same and answered the same.
    Identical,
    /// It asked for the same, and its answer has something more.
    Added,
    /// It asked for something else or answered something else.
    Changed,
    /// It did not answer where it had answered before, or could not be called.
    Failed,
}

/// What a rehearsal is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The recording itself.
    Recording,
    /// The recording run again on the version that it was made with, which does not do the same
    /// as it did then: something was taken out of the recording, or the gateway depends on what
    /// is not recorded.
    OwnVersion,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RehearsedDifference")]
pub struct Difference {
    /// How much it matters.
    pub verdict: Verdict,
    /// Where it is: `requests[0].body.amount`, `result.status`, `parameters.currency`.
    pub path: String,
    /// What is different, in a sentence without values.
    pub message: String,
    /// The values, cut where they are long; `before` is null where there was none, and so is `after`.
    pub data: Values,
}

/// What was and what is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DifferenceValues")]
pub struct Values {
    /// What the version did that the call was recorded with.
    pub before: Value,
    /// What the other version does.
    pub after: Value,
}

/// One recorded call, run on another version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RehearsedCall")]
pub struct Replayed {
    /// The recorded call.
    pub cassette: Label,
    /// The version that it was run on.
    pub plugin: PluginRef,
    /// How it did.
    pub verdict: Verdict,
    /// What it is compared with.
    pub against: Against,
    /// How many requests it made; not one of them was sent.
    pub requests: usize,
    /// What is different, at most 50 of it.
    pub differences: Vec<Difference>,
    /// What the version answered.
    pub payload: Answered,
}

/// Recorded calls of a tenant, run on a version that it is about to go to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rehearsal {
    /// How many were run.
    pub replayed: usize,
    /// How many did the same.
    pub identical: usize,
    /// How many only answered something more.
    pub added: usize,
    /// How many did something else.
    pub changed: usize,
    /// How many failed.
    pub failed: usize,
    /// How many were not run, as there are too many or they take too long.
    pub left_out: usize,
    /// Those that were not identical, at most 20 of them, the worst first.
    pub differing: Vec<Replayed>,
}

impl Rehearsal {
    /// How many of those that were not identical are told of.
    pub const TOLD: usize = 20;

    /// Counts a call in.
    pub fn add(&mut self, replayed: Replayed) {
        self.replayed += 1;
        let count = match replayed.verdict {
            Verdict::Identical => &mut self.identical,
            Verdict::Added => &mut self.added,
            Verdict::Changed => &mut self.changed,
            Verdict::Failed => &mut self.failed,
        };
        *count += 1;
        if replayed.verdict == Verdict::Identical {
            return;
        }
        let place = self.differing.partition_point(|known| known.verdict >= replayed.verdict);
        self.differing.insert(place, replayed);
        self.differing.truncate(Self::TOLD);
    }

    /// Whether anything does not do what it did.
    pub fn differs(&self) -> bool {
        self.changed > 0 || self.failed > 0
    }
}
