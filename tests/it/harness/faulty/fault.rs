//! What goes wrong with a request, by a seed: the same seed, key and attempt give the same fault.

use ring::digest::{SHA256, digest};

use super::Rules;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    Clean,
    /// The provider says no.
    Decline,
    /// It says no, and that is lost.
    DeclineLost,
    /// The connection closes before anything is done.
    CloseBefore,
    /// The connection closes after it was done.
    CloseAfter,
    /// The connection is reset before anything is done.
    ResetBefore,
    /// The connection is reset after it was done.
    ResetAfter,
    /// The answer breaks off.
    Truncate,
    /// 500 before anything is done; the key is not remembered.
    Fail500Before,
    /// 500 after it was done; the key is remembered with the result.
    Fail500After,
    /// 500 before anything is done, and the same for the key from then on.
    Saved500Before,
    /// 500 after it was done, and the same for the key from then on.
    Saved500After,
    /// Done at once, answered too late.
    SlowAnswer,
    /// Done too late.
    SlowWork,
}

const BAD: [Fault; 13] = [
    Fault::Decline,
    Fault::DeclineLost,
    Fault::CloseBefore,
    Fault::CloseAfter,
    Fault::ResetBefore,
    Fault::ResetAfter,
    Fault::Truncate,
    Fault::Fail500Before,
    Fault::Fail500After,
    Fault::Saved500Before,
    Fault::Saved500After,
    Fault::SlowAnswer,
    Fault::SlowWork,
];

impl Fault {
    pub(crate) fn of(rules: &Rules, key: &str, nth: u32) -> Self {
        let hash = digest(&SHA256, format!("{} {key} {nth}", rules.seed).as_bytes());
        let number = u64::from_be_bytes(hash.as_ref()[..8].try_into().unwrap());
        // Later attempts fare a little better, or a payment could go on for ever.
        let faults = if nth == 0 { rules.faults } else { rules.faults / 2 };
        if number % 100 >= faults {
            return Self::Clean;
        }
        BAD[usize::try_from(number / 100 % BAD.len() as u64).unwrap()]
    }
}
