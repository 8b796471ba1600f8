//! The servers of a simulation, one after the other over one disk, and the calls that they make.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt as _;
use gatehouse_broker::{CredentialContext, Method, Request, SessionSpec};
use gatehouse_domain::ErrorKind;
use gatehouse_domain::capability::Effect;
use gatehouse_domain::grant::Limits;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::install::Install;
use gatehouse_domain::integration::status::Signal;
use gatehouse_domain::manifest::{Idempotency, Manifest};
use gatehouse_domain::oauth::Redirect;
use gatehouse_domain::plugin::PluginVersion;
use gatehouse_domain::sheet::PermissionSheet;
use gatehouse_domain::time::SignedDuration;
use gatehouse_store::Store;
use gatehouse_store::storage::Batch;
use serde_json::{Map, Value, json};
use tokio::time::{Duration, Instant, sleep, timeout};

use super::super::{Credentials, Engine, Integration, IntegrationId, NewApp, OAuthTokens, Timestamp, integration};
use super::issuer::Issuer;
use super::tokens_in;
use crate::oauth::{Access, after};
use crate::simulation::{Ground, Life, Peer, Trace, Witness};
use crate::{Clock, Policy};

/// How many callers a server has.
const CALLERS: usize = 3;

/// The servers, one after the other.
pub(super) struct Servers {
    pub(super) issuer: Arc<Issuer>,
    ground: Ground,
    god: Engine,
    manifest: Arc<Manifest>,
    server: Option<(Engine, Life)>,
    epoch: Arc<AtomicU64>,
}

/// Sees that a server which was thought dead stores nothing over what another has begun.
struct Fence {
    store: Store,
    tenant: TenantId,
    epoch: Arc<AtomicU64>,
    trace: Trace,
    /// Whether what is committed now is another's.
    taken: bool,
}

impl Witness for Fence {
    fn before(&mut self, haunts: bool, batch: &Batch) {
        if !haunts || !batch.puts.iter().any(|(_, value)| tokens_in(value).is_some()) {
            return;
        }
        let scope = self.store.tenant(self.tenant);
        let stored = scope.get::<OAuthTokens>(&id()).now_or_never().unwrap().unwrap();
        let lease = stored.and_then(|stored| stored.record.lease);
        self.taken = lease.is_some_and(|lease| lease.owner == self.epoch.load(Ordering::SeqCst));
    }

    fn after(&mut self, stored: bool) {
        let written = std::mem::take(&mut self.taken) && stored;
        self.trace.must(!written, || "a server that was replaced writes over a lease that is not its own".to_owned());
    }
}

fn id() -> IntegrationId {
    integration(7)
}

fn manifest() -> Manifest {
    serde_json::from_value(json!({
        "id": "acme", "version": "1.0.0", "provider": "acme", "name": "Acme", "description": "d", "publisher": "p",
        "license": "MIT", "category": "other", "contract": "0.1.0",
        "egress": {
            "base_url": "https://api.acme.example",
            "allow": [{ "host": "api.acme.example", "methods": ["GET"], "paths": ["/thing"] }],
        },
        "auth": [{ "name": "oauth", "type": "oauth2" }],
        "oauth": {
            "grants": ["authorization_code"], "authorize_url": "https://auth.acme.example/authorize",
            "token_url": "https://auth.acme.example/token", "token": { "rotates": true },
        },
    }))
    .unwrap()
}

impl Servers {
    pub(super) async fn new(ground: Ground, issuer: Arc<Issuer>) -> Self {
        let (god, manifest, epoch) = (ground.god(), Arc::new(manifest()), Arc::default());
        let (tenant, trace) = (ground.tenant, ground.trace.clone());
        let store = god.0.store.clone();
        ground.disk.show_to(Fence { store, tenant, epoch: Arc::clone(&epoch), trace, taken: false });
        let servers = Self { issuer, ground, god, manifest, server: None, epoch };
        servers.set_up().await;
        servers
    }

    /// A plugin, the tenant's consent to it, a registered app and an integration without a token.
    async fn set_up(&self) {
        let (god, now) = (&self.god, self.ground.clock.now());
        let plugin = json!({ "id": "acme", "version": "1.0.0", "digest": "d" });
        let sheet = PermissionSheet::of(&self.manifest, &[], &[]);
        let version: PluginVersion = serde_json::from_value(json!({
            "plugin": plugin, "manifest": *self.manifest, "capabilities": [], "sheet": sheet, "size": 1, "uploaded_at": now,
        }))
        .unwrap();
        let consent = json!({ "sheet": sheet, "by": crate::rotation::tests::support::operator().key.id, "at": now });
        let install: Install = serde_json::from_value(json!({
            "plugin": plugin, "enabled": true, "consent": consent, "created_at": now,
        }))
        .unwrap();
        let integration: Integration = serde_json::from_value(json!({
            "id": id(), "provider": "acme", "name": "name", "plugin": plugin, "status": "active", "settings": {},
            "metadata": {}, "credential_hints": {}, "credential_version": 1, "connected_at": now, "health": {},
            "created_at": now, "updated_at": now,
        }))
        .unwrap();
        let credentials = Credentials::from_pairs([("client_secret", "hush-hush")]);
        let new = NewApp {
            client_id: "client".to_owned(),
            key_id: None,
            credentials,
            redirect: Redirect::Context,
            overlap_seconds: 0,
        };
        let mut change = god.0.store.change();
        change.admin().create(&version).unwrap();
        change.admin().create(&god.sealed_app(None, "acme", &new, None).unwrap()).unwrap();
        change.tenant(self.ground.tenant).create(&install).unwrap();
        change.tenant(self.ground.tenant).create(&integration).unwrap();
        change.commit().await.unwrap();
    }

    /// The tokens as they are stored.
    pub(super) async fn tokens(&self) -> OAuthTokens {
        let stored = self.god.0.store.tenant(self.ground.tenant).get::<OAuthTokens>(&id()).await.unwrap();
        stored.map_or_else(|| OAuthTokens::none(id()), |stored| stored.record)
    }

    /// Whether a person has to agree again, for which there must be a reason.
    pub(super) async fn is_expired(&self) -> bool {
        let expired = self.tokens().await.expired_at.is_some();
        let why = || "a person is asked for, and nothing was lost".to_owned();
        self.ground.trace.must(!expired || self.issuer.may_be_over(), why);
        expired
    }

    /// Sets the clock.
    pub(super) fn jump(&self, by: SignedDuration) {
        self.ground.trace.note(format!("the clock jumps by {by}"));
        self.ground.clock.jump(by);
    }

    /// A person agrees, and the end of the sign-in stores what came of it, as `finish` does.
    pub(super) async fn sign_in(&self) {
        let (access, refresh, life) = self.issuer.agree();
        let (god, tenant) = (&self.god, self.ground.tenant);
        let scope = god.0.store.tenant(tenant);
        let kept = scope.get::<OAuthTokens>(&id()).await.unwrap();
        let stored = scope.get::<Integration>(&id()).await.unwrap().unwrap();
        let (generation, fence) = kept.as_ref().map_or((2, 1), |kept| (kept.generation + 2, kept.fence + 1));
        let (key, now) = (god.newest_key(tenant).await.unwrap(), self.ground.clock.now());
        let seal = |field, text: String| Some(god.seal_token(&key, id(), (field, generation), &text.into()).unwrap());
        let ends = |share| Some(after(now, SignedDuration::from_millis(i64::try_from(life * share).unwrap())));
        let tokens = OAuthTokens {
            generation,
            fence,
            access: seal("access", access),
            refresh: seal("refresh", refresh),
            worked: true,
            obtained_at: Some(now),
            expires_at: ends(1_000),
            refresh_at: ends(800),
            ..OAuthTokens::none(id())
        };
        let mut next = stored.record.clone();
        next.status = next.status.after(Signal::CredentialReplaced).after(Signal::Worked);
        let mut work = god.own_work(Some(tenant));
        god.keep_tokens(work.change(), tenant, kept.as_ref(), tokens).await.unwrap();
        work.tenant(tenant).replace(&stored, &next).unwrap();
        work.commit().await.unwrap();
        self.ground.trace.note(format!("a person signed in, generation {generation}"));
    }

    /// Ends the server there is.
    pub(super) fn end(&self) {
        if let Some((_, life)) = &self.server {
            life.end();
        }
    }

    /// The server is thought dead.
    pub(super) fn haunt(&self) {
        if let Some((_, life)) = self.server.as_ref().filter(|(_, life)| !life.is_over()) {
            self.ground.trace.note("a server is thought dead");
            life.haunt();
        }
    }

    /// Starts another server in the place of one that is gone.
    pub(super) async fn replace_dead(&mut self) {
        if self.server.as_ref().is_some_and(|(_, life)| life.is_replaceable()) {
            self.start().await;
        }
    }

    /// Starts servers until one has begun.
    pub(super) async fn start(&mut self) {
        loop {
            let dice = &self.ground.dice;
            let life = Life::of(10 + dice.below(250), dice.one_in(2));
            if self.begin(life).await {
                return;
            }
        }
    }

    /// Starts one that nothing ends, and that makes no calls by itself.
    pub(super) async fn start_for_good(&mut self) {
        self.ground.harm = None;
        let life = Life::endless();
        self.gone().await;
        let engine = self.ground.server(&life, &self.peer(), Policy::default());
        engine.jobs().begin().await.unwrap();
        self.epoch.store(engine.jobs().epoch(), Ordering::SeqCst);
        self.server = Some((engine, life));
    }

    async fn begin(&mut self, life: Life) -> bool {
        self.gone().await;
        self.ground.trace.note("a server starts");
        let engine = self.ground.server(&life, &self.peer(), Policy::default());
        if !matches!(timeout(Duration::from_secs(5), engine.jobs().begin()).await, Ok(Ok(()))) {
            return false;
        }
        self.epoch.store(engine.jobs().epoch(), Ordering::SeqCst);
        for number in 0..CALLERS {
            let caller = self.caller(&engine);
            let dice = self.ground.dice.clone();
            let life = life.clone();
            tokio::spawn(async move {
                while !life.is_replaceable() {
                    sleep(dice.millis(30_000)).await;
                    caller.call(number).await;
                }
            });
        }
        self.server = Some((engine, life));
        true
    }

    async fn gone(&self) {
        if self.server.is_some() {
            self.issuer.server_gone(self.tokens().await.inflight);
        }
    }

    fn peer(&self) -> Arc<dyn Peer> {
        Arc::clone(&self.issuer) as Arc<dyn Peer>
    }

    /// Makes one call with the server there is; whether it went through.
    pub(super) async fn call_once(&self) -> bool {
        let Some((engine, _)) = &self.server else { return false };
        self.caller(engine).call(9).await
    }

    fn caller(&self, engine: &Engine) -> Caller {
        Caller {
            engine: engine.clone(),
            god: self.god.clone(),
            manifest: Arc::clone(&self.manifest),
            tenant: self.ground.tenant,
            trace: self.ground.trace.clone(),
        }
    }
}

/// Who calls the provider through a server.
struct Caller {
    engine: Engine,
    god: Engine,
    manifest: Arc<Manifest>,
    tenant: TenantId,
    trace: Trace,
}

impl Caller {
    /// A call, once more where the token was refused; whether it went through.
    async fn call(&self, number: usize) -> bool {
        let scope = self.engine.0.store.tenant(self.tenant);
        let integration = scope.get::<Integration>(&id()).await.unwrap().unwrap().record;
        let before = self.stored().await;
        let until = Instant::now() + Duration::from_secs(30);
        let access = match self.engine.access(self.tenant, &integration, &self.manifest, until).await {
            Ok(access) => access.expect("the integration is connected"),
            Err(error) => return self.refused(number, &error).await,
        };
        self.trace.must(before.expired_at.is_none() || self.is_newer(&before, &access), || {
            "a token is used that a person has to replace".to_owned()
        });
        self.trace.must(access.generation >= before.generation, || {
            format!("the generation {} is used, and there was {}", access.generation, before.generation)
        });
        let status = self.send(&access).await;
        self.trace.note(format!("call {number}, generation {}: {status:?}", access.generation));
        if status == Some(200) {
            self.engine.note_worked(self.tenant, id(), &access);
        }
        if status != Some(401) {
            return status == Some(200);
        }
        let refused = access.generation;
        let next = self.engine.access_after(self.tenant, &integration, &self.manifest, until, refused).await;
        let Some(next) = next else { return false };
        self.trace.must(next.generation > refused, || format!("the generation {refused} is used again"));
        let again = self.send(&next).await;
        self.trace.note(format!("call {number} again, generation {}: {again:?}", next.generation));
        if again == Some(200) {
            self.engine.note_worked(self.tenant, id(), &next);
        }
        again == Some(200)
    }

    fn is_newer(&self, before: &OAuthTokens, access: &Access) -> bool {
        access.generation > before.generation
    }

    /// What is stored at this moment.
    async fn stored(&self) -> OAuthTokens {
        self.god.0.store.tenant(self.tenant).get::<OAuthTokens>(&id()).await.unwrap().unwrap().record
    }

    async fn refused(&self, number: usize, error: &gatehouse_domain::Error) -> bool {
        self.trace.note(format!("call {number}: {:?}", error.kind));
        let stored = self.stored().await;
        let fits = match error.kind {
            ErrorKind::Unavailable => true,
            // It may have been signed in anew since.
            ErrorKind::Conflict => stored.expired_at.is_some() || stored.worked,
            _ => false,
        };
        self.trace.must(fits, || format!("a call fails with {error}"));
        false
    }

    /// Sends a request with a token, and says which it is; the status, where there is one.
    async fn send(&self, access: &Access) -> Option<u16> {
        // What is used is durable.
        let stored = self.stored().await;
        self.trace.must(stored.generation >= access.generation, || "a token is used before it is stored".to_owned());
        let sheet = PermissionSheet::of(&self.manifest, &[], &[]);
        let context = CredentialContext { tenant: self.tenant, integration: id(), version: 1 };
        let (key, limits) = (self.god.newest_key(self.tenant).await.unwrap(), Limits::default());
        let spec = SessionSpec {
            manifest: &self.manifest,
            consent: &sheet,
            settings: &Map::<String, Value>::new(),
            environment: gatehouse_domain::integration::Environment::Live,
            effect: Effect::Read,
            idempotency: Idempotency::None,
            idempotency_key: "key".to_owned(),
            now: Timestamp::UNIX_EPOCH,
            deadline: Instant::now() + Duration::from_millis(limits.wall_ms),
            limits,
            key: &key,
            context: &context,
            sealed: &BTreeMap::new(),
            token: Some(self.engine.open_access(id(), access).unwrap()),
        };
        let session = self.engine.0.broker.open(&self.engine.0.vault, spec).unwrap();
        let mut request = Request::new(Method::Get, "/thing");
        request.headers.push(("x-generation".to_owned(), access.generation.to_string()));
        session.send(request).await.ok().map(|response| response.status)
    }
}
