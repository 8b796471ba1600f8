//! What a list of events that comes, goes or changes means for an upgrade.

use super::*;

#[test]
fn a_list_of_events_comes_and_goes() {
    let webhook = |backfill: Value| {
        let verify = json!({ "type": "unsigned" });
        let rules = json!({ "verify": verify, "events": ["paid"], "backfill": backfill });
        move |version: &mut PluginVersion| version.manifest.webhook = Some(serde_json::from_value(rules).unwrap())
    };
    let (month, week) = (json!({ "window_hours": 720 }), json!({ "window_hours": 168 }));
    for (was, is, expect) in [
        (&Value::Null, &month, vec![(ADDS, "webhook.backfill: is new: the provider's list of events is read")]),
        (&month, &week, vec![(ADDS, "webhook.backfill: is read at other times")]),
        (&month, &month, vec![]),
        (&month, &Value::Null, vec![(BREAKS, "webhook.backfill: is gone: what a webhook did not tell stays lost")]),
    ] {
        let (mut old, mut new) = (version("acme", "1.0.0"), version("acme", "1.0.1"));
        webhook(was.clone())(&mut old);
        webhook(is.clone())(&mut new);
        let found = compare(&old, &new).differences;
        let told: Vec<_> = found.iter().map(|one| (one.class, format!("{}: {}", one.path, one.message))).collect();
        let told: Vec<_> = told.iter().map(|(class, text)| (*class, text.as_str())).collect();
        assert_eq!(told, expect, "{was} {is}");
    }
}
