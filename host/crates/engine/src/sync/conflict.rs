//! Who prevails where a record was changed here and at the provider since both agreed. Pure.

use gatehouse_domain::sync::{ConflictRule, SyncChange, SyncedRecord};

/// What becomes of a change that is to be pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nobody else has changed the record: it is pushed.
    Push,
    /// Both sides want the same: there is nothing to push.
    Agreed,
    /// Both sides changed it, and ours is pushed.
    OursWins,
    /// Both sides changed it, and ours is dropped.
    TheirsWins,
}

/// Decides about a change, given the record as the provider has it.
pub(super) fn decide(rule: ConflictRule, change: &SyncChange, known: Option<&SyncedRecord>) -> Decision {
    let Some(known) = known else { return Decision::Push };
    if change.deleted == known.deleted && (known.deleted || known.hash == change.hash) {
        return Decision::Agreed;
    }
    let base = change.base.as_ref();
    if !known.deleted && (base == Some(&known.hash) || (base.is_some() && base == known.rendition_of.as_ref())) {
        return Decision::Push;
    }
    let theirs_at = known.provider_updated_at.unwrap_or(known.changed_at);
    match rule {
        ConflictRule::Ours => Decision::OursWins,
        ConflictRule::Theirs => Decision::TheirsWins,
        // Of two changes at the same moment the provider's stays: it is there already.
        ConflictRule::Newest if change.created_at > theirs_at => Decision::OursWins,
        ConflictRule::Newest => Decision::TheirsWins,
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::id::{ChangeId, IntegrationId};
    use gatehouse_domain::sync::{ChangeState, Origin};
    use gatehouse_domain::time::{Timestamp, from_millis};
    use serde_json::Map;

    use super::Decision::{Agreed, OursWins, Push, TheirsWins};
    use super::*;

    /// The record as the provider has it: content and time; `-` for one that is gone.
    fn record(content: &str, provider_at: Option<i64>, seen_at: i64) -> SyncedRecord {
        SyncedRecord {
            integration: IntegrationId::new(1, [0; 10]),
            entity: "contacts".to_owned(),
            id: "7".to_owned(),
            data: Map::new(),
            hash: content.to_owned(),
            version: 1,
            origin: Origin::Provider,
            rendition_of: None,
            deleted: content == "-",
            provider_updated_at: provider_at.map(from_millis),
            first_seen_at: Timestamp::UNIX_EPOCH,
            changed_at: from_millis(seen_at),
            pending: None,
            index: 0,
            placed: None,
            added_at: None,
        }
    }

    /// Our change at 100, made when both agreed on `base`.
    fn change(base: &str, content: &str) -> SyncChange {
        SyncChange {
            id: ChangeId::new(1, [0; 10]),
            integration: IntegrationId::new(1, [0; 10]),
            entity: "contacts".to_owned(),
            record: Some("7".to_owned()),
            deleted: content == "-",
            data: Map::new(),
            hash: content.to_owned(),
            base: Some(base.to_owned()),
            created_at: from_millis(100),
            state: ChangeState::Pending,
            attempts: 0,
            asked: 0,
            first_sent_at: None,
            last_sent_at: None,
            settled_at: None,
        }
    }

    #[test]
    fn each_rule_decides_each_conflict() {
        use ConflictRule::{Newest, Ours, Theirs};
        // Base, ours, theirs, their time, when we saw theirs; then what each rule makes of it.
        let table = [
            ("a", "b", "a", None, 50, [Push, Push, Push]),
            ("a", "b", "b", None, 150, [Agreed, Agreed, Agreed]),
            ("a", "-", "-", None, 150, [Agreed, Agreed, Agreed]),
            ("a", "-", "a", None, 50, [Push, Push, Push]),
            ("a", "b", "c", Some(99), 150, [OursWins, TheirsWins, OursWins]),
            ("a", "b", "c", Some(100), 150, [OursWins, TheirsWins, TheirsWins]),
            ("a", "b", "c", Some(101), 150, [OursWins, TheirsWins, TheirsWins]),
            ("a", "b", "c", None, 99, [OursWins, TheirsWins, OursWins]),
            ("a", "b", "c", None, 150, [OursWins, TheirsWins, TheirsWins]),
            ("a", "-", "c", Some(99), 150, [OursWins, TheirsWins, OursWins]),
            ("a", "b", "-", None, 150, [OursWins, TheirsWins, TheirsWins]),
        ];
        for (base, ours, theirs, their_time, seen, expect) in table {
            let known = record(theirs, their_time, seen);
            for (rule, expect) in [Ours, Theirs, Newest].into_iter().zip(expect) {
                assert_eq!(decide(rule, &change(base, ours), Some(&known)), expect, "{base} {ours} {theirs} {rule:?}");
            }
        }
        assert_eq!(decide(Theirs, &change("a", "b"), None), Push);
        let rendition = SyncedRecord { rendition_of: Some("a".to_owned()), ..record("a+", None, 150) };
        assert_eq!(decide(Theirs, &change("a", "b"), Some(&rendition)), Push);
        assert_eq!(decide(Theirs, &change("z", "b"), Some(&rendition)), TheirsWins);
    }
}
