//! The names of records that do not exist.

/// What has the form of an id and names nothing.
pub(super) fn absent(name: &str) -> String {
    let prefix = match name {
        "integration" => "int",
        "execution" => "exe",
        "batch" => "bat",
        "cassette" => "cas",
        "event" => "evt",
        "key" => "key",
        "tenant" => "ten",
        "endpoint" => "end",
        "inbound" => "del",
        "policy" => "pol",
        "run" => "run",
        "change" => "chg",
        "review" => "rev",
        "screenshot" => return "99".to_owned(),
        "entity" => return "no-such-entity".to_owned(),
        "record" => return "no-such-record".to_owned(),
        "subscription" => "sub",
        "delivery" => "sdl",
        "entity_type" => return "no-such-type".to_owned(),
        "entity_id" => return "no-such-entity".to_owned(),
        "plugin" => return "no-such-plugin".to_owned(),
        "version" => return "9.9.9".to_owned(),
        "publisher" => return "no-such-publisher".to_owned(),
        "publisher_key" => return "no-such-key".to_owned(),
        "provider" => return "no-such-provider".to_owned(),
        "capability" => return "NO_SUCH_CAPABILITY".to_owned(),
        "role" => return "no-such-role".to_owned(),
        "link" => return "another-link".to_owned(),
        "context" => return "another-context".to_owned(),
        other => panic!("say in matrix/world.rs what an absent {{{other}}} looks like"),
    };
    format!("{prefix}_019a5e2f00000000000000000000abcd")
}
