//! Plays every fixture, proves what every gateway has to show, and checks what is Shopify's own.
//!
//! Every document is executed over its fixture's answer by a program that reads Shopify's published schema.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use gatehouse_domain::capability::Effect;
use gatehouse_domain::manifest::Manifest;
use gatehouse_plugin_shopify::Shopify;
use gatehouse_proof::graphql::{Schema, executes};
use gatehouse_proof::{Claims, Source, each_write_is_safe, prove};
use gatehouse_sdk::harness;
use gatehouse_sdk::harness::fixture;

const MANIFEST: &str = include_str!("../plugin.toml");

/// What executes the documents of every function that sends one.
const EXECUTED: &str = "graphql-core, which executes each document";

#[test]
fn every_fixture_plays() {
    harness::run::<Shopify>("fixtures");
}

#[test]
fn every_function_is_proven() {
    prove::<Shopify>(&Claims {
        manifest: MANIFEST,
        source: Source::Model,
        peers: &[
            ("cancel-order", EXECUTED),
            ("find-stock-levels", EXECUTED),
            ("fulfil-order", EXECUTED),
            ("get-order", EXECUTED),
            ("get-product", EXECUTED),
            ("look-up", EXECUTED),
            ("pull", EXECUTED),
            ("push", EXECUTED),
            ("set-stock-level", EXECUTED),
            ("sync-customer-data", EXECUTED),
            ("sync-orders", EXECUTED),
            ("sync-products", EXECUTED),
            ("test", EXECUTED),
        ],
        exceptions: &[("parse/peer", "the scheme is tested in the host")],
        ..Claims::default()
    });
}

#[test]
fn every_document_and_every_answer_is_one_of_the_schema() {
    let odd_responses = [
        "*/answer_of_another_shape",
        "*/answer_without_errors_or_success",
        "get-order/unknown_payment",
        "get-product/unknown_status",
    ];
    let Some(checked) = executes(&Schema { file: "shopify-admin-2026-07.graphql", odd_responses: &odd_responses })
    else {
        return;
    };
    assert!(checked.requests > 300 && checked.responses > 120, "{checked:?}");
}

#[test]
fn a_mutation_is_never_sent_where_only_reading_is_meant() {
    let reads: Vec<_> = Manifest::from_toml(MANIFEST).unwrap().capabilities.into_iter().collect();
    for case in fixture::cases("fixtures") {
        let code = gatehouse_domain::capability::code_of(&case.function);
        let writes = reads.iter().any(|(known, rules)| *known == code && rules.effect == Effect::Write);
        for exchange in &case.exchange {
            let body = exchange.request.json.as_ref().unwrap();
            let mutation = body.get("query").unwrap().as_str().unwrap().starts_with("mutation");
            assert!(!mutation || writes || case.function == "push", "{}", case.folder.display());
        }
    }
}

#[test]
fn each_write_is_either_safe_to_repeat_or_can_be_looked_up() {
    each_write_is_safe(MANIFEST);
}
