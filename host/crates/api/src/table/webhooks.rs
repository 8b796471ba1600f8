//! Webhooks in: where providers reach us, and what people do with what came.

use axum::http::StatusCode;
use gatehouse_domain::webhook::Delivery;
use gatehouse_engine::webhook::EndpointState;

use super::Access::{Needs, Public};
use super::{PAGED, Route};
use crate::page::Listing;
use crate::routes::webhooks;

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    endpoints().into_iter().chain(deliveries()).collect()
}

fn endpoints() -> Vec<Route> {
    let says = "Where a provider's webhooks reach us: verified, durable before the answer";
    let update = Needs("integrations:update");
    vec![
        Route::post("/webhooks/{endpoint}", Public, says, webhooks::accept)
            .signed()
            .repeats_by_itself()
            .takes_bytes("application/octet-stream")
            .gives::<webhooks::Receipt>(StatusCode::OK),
        Route::get("/webhooks/{endpoint}", Public, "Where a provider tests that an endpoint is ours", webhooks::accept)
            .signed()
            .gives_text(StatusCode::OK, "*/*"),
        Route::post(
            "/webhooks/{provider}/{tenant}",
            Public,
            "The endpoint of a tenant's only integration of a provider",
            webhooks::accept_of_provider,
        )
        .signed()
        .repeats_by_itself()
        .takes_bytes("application/octet-stream")
        .gives::<webhooks::Receipt>(StatusCode::OK),
        Route::get(
            "/webhooks/{provider}/{tenant}",
            Public,
            "Where a provider tests that such an endpoint is ours",
            webhooks::accept_of_provider,
        )
        .signed()
        .gives_text(StatusCode::OK, "*/*"),
        Route::get(
            "/integrations/{integration}/webhooks",
            Needs("integrations:read"),
            "How its endpoint stands with the provider: who registers it, and how that goes",
            webhooks::state,
        )
        .gives::<EndpointState>(StatusCode::OK),
        Route::post(
            "/integrations/{integration}/webhooks/repair",
            update,
            "Have its endpoint registered with the provider, or put in order, from now on by the host",
            webhooks::repair,
        )
        .gives::<EndpointState>(StatusCode::ACCEPTED),
        Route::post(
            "/integrations/{integration}/webhooks/backfill",
            update,
            "Have the provider's own list of events read now, for those that did not come",
            webhooks::backfill,
        )
        .gives::<EndpointState>(StatusCode::ACCEPTED),
        Route::post(
            "/integrations/{integration}/webhooks/rotate",
            update,
            "Give it another endpoint; the old one goes on for a while",
            webhooks::rotate,
        )
        .takes::<webhooks::Rotate>()
        .gives::<webhooks::Moved>(StatusCode::OK),
        Route::put(
            "/integrations/{integration}/webhooks/secrets",
            update,
            "Keep secrets of its endpoint, as a provider issues them, beside its credential",
            webhooks::set_secrets,
        )
        .takes::<webhooks::Secrets>()
        .gives_nothing(StatusCode::NO_CONTENT),
    ]
}

fn deliveries() -> Vec<Route> {
    let (read, write) = (Needs("events:read"), Needs("deliveries:write"));
    vec![
        Route::get(
            "/integrations/{integration}/deliveries",
            read,
            "List webhook deliveries, quarantined ones among them",
            webhooks::deliveries,
        )
        .query(PAGED)
        .gives::<Listing<Delivery>>(StatusCode::OK),
        Route::post(
            "/integrations/{integration}/deliveries/{inbound}/replay",
            write,
            "Have a delivery parsed again; events that are known stay as they are",
            webhooks::replay,
        )
        .gives::<Delivery>(StatusCode::OK),
        Route::get(
            "/integrations/{integration}/webhooks/quarantine",
            read,
            "List deliveries that did not verify",
            webhooks::quarantine,
        )
        .query(PAGED)
        .gives::<Listing<Delivery>>(StatusCode::OK),
        Route::post(
            "/integrations/{integration}/webhooks/quarantine/{inbound}/release",
            write,
            "Verify a quarantined delivery with the secrets of today, and have it parsed",
            webhooks::release,
        )
        .takes::<webhooks::Release>()
        .gives::<Delivery>(StatusCode::OK),
        Route::delete(
            "/integrations/{integration}/webhooks/quarantine/{inbound}",
            write,
            "Delete a quarantined delivery",
            webhooks::delete_quarantined,
        )
        .gives_nothing(StatusCode::NO_CONTENT),
    ]
}
