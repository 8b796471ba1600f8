//! What a report means for the record: succeeded, failed, or unknown.
//!
//! The broker knows better than the gateway whether a write's answer was lost, so a
//! gateway can not turn an unknown outcome into a failure.

use gatehouse_domain::execution::{Execution, Outcome};
use gatehouse_domain::guest::GuestErrorKind;
use gatehouse_runtime::Answer;

use super::run::Report;

/// Writes what came of a call into its record.
pub(super) fn settle(execution: &mut Execution, report: Report) {
    let lost = report.calls.iter().any(|call| call.answer_lost);
    let answered_writes = report.calls.iter().any(|call| call.writes() && call.status.is_some());
    execution.outcome = match &report.answer {
        Answer::Ok(_) => Outcome::Succeeded,
        Answer::Refused(error) if error.kind == GuestErrorKind::UnknownOutcome || lost => Outcome::Unknown,
        // It stopped after a write had been answered: what it made of the answer is not known.
        Answer::Fault(_) if lost || answered_writes => Outcome::Unknown,
        Answer::Refused(_) | Answer::Fault(_) => Outcome::Failed,
    };
    match report.answer {
        Answer::Ok(value) => execution.result = Some(value),
        Answer::Refused(error) => execution.error = Some(error),
        Answer::Fault(fault) => execution.fault = Some(fault),
    }
    execution.calls = report.calls;
    execution.log = report.log;
    execution.cost = report.cost;
}

/// Says of a call that was ended from outside that it was taken back, where the end came before
/// anything was done. What the provider had answered by then stands.
pub(super) fn take_back(execution: &mut Execution) {
    if execution.outcome == Outcome::Failed && execution.fault.is_some() {
        execution.outcome = Outcome::Cancelled;
    }
}
