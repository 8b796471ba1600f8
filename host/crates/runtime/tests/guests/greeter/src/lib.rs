//! A gateway that leaves a part of its work to a helper.
#![cfg(target_arch = "wasm32")]

use exports::test::greeter::greetings::{Greeting, Guest};
use gatehouse::plugin::log;
use gatehouse::plugin::types::{Error, ErrorKind};
use test::words::case;

wit_bindgen::generate!({
    path: ["../../../../../../wit/plugin@0.1.0", "../words/wit", "wit"],
    world: "test:greeter/greeter",
    generate_all,
});

struct Greeter;

export!(Greeter);

impl Guest for Greeter {
    fn greet(name: String) -> Result<Greeting, Error> {
        log::write(log::Level::Info, "greeting", &[]);
        match case::title(&name) {
            Ok((title, words)) => Ok(Greeting { text: format!("Hello, {title}!"), words }),
            Err(refusal) => Err(Error {
                kind: ErrorKind::InvalidInput,
                message: refusal.reason,
                provider_code: None,
                http_status: None,
                retry_after_ms: None,
            }),
        }
    }
}
