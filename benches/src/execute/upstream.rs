//! The provider: it answers every payment with the same JSON, and does nothing else.

use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::{Value, json};

/// How large the large answer is, and how late the late one.
const HUGE: usize = 7 << 20;
const SLOW: Duration = Duration::from_secs(5);

/// Serves until the process is ended.
pub(crate) fn serve() -> ExitCode {
    let answer = Bytes::from(answer().to_string());
    let huge = Bytes::from("x".repeat(HUGE));
    let reply = async move || ([(CONTENT_TYPE, "application/json")], answer).into_response();
    let router = Router::new()
        .route("/v1/payment_intents", post(reply.clone()))
        .route("/v1/payment_intents/{id}", get(reply))
        .route("/huge", get(async move || huge))
        .route("/slow", get(async || tokio::time::sleep(SLOW).await))
        // A receiver of what we tell.
        .route("/told", post(async |_: Bytes| StatusCode::NO_CONTENT))
        .route("/v1/account", get(async || axum::Json(json!({ "id": "acct_1", "object": "account" }))));
    super::plain::listen(router)
}

/// The parameters of the payment that is made.
pub(crate) fn payment() -> Value {
    json!({ "amount": { "minor_units": 1999, "currency": "EUR" }, "description": "a book" })
}

/// The payment as the provider has it, with as many fields as a real one.
pub(crate) fn answer() -> Value {
    json!({
        "id": "pi_0001", "object": "payment_intent", "amount": 1999, "amount_capturable": 0,
        "amount_details": { "tip": {} }, "amount_received": 1999, "application": null,
        "application_fee_amount": null, "canceled_at": null, "cancellation_reason": null,
        "automatic_payment_methods": { "allow_redirects": "never", "enabled": true },
        "capture_method": "automatic", "confirmation_method": "automatic", "created": 1_772_353_800,
        "currency": "eur", "customer": "cus_0001", "description": "a book", "invoice": null,
        "last_payment_error": null, "latest_charge": "ch_0001", "livemode": false,
        "metadata": { "order": "1042" }, "next_action": null, "on_behalf_of": null, "payment_method": "pm_0001",
        "payment_method_options": { "card": { "request_three_d_secure": "automatic" } },
        "payment_method_types": ["card", "link"], "processing": null, "receipt_email": null, "review": null,
        "setup_future_usage": null, "shipping": null, "statement_descriptor": null, "status": "succeeded",
        "transfer_data": null, "transfer_group": null,
    })
}
