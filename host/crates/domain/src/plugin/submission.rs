//! The review of an uploaded version: where it stands, which moves there are, and what was found of
//! it when it came. Nothing here stores, checks a permission, or looks at the component.

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::compatibility::{Class, Difference};
use crate::error::{Error, Problem, Result};
use crate::id::KeyId;
use crate::text::Text;
use crate::time::Timestamp;
use crate::trust::SignatureState;

/// What a reviewer may say, in bytes.
const REASON: Text = Text { least: 1, ..Text::lines("$.reason", 2_000) };

/// Where a submitted version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SubmissionState")]
pub enum State {
    /// Nobody has decided yet: only its publisher and the operators know of it.
    InReview,
    /// It may be chosen as any published version.
    Approved,
    /// It was turned down for a reason.
    Rejected,
    /// It is not asked for any more. It can be submitted again.
    Withdrawn,
}

/// What can be done with a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// The same bytes are uploaded once more.
    Submit,
    /// Other bytes are uploaded under the same version number.
    Replace,
    /// An operator lets it be chosen.
    Approve,
    /// An operator turns it down.
    Reject,
    /// Its publisher takes it back.
    Withdraw,
    /// An operator lets rejected bytes be submitted once more.
    Reset,
}

/// What is kept of a submission, beside the version itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// Where it stands.
    pub state: State,
    /// SHA-256 of the bytes that were uploaded, in hexadecimal. What is decided is about these.
    pub digest: String,
    /// The key that they were uploaded with.
    pub by: KeyId,
    /// When.
    pub at: Timestamp,
    /// What was found as they came.
    pub report: Report,
    /// The last decision, where there was one.
    #[serde(default)]
    pub decided: Option<Decided>,
}

/// What was found of a version when it was submitted, beside its size and its permission sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SubmissionReport")]
pub struct Report {
    /// The newest approved version at that time, with which it was compared; none for a first one.
    #[schemars(with = "Option<String>")]
    pub against: Option<Version>,
    /// How far the furthest change from that version goes.
    pub class: Option<Class>,
    /// The changes from that version, the furthest first, at most 100 of them.
    pub differences: Vec<Difference>,
    /// What it may do beyond that version's permission sheet, at most 100 points.
    pub widened: Vec<Problem>,
    /// Who stood for it.
    pub signature: SignatureState,
}

/// Who decided about a submission, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SubmissionDecision")]
pub struct Decided {
    /// The key that it was decided with.
    pub by: KeyId,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Why; always there where it was rejected.
    pub reason: Option<String>,
}

impl State {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::InReview, Self::Approved, Self::Rejected, Self::Withdrawn];

    /// Its name, as it stands in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::InReview => "in_review",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Where a move leads from here; nowhere where there is no such move.
    pub fn after(self, step: Move) -> Option<Self> {
        match (self, step) {
            (Self::InReview, Move::Approve) => Some(Self::Approved),
            (Self::InReview, Move::Reject) => Some(Self::Rejected),
            (Self::InReview, Move::Withdraw) | (Self::Rejected, Move::Reset) => Some(Self::Withdrawn),
            (Self::Withdrawn, Move::Submit | Move::Replace) | (Self::Rejected, Move::Replace) => Some(Self::InReview),
            _ => None,
        }
    }

    /// How it is told of, and what can be done in it.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::InReview => ("is in review", "approve, reject or withdraw it"),
            Self::Approved => ("is approved", "yank it, or give the new build a new version"),
            Self::Rejected => ("is rejected", "upload other bytes, or an operator resets it"),
            Self::Withdrawn => ("is withdrawn", "upload it to submit it again"),
        }
    }
}

impl Move {
    /// Every one.
    pub const ALL: [Self; 6] = [Self::Submit, Self::Replace, Self::Approve, Self::Reject, Self::Withdraw, Self::Reset];

    /// What it does, as `can not be …`.
    fn done(self) -> &'static str {
        match self {
            Self::Submit => "submitted",
            Self::Replace => "submitted with other bytes",
            Self::Approve => "approved",
            Self::Reject => "rejected",
            Self::Withdraw => "withdrawn",
            Self::Reset => "reset",
        }
    }
}

impl Submission {
    /// Where a move leads.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Conflict`] where there is no such move, with the state and what can be done.
    pub fn after(&self, name: &str, step: Move) -> Result<State> {
        self.state.after(step).ok_or_else(|| {
            let (is, fix) = self.state.words();
            let why = self.decided.as_ref().and_then(|decided| decided.reason.as_deref());
            let why = why.map_or_else(String::new, |why| format!(" ({why})"));
            Error::conflict(format!("{name} {is}{why} and can not be {}: {fix}", step.done()))
        })
    }

    /// The submission after somebody decided about it.
    ///
    /// # Errors
    /// As [`Submission::after`].
    pub fn decided(&self, name: &str, step: Move, decided: Decided) -> Result<Self> {
        Ok(Self { state: self.after(name, step)?, decided: Some(decided), ..self.clone() })
    }
}

/// Reads a reason.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] at `$.reason`.
pub fn read_reason(text: &str) -> Result<String> {
    REASON.read(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::EPOCH;

    fn submission(state: State, reason: Option<&str>) -> Submission {
        let by = KeyId::from_bytes([1; 16]);
        let report = Report {
            against: None,
            class: None,
            differences: Vec::new(),
            widened: Vec::new(),
            signature: SignatureState::Unsigned,
        };
        let decided = reason.map(|reason| Decided { by, at: EPOCH, reason: Some(reason.to_owned()) });
        Submission { state, digest: "d1".to_owned(), by, at: EPOCH, report, decided }
    }

    /// Every move in every state: `-` is refused.
    #[test]
    fn the_moves_are_these_and_no_others() {
        let table = "
            state      submit     replace    approve    reject     withdraw   reset
            in_review  -          -          approved   rejected   withdrawn  -
            approved   -          -          -          -          -          -
            rejected   -          in_review  -          -          -          withdrawn
            withdrawn  in_review  in_review  -          -          -          -";
        let lines: Vec<Vec<&str>> = table.lines().skip(2).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines.len(), State::ALL.len());
        for (state, line) in State::ALL.into_iter().zip(lines) {
            assert_eq!(line[0], state.name());
            for (step, expect) in Move::ALL.into_iter().zip(&line[1..]) {
                let found = state.after(step).map_or("-", State::name);
                assert_eq!(found, *expect, "{state:?} {step:?}");
            }
        }
    }

    #[test]
    fn a_move_that_is_none_is_refused_by_name() {
        let check = |state: State, reason: Option<&str>, step: Move, expect: &str| {
            let error = submission(state, reason).after("acme@1.0.0", step).unwrap_err();
            assert_eq!(error.message, format!("acme@1.0.0 {expect}"));
        };
        check(
            State::Approved,
            None,
            Move::Approve,
            "is approved and can not be approved: yank it, or give the new build a new version",
        );
        check(
            State::Rejected,
            Some("it leaks"),
            Move::Submit,
            "is rejected (it leaks) and can not be submitted: upload other bytes, or an operator resets it",
        );
        check(
            State::InReview,
            None,
            Move::Replace,
            "is in review and can not be submitted with other bytes: approve, reject or withdraw it",
        );
        check(State::Withdrawn, None, Move::Reset, "is withdrawn and can not be reset: upload it to submit it again");
    }

    #[test]
    fn names_are_those_of_the_json() {
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
        }
        assert!(read_reason("  ").is_err() && read_reason(&"x".repeat(2_001)).is_err());
        assert_eq!(read_reason(" it leaks\nevery time ").unwrap(), "it leaks\nevery time");
    }
}
