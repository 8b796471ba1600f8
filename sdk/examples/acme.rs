//! A whole gateway in one file: a connection test, and an interface of the plugin's own package.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::{Account, Result, connection, export_gateway};

/// The gateway.
pub(crate) struct Acme;

impl connection::Guest for Acme {
    fn test() -> Result<Account> {
        let response = Request::get("/me").send()?;
        if !response.is_success() {
            return Err(response.error(format!("acme answered with status {}", response.status())));
        }
        response.json()
    }
}

/// `acme:shop/themes`: the interface, and how the harness calls it.
mod themes {
    #![allow(unsafe_code, missing_docs, unreachable_pub, reason = "generated")]

    wit_bindgen::generate!({
        inline: "
            package acme:shop@1.0.0;
            interface themes {
                use gatehouse:plugin/types@0.1.0.{error};
                record theme { id: string, title: string }
                list-themes: func(limit: u32) -> result<list<theme>, error>;
            }
            world shop { export themes; }
        ",
        path: ["../wit/plugin@0.1.0"],
        with: { "gatehouse:plugin/types@0.1.0": gatehouse_sdk::bindings::host::gatehouse::plugin::types },
        additional_derives: [serde::Serialize, serde::Deserialize],
    });

    pub use exports::acme::shop::themes::{Guest, Theme};

    #[cfg(not(target_arch = "wasm32"))]
    pub const FUNCTIONS: &[&str] = &["list-themes"];

    #[cfg(not(target_arch = "wasm32"))]
    pub fn call<T: Guest>(
        function: &str,
        input: &gatehouse_sdk::json::Value,
    ) -> Option<gatehouse_sdk::harness::Answer> {
        #[derive(serde::Deserialize)]
        struct Input {
            limit: u32,
        }
        let list = |input: Input| T::list_themes(input.limit);
        (function == "list-themes").then(|| gatehouse_sdk::harness::dispatch::call(input, list))
    }
}

impl themes::Guest for Acme {
    fn list_themes(limit: u32) -> Result<Vec<themes::Theme>> {
        #[derive(serde::Serialize)]
        struct Search {
            limit: u32,
        }
        Request::post("/themes/search").json(&Search { limit }).only_reads().send()?.json()
    }
}

export_gateway!(Acme: connection; themes);
