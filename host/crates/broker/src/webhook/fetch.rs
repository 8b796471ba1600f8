//! Keys and certificates that the host fetches by itself: few, small, kept for a while, and never
//! at the pace of whoever sends deliveries.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::manifest::{Manifest, WebhookRules};
use serde_json::{Map, Value};
use tokio::time::timeout;
use url::Url;

use super::{Refusal, RefusalReason, refuse};
use crate::bounded::Bounded;
use crate::broker::Broker;
use crate::egress::client::Owner;
use crate::egress::receive;

/// How many answers are kept, and for how long: a provider that withdraws a key is heard within that.
const KEPT: usize = 1_024;
const KEPT_FOR: Duration = Duration::from_secs(3_600);
/// A key that is not known is looked for again no sooner than this.
const ANEW: Duration = Duration::from_secs(60);
/// The largest answer.
const MAX_BYTES: usize = 256 << 10;
/// How long one fetch may take: providers wait no longer for our own answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many fetches an integration may cause in a minute.
const A_MINUTE: u32 = 10;

/// For whom something is fetched.
#[derive(Clone, Copy)]
pub struct FetchFor<'a> {
    /// The tenant.
    pub tenant: TenantId,
    /// The integration.
    pub integration: IntegrationId,
    /// The plugin's manifest.
    pub manifest: &'a Manifest,
    /// Its webhook rules.
    pub rules: &'a WebhookRules,
    /// The integration's settings.
    pub settings: &'a Map<String, Value>,
}

impl<'a> FetchFor<'a> {
    pub(crate) fn rules(&self) -> &'a WebhookRules {
        self.rules
    }
}

/// What was fetched, when.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) bytes: Arc<[u8]>,
    since: Instant,
}

impl Answer {
    pub(crate) fn may_be_old(&self) -> bool {
        self.since.elapsed() >= ANEW
    }
}

/// What was fetched of late.
pub(crate) struct Fetched {
    /// By whose connections they came: what came from one origin says nothing of another.
    kept: Bounded<(Owner, String), Answer>,
    counts: Mutex<HashMap<IntegrationId, (Instant, u32)>>,
}

impl Default for Fetched {
    fn default() -> Self {
        Self { kept: Bounded::new(KEPT, KEPT_FOR), counts: Mutex::default() }
    }
}

impl Fetched {
    /// The answer at an address that the manifest allows.
    pub(crate) async fn get(&self, broker: &Broker, via: &FetchFor<'_>, url: &str) -> Result<Answer, Refusal> {
        let (owner, _) = place(broker, via, url)?;
        match self.kept.get(&(owner, url.to_owned())) {
            Some(answer) => Ok(answer),
            None => self.anew(broker, via, url).await,
        }
    }

    /// The answer as it is now, kept in the place of an older one.
    pub(crate) async fn anew(&self, broker: &Broker, via: &FetchFor<'_>, url: &str) -> Result<Answer, Refusal> {
        let (owner, bytes) = self.ask(broker, via, url).await?;
        let answer = Answer { bytes: bytes.into(), since: Instant::now() };
        self.kept.insert((owner, url.to_owned()), answer.clone());
        Ok(answer)
    }

    /// Asks once, keeps nothing.
    pub(crate) async fn ask(
        &self,
        broker: &Broker,
        via: &FetchFor<'_>,
        url: &str,
    ) -> Result<(Owner, Vec<u8>), Refusal> {
        if !self.admits(via.integration) {
            return Err(unreachable("too many different ones were asked for within a minute"));
        }
        let (owner, url) = place(broker, via, url)?;
        let way = broker.shared.clients.way_of(&owner).map_err(|error| unreachable(&error))?;
        let fetch = async {
            let request = reqwest::Request::new(http::Method::GET, url);
            let mut response = way.send(request).await.map_err(|error| error.to_string())?;
            if response.status() != 200 {
                return Err(format!("the answer was {}", response.status().as_u16()));
            }
            receive::body(&mut response, MAX_BYTES).await.map_err(|error| error.to_string())
        };
        let fetched = timeout(PATIENCE, fetch).await.unwrap_or_else(|_| Err("it took too long".to_owned()));
        fetched.map(|bytes| (owner, bytes)).map_err(|error| unreachable(&error))
    }

    fn admits(&self, integration: IntegrationId) -> bool {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.retain(|_, (since, _)| since.elapsed() < Duration::from_secs(60));
        let (_, count) = counts.entry(integration).or_insert((Instant::now(), 0));
        *count += 1;
        *count <= A_MINUTE
    }
}

/// Whose connections lead to an address, and where they lead: an origin that the operator named
/// stands in for the provider's.
fn place(broker: &Broker, via: &FetchFor<'_>, url: &str) -> Result<(Owner, Url), Refusal> {
    let base = broker.base(via.manifest, via.settings);
    let base = base.filter(|base| base.by_operator);
    let url = Url::parse(url).map_err(|_| unreachable("its address is no URL"))?;
    let owner = |origin| Owner { tenant: via.tenant, integration: Some(via.integration), origin };
    let Some(base) = base else { return Ok((owner(None), url)) };
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let text = [base.origin.as_str(), &base.prefix, url.path(), &query].concat();
    let url = Url::parse(&text).map_err(|_| unreachable("its address is no URL"))?;
    Ok((owner(Some(base.origin)), url))
}

fn unreachable(why: &str) -> Refusal {
    refuse(RefusalReason::Unreachable, format!("the provider's key or certificate could not be fetched: {why}"))
}
