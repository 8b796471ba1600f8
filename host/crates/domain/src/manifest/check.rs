//! What must hold within a manifest, beyond its shape.

use crate::capability::Effect;
use crate::error::{Error, Problem, Result};
use crate::manifest::auth::Placement;
use crate::manifest::oauth::{Client, ClientAuth, ClientFrom};
use crate::manifest::webhook::CLIENT_SECRET;
use crate::manifest::{Egress, Idempotency, Manifest, Rule};

const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

impl Manifest {
    /// Reads a `plugin.toml`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`], with the line where it does not parse, or with every rule it breaks.
    pub fn from_toml(text: &str) -> Result<Self> {
        let manifest: Self = toml::from_str(text).map_err(|error| Error::invalid(format!("plugin.toml: {error}")))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Reads the JSON form that a built component carries.
    ///
    /// # Errors
    /// As [`Manifest::from_toml`].
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        let manifest: Self = serde_json::from_slice(bytes)
            .map_err(|error| Error::invalid(format!("the embedded manifest does not parse: {error}")))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Checks every rule that the types do not express, and names each one that is broken.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] with one problem a broken rule.
    pub fn check(&self) -> Result<()> {
        let mut problems = Vec::new();
        check_name("$.id", &self.id, &mut problems);
        if self.helper {
            self.check_helper(&mut problems);
        } else {
            check_name("$.provider", &self.provider, &mut problems);
            check_egress(&self.egress, &mut problems);
        }
        if self.dependencies.contains_key(&self.id) {
            problems.push(Problem::at(format!("$.dependencies.{}", self.id), "a plugin can not need itself"));
        }
        self.check_secrets(&mut problems);
        self.check_oauth(&mut problems);
        self.webhook.iter().for_each(|webhook| webhook.check("$.webhook", &mut problems));
        self.rate_limit.iter().for_each(|rate| rate.check("$.rate_limit", &mut problems));
        self.check_capabilities(&mut problems);
        self.check_sync(&mut problems);
        if problems.is_empty() {
            return Ok(());
        }
        Err(Error::problems("the manifest breaks its rules", problems))
    }

    /// A helper is code for others: it has nothing that only a gateway can use.
    fn check_helper(&self, problems: &mut Vec<Problem>) {
        let given = [
            ("$.provider", !self.provider.is_empty()),
            ("$.egress", self.egress != Egress::default()),
            ("$.auth", !self.auth.is_empty()),
            ("$.oauth", self.oauth.is_some()),
            ("$.capabilities", !self.capabilities.is_empty()),
            ("$.rate_limit", self.rate_limit.is_some()),
            ("$.webhook", self.webhook.is_some()),
            ("$.sync", !self.sync.is_empty()),
        ];
        for (path, _) in given.iter().filter(|(_, given)| *given) {
            problems.push(Problem::at(*path, "is for gateways, and this is a helper: remove it, or `helper = true`"));
        }
    }

    fn check_secrets(&self, problems: &mut Vec<Problem>) {
        let fields: Vec<&str> = self.credential_fields().collect();
        let mut need = |path: String, field: &str| {
            if !fields.contains(&field) {
                problems.push(Problem::at(path, format!("`{field}` is not a property of `credentials`; add it there")));
            }
        };
        for (index, scheme) in self.auth.iter().enumerate() {
            for field in scheme.placement.secrets() {
                need(format!("$.auth[{index}]"), field);
            }
        }
        for field in self.webhook.iter().flat_map(|webhook| webhook.fields()).filter(|field| *field != CLIENT_SECRET) {
            need("$.webhook".to_owned(), field);
        }
        self.check_client_secret(problems);
        for (index, scheme) in self.auth.iter().enumerate() {
            if let Placement::Sigv4(rules) = &scheme.placement {
                rules.check(&format!("$.auth[{index}]"), &self.settings, problems);
            }
        }
    }

    /// The reserved name is the secret of a registered app, and nothing else may be called so.
    fn check_client_secret(&self, problems: &mut Vec<Problem>) {
        if self.credential_fields().any(|field| field == CLIENT_SECRET) {
            let message = format!("`{CLIENT_SECRET}` means the app's own secret; name the field otherwise");
            problems.push(Problem::at("$.credentials", message));
        }
        if !self.webhook.as_ref().is_some_and(|webhook| webhook.fields().contains(&CLIENT_SECRET)) {
            return;
        }
        let message = match self.oauth.as_ref().map(|oauth| &oauth.client) {
            None => format!("`{CLIENT_SECRET}` needs `[oauth]`: without it there is no app; name a credential field"),
            Some(Client { from: ClientFrom::Credential, .. }) => {
                format!("`{CLIENT_SECRET}` is an app's; here name the credential field of `oauth.client.secret`")
            }
            Some(Client { auth: ClientAuth::None | ClientAuth::PrivateKeyJwt, .. }) => {
                format!("`{CLIENT_SECRET}` is not there: with this `oauth.client.auth` the app has no secret")
            }
            Some(_) => return,
        };
        problems.push(Problem::at("$.webhook", message));
    }

    fn check_capabilities(&self, problems: &mut Vec<Problem>) {
        for (code, rules) in &self.capabilities {
            let mut wrong = |field: &str, message: String| {
                problems.push(Problem::at(format!("$.capabilities.{code}.{field}"), message));
            };
            if rules.window_hours.is_some() && rules.idempotency == Idempotency::None {
                wrong("window_hours", "needs `idempotency`: without a key nothing is remembered".to_owned());
            }
            for (field, value, most) in [
                ("window_hours", rules.window_hours, 8_760),
                ("look_up_after_seconds", rules.look_up_after_seconds, 86_400),
                ("absent_after_seconds", rules.absent_after_seconds, 604_800),
            ] {
                if value.is_some() && rules.effect == Effect::Read {
                    wrong(field, "is for writes; a read has no outcome to find".to_owned());
                }
                if value.is_some_and(|value| !(1..=most).contains(&value)) {
                    wrong(field, format!("{} is not between 1 and {most}", value.unwrap_or_default()));
                }
            }
        }
    }

    fn check_sync(&self, problems: &mut Vec<Problem>) {
        for (entity, rules) in &self.sync {
            if !crate::sync::is_entity_name(entity) {
                let message = "must have 1 to 64 lower-case letters, digits, `_` and `-`, a letter first, and not be settings, status, logs or runs";
                problems.push(Problem::at(format!("$.sync.{entity}"), message));
            }
            if rules.every_minutes > crate::sync::LONGEST_MINUTES {
                let message = format!("{} is more than {}", rules.every_minutes, crate::sync::LONGEST_MINUTES);
                problems.push(Problem::at(format!("$.sync.{entity}.every_minutes"), message));
            }
        }
    }
}

fn check_name(path: &str, name: &str, problems: &mut Vec<Problem>) {
    let fits = (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
    if !fits {
        let message = format!("`{name}` must be 1 to 64 lower-case letters, digits, - or _, and begin with a letter");
        problems.push(Problem::at(path, message));
    }
}

fn check_egress(egress: &Egress, problems: &mut Vec<Problem>) {
    let sandbox = egress.sandbox_base_url.as_ref().map(|url| ("$.egress.sandbox_base_url", url));
    for (path, url) in [("$.egress.base_url", &egress.base_url)].into_iter().chain(sandbox) {
        if !url.starts_with("https://") {
            problems.push(Problem::at(path, format!("`{url}` must begin with https://")));
        }
    }
    if let Some((path, url)) = sandbox {
        let host = url.trim_start_matches("https://").split('/').next().unwrap_or_default();
        if !egress.allow.iter().any(|rule| rule.host == host) {
            problems.push(Problem::at(path, format!("`{host}` is no host of `allow`; add what may be sent there")));
        }
    }
    if egress.allow.is_empty() {
        problems.push(Problem::at("$.egress.allow", "must allow something"));
    }
    for (index, rule) in egress.allow.iter().enumerate() {
        check_rule(&format!("$.egress.allow[{index}]"), rule, problems);
    }
}

fn check_rule(path: &str, rule: &Rule, problems: &mut Vec<Problem>) {
    let fits = !rule.host.is_empty()
        && rule.host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'{' | b'}' | b'_'))
        && rule.host.contains('.')
        && !rule.host.ends_with('.');
    if !fits {
        problems.push(Problem::at(format!("{path}.host"), format!("`{}` is not a host name", rule.host)));
    }
    for method in rule.methods.iter().filter(|method| !METHODS.contains(&method.as_str())) {
        let message = format!("`{method}` is not one of {}", METHODS.join(", "));
        problems.push(Problem::at(format!("{path}.methods"), message));
    }
    if rule.reads.is_some() && !rule.methods.iter().any(|method| method == "POST") {
        problems.push(Problem::at(format!("{path}.reads"), "is about POST, which `methods` does not have"));
    }
    for glob in rule.paths.iter().filter(|glob| !glob.starts_with('/')) {
        problems.push(Problem::at(format!("{path}.paths"), format!("`{glob}` must begin with /")));
    }
}

#[cfg(test)]
mod client_secret;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Sigv4;

    const GOOD: &str = r#"
        id = "acme"
        version = "1.0.0"
        provider = "acme"
        name = "Acme"
        description = "Sells everything."
        publisher = "acme"
        license = "MIT"
        category = "payments"
        contract = "0.1.0"
        [egress]
        base_url = "https://api.acme.example"
        allow = [{ host = "api.acme.example", methods = ["GET"], paths = ["/v1/**"] }]
        [[auth]]
        name = "key"
        type = "bearer"
        secret = "api_key"
        [credentials]
        type = "object"
        properties = { api_key = { type = "string", writeOnly = true } }
        [capabilities.BUY]
        effect = "write"
        idempotency = { in = "header", name = "Idempotency-Key" }
        window_hours = 24
        absent_after_seconds = 60
    "#;

    fn check(change: (&str, &str), expect: &str) {
        assert!(GOOD.contains(change.0), "the case changes nothing");
        let error = Manifest::from_toml(&GOOD.replace(change.0, change.1)).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    }

    #[test]
    fn a_good_manifest_survives_its_json_form() {
        let manifest = Manifest::from_toml(GOOD).unwrap();
        let json = serde_json::to_vec(&manifest).unwrap();
        assert_eq!(Manifest::from_json(&json).unwrap(), manifest);
    }

    #[test]
    fn a_signature_names_its_fields_its_service_and_its_region() {
        let bearer = "type = \"bearer\"\n        secret = \"api_key\"";
        let signed = |rules: &str| {
            format!("type = \"sigv4\"\naccess_key_id = \"api_key\"\nsecret_access_key = \"api_key\"\n{rules}")
        };
        let good = "service = \"mail\"\nregion = \"eu-central-1\"";
        assert!(Manifest::from_toml(&GOOD.replace(bearer, &signed(good))).is_ok());
        let setting = "service = \"mail\"\nregion = \"{region}\"\n[settings.properties.region]\ntype = \"string\"";
        let manifest = Manifest::from_toml(&GOOD.replace(bearer, &signed(setting))).unwrap();
        let json = serde_json::to_vec(&manifest).unwrap();
        assert_eq!(Manifest::from_json(&json).unwrap(), manifest);
        let Placement::Sigv4(rules) = &manifest.auth[0].placement else { panic!("{:?}", manifest.auth) };
        assert_eq!((rules.region_setting(), &rules.session_token), (Some("region"), &None));
        let sheet = |manifest: &Manifest| crate::sheet::PermissionSheet::of(manifest, &[], &[]);
        let mut other = manifest.clone();
        other.auth[0].placement = Placement::Sigv4(Sigv4 { service: "files".to_owned(), ..rules.clone() });
        assert_eq!(crate::sheet::widened(&sheet(&manifest), &sheet(&manifest)), []);
        let wider = crate::sheet::widened(&sheet(&manifest), &sheet(&other));
        assert!(wider[0].message.contains("to the service files in {region}"), "{wider:?}");
        for (rules, expect) in [
            ("service = \"mail\"\nregion = \"{area}\"", "`area` is not a property of `settings`"),
            ("service = \"mail\"\nregion = \"{area\"", "$.auth[0].region"),
            ("service = \"mail\"\nregion = \"\"", "$.auth[0].region"),
            ("service = \"Mail/x\"\nregion = \"eu\"", "$.auth[0].service"),
            ("service = \"mail\"\nregion = \"eu\"\nsession_token = \"token\"", "`token` is not a property"),
            ("service = \"mail\"", "region"),
            ("service = \"mail\"\nregion = \"eu\"\nzone = \"a\"", "zone"),
        ] {
            check((bearer, &signed(rules)), expect);
        }
    }

    #[test]
    fn each_broken_rule_is_named() {
        check((r#"id = "acme""#, r#"id = "Acme Inc""#), "$.id");
        check(("https://api", "http://api"), "$.egress.base_url");
        check((r#""GET""#, r#""FETCH""#), "$.egress.allow[0].methods");
        for (rate, expect) in [
            ("requests = 0\nwindow_seconds = 1", "$.rate_limit.requests"),
            ("requests = 1\nwindow_seconds = 0", "$.rate_limit.window_seconds"),
            ("requests = 1\nwindow_seconds = 90000", "$.rate_limit.window_seconds"),
            ("requests = 1\nwindow_seconds = 1\nlimit_header = \"a b\"", "$.rate_limit.limit_header"),
            ("requests = 1\nwindow_seconds = 1\nremaining_header = \"\"", "$.rate_limit.remaining_header"),
            ("requests = 1\nwindow_seconds = 1\nreset_header = \"x-reset\"", "$.rate_limit.reset_form"),
            ("requests = 1\nwindow_seconds = 1\nreset_form = \"seconds\"", "$.rate_limit.reset_header"),
            (
                "requests = 1\nwindow_seconds = 1\nsandbox = { requests = 0, window_seconds = 1 }",
                "$.rate_limit.sandbox.requests",
            ),
            ("requests = 1\nwindow_seconds = 1\nremaining = \"x\"", "remaining"),
        ] {
            check(("[egress]", &format!("[rate_limit]\n{rate}\n[egress]")), expect);
        }
        check(("/v1/**", "v1"), "$.egress.allow[0].paths");
        let base = "base_url = \"https://api.acme.example\"";
        for (url, expect) in
            [("http://api.acme.example", "must begin with https"), ("https://x.example/v1", "`x.example`")]
        {
            check((base, &format!("{base}\nsandbox_base_url = \"{url}\"")), "$.egress.sandbox_base_url");
            check((base, &format!("{base}\nsandbox_base_url = \"{url}\"")), expect);
        }
        check((r#"secret = "api_key""#, r#"secret = "apikey""#), "`apikey` is not a property");
        check(("license", "licence"), "licence");
        check(("id = \"acme\"", "id = \"acme\"\nhelper = true"), "$.egress");
        check(("[egress]", "[dependencies]\nacme = \"^1\"\n[egress]"), "$.dependencies.acme");
        check(("1.0.0", "1.0"), "version");
        check((r#"idempotency = { in = "header", name = "Idempotency-Key" }"#, ""), "$.capabilities.BUY.window_hours");
        check(("window_hours = 24", "window_hours = 0"), "0 is not between 1 and 8760");
        check((r#"effect = "write""#, r#"effect = "read""#), "$.capabilities.BUY.absent_after_seconds");
    }
}
