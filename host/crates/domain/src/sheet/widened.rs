//! What one permission sheet allows and another did not: the reason to ask a tenant again.
//! What is not sure to be covered counts as wider.

use super::{OAuthUse, PermissionSheet};
use crate::error::Problem;
use crate::manifest::{Rule, SyncDirection};

/// Everything that `new` allows beyond `old`, each with its place in the sheet. None means that
/// who agreed to `old` has agreed to `new`.
///
/// New capabilities that only look are no widening by themselves: what they can reach stands in
/// the requests. Nor are limits: they bound, and the deployment has its own.
pub fn widened(old: &PermissionSheet, new: &PermissionSheet) -> Vec<Problem> {
    let mut found = Vec::new();
    requests(old, new, &mut found);
    for secret in new.secrets.iter().filter(|secret| !old.secrets.contains(secret)) {
        let message = format!("`{}` is attached here: {}", secret.field, secret.attached);
        found.push(Problem::at("secrets", message));
    }
    for code in new.writes.iter().filter(|code| !old.writes.contains(code)) {
        let before = if old.reads.contains(code) { "only looked and can change something now" } else { "is new" };
        found.push(Problem::at("writes", format!("{code} {before}")));
    }
    for event in new.events.iter().filter(|event| !old.events.contains(event)) {
        found.push(Problem::at("events", format!("takes the provider's event `{event}`")));
    }
    oauth(old, new, &mut found);
    webhooks(old, new, &mut found);
    storage(old, new, &mut found);
    let known = |import: &String| old.imports.iter().any(|known| unversioned(known) == unversioned(import));
    for import in new.imports.iter().filter(|import| !known(import)) {
        found.push(Problem::at("imports", format!("uses `{import}` of the host")));
    }
    found
}

fn requests(old: &PermissionSheet, new: &PermissionSheet, found: &mut Vec<Problem>) {
    for rule in &new.requests {
        for method in &rule.methods {
            for path in rule.paths.iter().filter(|path| !covered(&old.requests, rule, method, path)) {
                let read = if rule.reads.is_some() { " as a mere read" } else { "" };
                found.push(Problem::at("requests", format!("may send {method} https://{}{path}{read}", rule.host)));
            }
        }
    }
}

/// A rule that takes a `POST` for a read covers no rule that takes it so by other means.
fn covered(rules: &[Rule], new: &Rule, method: &str, glob: &str) -> bool {
    let alike = |rule: &&Rule| rule.host == new.host && (new.reads.is_none() || rule.reads == new.reads);
    rules.iter().filter(alike).any(|rule| {
        rule.methods.iter().any(|known| known == method) && rule.paths.iter().any(|wide| glob_covers(wide, glob))
    })
}

/// Whether every path that fits `narrow` fits `wide`.
fn glob_covers(wide: &str, narrow: &str) -> bool {
    let mut wide = wide.split('/');
    let mut narrow = narrow.split('/');
    loop {
        match (wide.next(), narrow.next()) {
            (Some("**"), Some(_)) | (None, None) => return true,
            (Some("*"), Some(segment)) if segment != "**" && !segment.is_empty() => {}
            (Some(literal), Some(segment)) if literal == segment && segment != "**" => {}
            _ => return false,
        }
    }
}

fn oauth(old: &PermissionSheet, new: &PermissionSheet, found: &mut Vec<Problem>) {
    let Some(new) = &new.oauth else { return };
    let none = OAuthUse { urls: Vec::new(), scopes: Vec::new(), facts: Vec::new(), attached: Vec::new() };
    let old = old.oauth.as_ref().unwrap_or(&none);
    for (what, old, new) in [
        ("signs in at", &old.urls, &new.urls),
        ("asks for the scope", &old.scopes, &new.scopes),
        ("keeps in the open", &old.facts, &new.facts),
        ("attaches its access token here:", &old.attached, &new.attached),
    ] {
        for one in new.iter().filter(|one| !old.contains(one)) {
            found.push(Problem::at("oauth", format!("{what} `{one}`")));
        }
    }
}

fn webhooks(old: &PermissionSheet, new: &PermissionSheet, found: &mut Vec<Problem>) {
    if let (Some(was), Some(is)) = (old.webhook_trust, new.webhook_trust)
        && was < is
    {
        let message = format!("believes webhooks more: they were {was:?}, and are {is:?}").to_lowercase();
        found.push(Problem::at("webhook_trust", message));
    }
    if new.registers_webhooks && !old.registers_webhooks {
        found.push(Problem::at("registers_webhooks", "registers the endpoint with the provider by itself"));
    }
    for host in new.webhook_hosts.iter().filter(|host| !old.webhook_hosts.contains(host)) {
        found.push(Problem::at("webhook_hosts", format!("asks `{host}` about webhooks")));
    }
}

fn storage(old: &PermissionSheet, new: &PermissionSheet, found: &mut Vec<Problem>) {
    for store in &new.storage {
        let known = old.storage.iter().find(|known| known.entity == store.entity);
        let covered =
            known.is_some_and(|known| known.direction == SyncDirection::Both || known.direction == store.direction);
        if !covered {
            let way = match store.direction {
                SyncDirection::Pull => "keeps a copy of",
                SyncDirection::Push => "writes to the provider's",
                SyncDirection::Both => "keeps a copy of and writes to the provider's",
            };
            found.push(Problem::at("storage", format!("{way} `{}`", store.entity)));
        }
    }
}

fn unversioned(import: &str) -> &str {
    import.split('@').next().unwrap_or(import)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::ReadBy;
    use crate::sheet::{SecretUse, StorageUse};
    use crate::webhook::Trust;

    fn sheet(change: impl FnOnce(&mut PermissionSheet)) -> PermissionSheet {
        let mut sheet = PermissionSheet {
            requests: vec![rule("api.acme.example", &["GET"], &["/v1/payments/*", "/v1/balance"])],
            secrets: vec![secret("key", "header Authorization as Bearer")],
            writes: vec!["PAY".to_owned()],
            reads: vec!["GET_PAYMENT".to_owned()],
            events: vec!["payment.done".to_owned()],
            oauth: Some(OAuthUse {
                urls: vec!["https://id.acme.example/token".to_owned()],
                scopes: vec!["read".to_owned()],
                facts: Vec::new(),
                attached: Vec::new(),
            }),
            webhook_trust: Some(Trust::Authenticated),
            webhook_hosts: Vec::new(),
            registers_webhooks: false,
            storage: vec![StorageUse { entity: "contacts".to_owned(), direction: SyncDirection::Pull }],
            limits: None,
            imports: vec!["gatehouse:plugin/http@0.1.0".to_owned()],
        };
        change(&mut sheet);
        sheet
    }

    fn rule(host: &str, methods: &[&str], paths: &[&str]) -> Rule {
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Rule { host: host.to_owned(), methods: own(methods), paths: own(paths), reads: None }
    }

    fn secret(field: &str, attached: &str) -> SecretUse {
        SecretUse { field: field.to_owned(), attached: attached.to_owned() }
    }

    fn check(change: impl FnOnce(&mut PermissionSheet), expect: &[&str]) {
        let found = widened(&sheet(|_| {}), &sheet(change));
        let found: Vec<String> = found.iter().map(|one| format!("{}: {}", one.path, one.message)).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn what_was_agreed_to_is_not_asked_again() {
        check(|_| {}, &[]);
        check(|new| new.requests.clear(), &[]);
        check(|new| new.requests[0].paths = vec!["/v1/payments/one".to_owned()], &[]);
        check(|new| new.secrets.clear(), &[]);
        check(|new| new.writes.clear(), &[]);
        check(|new| new.reads.push("LIST_PAYMENTS".to_owned()), &[]);
        check(|new| new.imports = vec!["gatehouse:plugin/http@0.2.0".to_owned()], &[]);
    }

    #[test]
    fn each_widening_is_named() {
        let post = "requests: may send POST https://api.acme.example/v1/balance";
        check(|new| new.requests.push(rule("api.acme.example", &["POST"], &["/v1/balance"])), &[post]);
        let all = "requests: may send GET https://api.acme.example/v1/**";
        check(|new| new.requests[0].paths.push("/v1/**".to_owned()), &[all]);
        let host = "requests: may send GET https://evil.example/v1/balance";
        check(|new| new.requests.push(rule("evil.example", &["GET"], &["/v1/balance"])), &[host]);
        let deeper = "requests: may send GET https://api.acme.example/v1/payments/**";
        check(|new| new.requests[0].paths[0] = "/v1/payments/**".to_owned(), &[deeper]);
        let header = "secrets: `key` is attached here: query parameter k";
        check(|new| new.secrets.push(secret("key", "query parameter k")), &[header]);
        check(|new| new.writes.push("REFUND".to_owned()), &["writes: REFUND is new"]);
        let writes = "writes: GET_PAYMENT only looked and can change something now";
        check(|new| new.writes.append(&mut new.reads), &[writes]);
        let event = "events: takes the provider's event `customer.made`";
        check(|new| new.events.push("customer.made".to_owned()), &[event]);
        let both = "storage: keeps a copy of and writes to the provider's `contacts`";
        check(|new| new.storage[0].direction = SyncDirection::Both, &[both]);
        let scope = "oauth: asks for the scope `write`";
        check(|new| new.oauth.as_mut().unwrap().scopes.push("write".to_owned()), &[scope]);
        let trust = "webhook_trust: believes webhooks more: they were authenticated, and are verified";
        check(|new| new.webhook_trust = Some(Trust::Verified), &[trust]);
        check(|new| new.webhook_trust = Some(Trust::Untrusted), &[]);
        let registers = "registers_webhooks: registers the endpoint with the provider by itself";
        check(|new| new.registers_webhooks = true, &[registers]);
        let host = "webhook_hosts: asks `keys.acme.example` about webhooks";
        check(|new| new.webhook_hosts.push("keys.acme.example".to_owned()), &[host]);
        let read = "requests: may send GET https://api.acme.example/v1/balance as a mere read";
        let reads = |new: &mut PermissionSheet| {
            new.requests[0].reads = Some(ReadBy::Path);
            new.requests[0].paths.remove(0);
        };
        check(reads, &[read]);
        let import = "imports: uses `wasi:random/random@0.2.6` of the host";
        check(|new| new.imports.push("wasi:random/random@0.2.6".to_owned()), &[import]);
    }

    #[test]
    fn a_glob_covers_what_it_matches() {
        for (wide, narrow, covers) in [
            ("/v1/*", "/v1/*", true),
            ("/v1/*", "/v1/a", true),
            ("/v1/*", "/v1/", false),
            ("/v1/*", "/v1/a/b", false),
            ("/v1/*", "/v1/**", false),
            ("/v1/**", "/v1/**", true),
            ("/v1/**", "/v1/a/*", true),
            ("/v1/**", "/v1", false),
            ("/**", "/v1/a", true),
            ("/v1/a", "/v1/*", false),
            ("/v1/a", "/v1/a/", false),
        ] {
            assert_eq!(glob_covers(wide, narrow), covers, "{wide} {narrow}");
        }
    }
}
