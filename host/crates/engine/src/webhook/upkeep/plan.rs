//! What has to be done so that the provider tells our endpoint of every event: a comparison, without
//! asking anybody.

use gatehouse_domain::guest::Registration;

/// Everything that a decision takes.
pub(super) struct Facts<'a> {
    /// Where our endpoint is.
    pub(super) url: &'a str,
    /// The events that it is to be told of.
    pub(super) events: &'a [String],
    /// What the provider has; none where it has no list.
    pub(super) listed: Option<&'a [Registration]>,
    /// What is ours, as the provider had it last.
    pub(super) kept: &'a [Registration],
    /// Addresses of ours that go on for a while.
    pub(super) former: &'a [String],
    /// Whether a registration is of no use without a secret that came with it.
    pub(super) by_secret: bool,
    /// Whether that secret is known.
    pub(super) has_secret: bool,
    /// Whether the provider may have been asked without our knowing its answer.
    pub(super) asked: bool,
    /// The time, and how long before its end a registration is renewed, in milliseconds.
    pub(super) now_ms: u64,
    pub(super) renew_before_ms: u64,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// It is of no use: take it away.
    Unregister(Registration),
    /// It is off, ends soon, or tells of other events.
    Renew(Registration, Vec<String>),
    /// Nobody tells of these.
    Register(Vec<String>),
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// In this order.
    pub(super) steps: Vec<Step>,
    /// Those that are as they should be.
    pub(super) good: Vec<Registration>,
    /// Whether one that was ours is gone or off: events may have been missed.
    pub(super) lost: bool,
}

impl Facts<'_> {
    /// Decides.
    pub(super) fn plan(&self) -> Plan {
        let there = self.listed.unwrap_or(self.kept);
        let at_ours: Vec<&Registration> = there.iter().filter(|one| one.url == self.url).collect();
        let (useful, useless): (Vec<&Registration>, Vec<&Registration>) =
            at_ours.into_iter().partition(|one| self.is_useful(one));
        let unregister = useless.into_iter().chain(self.left_over(there)).cloned().map(Step::Unregister);
        let mut plan = Plan { steps: unregister.collect(), good: Vec::new(), lost: self.is_lost(there) };
        let covered = |event: &String| useful.iter().any(|one| tells_of(one, event));
        let missing: Vec<String> = self.events.iter().filter(|event| !covered(event)).cloned().collect();
        // Where one registration tells of several events, it is changed; else one is added for each.
        let changed = useful.iter().find(|one| !missing.is_empty() && one.events.len() != 1).map(|one| one.id.as_str());
        for one in &useful {
            if changed == Some(one.id.as_str()) {
                plan.steps.push(Step::Renew((*one).clone(), self.events.to_vec()));
            } else if !one.active || self.ends_soon(one) {
                plan.steps.push(Step::Renew((*one).clone(), one.events.clone()));
            } else {
                plan.good.push((*one).clone());
            }
        }
        if !missing.is_empty() && changed.is_none() {
            plan.steps.push(Step::Register(missing));
        }
        plan
    }

    /// Whether what it tells can be verified: it is ours, or no secret came with it, or the one that is known
    /// may be its. One that was made by a request whose answer was lost brought a secret that nobody has.
    fn is_useful(&self, one: &Registration) -> bool {
        let ours = self.kept.iter().any(|kept| kept.id == one.id);
        !self.by_secret || (self.has_secret && (ours || !self.asked))
    }

    /// Registrations of ours for addresses that are no more.
    fn left_over<'r>(&self, there: &'r [Registration]) -> impl Iterator<Item = &'r Registration> {
        let ours = |one: &&Registration| self.kept.iter().any(|kept| kept.id == one.id);
        let over = |one: &&Registration| one.url != self.url && !self.former.contains(&one.url);
        there.iter().filter(ours).filter(over).collect::<Vec<_>>().into_iter()
    }

    fn is_lost(&self, there: &[Registration]) -> bool {
        let mut ours = self.kept.iter().filter(|kept| kept.url == self.url);
        let well = |kept: &Registration| there.iter().any(|one| one.id == kept.id && one.active);
        ours.any(|kept| !well(kept) || kept.expires_at_ms.is_some_and(|end| end <= self.now_ms))
    }

    fn ends_soon(&self, one: &Registration) -> bool {
        one.expires_at_ms.is_some_and(|end| end <= self.now_ms.saturating_add(self.renew_before_ms))
    }
}

fn tells_of(one: &Registration, event: &str) -> bool {
    one.events.iter().any(|told| told == "*" || told == event)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    const URL: &str = "https://gate.example/api/v1/webhooks/end_1";

    fn registration(id: &str, events: &[&str]) -> Registration {
        let events = events.iter().map(|event| (*event).to_owned()).collect();
        Registration { id: id.to_owned(), url: URL.to_owned(), events, active: true, expires_at_ms: None }
    }

    fn plan<'a>(change: impl FnOnce(&mut Facts<'a>)) -> Plan {
        static EVENTS: LazyLock<Vec<String>> = LazyLock::new(all);
        let mut facts: Facts<'a> = Facts {
            url: URL,
            events: &EVENTS,
            listed: Some(&[]),
            kept: &[],
            former: &[],
            by_secret: true,
            has_secret: true,
            asked: false,
            now_ms: 1_000,
            renew_before_ms: 100,
        };
        change(&mut facts);
        facts.plan()
    }

    fn all() -> Vec<String> {
        vec!["a".to_owned(), "b".to_owned()]
    }

    #[test]
    fn nothing_is_done_where_all_is_well() {
        let one = [registration("1", &["a", "b"])];
        let well = plan(|facts| (facts.listed, facts.kept) = (Some(&one[..]), &one[..]));
        assert_eq!(well, Plan { steps: vec![], good: one.to_vec(), lost: false });
        let star = [registration("1", &["*"])];
        assert_eq!(plan(|facts| facts.listed = Some(&star)).steps, []);
        // One event each, and somebody else's.
        let other = Registration { url: "https://other.example/".to_owned(), ..registration("3", &["a"]) };
        let each = [registration("1", &["a"]), registration("2", &["b"]), other];
        let well = plan(|facts| (facts.listed, facts.kept) = (Some(&each[..]), &each[..2]));
        assert_eq!((well.steps, well.lost), (vec![], false));
    }

    #[test]
    fn what_is_missing_is_registered_and_what_tells_of_too_little_is_changed() {
        assert_eq!(plan(|_| {}).steps, [Step::Register(all())]);
        let each = [registration("1", &["a"])];
        assert_eq!(plan(|facts| facts.listed = Some(&each)).steps, [Step::Register(vec!["b".to_owned()])]);
        let several = [registration("1", &["a", "c"])];
        let changed = plan(|facts| facts.listed = Some(&several));
        assert_eq!(changed.steps, [Step::Renew(several[0].clone(), all())]);
    }

    #[test]
    fn what_is_off_or_ends_is_renewed_in_time_and_loss_is_noticed() {
        let off = [Registration { active: false, ..registration("1", &["a", "b"]) }];
        let ends = |at| [Registration { expires_at_ms: Some(at), ..registration("1", &["a", "b"]) }];
        let kept = [registration("1", &["a", "b"])];
        let found = plan(|facts| (facts.listed, facts.kept) = (Some(&off[..]), &kept[..]));
        assert_eq!((found.steps, found.lost), (vec![Step::Renew(off[0].clone(), all())], true));
        for (at, renewed) in [(1_101, false), (1_100, true)] {
            let ending = ends(at);
            let found = plan(|facts| (facts.listed, facts.kept) = (Some(&ending[..]), &ending[..]));
            assert_eq!((found.steps.len() == 1, found.lost), (renewed, false), "{at}");
        }
        let gone = plan(|facts| facts.kept = &kept);
        assert_eq!((gone.steps, gone.lost), (vec![Step::Register(all())], true));
        // Where there is no list, what is kept counts, until it has ended.
        let over = ends(1_000);
        let found = plan(|facts| (facts.listed, facts.kept) = (None, &over[..]));
        assert_eq!((found.steps, found.lost), (vec![Step::Renew(over[0].clone(), all())], true));
        assert_eq!(plan(|facts| (facts.listed, facts.kept) = (None, &kept[..])).steps, []);
    }

    #[test]
    fn what_nobody_can_verify_is_made_anew() {
        let stray = [registration("1", &["a", "b"])];
        let anew = [Step::Unregister(stray[0].clone()), Step::Register(all())];
        // There is one, and no secret; or it came of a request whose answer was lost.
        assert_eq!(plan(|facts| (facts.listed, facts.has_secret) = (Some(&stray[..]), false)).steps, anew);
        assert_eq!(plan(|facts| (facts.listed, facts.asked) = (Some(&stray[..]), true)).steps, anew);
        let ours = plan(|facts| (facts.listed, facts.kept, facts.asked) = (Some(&stray[..]), &stray[..], true));
        assert_eq!(ours.steps, []);
        // Without a secret of its own it is as good as any.
        let any = plan(|facts| (facts.listed, facts.by_secret, facts.asked) = (Some(&stray[..]), false, true));
        assert_eq!(any.steps, []);
    }

    #[test]
    fn an_endpoint_that_moved_is_told_at_both_places_for_a_while() {
        let old = Registration { url: "https://gate.example/old".to_owned(), ..registration("1", &["a", "b"]) };
        let (there, former) = ([old.clone()], [old.url.clone()]);
        let moved =
            plan(|facts| (facts.listed, facts.kept, facts.former) = (Some(&there[..]), &there[..], &former[..]));
        assert_eq!((moved.steps, moved.lost), (vec![Step::Register(all())], false));
        let over = plan(|facts| (facts.listed, facts.kept) = (Some(&there[..]), &there[..]));
        assert_eq!(over.steps, [Step::Unregister(old), Step::Register(all())]);
        // Somebody else's old address is left alone.
        assert_eq!(plan(|facts| facts.listed = Some(&there)).steps, [Step::Register(all())]);
    }
}
