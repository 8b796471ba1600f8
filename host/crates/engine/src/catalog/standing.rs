//! Taking versions back, and saying that there is something better. Whoever is pinned to such a
//! version keeps it, and is told.

use gatehouse_domain::plugin::{Deprecated, PluginVersion, Standing, Yanked};
use gatehouse_domain::{Error, Problem, Result};
use semver::Version;
use serde_json::{Value, json};

use crate::installs::tell::{self, News};
use crate::{Caller, Engine};

/// The longest reason or message, in bytes.
const LONGEST: usize = 2_000;

/// That there is something better than a version.
#[derive(Debug, Clone)]
pub struct Deprecate {
    /// What its users should know.
    pub message: String,
    /// What to go to: a version of the same plugin, or another plugin's id.
    pub successor: Option<String>,
}

impl Engine {
    /// Takes a version back: nobody can pin it any more, and who is pinned to it keeps it and is
    /// told by the event `plugin.yanked`. Doing so again changes the reason.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`]; [`gatehouse_domain::ErrorKind::Invalid`] for an
    /// empty reason.
    pub async fn yank_version(&self, by: &Caller, id: &str, version: &Version, reason: &str) -> Result<PluginVersion> {
        let reason = text("$.reason", reason)?;
        let data = json!({ "reason": reason });
        let yanked = Some(Yanked { reason, at: self.now() });
        let change = |standing: &mut Standing| standing.yanked = yanked;
        self.change_standing(by, (id, version), "plugin.yanked", Some(data), change).await
    }

    /// Lets a version be chosen again.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn unyank_version(&self, by: &Caller, id: &str, version: &Version) -> Result<PluginVersion> {
        self.change_standing(by, (id, version), "plugin.unyanked", None, |standing| standing.yanked = None).await
    }

    /// Says that there is something better than a version. It is no longer chosen by itself, and
    /// who is pinned to it is told by the event `plugin.deprecated`.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`]; [`gatehouse_domain::ErrorKind::Invalid`] for an
    /// empty message, or a successor that is no published version or plugin.
    pub async fn deprecate_version(
        &self,
        by: &Caller,
        id: &str,
        version: &Version,
        ask: Deprecate,
    ) -> Result<PluginVersion> {
        let message = text("$.message", &ask.message)?;
        if let Some(successor) = &ask.successor {
            self.check_successor(id, version, successor).await?;
        }
        let data = json!({ "message": message, "successor": ask.successor });
        let deprecated = Some(Deprecated { message, successor: ask.successor, at: self.now() });
        let change = |standing: &mut Standing| standing.deprecated = deprecated;
        self.change_standing(by, (id, version), "plugin.deprecated", Some(data), change).await
    }

    async fn change_standing(
        &self,
        by: &Caller,
        (id, version): (&str, &Version),
        action: &'static str,
        tell: Option<Value>,
        change: impl FnOnce(&mut Standing),
    ) -> Result<PluginVersion> {
        let stored = self.any_version(id, version).await?;
        if !stored.is_approved() {
            let message = format!("{id}@{version} is not approved, so nobody has it: withdraw or reject it instead");
            return Err(Error::conflict(message));
        }
        let mut next = stored.record.clone();
        change(&mut next.standing);
        let mut work = self.work(by);
        work.admin().replace(&stored, &next)?;
        work.audit(action, format!("{id}@{version}"), Some(&stored.standing), Some(&next.standing))?;
        if let Some(data) = tell {
            let news = News {
                plugin: next.plugin.clone(),
                kind: action.to_owned(),
                data,
                at: self.now(),
                whole: false,
                after: None,
            };
            tell::enqueue(self, work.change(), &news).await?;
        }
        work.commit().await?;
        Ok(next)
    }

    async fn check_successor(&self, id: &str, version: &Version, successor: &str) -> Result<()> {
        let wrong = |message: String| {
            Err(Error::problems("the successor does not fit", vec![Problem::at("$.successor", message)]))
        };
        match successor.parse::<Version>() {
            Ok(same) if same == *version => wrong(format!("{same} is the version itself")),
            Ok(other) => self.stored_version(id, &other).await.map(|_| ()).or_else(|_| {
                wrong(format!("`{id}` has no version {other}; publish it first, or name another plugin's id"))
            }),
            Err(_) if self.versions_of(successor).await?.is_empty() => {
                wrong(format!("`{successor}` is neither a version such as 1.2.3 nor a published plugin's id"))
            }
            Err(_) => Ok(()),
        }
    }
}

fn text(path: &str, given: &str) -> Result<String> {
    let given = given.trim();
    if !given.is_empty() && given.len() <= LONGEST {
        return Ok(given.to_owned());
    }
    let problem = Problem::at(path, format!("must have 1 to {LONGEST} bytes: say it to those who use the version"));
    Err(Error::problems("what is said of the version does not fit", vec![problem]))
}
