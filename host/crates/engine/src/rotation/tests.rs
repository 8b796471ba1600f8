//! That an exchange of keys ends well wherever it is cut off, and whoever writes meanwhile.

mod crash;
mod race;
pub(crate) mod support;

use gatehouse_domain::time::SignedDuration;
use gatehouse_store::records::RotationOf;

use super::*;

#[test]
fn the_rest_takes_as_long_as_the_pace_says() {
    let check = |done: u64, total: Option<u64>, took: i64, finished: bool, expect: Option<u64>| {
        let mut rotation = Rotation::new(RotationOf::Root, "a".to_owned(), Timestamp::UNIX_EPOCH);
        (rotation.done, rotation.total) = (done, total);
        rotation.updated_at = Timestamp::UNIX_EPOCH.saturating_add(SignedDuration::from_secs(took)).unwrap();
        rotation.finished_at = finished.then_some(rotation.updated_at);
        assert_eq!(Progress::of(&rotation).eta_seconds, expect, "{done} of {total:?} in {took} s");
    };
    check(0, Some(100), 5, false, None);
    check(50, None, 5, false, None);
    check(25, Some(100), 5, false, Some(15));
    check(99, Some(100), 5, false, Some(1));
    check(100, Some(100), 5, false, Some(0));
    check(120, Some(100), 5, false, Some(0));
    check(25, Some(100), 5, true, None);
    check(25, Some(100), -5, false, None);
}
