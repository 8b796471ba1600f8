//! Tokens: none was shown twice within one life of the server. Where a kill fell between the gift of
//! a token and its record, the next life shows the old one once more, is told that it is over, and
//! asks a person; nothing else may do that.

use std::sync::Arc;

use crate::soak::balance::Off;
use crate::soak::tenant::Tenant;
use crate::soak::world::World;

/// Checks the tokens of a tenant.
pub(in crate::soak) async fn check(world: &Arc<World>, tenant: &Tenant, off: &mut Off) {
    let again = tenant.peers.authority.shown_again();
    for lives in &again {
        let fits = lives.windows(2).all(|pair| pair[0] < pair[1]);
        off.unless(fits, || format!("{}: a refresh token was shown twice in one life: {lives:?}", tenant.name));
    }
    let (asked, given) = tenant.peers.authority.count("refresh_token");
    world.add("refreshes asked for", asked as u64);
    world.add("refreshes given", given as u64);
    world.add("refresh tokens that a kill had shown again", again.len() as u64);
    let feed = world.all(&tenant.token, "/events").await;
    let expired = feed.iter().filter(|event| event["kind"] == "integration.expired").count();
    off.unless(expired == again.len(), || {
        format!("{}: expired {expired} times, while kills cost {} tokens", tenant.name, again.len())
    });
}
