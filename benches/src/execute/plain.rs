//! The limit: a handler that takes the same request, makes the same call of the provider with
//! the same client library, and answers. It checks no key and keeps no record.

use std::net::Ipv4Addr;
use std::process::ExitCode;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::story::SECRET_KEY;

/// The same request as that of Gatehouse.
#[derive(Deserialize)]
struct Ask {
    capability: String,
    parameters: Value,
}

#[derive(Clone)]
struct Provider {
    http: reqwest::Client,
    origin: String,
}

/// Serves until the process is ended.
pub(crate) fn serve(origin: &str) -> ExitCode {
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let provider = Provider { http, origin: origin.to_owned() };
    listen(Router::new().route("/api/v1/integrations/{id}/execute", post(execute)).with_state(provider))
}

/// Serves a router on a free port of loopback, and says where.
pub(crate) fn listen(router: Router) -> ExitCode {
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    threads.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        println!("listening on http://{}", listener.local_addr().unwrap());
        axum::serve(listener, router).await.unwrap();
    });
    ExitCode::SUCCESS
}

async fn execute(State(provider): State<Provider>, Json(ask): Json<Ask>) -> Result<Json<Value>, StatusCode> {
    let request = match ask.capability.as_str() {
        "PROCESS_PAYMENT" => provider.create(&ask.parameters).ok_or(StatusCode::UNPROCESSABLE_ENTITY)?,
        "GET_PAYMENT" => provider.read(&ask.parameters).ok_or(StatusCode::UNPROCESSABLE_ENTITY)?,
        _ => return Err(StatusCode::NOT_FOUND),
    };
    let request = request.bearer_auth(SECRET_KEY).header("stripe-version", "2023-08-16");
    let response = request.send().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    let bytes = response.bytes().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    let found: Value = serde_json::from_slice(&bytes).map_err(|_| StatusCode::BAD_GATEWAY)?;
    let payment = json!({
        "id": found["id"], "status": found["status"], "customer": found["customer"],
        "amount": { "minor_units": found["amount"], "currency": found["currency"] },
        "captured_minor_units": found["amount_received"], "description": found["description"],
    });
    Ok(Json(json!({ "capability": ask.capability, "outcome": "succeeded", "result": payment })))
}

impl Provider {
    fn create(&self, parameters: &Value) -> Option<reqwest::RequestBuilder> {
        let amount = parameters["amount"]["minor_units"].as_i64()?;
        let currency = parameters["amount"]["currency"].as_str()?.to_lowercase();
        let description = parameters["description"].as_str()?.replace(' ', "+");
        let form = format!("amount={amount}&currency={currency}&description={description}");
        let request = self.http.post(format!("{}/v1/payment_intents", self.origin)).body(form);
        Some(request.header("content-type", "application/x-www-form-urlencoded").header("idempotency-key", "key"))
    }

    fn read(&self, parameters: &Value) -> Option<reqwest::RequestBuilder> {
        let id = parameters["id"].as_str()?;
        Some(self.http.get(format!("{}/v1/payment_intents/{id}", self.origin)))
    }
}
