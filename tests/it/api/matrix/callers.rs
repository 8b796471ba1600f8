//! The columns of the matrix: every kind of key that there is, and some that are none.

use gatehouse_api::table::{Access, Route};
use gatehouse_domain::permission::{ALL, Reach};
use gatehouse_domain::role::BuiltIn;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::text;
use super::world::World;
use crate::harness::{Client, eventually};

/// A token whose form is right and whose key never was.
const UNKNOWN: &str = "gh_live_00000000000TestsNobody_000000000TestsNobodySecretThatGuardsNothing3D41WS";

/// Whether a key is let in at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Good,
    Unknown,
    Suspended,
}

/// Whose key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Tenant,
    Operator,
}

/// How much of its tenant's integrations a key knows of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sees {
    /// All.
    All,
    /// None of those that the matrix asks for.
    Nothing,
    /// All, but other capabilities than the ones that the matrix calls.
    OtherCapabilities,
}

/// A caller.
#[derive(Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) client: Client,
    pub(super) standing: Standing,
    pub(super) kind: Kind,
    pub(super) sees: Sees,
    /// Whether every request names the own tenant.
    pub(super) acts: bool,
    /// The permissions that it was given, by pattern.
    holds: Vec<String>,
    /// How far its restrictions let any of them reach.
    ceiling: Reach,
}

impl Column {
    /// Whether it was given a permission, and no restriction takes it away again.
    pub(super) fn may(&self, wanted: &str) -> bool {
        let declared = ALL.iter().find(|declared| declared.name == wanted).expect("a declared permission");
        let covers = |held: &String| match held.strip_suffix('*') {
            Some(prefix) => wanted.starts_with(prefix),
            None => held == wanted,
        };
        declared.reach <= self.ceiling && self.holds.iter().any(covers)
    }

    fn of_tenant(name: &str, client: Client, holds: Vec<String>) -> Self {
        let (standing, kind, sees) = (Standing::Good, Kind::Tenant, Sees::All);
        Self { name: name.to_owned(), client, standing, kind, sees, acts: false, holds, ceiling: Reach::Tenant }
    }

    fn of_operator(role: BuiltIn, client: Client, acts: bool) -> Self {
        let name = format!("{}{}", role.name(), if acts { " for the tenant" } else { "" });
        let column = Self::of_tenant(&name, client, of_role(role));
        Self { kind: Kind::Operator, ceiling: Reach::Operator, acts, ..column }
    }

    fn refused(name: &str, client: Client, standing: Standing) -> Self {
        Self { standing, ..Self::of_tenant(name, client, Vec::new()) }
    }
}

/// What a role was declared to hold.
fn of_role(role: BuiltIn) -> Vec<String> {
    role.permissions().iter().map(ToString::to_string).collect()
}

/// The columns that are the same for every route.
pub(super) async fn fixed(world: &World) -> Vec<Column> {
    let mut columns = of_roles(world).await;
    columns.extend(restricted(world).await);
    columns.extend(refused(world).await);
    columns
}

/// The columns that hold just the route's permission, and all but that.
pub(super) async fn around(world: &World, route: &Route) -> Vec<Column> {
    let Access::Needs(permission) = route.access else { return Vec::new() };
    let all: Vec<String> = of_role(BuiltIn::TenantOwner);
    let mut columns = Vec::new();
    let rest: Vec<String> = all.iter().filter(|name| *name != permission).cloned().collect();
    if all.iter().any(|name| name == permission) {
        let only = vec![permission.to_owned()];
        columns.push(Column::of_tenant("only", world.cached_key(&only).await, only));
    }
    columns.push(Column::of_tenant("all but", world.cached_key(&rest).await, rest));
    columns
}

async fn of_roles(world: &World) -> Vec<Column> {
    let mut columns = Vec::new();
    for role in BuiltIn::ALL {
        if role.is_for_operators() {
            let key = json!({ "name": role.name(), "role": role.name() });
            let client = world.key_of(&world.server.operator(), key).await;
            columns.push(Column::of_operator(role, client.clone(), false));
            columns.push(Column::of_operator(role, client, true));
        } else {
            let key = json!({ "name": role.name(), "role": role.name() });
            columns.push(Column::of_tenant(role.name(), world.key_of(&world.own.owner, key).await, of_role(role)));
        }
    }
    let custom = vec!["integrations:*".to_owned(), "keys:read".to_owned(), "roles:*".to_owned()];
    let role = json!({ "name": "custom", "permissions": custom });
    world.own.owner.post("/roles", role).await.expect(201);
    let key = world.key_of(&world.own.owner, json!({ "name": "custom", "role": "custom" })).await;
    columns.push(Column::of_tenant("custom role", key, custom));
    columns
}

async fn restricted(world: &World) -> Vec<Column> {
    let owner = &world.own.owner;
    let key = async |name: &str, change: Value| {
        let mut key = json!({ "name": name, "role": "tenant-owner" });
        key.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        Column::of_tenant(name, world.key_of(owner, key).await, of_role(BuiltIn::TenantOwner))
    };
    let narrowed = key("narrowed", json!({ "integrations": [world.other_integration] })).await;
    let capable = key("one capability", json!({ "capabilities": ["GET_PAYMENT"] })).await;
    let test = key("test", json!({ "environment": "test" })).await;
    let placed = key("good address", json!({ "allowed_ips": ["127.0.0.0/8", "2001:db8::/32"] })).await;
    let old = rotated(world).await;
    vec![
        Column { sees: Sees::Nothing, ceiling: Reach::Integration, ..narrowed },
        Column { sees: Sees::OtherCapabilities, ceiling: Reach::Capability, ..capable },
        Column { sees: Sees::Nothing, ceiling: Reach::Integration, ..test },
        placed,
        old,
    ]
}

/// A key that has a successor and still works.
async fn rotated(world: &World) -> Column {
    let key = json!({ "name": "old", "role": "tenant-owner" });
    let made = world.own.owner.post("/keys", key).await.expect(201);
    world.own.owner.post(&format!("/keys/{}/rotate", text(&made, "id")), json!({})).await.expect(201);
    let client = world.server.client().with_key(&text(&made, "token"));
    Column::of_tenant("rotated", client, of_role(BuiltIn::TenantOwner))
}

async fn refused(world: &World) -> Vec<Column> {
    let (owner, operator, client) = (&world.own.owner, world.server.operator(), world.server.client());
    let unknown = |name: &str, client: Client| Column::refused(name, client, Standing::Unknown);
    let revoked = owner.post("/keys", json!({ "name": "revoked" })).await.expect(201);
    owner.delete(&format!("/keys/{}", text(&revoked, "id"))).await.expect(200);
    let elsewhere = world.key_of(owner, json!({ "name": "elsewhere", "allowed_ips": ["192.0.2.0/24"] })).await;
    let (suspended, its_key) = world.tenant_with_key("Suspended").await;
    operator.post(&format!("/tenants/{suspended}/suspend"), json!({})).await.expect(200);
    let (deleted, deleted_key) = world.tenant_with_key("Deleted").await;
    operator.delete(&format!("/tenants/{deleted}")).await.expect(200);
    vec![
        unknown("no key", client.clone()),
        unknown("no token", client.with_key("gh_live_nonsense")),
        unknown("nobody's token", client.with_key(UNKNOWN)),
        unknown("revoked", client.with_key(&text(&revoked, "token"))),
        unknown("expired", expired(world).await),
        unknown("wrong address", elsewhere),
        Column::refused("suspended tenant", its_key, Standing::Suspended),
        unknown("deleted tenant", deleted_key),
    ]
}

/// A key whose end has come.
async fn expired(world: &World) -> Client {
    let end = Timestamp::now() + SignedDuration::from_millis(1_500);
    let client = world.key_of(&world.own.owner, json!({ "name": "short", "expires_at": end.to_string() })).await;
    client.get("/integrations").await.expect(200);
    eventually("the end of a key", async || (client.get("/integrations").await.status == 401).then_some(())).await;
    client
}
