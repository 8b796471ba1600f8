//! A person who signs in and agrees again when asked to, and a host app that calls meanwhile, with
//! tokens that end every other second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use super::Worker;
use crate::oauth::Browser;
use crate::soak::tenant::Tenant;
use crate::soak::world::{PATIENCE, World};

/// Calls again and again, and signs in where that is asked for.
pub(super) async fn stay(mut worker: Worker) {
    let world = Arc::clone(&worker.world);
    let tenant = &world.tenants[worker.tenant];
    tenant.peers.authority.known().expires_in = Some(json!(2));
    connect(&world, tenant).await;
    while !world.is_over() {
        if worker.dice.chance(15) {
            tenant.peers.authority.forget_access();
        }
        let status = call(&world, tenant).await;
        world.count(&format!("calls with a token answered {status}"));
        if status == 409 {
            connect(&world, tenant).await;
            world.count("people asked to agree again");
        }
        worker.rest(120).await;
    }
}

/// Calls with the token of the time; 0 where the server was gone.
pub(in crate::soak) async fn call(world: &Arc<World>, tenant: &Tenant) -> u16 {
    let path = format!("/integrations/{}/execute", tenant.signed_in);
    let ask = json!({ "capability": "GET_PAYMENT", "parameters": { "id": "pi_0001" } }).to_string().into_bytes();
    let _doing = world.doing("a call with a token");
    let client = world.client(&tenant.token);
    let answer = client.try_send(Method::POST, &path, &[("content-type", "application/json")], ask).await;
    answer.map_or(0, |answer| answer.status)
}

/// Signs in from beginning to end; from the beginning again where the server went meanwhile, however
/// often it goes.
pub(in crate::soak) async fn connect(world: &Arc<World>, tenant: &Tenant) {
    let mut end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if try_connect(world, tenant).await == Some(()) {
            return;
        }
        if !world.is_over() {
            end = Instant::now() + PATIENCE;
        }
        world.count("signings in that were begun again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nobody can sign in for {}", tenant.name);
}

async fn try_connect(world: &Arc<World>, tenant: &Tenant) -> Option<()> {
    let _doing = world.doing("a person who signs in");
    let client = world.client(&tenant.token);
    let path = format!("/integrations/{}/oauth/url", tenant.signed_in);
    let link = client.try_send(Method::GET, &path, &[], Vec::new()).await.ok()?;
    let mut browser = Browser::new();
    let consent = browser.try_get(link.body["url"].as_str()?).await.ok()?.location?;
    let back = browser.try_get(&consent).await.ok()?.location?;
    let done = browser.try_get(&back).await.ok()?;
    (done.status == 200).then_some(())
}
