//! Webhooks out: subscriptions and their deliveries.

use axum::http::StatusCode;
use gatehouse_domain::subscription::SubscriptionDelivery;

use super::Access::Needs;
use super::{PAGED, Route};
use crate::page::Listing;
use crate::routes::{deliveries, subscriptions};

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes = registrations();
    routes.extend(sent());
    routes
}

fn registrations() -> Vec<Route> {
    let (read, write) = (Needs("subscriptions:read"), Needs("subscriptions:write"));
    let one = "/subscriptions/{subscription}";
    vec![
        Route::post("/subscriptions", write, "Subscribe to events from now on", subscriptions::create)
            .takes::<subscriptions::NewSubscription>()
            .gives::<subscriptions::Created>(StatusCode::CREATED),
        Route::get("/subscriptions", read, "List subscriptions", subscriptions::list).query(PAGED).gives::<Listing<
            subscriptions::View,
        >>(
            StatusCode::OK
        ),
        Route::get(one, read, "Read a subscription and how it fares", subscriptions::get)
            .tagged()
            .gives::<subscriptions::View>(StatusCode::OK),
        Route::put(one, write, "Put another registration in its place", subscriptions::replace)
            .tagged()
            .takes::<subscriptions::NewSubscription>()
            .gives::<subscriptions::View>(StatusCode::OK),
        Route::delete(one, write, "Delete a subscription; what waits is not sent", subscriptions::delete)
            .tagged()
            .gives_nothing(StatusCode::NO_CONTENT),
        Route::post(
            "/subscriptions/{subscription}/rotate-secret",
            write,
            "Make another secret; for a while requests are signed with both",
            subscriptions::rotate,
        )
        .takes::<subscriptions::Rotation>()
        .gives::<subscriptions::Rotated>(StatusCode::OK),
    ]
}

fn sent() -> Vec<Route> {
    let (read, write) = (Needs("subscriptions:read"), Needs("subscriptions:write"));
    vec![
        Route::post(
            "/subscriptions/{subscription}/test",
            write,
            "Send a test event to this subscription now",
            deliveries::test,
        )
        .repeats_without_harm()
        .gives::<SubscriptionDelivery>(StatusCode::ACCEPTED),
        Route::get(
            "/subscriptions/{subscription}/deliveries",
            read,
            "List deliveries with their attempts, newest first",
            deliveries::list,
        )
        .query(deliveries::QUERY)
        .words(&[("state", &["pending", "delivered", "dead"])])
        .gives::<Listing<SubscriptionDelivery>>(StatusCode::OK),
        Route::get(
            "/subscriptions/{subscription}/deliveries/{delivery}",
            read,
            "Read a delivery with its attempts",
            deliveries::get,
        )
        .gives::<SubscriptionDelivery>(StatusCode::OK),
        Route::post(
            "/subscriptions/{subscription}/deliveries/{delivery}/replay",
            write,
            "Send a delivery again now",
            deliveries::replay,
        )
        .repeats_without_harm()
        .gives::<SubscriptionDelivery>(StatusCode::ACCEPTED),
        Route::post(
            "/subscriptions/{subscription}/replay",
            write,
            "Send the deliveries of a range again, or those that were given up",
            deliveries::replay_range,
        )
        .takes::<deliveries::Range>()
        .repeats_without_harm()
        .gives::<deliveries::Replayed>(StatusCode::ACCEPTED),
    ]
}
