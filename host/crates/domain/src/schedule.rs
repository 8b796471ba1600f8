//! Schedules: when a job is to be made again and again. Shapes only; ticks are found above.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::TenantId;
use crate::job::Class;
use crate::time::Timestamp;

/// When a schedule ticks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "every")]
pub enum Every {
    /// At fixed intervals.
    Interval {
        /// The interval, 1 to 31,536,000 seconds.
        seconds: u32,
    },
    /// By a cron expression of five fields, in UTC: `0 3 * * 1-5`.
    Cron {
        /// The expression.
        expression: String,
    },
}

/// What becomes of ticks that passed while nobody looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// Nothing: the next one to come is the next one made.
    Skip,
    /// One job for all of them.
    #[default]
    One,
    /// One job for each of them.
    All,
}

/// A job to be made at each tick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Schedule {
    /// Its name, 1 to 200 bytes, of which there is one in the deployment: `sync/int_…/customers`.
    pub name: String,
    /// For whom the jobs are done; none for work of the deployment.
    pub tenant: Option<TenantId>,
    /// When it ticks.
    #[serde(flatten)]
    pub every: Every,
    /// What becomes of missed ticks.
    pub catch_up: CatchUp,
    /// The jobs' kind.
    pub kind: String,
    /// The jobs' payload.
    pub payload: Value,
    /// The jobs' class.
    pub class: Class,
    /// The jobs' key: a tick makes no second waiting job.
    pub unique: Option<String>,
    /// The jobs' group.
    pub group: Option<String>,
    /// The next tick.
    #[schemars(with = "String")]
    pub next_at: Timestamp,
    /// The last tick that made a job.
    #[schemars(with = "Option<String>")]
    pub last_at: Option<Timestamp>,
}
