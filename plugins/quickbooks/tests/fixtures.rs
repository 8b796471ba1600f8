//! Plays every fixture, proves what every gateway has to show, and checks what is `QuickBooks`' own.
//!
//! The description of paths is a third party's and knows few of them; the names of fields are held against the
//! schemas that Intuit publishes with its own library.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a test says why it was skipped")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use gatehouse_plugin_quickbooks::QuickBooks;
use gatehouse_proof::{Claims, Document, Rules, Source, each_write_is_safe, mock, prove};
use gatehouse_sdk::harness::{self, fixture};
use gatehouse_sdk::json::Value;

const MANIFEST: &str = include_str!("../plugin.toml");

/// Why a function is beyond the description.
const FEW: &str = "the third party's description knows few calls, and not all of these";
/// Why payments are.
const LINES: &str = "the third party's description takes a payment's lines for those of an expense";
/// Why voiding is.
const WHOLE: &str = "the third party's description asks for the whole of an invoice that is voided";

/// What the description does not know or has wrong.
const ODD_REQUESTS: [&str; 23] = [
    "create-accounting-item/*",
    "get-invoice/company_of_one_currency",
    "get-invoice/preferences_of_another_shape",
    "look-up/invoice_of_a_company_of_one_currency",
    "look-up/item_by_its_name",
    "look-up/payment_of_a_company_of_one_currency",
    "pull/changed_and_deleted",
    "pull/changes_of_another_shape",
    "pull/cursor_is_too_old",
    "pull/items",
    "pull/known_changes",
    "pull/more_changed_than_is_told",
    "pull/nothing_changed",
    "pull/nothing_changed_for_long",
    "pull/payments_deleted",
    "pull/second_page_of_one_second",
    "record-invoice-payment/*",
    "send-invoice/*",
    "sync-accounting-items/*",
    "sync-invoice-payments/company_of_one_currency",
    "sync-invoices/company_of_one_currency",
    "test/*",
    "void-invoice/*",
];

#[test]
fn every_fixture_plays() {
    harness::run::<QuickBooks>("fixtures");
}

#[test]
fn every_function_is_proven() {
    prove::<QuickBooks>(&claims());
}

#[test]
fn a_peer_made_of_the_description_understands_every_request() {
    mock::understands::<QuickBooks>(&claims());
}

fn claims() -> Claims<'static> {
    Claims {
        manifest: MANIFEST,
        source: Source::ThirdParty,
        rules: Rules {
            documents: &[Document { file: "quickbooks-thirdparty.json", strip: "", prepend: "" }],
            unlisted: &["minorversion", "sparse", "CurrencyRef", "AcctNum"],
            odd_requests: &ODD_REQUESTS,
            odd_responses: &["*/malformed_answer", "*/answer_of_another_shape", "record-invoice-payment/*"],
            ..Rules::default()
        },
        exceptions: &[
            ("create-accounting-item/document", FEW),
            ("parse/peer", "the scheme is tested in the host"),
            ("record-invoice-payment/document", LINES),
            ("send-invoice/document", FEW),
            ("sync-accounting-items/document", FEW),
            ("test/document", FEW),
            ("void-invoice/document", WHOLE),
        ],
        ..Claims::default()
    }
}

#[test]
fn each_write_is_either_safe_to_repeat_or_can_be_looked_up() {
    each_write_is_safe(MANIFEST);
}

/// Intuit's own schemas are of types and name no path, so that the names of fields are all that can be held against them.
#[test]
fn every_field_that_is_sent_is_one_of_intuits() {
    let Some(known) = names() else {
        println!("quickbooks-xsd is not here; set GATEHOUSE_SPECS to its folder to check fields against it");
        return;
    };
    assert!(known.contains("SyncToken") && !known.contains("Synctoken"));
    let bodies: Vec<_> =
        fixture::requests("fixtures").into_iter().filter_map(|(name, request)| Some((name, request.json?))).collect();
    assert!(bodies.len() > 100, "{}", bodies.len());
    for (name, body) in bodies {
        let mut fields = BTreeSet::new();
        gather(&body, &mut fields);
        let unknown: Vec<_> = fields.difference(&known).collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
    }
}

/// The names of all elements and attributes, and `value`, which is what JSON has for the text of an element.
fn names() -> Option<BTreeSet<String>> {
    let folder = std::env::var_os("GATEHOUSE_SPECS").map_or_else(|| "../../../shared/specs".into(), PathBuf::from);
    let mut known = BTreeSet::from(["value".to_owned()]);
    for file in ["Finance.xsd", "IntuitBaseTypes.xsd", "IntuitNamesTypes.xsd"] {
        let text = std::fs::read_to_string(folder.join("quickbooks-xsd").join(file)).ok()?;
        let named = text.split("name=\"").skip(1).filter_map(|rest| rest.split('"').next());
        known.extend(named.map(str::to_owned));
    }
    Some(known)
}

fn gather(value: &Value, fields: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => object.iter().for_each(|(name, value)| {
            fields.insert(name.clone());
            gather(value, fields);
        }),
        Value::Array(items) => items.iter().for_each(|item| gather(item, fields)),
        _ => {}
    }
}
