//! What a tenant decides about the sync of one entity: whether, which way, how often, and who
//! prevails where both sides changed a record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LONGEST_MINUTES;
use crate::error::{Error, Problem, Result};
use crate::id::IntegrationId;
use crate::manifest::{SyncDirection, SyncRules};
use crate::schedule::Every;

/// When runs begin by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "every", deny_unknown_fields)]
pub enum SyncSchedule {
    /// Never.
    Off,
    /// Every hour.
    Hourly,
    /// Every day.
    Daily,
    /// Every so many minutes.
    Minutes {
        /// How many, 1 to 525,600.
        minutes: u32,
    },
    /// By a cron expression of five fields, in UTC.
    Cron {
        /// The expression, such as `0 3 * * 1-5`.
        expression: String,
    },
}

/// Who prevails where a record was changed here and at the provider since both agreed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConflictRule {
    /// The host app's change is pushed.
    Ours,
    /// The provider's change stays, and ours is dropped.
    #[default]
    Theirs,
    /// The later of the two changes, by the provider's time of change where it tells one and by
    /// ours of having seen it otherwise.
    Newest,
}

/// What a tenant decides about one entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntitySettings {
    /// The integration.
    pub integration: IntegrationId,
    /// The entity.
    pub entity: String,
    /// Whether it is synchronised at all.
    pub enabled: bool,
    /// Which ways records travel; no more than the gateway can.
    pub direction: SyncDirection,
    /// When runs begin by themselves.
    pub schedule: SyncSchedule,
    /// Who prevails in a conflict.
    pub conflict: ConflictRule,
    /// How many records are asked for, or pushed, in one call: 1 to 1,000.
    pub limit: u32,
}

impl EntitySettings {
    /// The most records of one call.
    pub const MOST: u32 = 1_000;

    /// What holds where a tenant has decided nothing.
    pub fn of_manifest(integration: IntegrationId, entity: &str, rules: &SyncRules) -> Self {
        let schedule = match rules.every_minutes {
            0 => SyncSchedule::Off,
            minutes => SyncSchedule::Minutes { minutes },
        };
        Self {
            integration,
            entity: entity.to_owned(),
            enabled: true,
            direction: rules.direction,
            schedule,
            conflict: ConflictRule::default(),
            limit: 100,
        }
    }

    /// Checks what a tenant decided against what the gateway can; `place` is its JSON path.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] with every place that does not fit.
    pub fn check(&self, rules: &SyncRules, place: &str) -> Result<()> {
        let mut problems = Vec::new();
        if !(1..=Self::MOST).contains(&self.limit) {
            problems.push(Problem::at(
                format!("{place}.limit"),
                format!("{} is not between 1 and {}", self.limit, Self::MOST),
            ));
        }
        if !rules.direction.covers(self.direction) {
            let message = format!(
                "the gateway does not {} this entity; it can {}",
                self.direction.name(),
                rules.direction.name()
            );
            problems.push(Problem::at(format!("{place}.direction"), message));
        }
        if let SyncSchedule::Minutes { minutes } = self.schedule
            && !(1..=LONGEST_MINUTES).contains(&minutes)
        {
            let message = format!("{minutes} is not between 1 and {LONGEST_MINUTES}; `off` is a schedule of its own");
            problems.push(Problem::at(format!("{place}.schedule.minutes"), message));
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::problems("the sync settings do not fit", problems)) }
    }
}

impl SyncSchedule {
    /// The rhythm of the job that begins runs; none where nothing begins by itself.
    pub fn rhythm(&self) -> Option<Every> {
        let seconds = |seconds| Some(Every::Interval { seconds });
        match self {
            Self::Off => None,
            Self::Hourly => seconds(3_600),
            Self::Daily => seconds(86_400),
            Self::Minutes { minutes } => seconds(minutes.saturating_mul(60)),
            Self::Cron { expression } => Some(Every::Cron { expression: expression.clone() }),
        }
    }
}

impl SyncDirection {
    /// Whether records are pulled.
    pub fn pulls(self) -> bool {
        self != Self::Push
    }

    /// Whether records are pushed.
    pub fn pushes(self) -> bool {
        self != Self::Pull
    }

    /// Whether who can do this can also do the other.
    pub fn covers(self, other: Self) -> bool {
        self == Self::Both || self == other
    }

    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Both => "both",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::SyncMode;

    fn check(change: impl FnOnce(&mut EntitySettings), gateway: SyncDirection, expect: Option<&str>) {
        let rules = SyncRules { mode: SyncMode::Full, direction: gateway, every_minutes: 60 };
        let mut settings = EntitySettings::of_manifest(IntegrationId::new(1, [0; 10]), "contacts", &rules);
        change(&mut settings);
        let error = settings.check(&rules, "$.entities.contacts").err();
        let path = error.as_ref().and_then(|error| error.problems.first()).map(|problem| problem.path.as_str());
        assert_eq!(path, expect, "{settings:?}");
    }

    #[test]
    fn settings_keep_to_what_the_gateway_can() {
        use SyncDirection::{Both, Pull, Push};
        check(|_| {}, Pull, None);
        check(|settings| settings.direction = Push, Both, None);
        check(|settings| settings.direction = Both, Pull, Some("$.entities.contacts.direction"));
        check(|settings| settings.direction = Pull, Push, Some("$.entities.contacts.direction"));
        check(|settings| settings.limit = 0, Both, Some("$.entities.contacts.limit"));
        check(|settings| settings.limit = 1_001, Both, Some("$.entities.contacts.limit"));
        let minutes =
            |minutes| move |settings: &mut EntitySettings| settings.schedule = SyncSchedule::Minutes { minutes };
        check(minutes(0), Both, Some("$.entities.contacts.schedule.minutes"));
        check(minutes(LONGEST_MINUTES), Both, None);
        check(minutes(LONGEST_MINUTES + 1), Both, Some("$.entities.contacts.schedule.minutes"));
    }

    #[test]
    fn schedules_have_one_form_in_json() {
        let cases = [
            (r#"{"every":"off"}"#, None),
            (r#"{"every":"hourly"}"#, Some(Every::Interval { seconds: 3_600 })),
            (r#"{"every":"daily"}"#, Some(Every::Interval { seconds: 86_400 })),
            (r#"{"every":"minutes","minutes":15}"#, Some(Every::Interval { seconds: 900 })),
            (r#"{"every":"cron","expression":"0 3 * * *"}"#, Some(Every::Cron { expression: "0 3 * * *".to_owned() })),
        ];
        for (json, rhythm) in cases {
            let schedule: SyncSchedule = serde_json::from_str(json).unwrap();
            assert_eq!(schedule.rhythm(), rhythm);
            assert_eq!(serde_json::to_string(&schedule).unwrap(), json);
        }
    }
}
