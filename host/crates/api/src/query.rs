//! Query parameters: what the value of each may be, the same name meaning the same everywhere, and
//! a check of a request's query before its route is reached. It reads no value for a route.

use std::collections::BTreeSet;

use axum::extract::Query;
use axum::http::Uri;
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_engine::deferred::LONGEST_WAIT;
use serde_json::{Value, json};

use crate::page::MOST;
use crate::table::{Access, Route};

/// The longest value, in bytes.
const LONGEST: usize = 2_048;

/// What a request's query is checked against.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    names: &'static [(&'static str, &'static str)],
    words: &'static [(&'static str, &'static [&'static str])],
    /// Whether others may come with them: a provider that calls a public route adds its own.
    open: bool,
}

impl Rules {
    /// Those of a route.
    pub(crate) fn of(route: &Route) -> Self {
        Self { names: route.query, words: route.words, open: route.access == Access::Public }
    }

    /// Refuses a query with a parameter that the route does not have, or has twice, or whose value
    /// can not be one.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`], naming each parameter.
    pub(crate) fn check(&self, uri: &Uri) -> Result<()> {
        if self.open || uri.query().is_none_or(str::is_empty) {
            return Ok(());
        }
        let given = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Error::invalid("the query does not read: it must be `name=value` pairs joined by `&`"))?;
        let mut seen = BTreeSet::new();
        let problems: Vec<Problem> = given.0.iter().filter_map(|pair| self.wrong(&mut seen, pair)).collect();
        if problems.is_empty() { Ok(()) } else { Err(Error::problems("the query does not fit", problems)) }
    }

    fn wrong<'a>(&self, seen: &mut BTreeSet<&'a str>, (name, value): &'a (String, String)) -> Option<Problem> {
        let message = if !self.names.iter().any(|(known, _)| known == name) {
            Some(format!("is no parameter of this route; it has {}", self.known()))
        } else if !seen.insert(name) {
            Some("is given twice; give it once".to_owned())
        } else {
            self.misfit(name, value)
        };
        // What is no name is not repeated in full.
        let name: String = name.chars().take(64).collect();
        message.map(|message| Problem::at(format!("?{name}"), message))
    }

    fn misfit(&self, name: &str, value: &str) -> Option<String> {
        if let Some((_, words)) = self.words.iter().find(|(known, _)| *known == name) {
            let fits = words.contains(&value);
            return (!fits).then(|| format!("`{}` is none of {}", short(value), words.join(", ")));
        }
        let within = |most: u64, least: u64| {
            let number = value.parse::<u64>().ok().filter(|_| value.bytes().all(|byte| byte.is_ascii_digit()));
            let fits = number.is_some_and(|number| (least..=most).contains(&number));
            (!fits).then(|| format!("`{}` is not a number from {least} to {most}", short(value)))
        };
        match name {
            "limit" => within(MOST as u64, 1),
            "wait" => within(LONGEST_WAIT.as_secs(), 0),
            "force" => (!matches!(value, "true" | "false")).then(|| "must be `true` or `false`".to_owned()),
            _ if value.len() > LONGEST => Some(format!("has {} bytes; at most {LONGEST} fit", value.len())),
            _ => None,
        }
    }

    fn known(&self) -> String {
        let names: Vec<&str> = self.names.iter().map(|(name, _)| *name).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    }

    /// The JSON Schema of a parameter.
    pub(crate) fn schema(&self, name: &str) -> Value {
        if let Some((_, words)) = self.words.iter().find(|(known, _)| *known == name) {
            return json!({ "type": "string", "enum": words });
        }
        match name {
            "limit" => json!({ "type": "integer", "minimum": 1, "maximum": MOST, "default": 50 }),
            "wait" => json!({ "type": "integer", "minimum": 0, "maximum": LONGEST_WAIT.as_secs(), "default": 0 }),
            "force" => json!({ "type": "boolean", "default": false }),
            _ => json!({ "type": "string", "maxLength": LONGEST }),
        }
    }
}

/// Enough of a value to know it again.
fn short(value: &str) -> String {
    value.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        names: &[("limit", ""), ("wait", ""), ("force", ""), ("state", ""), ("q", "")],
        words: &[("state", &["dead", "pending"])],
        open: false,
    };

    fn check(query: &str, expect: &str) {
        let uri: Uri = format!("/things{query}").parse().unwrap();
        let said = RULES.check(&uri).map_or_else(|error| error.to_string(), |()| String::new());
        assert!(if expect.is_empty() { said.is_empty() } else { said.contains(expect) }, "{query}: {said}");
    }

    #[test]
    fn what_a_route_does_not_have_is_refused_by_name() {
        check("", "");
        check("?", "");
        check("?limit=200&wait=0&force=true&state=dead&q=%20", "");
        check("?limit=201", "?limit: `201` is not a number from 1 to 200");
        for bad in ["0", "+1", "-1", "1.0", "", "ten", "99999999999999999999999"] {
            check(&format!("?limit={bad}"), "?limit: ");
        }
        check("?wait=31", "from 0 to 30");
        check("?force=yes", "?force: must be");
        check("?state=alive", "`alive` is none of dead, pending");
        check("?q=1&q=1", "?q: is given twice");
        check("?limt=1", "?limt: is no parameter of this route; it has limit, wait");
        check(&format!("?q={}", "a".repeat(LONGEST + 1)), "at most 2048 fit");
    }

    #[test]
    fn a_public_route_takes_what_its_caller_adds() {
        let open = Rules { open: true, ..RULES };
        assert!(open.check(&"/things?a=1&a=2&limit=x".parse().unwrap()).is_ok());
    }
}
