//! OAuth: how a sign-in begins and ends, and with which app.

use axum::http::StatusCode;
use gatehouse_engine::oauth::{App, Link};

use super::Access::{Needs, Public};
use super::Route;
use crate::routes::oauth;

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
            .gives_nothing(StatusCode::SEE_OTHER),
        Route::post("/oauth/start/{link}", Public, "Go on from the page that says who asks", oauth::agree)
            .repeats_without_harm()
            .gives_nothing(StatusCode::SEE_OTHER),
        Route::get("/oauth/cb/{context}", Public, "Where a provider sends the browser back to", oauth::back)
            .gives_nothing(StatusCode::OK),
        Route::get(
            "/integrations/{provider}/oauth/callback",
            Public,
            "Where a provider sends the browser back to whose app knows one address only (`redirect: fixed`)",
            oauth::back_to_provider,
        )
        .gives_nothing(StatusCode::OK),
        Route::get("/providers/{provider}/oauth-app", operators, "Read the app that serves all tenants", oauth::get)
            .gives::<App>(StatusCode::OK),
        Route::put(
            "/providers/{provider}/oauth-app",
            operators,
            "Register the app that serves all tenants",
            oauth::put,
        )
        .takes::<oauth::New>()
        .gives::<App>(StatusCode::OK),
        Route::delete(
            "/providers/{provider}/oauth-app",
            operators,
            "Forget the app that serves all tenants",
            oauth::delete,
        )
        .gives_nothing(StatusCode::NO_CONTENT),
        Route::get("/oauth-apps/{provider}", own, "Read the tenant's own app", oauth::get_own)
            .gives::<App>(StatusCode::OK),
        Route::put(
            "/oauth-apps/{provider}",
            own,
            "Register the tenant's own app, which goes before the operator's",
            oauth::put_own,
        )
        .takes::<oauth::New>()
        .gives::<App>(StatusCode::OK),
        Route::delete("/oauth-apps/{provider}", own, "Forget the tenant's own app", oauth::delete_own)
            .gives_nothing(StatusCode::NO_CONTENT),
    ]
}
