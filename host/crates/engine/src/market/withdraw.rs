//! Withdrawing a plugin: nobody can newly enable it, and who has it keeps it and is told. It can be
//! put back.

use gatehouse_domain::id::TenantId;
use gatehouse_domain::install::Install;
use gatehouse_domain::market::{Listing, Withdrawn};
use gatehouse_domain::text::Text;
use gatehouse_domain::{Error, Problem, Result};
use serde_json::json;

use crate::installs::tell::{self, News};
use crate::tag::IfMatch;
use crate::{Caller, Engine};

/// How many tenants a refusal names.
const TOLD: usize = 10;

/// What is asked for when a plugin is withdrawn.
#[derive(Debug, Clone, Default)]
pub struct Withdraw {
    /// Why; its tenants read it.
    pub reason: Option<String>,
    /// Whether it goes though tenants use it.
    pub force: bool,
}

/// A tenant that has a plugin.
struct User {
    tenant: TenantId,
    integrations: usize,
}

impl Engine {
    /// Withdraws a plugin. Those who have it go on, and are told by the event `plugin.withdrawn`.
    /// Doing so again changes the reason.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`]; [`gatehouse_domain::ErrorKind::Conflict`] with
    /// who uses it, unless `force` is given; [`gatehouse_domain::ErrorKind::Stale`].
    pub async fn withdraw_plugin(&self, by: &Caller, id: &str, ask: Withdraw, expected: &IfMatch) -> Result<()> {
        let newest = self.get_plugin(id).await?.newest;
        let reason = ask.reason.unwrap_or_else(|| "its operator no longer offers it".to_owned());
        let reason = Text::line("?reason", 500).read(&reason)?;
        // Before who uses it is told of: that is an answer to who knows the listing.
        expected.check(&self.listing(id).await?)?;
        let users = self.users_of(id, &newest.manifest.provider).await?;
        if !users.is_empty() && !ask.force {
            return Err(in_use(id, &users));
        }
        let withdrawn = Some(Withdrawn { reason: reason.clone(), at: self.now() });
        let mut work = self.work(by);
        self.listing_in(&mut work, id, "plugin.withdrawn", expected, |listing| listing.withdrawn = withdrawn).await?;
        let (kind, data) = ("plugin.withdrawn".to_owned(), json!({ "reason": reason }));
        let news = News { plugin: newest.plugin, kind, data, at: self.now(), whole: true, after: None };
        tell::enqueue(self, work.change(), &news).await?;
        work.commit().await
    }

    /// Offers a withdrawn plugin again.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`]; [`gatehouse_domain::ErrorKind::Conflict`] for one
    /// that is not withdrawn.
    pub async fn restore_plugin(&self, by: &Caller, id: &str) -> Result<Listing> {
        self.get_plugin(id).await?;
        if self.listing(id).await?.withdrawn.is_none() {
            return Err(Error::conflict(format!("the plugin `{id}` is not withdrawn: there is nothing to put back")));
        }
        self.change_listing(by, id, "plugin.restored", &IfMatch::Anything, |listing| listing.withdrawn = None).await
    }

    /// The first tenants that have a plugin enabled or have integrations of it.
    async fn users_of(&self, id: &str, provider: &str) -> Result<Vec<User>> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let (tenants, next) = self.some_tenants(after).await?;
            for tenant in tenants {
                let Some(install) = self.0.store.tenant(tenant).get::<Install>(&id.to_owned()).await? else { continue };
                let integrations = self.integrations_of(tenant, provider, id).await?.len();
                if install.enabled || integrations > 0 {
                    found.push(User { tenant, integrations });
                }
                if found.len() >= TOLD {
                    return Ok(found);
                }
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(found),
            }
        }
    }
}

fn in_use(id: &str, users: &[User]) -> Error {
    let message = format!(
        "the plugin `{id}` is in use: withdraw it all the same with `?force=true`; what there is of it goes on, and \
         nobody can newly enable it"
    );
    let mut error = Error::conflict(message);
    let told =
        |user: &User| Problem::at("tenants", format!("{} has it (integrations: {})", user.tenant, user.integrations));
    error.problems = users.iter().map(told).collect();
    error
}
