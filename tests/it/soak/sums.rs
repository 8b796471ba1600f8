//! The sums: for each thing that was accepted what became of it, both ways.

pub(super) mod payments;
pub(super) mod records;
pub(super) mod tokens;
pub(super) mod told;
