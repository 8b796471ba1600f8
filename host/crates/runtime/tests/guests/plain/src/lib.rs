//! A gateway that imports what gateways usually import, to measure with.
#![cfg(target_arch = "wasm32")]

use exports::test::hostile::probe::{Behaviour, Guest, Order};
use gatehouse::plugin::types::Error;
use gatehouse::plugin::{context, http};

wit_bindgen::generate!({
    path: ["../../../../../../wit/plugin@0.1.0", "../hostile/wit"],
    world: "test:hostile/plain",
    generate_all,
});

struct Plain;

export!(Plain);

impl Guest for Plain {
    fn misbehave(order: Order) -> Result<String, Error> {
        if order.behaviour != Behaviour::Send {
            return Ok(context::attempt().to_string());
        }
        let request = http::Request {
            method: http::Method::Get,
            url: order.text.unwrap_or_default(),
            query: Vec::new(),
            headers: Vec::new(),
            body: http::Body::Empty,
            auth: None,
            idempotency_key: None,
        };
        Ok(http::send(&request).map(|response| response.status).unwrap_or(0).to_string())
    }
}
