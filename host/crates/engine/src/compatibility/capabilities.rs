//! What changes in what a plugin can do: capabilities that come and go, and the types of those
//! that stay.

use gatehouse_domain::capability::{Capability, Effect};

use super::Changes;
use super::schemas::{self, Side};

/// Compares what two versions can do.
pub(super) fn compare(old: &[Capability], new: &[Capability], changes: &mut Changes) {
    for was in old {
        match new.iter().find(|is| is.code == was.code) {
            Some(is) => same(was, is, changes),
            None => gone(was, old, new, changes),
        }
    }
    for is in new.iter().filter(|is| !old.iter().any(|was| was.code == is.code)) {
        changes.additive(&is.code, "is new");
    }
}

fn same(was: &Capability, is: &Capability, changes: &mut Changes) {
    match (was.effect, is.effect) {
        (Effect::Read, Effect::Write) => {
            changes.breaking(format!("{} effect", was.code), "only looked, and can change something now");
        }
        (Effect::Write, Effect::Read) => {
            changes.additive(format!("{} effect", was.code), "could change something, and only looks now");
        }
        _ => {}
    }
    let path = format!("{} parameters", was.code);
    schemas::compare(Side::Given, &was.parameters_schema, &is.parameters_schema, &path, changes);
    let path = format!("{} result", was.code);
    schemas::compare(Side::Answered, &was.result_schema, &is.result_schema, &path, changes);
}

fn gone(was: &Capability, old: &[Capability], new: &[Capability], changes: &mut Changes) {
    let fresh = new.iter().filter(|is| !old.iter().any(|known| known.code == is.code));
    let mut alike = fresh.filter(|is| {
        let mut between = Changes::default();
        schemas::compare(Side::Given, &was.parameters_schema, &is.parameters_schema, "", &mut between);
        schemas::compare(Side::Answered, &was.result_schema, &is.result_schema, "", &mut between);
        between.0.is_empty() && was.effect == is.effect
    });
    let message = match alike.next() {
        Some(is) => format!("is gone; `{}` takes and answers the same: it was renamed", is.code),
        None => "is gone".to_owned(),
    };
    changes.breaking(&was.code, message);
}
