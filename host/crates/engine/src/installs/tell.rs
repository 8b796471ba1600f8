//! Telling every tenant that is pinned to a version what was said of it: a job that goes through
//! the tenants a page at a time. A page's events and the job for the next page are one commit with
//! the job's end, so nobody is told twice or left out.

use std::sync::Weak;

use async_trait::async_trait;
use gatehouse_domain::Result;
use gatehouse_domain::event::Event;
use gatehouse_domain::install::Install;
use gatehouse_domain::plugin::PluginRef;
use gatehouse_domain::time::Timestamp;
use gatehouse_store::Change;
use gatehouse_store::records::EventFeed;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Engine;
use crate::engine::Inner;
use crate::jobs::{Claimed, Handler, NewJob, Outcome, payload_of};

/// The kind of these jobs.
const KIND: &str = "plugin.tell";

/// What is to be told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct News {
    /// The version.
    pub(crate) plugin: PluginRef,
    /// The event's kind.
    pub(crate) kind: String,
    /// What it says.
    pub(crate) data: Value,
    /// When it was said.
    pub(crate) at: Timestamp,
    /// Whether every tenant that has the plugin is told, whichever version it has.
    #[serde(default)]
    pub(crate) whole: bool,
    /// The place in the list of tenants to go on behind.
    pub(crate) after: Option<String>,
}

/// Tells tenants. The engine holds it, so it does not hold the engine.
pub(crate) struct Tell(Weak<Inner>);

/// Has the tenants told, from the commit of `change` on.
pub(crate) async fn enqueue(engine: &Engine, change: &mut Change, news: &News) -> Result<()> {
    engine.jobs().enqueue(&mut change.admin(), NewJob::new(KIND, payload_of(news)?)).await.map(|_| ())
}

impl Tell {
    pub(crate) fn of(engine: &Engine) -> Self {
        Self(std::sync::Arc::downgrade(&engine.0))
    }
}

#[async_trait]
impl Handler for Tell {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        let engine = Engine::behind(&self.0)?;
        let news: News = job.payload()?;
        let mut change = engine.0.store.change();
        // Removed meanwhile: then nobody was pinned to it.
        let version = engine.known_version(&news.plugin).await?;
        if version.is_none() && !news.whole {
            return Ok(Outcome::done(change));
        }
        let after = news.after.as_deref().map(str::parse).transpose()?;
        let (tenants, next) = engine.some_tenants(after).await?;
        for tenant in tenants {
            let concerned = match &version {
                Some(version) if !news.whole => engine.is_pinned(tenant, version).await?,
                _ => engine.0.store.tenant(tenant).get::<Install>(&news.plugin.id).await?.is_some(),
            };
            if concerned {
                let event = event(&engine, &news)?;
                let mut scope = change.tenant(tenant);
                scope.create(&event)?;
                scope.append(&EventFeed { event: event.id })?;
            }
        }
        if let Some(next) = next {
            enqueue(&engine, &mut change, &News { after: Some(next.to_string()), ..news }).await?;
        }
        Ok(Outcome::done(change))
    }
}

fn event(engine: &Engine, news: &News) -> Result<Event> {
    let mut data = json!({ "plugin": news.plugin.id });
    if let (Some(all), false) = (data.as_object_mut(), news.whole) {
        all.insert("version".to_owned(), json!(news.plugin.version));
    }
    if let (Some(all), Some(said)) = (data.as_object_mut(), news.data.as_object()) {
        all.extend(said.clone());
    }
    Ok(Event {
        id: engine.new_id()?,
        kind: news.kind.clone(),
        integration: None,
        provider: None,
        told: None,
        subject: Some(news.plugin.id.clone()),
        data,
        occurred_at: news.at,
        received_at: engine.now(),
    })
}
