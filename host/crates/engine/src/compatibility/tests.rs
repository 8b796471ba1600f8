//! Cases of what changes between two versions, and of version numbers that say so or not.

use std::collections::BTreeMap;

use gatehouse_domain::capability::{Capability, Effect};
use gatehouse_domain::manifest::{CapabilityRules, Idempotency, Manifest, SyncDirection, SyncMode, SyncRules};
use gatehouse_domain::plugin::{PluginRef, PluginVersion, Standing, Yanked};
use gatehouse_domain::sheet::PermissionSheet;
use gatehouse_domain::time::EPOCH;
use serde_json::{Value, json};

use super::*;

mod backfill;
mod between;

const MANIFEST: &str = r#"
    id = "acme"
    version = "1.0.0"
    provider = "acme"
    name = "Acme"
    description = "Sells."
    publisher = "acme"
    license = "MIT"
    category = "payments"
    contract = "0.1.0"
    [egress]
    base_url = "https://api.acme.example"
    allow = [{ host = "api.acme.example", methods = ["GET", "POST"], paths = ["/v1/*"] }]
    [capabilities.PAY]
    effect = "write"
    idempotency = { in = "header", name = "Idempotency-Key" }
    window_hours = 24
    absent_after_seconds = 60
    [capabilities.LOOK]
    effect = "read"
"#;

/// A version with two capabilities.
pub(crate) fn version(id: &str, number: &str) -> PluginVersion {
    let mut manifest = Manifest::from_toml(MANIFEST).unwrap();
    (manifest.id, manifest.version) = (id.to_owned(), number.parse().unwrap());
    manifest.settings = object(json!({ "region": text() }), &[]);
    manifest.credentials = object(json!({ "key": { "type": "string", "writeOnly": true } }), &["key"]);
    let rules = SyncRules { mode: SyncMode::Incremental, direction: SyncDirection::Pull, every_minutes: 60 };
    manifest.sync = BTreeMap::from([("contacts".to_owned(), rules)]);
    let capabilities = vec![
        capability("LOOK", Effect::Read, object(json!({ "id": text() }), &["id"]), text()),
        capability("PAY", Effect::Write, parameters(), result()),
    ];
    PluginVersion {
        plugin: PluginRef { id: id.to_owned(), version: manifest.version.clone(), digest: format!("{id}{number}") },
        sheet: PermissionSheet::of(&manifest, &capabilities, &[]),
        manifest,
        capabilities,
        size: 1,
        uploaded_at: EPOCH,
        standing: Standing::default(),
        exports: Some(vec!["connection".to_owned(), "outcomes".to_owned()]),
        provides: Vec::new(),
        composition: None,
        signature: None,
        shown: gatehouse_domain::plugin::shown::Shown::default(),
        submission: None,
    }
}

fn capability(code: &str, effect: Effect, parameters_schema: Value, result_schema: Value) -> Capability {
    Capability {
        code: code.to_owned(),
        interface: "acme:shop/till@1.0.0".to_owned(),
        function: code.to_lowercase(),
        description: "Does it.".to_owned(),
        effect,
        parameters_schema,
        result_schema,
    }
}

fn parameters() -> Value {
    let amount = object(json!({ "units": integer(0, 1000), "currency": optional(text()) }), &["units"]);
    let speed = json!({ "type": "string", "enum": ["fast", "slow"], "description": "How fast." });
    let how = json!({ "oneOf": [case("card", &text()), case("cash", &integer(0, 9))] });
    object(json!({ "amount": amount, "speed": speed, "how": how, "tags": list(text()) }), &["amount", "speed", "how"])
}

fn result() -> Value {
    let state = json!({ "type": "string", "enum": ["done", "open"] });
    let pair = json!({ "type": "array", "prefixItems": [text(), text()], "items": false });
    object(json!({ "id": text(), "state": state, "note": optional(text()), "pair": pair }), &["id", "state", "pair"])
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn integer(minimum: i64, maximum: i64) -> Value {
    json!({ "type": "integer", "minimum": minimum, "maximum": maximum })
}

fn optional(inner: Value) -> Value {
    json!({ "anyOf": [inner, { "type": "null" }] })
}

fn case(kind: &str, value: &Value) -> Value {
    object(json!({ "kind": { "const": kind }, "value": value }), &["kind", "value"])
}

#[test]
fn another_place_for_a_secret_and_another_signature_are_no_patch() {
    let bearer = json!({ "name": "key", "type": "bearer", "secret": "key" });
    let keys = r#"{"name": "key", "type": "sigv4", "access_key_id": "k", "secret_access_key": "k", "service": "mail""#;
    let signed = |region: &str| serde_json::from_str(&format!(r#"{keys}, "region": "{region}"}}"#)).unwrap();
    let new = "auth.key: is new: signature of each request to the service mail in eu (sigv4)";
    let set =
        |auth: Value| move |is: &mut PluginVersion| is.manifest.auth = vec![serde_json::from_value(auth).unwrap()];
    check(set(signed("eu")), &[(Class::Additive, new)]);
    for (was, is, found) in [(&bearer, &bearer, 0), (&bearer, &signed("eu"), 1), (&signed("eu"), &signed("us"), 1)] {
        let (mut old, mut new) = (version("acme", "1.0.0"), version("acme", "1.0.1"));
        set(was.clone())(&mut old);
        set(is.clone())(&mut new);
        assert_eq!(compare(&old, &new).differences.len(), found, "{was} {is}");
    }
}

fn check(change: impl FnOnce(&mut PluginVersion), expect: &[(Class, &str)]) {
    let mut new = version("acme", "1.0.1");
    change(&mut new);
    let found = compare(&version("acme", "1.0.0"), &new);
    let told: Vec<(Class, String)> =
        found.differences.iter().map(|one| (one.class, format!("{}: {}", one.path, one.message))).collect();
    let told: Vec<(Class, &str)> = told.iter().map(|(class, text)| (*class, text.as_str())).collect();
    assert_eq!(told, expect);
    assert_eq!(found.class, expect.iter().map(|(class, _)| *class).max().unwrap_or(Class::Patch));
}

/// Changes a place of the parameters.
fn given(pointer: &'static str, value: Value, expect: &[(Class, &str)]) {
    check(|new| put(&mut new.capabilities[1].parameters_schema, pointer, value), expect);
}

/// Changes a place of the result.
fn answered(pointer: &'static str, value: Value, expect: &[(Class, &str)]) {
    check(|new| put(&mut new.capabilities[1].result_schema, pointer, value), expect);
}

fn put(schema: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = schema.pointer_mut(parent).unwrap();
    match (parent, value) {
        (Value::Object(fields), Value::Null) => drop(fields.remove(name).unwrap()),
        (Value::Object(fields), value) => drop(fields.insert(name.to_owned(), value)),
        (Value::Array(items), value) => items[name.parse::<usize>().unwrap()] = value,
        (other, _) => panic!("{other}"),
    }
}

const ADDS: Class = Class::Additive;
const BREAKS: Class = Class::Breaking;

#[test]
fn words_change_nothing() {
    check(|_| {}, &[]);
    given("/properties/speed/description", json!("How very fast."), &[]);
    check(|new| new.manifest.description = "Sells all.".to_owned(), &[]);
    check(|new| new.capabilities[0].description = "Looks.".to_owned(), &[]);
}

#[test]
fn parameters_may_take_more_and_not_less() {
    given("/properties/more", text(), &[(ADDS, "PAY parameters.more: is new")]);
    given(
        "/required",
        json!(["amount", "speed", "how", "tags"]),
        &[(BREAKS, "PAY parameters.tags: was optional, and is required")],
    );
    given("/required", json!(["amount", "speed"]), &[(ADDS, "PAY parameters.how: was required, and is optional")]);
    given("/properties/tags", Value::Null, &[(BREAKS, "PAY parameters.tags: is no longer taken")]);
    given(
        "/properties/speed/enum",
        json!(["fast"]),
        &[(BREAKS, "PAY parameters.speed: \"slow\" is no longer among its values")],
    );
    given(
        "/properties/speed/enum",
        json!(["fast", "slow", "now"]),
        &[(ADDS, "PAY parameters.speed: \"now\" is new among its values")],
    );
    given(
        "/properties/amount/properties/units/maximum",
        json!(500),
        &[(BREAKS, "PAY parameters.amount.units: `maximum` was 1000, and is 500")],
    );
    given(
        "/properties/amount/properties/units/minimum",
        json!(-1),
        &[(ADDS, "PAY parameters.amount.units: `minimum` was 0, and is -1")],
    );
    given(
        "/properties/amount/properties/units",
        text(),
        &[(BREAKS, "PAY parameters.amount.units: was integer, and is string")],
    );
    given(
        "/properties/amount/properties/units",
        json!({ "type": "number", "minimum": 0, "maximum": 1000 }),
        &[(ADDS, "PAY parameters.amount.units: was integer, and is number")],
    );
    given(
        "/properties/how/oneOf",
        json!([case("card", &text())]),
        &[(BREAKS, "PAY parameters.how: the case `cash` is gone")],
    );
    given(
        "/properties/how/oneOf/1",
        case("cash", &integer(1, 9)),
        &[(BREAKS, "PAY parameters.how(cash).value: `minimum` was 0, and is 1")],
    );
    given("/properties/tags/items", integer(0, 1), &[(BREAKS, "PAY parameters.tags[]: was string, and is integer")]);
}

#[test]
fn the_field_that_became_required_is_named_with_its_path() {
    let change = |new: &mut PluginVersion| {
        let schema = &mut new.capabilities[1].parameters_schema;
        put(schema, "/properties/amount/properties/currency", text());
        put(schema, "/properties/amount/required", json!(["units", "currency"]));
    };
    check(change, &[(BREAKS, "PAY parameters.amount.currency: was optional, and is required")]);
}

#[test]
fn results_may_hold_more_fields_and_nothing_unknown() {
    answered("/properties/more", text(), &[(ADDS, "PAY result.more: is new")]);
    answered("/properties/note", Value::Null, &[(BREAKS, "PAY result.note: is gone")]);
    answered(
        "/properties/state/enum",
        json!(["done"]),
        &[(ADDS, "PAY result.state: \"open\" is no longer among its values")],
    );
    answered(
        "/properties/state/enum",
        json!(["done", "open", "lost"]),
        &[(BREAKS, "PAY result.state: \"lost\" is new among its values")],
    );
    answered("/properties/id", optional(text()), &[(BREAKS, "PAY result.id: was never null, and may be")]);
    answered(
        "/required",
        json!(["id", "state", "pair", "note"]),
        &[(ADDS, "PAY result.note: was optional, and is required")],
    );
    answered("/required", json!(["state", "pair"]), &[(BREAKS, "PAY result.id: was required, and is optional")]);
    answered("/properties/pair/prefixItems", json!([text()]), &[(BREAKS, "PAY result.pair: had 2 parts, and has 1")]);
}

#[test]
fn capabilities_come_and_go() {
    check(|new| drop(new.capabilities.remove(0)), &[(BREAKS, "LOOK: is gone")]);
    check(
        |new| new.capabilities.push(capability("REFUND", Effect::Write, text(), text())),
        &[(ADDS, "REFUND: is new")],
    );
    let renamed = "LOOK: is gone; `PEEK` takes and answers the same: it was renamed";
    check(|new| new.capabilities[0].code = "PEEK".to_owned(), &[(BREAKS, renamed), (ADDS, "PEEK: is new")]);
    let effect = "LOOK effect: only looked, and can change something now";
    check(|new| new.capabilities[0].effect = Effect::Write, &[(BREAKS, effect)]);
}

fn pay(change: impl FnOnce(&mut CapabilityRules), expect: &[(Class, &str)]) {
    check(|new| change(new.manifest.capabilities.get_mut("PAY").unwrap()), expect);
}

#[test]
fn what_makes_writes_safe_is_not_weakened() {
    let none = "PAY idempotency: was the header Idempotency-Key, and is none";
    pay(|pay| pay.idempotency = Idempotency::None, &[(BREAKS, none)]);
    let body = "PAY idempotency: was the header Idempotency-Key, and is in the body";
    pay(|pay| pay.idempotency = Idempotency::Body, &[(BREAKS, body)]);
    pay(|pay| pay.window_hours = Some(12), &[(BREAKS, "PAY window_hours: was 24, and is 12")]);
    pay(|pay| pay.window_hours = None, &[(BREAKS, "PAY window_hours: was 24, and is absent: nothing is repeated")]);
    pay(|pay| pay.window_hours = Some(48), &[(ADDS, "PAY window_hours: is 48 now")]);
    let absent = "PAY absent_after_seconds: was 60, and is absent: no denial is believed";
    pay(|pay| pay.absent_after_seconds = None, &[(BREAKS, absent)]);
    check(|new| new.exports = Some(vec!["connection".to_owned()]), &[(BREAKS, "exports.outcomes: is gone")]);
    check(|new| new.exports = None, &[]);
}

#[test]
fn settings_and_credentials_that_fitted_go_on_fitting() {
    let settings = object(json!({ "region": text(), "shop": text() }), &["shop"]);
    check(|new| new.manifest.settings = settings, &[(BREAKS, "settings.shop: is new and required")]);
    let settings = object(json!({ "region": text(), "shop": text() }), &[]);
    check(|new| new.manifest.settings = settings, &[(ADDS, "settings.shop: is new")]);
    let narrow = object(json!({ "region": { "type": "string", "pattern": "^eu" } }), &[]);
    check(|new| new.manifest.settings = narrow, &[(BREAKS, "settings.region: `pattern` is new: \"^eu\"")]);
    let open = object(json!({ "key": text() }), &["key"]);
    check(|new| new.manifest.credentials = open, &[(BREAKS, "credentials.key: was a secret, and is none")]);
    let unknown = json!({ "allOf": [{ "type": "object" }] });
    check(
        |new| new.manifest.settings = unknown,
        &[
            (BREAKS, "settings: `allOf` is new: [{\"type\":\"object\"}]"),
            (ADDS, "settings: was object, and is anything"),
            (ADDS, "settings.region: is no longer described"),
            (ADDS, "settings: may have further fields"),
        ],
    );
}

#[test]
fn what_a_manifest_promises_besides() {
    check(|new| new.manifest.provider = "other".to_owned(), &[(BREAKS, "provider: was `acme`, and is `other`")]);
    check(|new| new.manifest.sync.clear(), &[(BREAKS, "sync.contacts: is gone")]);
    let contacts =
        |new: &mut PluginVersion| new.manifest.sync.get_mut("contacts").unwrap().direction = SyncDirection::Both;
    check(contacts, &[(ADDS, "sync.contacts.direction: goes both ways now")]);
    let push = |new: &mut PluginVersion| new.manifest.sync.get_mut("contacts").unwrap().direction = SyncDirection::Push;
    check(push, &[(BREAKS, "sync.contacts.direction: was pull, and is push")]);
    let contract = |new: &mut PluginVersion| new.manifest.contract = "0.2.0".parse().unwrap();
    check(contract, &[(ADDS, "contract: was 0.1.0, and is 0.2.0")]);
    let wider = "egress.allow: may send GET https://api.acme.example/v2/*";
    let post = "egress.allow: may send POST https://api.acme.example/v2/*";
    check(|new| new.manifest.egress.allow[0].paths.push("/v2/*".to_owned()), &[(ADDS, wider), (ADDS, post)]);
    check(|new| new.manifest.egress.allow[0].paths = vec!["/v1/a".to_owned()], &[]);
}

/// A version that breaks (`!`), adds (`+`) or does neither.
fn marked(mark: &str, state: &mut u32) -> PluginVersion {
    let number = mark.trim_end_matches(['!', '+', '-']);
    let mut new = version("acme", number);
    let marks = &mark[number.len()..];
    if marks.contains('!') {
        *state += 100;
    } else if marks.contains('+') {
        *state += 1;
    }
    // How many fields there are tells additions, and a value's name tells breaks.
    let (breaks, additions) = (*state / 100, *state % 100);
    for index in 0..additions {
        put(&mut new.capabilities[1].parameters_schema, &format!("/properties/more{index}"), text());
    }
    put(&mut new.capabilities[1].parameters_schema, "/properties/speed/enum", json!([format!("speed{breaks}")]));
    if marks.contains('-') {
        new.standing.yanked = Some(Yanked { reason: "bad".to_owned(), at: EPOCH });
    }
    new
}

/// Publishes `new` behind `published`, in the order of what they do.
fn publish(published: &str, new: &str, expect: Result<(), &str>) {
    let mut state = 0;
    let known: Vec<PluginVersion> = published.split_whitespace().map(|text| marked(text, &mut state)).collect();
    let found = check_version(&known, &marked(new, &mut state));
    match (found, expect) {
        (Ok(()), Ok(())) => {}
        (Err(error), Err(text)) => {
            let error = error.to_string();
            assert!(error.contains(text), "{error} lacks {text}");
        }
        (found, expect) => panic!("{published} {new}: {found:?} is not {expect:?}"),
    }
}

#[test]
fn a_version_number_says_what_the_version_does() {
    publish("", "0.0.1!", Ok(()));
    publish("1.0.0", "1.0.1", Ok(()));
    publish("1.0.0", "1.0.1+", Err("honest is 1.1.0"));
    publish("1.0.0", "1.1.0+", Ok(()));
    publish("1.0.0", "1.1.0!", Err("honest is 2.0.0"));
    publish("1.0.0", "2.0.0!", Ok(()));
    publish("1.0.0 1.1.0+", "1.1.1!", Err("PAY parameters.speed"));
    publish("0.1.0", "0.1.1+", Ok(()));
    publish("0.1.0", "0.1.1!", Err("honest is 0.2.0"));
    publish("0.1.0", "0.2.0!", Ok(()));
    publish("0.9.0", "1.0.0!", Ok(()));
    publish("0.0.1", "0.0.2!", Ok(()));
}

#[test]
fn neither_yanked_versions_nor_pre_releases_promise_anything() {
    publish("1.0.0 1.1.0!-", "1.1.1!", Err("honest is 2.0.0"));
    publish("1.0.0 1.0.1-", "1.0.2", Ok(()));
    publish("1.0.0 2.0.0-beta.1!", "2.0.0-beta.2!", Ok(()));
    publish("1.0.0", "1.0.1-rc.1!", Ok(()));
    publish("1.0.0", "1.0.1-rc.1+", Ok(()));
}
