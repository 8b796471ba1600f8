//! A version number between two that are published.

use super::*;

#[test]
fn a_version_put_in_between_is_held_against_the_one_above_too() {
    // 1.1.0 lacks what the new 1.0.1 has: who goes on from there loses it.
    publish("1.0.0 1.1.0+", "1.0.1", Err("honest is 1.1.1"));
    publish("1.1.0", "1.0.0!", Err("honest is 2.0.0"));
    publish("2.0.0", "1.0.0!", Ok(()));
    publish("1.0.0 1.1.0+ 2.0.0!", "1.2.0!", Err("honest is 3.0.0"));
}
