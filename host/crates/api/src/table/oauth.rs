//! OAuth: how a sign-in begins and ends, and with which app.

use axum::http::StatusCode;
use gatehouse_engine::oauth::{App, Link};

use super::Access::{Needs, Public};
use super::Route;
use crate::routes::oauth;

/// The statuses of the pages that a sign-in can end with.
const PAGES: &[u16] = &[200, 400, 403, 404, 409, 422, 424, 500, 502, 503, 507];

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    let (update, operators, own) = (Needs("integrations:update"), Needs("providers:write"), Needs("plugins:enable"));
    vec![
        Route::get(
            "/integrations/{integration}/oauth/url",
            update,
            "Make a link, good for once, that leads a person's browser to the provider's consent page",
            oauth::url,
        )
        .query(&[("return_url", "Where the browser goes in the end, at one of the operator's `oauth.return_origins`.")])
        .gives::<Link>(StatusCode::OK),
        Route::post(
            "/integrations/{integration}/connect-links",
            update,
            "Make a link to send to somebody else: it says who asks before it leads to the provider",
            oauth::connect_link,
        )
        .takes::<oauth::NewLink>()
        .gives::<Link>(StatusCode::CREATED),
        Route::get("/oauth/start/{link}", Public, "Follow a link, in the browser that signs in", oauth::follow)
            .gives_nothing(StatusCode::SEE_OTHER)
            .pages(PAGES),
        Route::post("/oauth/start/{link}", Public, "Go on from the page that says who asks", oauth::agree)
            .repeats_without_harm()
            .gives_nothing(StatusCode::SEE_OTHER)
            .pages(PAGES),
        Route::get("/oauth/cb/{context}", Public, "Where a provider sends the browser back to", oauth::back)
            .gives_nothing(StatusCode::SEE_OTHER)
            .pages(PAGES),
        Route::get(
            "/integrations/{provider}/oauth/callback",
            Public,
            "Where a provider sends the browser back to whose app knows one address only (`redirect: fixed`)",
            oauth::back_to_provider,
        )
        .gives_nothing(StatusCode::SEE_OTHER)
        .pages(PAGES),
        Route::get("/providers/{provider}/oauth-app", operators, "Read the app that serves all tenants", oauth::get)
            .tagged()
            .gives::<App>(StatusCode::OK),
        Route::put(
            "/providers/{provider}/oauth-app",
            operators,
            "Register the app that serves all tenants",
            oauth::put,
        )
        .tagged()
        .takes::<oauth::New>()
        .gives::<App>(StatusCode::OK),
        Route::delete(
            "/providers/{provider}/oauth-app",
            operators,
            "Forget the app that serves all tenants",
            oauth::delete,
        )
        .tagged()
        .gives_nothing(StatusCode::NO_CONTENT),
        Route::get("/oauth-apps/{provider}", own, "Read the tenant's own app", oauth::get_own)
            .tagged()
            .gives::<App>(StatusCode::OK),
        Route::put(
            "/oauth-apps/{provider}",
            own,
            "Register the tenant's own app, which goes before the operator's",
            oauth::put_own,
        )
        .tagged()
        .takes::<oauth::New>()
        .gives::<App>(StatusCode::OK),
        Route::delete("/oauth-apps/{provider}", own, "Forget the tenant's own app", oauth::delete_own)
            .tagged()
            .gives_nothing(StatusCode::NO_CONTENT),
    ]
}
