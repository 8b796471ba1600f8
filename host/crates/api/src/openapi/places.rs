//! The parameters of paths, by name: the same name means the same everywhere.

use serde_json::{Value, json};

use crate::table::Route;

/// The characters of a provider's or a plugin's code, as in [`gatehouse_domain::provider::check_code`].
const CODE: &str = "[a-z][a-z0-9_-]{0,63}";

/// The parameters in a route's path.
pub(super) fn of(route: &Route) -> impl Iterator<Item = Value> {
    let names = route.path.split('/').filter_map(|word| word.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| {
        let (schema, says) = told(name);
        json!({ "name": name, "in": "path", "required": true, "schema": schema, "description": says })
    })
}

fn told(name: &str) -> (Value, &'static str) {
    let id = |prefix: &str| {
        let example = format!("{prefix}_0190d6c8a1b27c3e8f4a5b6c7d8e9f00");
        json!({ "type": "string", "pattern": format!("^{prefix}_[0-9a-f]{{32}}$"), "examples": [example] })
    };
    match name {
        "batch" => (id("bat"), "The id of a batch."),
        "change" => (id("chg"), "The id of a change that was handed in."),
        "delivery" => (id("sdl"), "The id of a delivery to a subscription."),
        "endpoint" => (id("end"), "The id of an endpoint; it can not be guessed."),
        "event" => (id("evt"), "The id of an event."),
        "execution" => (id("exe"), "The id of an execution."),
        "inbound" => (id("del"), "The id of a webhook delivery."),
        "key" => (id("key"), "The id of an API key."),
        "run" => (id("run"), "The id of a run."),
        "subscription" => (id("sub"), "The id of a subscription."),
        "tenant" => (id("ten"), "The id of a tenant."),
        _ => of_names(name),
    }
}

fn of_names(name: &str) -> (Value, &'static str) {
    let like = |pattern: &str, example: &str| json!({ "type": "string", "pattern": pattern, "examples": [example] });
    match name {
        "capability" => (like("^[A-Z][A-Z0-9_]{0,63}$", "PROCESS_PAYMENT"), "The code of a capability."),
        "context" => (like("^[^/]+$", "k3x9"), "The context of a sign-in."),
        "entity" => (like("^[^/]+$", "contacts"), "The name of a kind of records, as the plugin's manifest has it."),
        "entity_id" => (
            json!({ "type": "string", "minLength": 1, "maxLength": 256, "examples": ["cus_1042"] }),
            "The host app's id of one of its records.",
        ),
        "entity_type" => {
            (like("^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", "customer"), "What kind of record of the host app it is.")
        }
        "integration" => (
            like(&format!("^(int_[0-9a-f]{{32}}|{CODE})$"), "int_0190d6c8a1b27c3e8f4a5b6c7d8e9f00"),
            "The id of an integration, or a provider's code where that names one.",
        ),
        "link" => (like("^[^/]+$", "k3x9"), "The secret part of a link; it is good for once."),
        "plugin" => (like(&format!("^{CODE}$"), "billing"), "The id of a plugin."),
        "policy" => (like("^[A-Za-z0-9_.-]{1,64}$", "by-country"), "The id of a policy, or its name."),
        "provider" => (like(&format!("^{CODE}$"), "billing"), "The code of a provider."),
        "record" => (like("^[^/]+$", "42"), "The provider's id of a record."),
        "role" => (like("^[a-z][a-z0-9-]{1,63}$", "support"), "The name of a role."),
        "version" => (like("^[0-9]+\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.+-]+)?$", "1.2.0"), "A version (semver)."),
        _ => (json!({ "type": "string", "minLength": 1 }), "Which one."),
    }
}
