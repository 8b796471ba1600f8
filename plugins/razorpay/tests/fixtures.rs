//! Plays every fixture, proves what every gateway has to show, and checks what is Razorpay's own.
//!
//! Razorpay publishes no description of its API; the README lists the pages that the requests were taken from.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, helpers included")]

use gatehouse_domain::capability::Effect;
use gatehouse_domain::manifest::{Idempotency, Manifest};
use gatehouse_plugin_razorpay::Razorpay;
use gatehouse_proof::{Claims, prove};
use gatehouse_sdk::harness;
use gatehouse_sdk::harness::fixture;

const MANIFEST: &str = include_str!("../plugin.toml");

#[test]
fn every_fixture_plays() {
    harness::run::<Razorpay>("fixtures");
}

#[test]
fn every_function_is_proven() {
    prove::<Razorpay>(&Claims {
        manifest: MANIFEST,
        exceptions: &[("*/peer", "none can be installed")],
        ..Claims::default()
    });
}

#[test]
fn refunds_alone_have_a_key() {
    for (name, request) in fixture::requests("fixtures") {
        let refunds = request.method == "POST" && request.path.ends_with("/refund");
        assert_eq!(refunds, request.idempotency_key.is_some(), "{name}");
        let good =
            |key: &String| key.len() >= 10 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        assert!(request.idempotency_key.as_ref().is_none_or(good), "{name}: razorpay refuses this key");
    }
    for (code, rules) in &Manifest::from_toml(MANIFEST).unwrap().capabilities {
        let header = matches!(&rules.idempotency, Idempotency::Header { name } if name == "X-Refund-Idempotency");
        assert_eq!(header, code == "REFUND_PAYMENT", "{code}");
        // A write can be looked up, and nothing is repeated without being looked up.
        assert_eq!(rules.absent_after_seconds.is_some(), rules.effect == Effect::Write, "{code}");
        assert_eq!(rules.window_hours, None, "{code}");
    }
}

#[test]
fn receipts_are_short_enough_and_end_as_the_key_does() {
    for (name, request) in fixture::requests("fixtures").into_iter().filter(|(_, request)| request.method == "POST") {
        let Some(body) = &request.json else { continue };
        for field in ["receipt", "reference_id"] {
            let Some(receipt) = body.get(field).and_then(|receipt| receipt.as_str()) else { continue };
            assert!((1..=40).contains(&receipt.len()), "{name}: {receipt}");
        }
    }
}
