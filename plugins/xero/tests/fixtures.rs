//! Plays every fixture, proves what every gateway has to show, and checks what is Xero's own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use gatehouse_plugin_xero::Xero;
use gatehouse_proof::{Claims, Document, Rules, Source, each_write_is_safe, mock, prove};
use gatehouse_sdk::harness;

const MANIFEST: &str = include_str!("../plugin.toml");

/// Why the mock is not asked for an item by its code.
const CODE: &str = "the description's words allow a code, its format an id alone";

#[test]
fn every_fixture_plays() {
    harness::run::<Xero>("fixtures");
}

#[test]
fn every_function_is_proven() {
    prove::<Xero>(&claims());
}

#[test]
fn a_peer_made_of_the_description_understands_every_request() {
    mock::understands::<Xero>(&claims());
}

fn claims() -> Claims<'static> {
    Claims {
        manifest: MANIFEST,
        source: Source::Provider,
        rules: Rules {
            // The path of the server is left out.
            documents: &[Document { file: "xero-acyclic.json", strip: "/api.xro/2.0", prepend: "" }],
            added_by_host: &["xero-tenant-id", "accept"],
            odd_responses: &[
                "*/malformed_answer",
                "*/answer_of_another_shape",
                "get-invoice/unknown_status",
                "list-ledger-accounts/unknown_class",
            ],
            ..Rules::default()
        },
        beyond_mock: &[
            ("look-up/item_by_its_code", CODE),
            ("look-up/item_is_anothers", CODE),
            ("look-up/item_is_not_there", CODE),
        ],
        exceptions: &[("parse/peer", "the scheme is tested in the host")],
        ..Claims::default()
    }
}

#[test]
fn each_write_is_either_safe_to_repeat_or_can_be_looked_up() {
    each_write_is_safe(MANIFEST);
}
