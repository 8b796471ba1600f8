//! That what was sealed opens in its own place only.

use std::time::Instant;

use super::*;

mod exchange;

const FIELDS: [(&str, &str); 2] = [("api_key", "sk_test_1234567890"), ("webhook_secret", "whsec_1234567890")];

fn tenant(n: u8) -> TenantId {
    TenantId::from_bytes([n; 16])
}

fn context(tenant_no: u8, integration: u8, version: u32) -> CredentialContext {
    CredentialContext { tenant: tenant(tenant_no), integration: IntegrationId::from_bytes([integration; 16]), version }
}

fn vault(root: u8, deployment: &str) -> Vault {
    Vault::new(RootKey::from_bytes([root; 32]), deployment.to_owned())
}

fn key(vault: &Vault, tenant_no: u8, version: u32) -> TenantKeyRef {
    let wrapped = vault.new_tenant_key(tenant(tenant_no), version).unwrap();
    TenantKeyRef { tenant: tenant(tenant_no), version, wrapped }
}

#[test]
fn every_field_opens_where_it_was_sealed() {
    let vault = vault(1, "here");
    let key = key(&vault, 1, 1);
    let sealed = vault.seal(&key, &context(1, 2, 3), &Credentials::from_pairs(FIELDS)).unwrap();
    for (field, value) in FIELDS {
        let opened = vault.open(&key, &context(1, 2, 3), &sealed, field).unwrap().unwrap();
        assert_eq!(opened.expose(), value.as_bytes());
        assert!(!sealed[field].contains(value));
    }
    assert!(vault.open(&key, &context(1, 2, 3), &sealed, "other").unwrap().is_none());
    let again = vault.seal(&key, &context(1, 2, 3), &Credentials::from_pairs(FIELDS)).unwrap();
    assert_ne!(sealed["api_key"], again["api_key"], "the salt was used twice");
}

#[test]
fn nothing_opens_in_another_place() {
    let home = vault(1, "here");
    let own = key(&home, 1, 1);
    let sealed = home.seal(&own, &context(1, 2, 3), &Credentials::from_pairs(FIELDS)).unwrap();
    let refused = |vault: &Vault, key: &TenantKeyRef, context, sealed: &BTreeMap<String, String>| {
        let error = vault.open(key, &context, sealed, "api_key").unwrap_err();
        assert_eq!(error.kind, ErrorKind::Corrupt);
        assert!(!error.to_string().contains("sk_test"), "{error}");
    };
    refused(&home, &own, context(9, 2, 3), &sealed);
    refused(&home, &own, context(1, 9, 3), &sealed);
    refused(&home, &own, context(1, 2, 4), &sealed);
    refused(&home, &key(&home, 1, 1), context(1, 2, 3), &sealed);
    refused(&home, &key(&home, 1, 2), context(1, 2, 3), &sealed);
    refused(&home, &key(&home, 2, 1), context(1, 2, 3), &sealed);
    refused(&home, &TenantKeyRef { tenant: tenant(2), ..own.clone() }, context(1, 2, 3), &sealed);
    refused(&home, &TenantKeyRef { version: 2, ..own.clone() }, context(1, 2, 3), &sealed);
    refused(&vault(1, "there"), &own, context(1, 2, 3), &sealed);
    // Under another root key it says which one is missing; one that lies about that opens no more.
    let other = vault(2, "here");
    let missing = other.open(&own, &context(1, 2, 3), &sealed, "api_key").unwrap_err();
    assert_eq!(missing.kind, ErrorKind::Unavailable);
    let (root, wrapped) = own.wrapped.split_once('.').unwrap();
    assert!(missing.message.contains(root), "{missing}");
    let lying = format!("{}.{wrapped}", other.roots().current());
    for wrapped in [wrapped.to_owned(), lying] {
        refused(&other, &TenantKeyRef { wrapped, ..own.clone() }, context(1, 2, 3), &sealed);
    }
    let swapped = BTreeMap::from([("api_key".to_owned(), sealed["webhook_secret"].clone())]);
    refused(&home, &own, context(1, 2, 3), &swapped);
}

#[test]
fn a_flipped_bit_anywhere_is_noticed() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let vault = vault(1, "here");
    let key = key(&vault, 1, 1);
    let sealed = vault.seal(&key, &context(1, 2, 3), &Credentials::from_pairs(FIELDS)).unwrap();
    let record = STANDARD.decode(&sealed["api_key"]).unwrap();
    for place in 0..record.len() {
        let mut changed = record.clone();
        changed[place] ^= 1 << (place % 8);
        let changed = BTreeMap::from([("api_key".to_owned(), STANDARD.encode(&changed))]);
        assert!(vault.open(&key, &context(1, 2, 3), &changed, "api_key").is_err(), "byte {place}");
    }
    for length in 0..record.len() {
        let cut = BTreeMap::from([("api_key".to_owned(), STANDARD.encode(&record[..length]))]);
        assert!(vault.open(&key, &context(1, 2, 3), &cut, "api_key").is_err(), "{length} bytes");
    }
}

/// Made by another implementation (HKDF and AES-GCM of Python's `cryptography` 48).
#[test]
fn known_answers_hold() {
    let vectors: serde_json::Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let vault = vault(0x42, &text(&vectors["deployment"]));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex(&vault.cwasm_key()), text(&vectors["cwasm_key"]));
    let digest = vault.digest_api_key(KeyId::from_bytes([9; 16]), "secret");
    assert_eq!(hex(&digest), text(&vectors["api_key_digest"]));
    let key = TenantKeyRef { tenant: tenant(1), version: 7, wrapped: text(&vectors["wrapped"]) };
    let records = vectors["records"].as_array().unwrap();
    for record in records {
        let field = text(&record["field"]);
        let sealed = BTreeMap::from([(field.clone(), text(&record["sealed"]))]);
        let opened = vault.open(&key, &context(1, 2, 3), &sealed, &field).unwrap().unwrap();
        assert_eq!(opened.expose(), text(&record["plain"]).as_bytes());
    }
    assert_eq!(records.len(), 4);
    let tenant_key = Zeroizing::new([0x24; 32]);
    let sealed = record::seal(&tenant_key, 7, &[0x55; 32], &vault.aad(&key, &context(1, 2, 3), "api_key"), b"sk_known");
    assert_eq!(sealed.unwrap(), text(&records[0]["sealed"]), "sealing gives other bytes than it did");
}

#[test]
fn an_api_key_is_known_by_its_id_and_its_secret_together() {
    let home = vault(1, "here");
    let id = KeyId::from_bytes([9; 16]);
    let digest = home.digest_api_key(id, "secret");
    assert!(home.verify_api_key(id, "secret", Some(&digest)));
    assert!(!home.verify_api_key(id, "Secret", Some(&digest)));
    assert!(!home.verify_api_key(KeyId::from_bytes([8; 16]), "secret", Some(&digest)));
    assert!(!vault(2, "here").verify_api_key(id, "secret", Some(&digest)));
    assert!(!home.verify_api_key(id, "secret", None));
    assert!(!home.verify_api_key(id, "secret", Some(&[0; 32])));
}

#[test]
fn a_forgotten_tenants_key_is_unwrapped_anew() {
    let vault = vault(1, "here");
    let (own, other) = (key(&vault, 1, 1), key(&vault, 2, 1));
    let (first, second) = (vault.unwrap(&own).unwrap(), vault.unwrap(&other).unwrap());
    vault.forget_tenant(tenant(1));
    assert!(!Arc::ptr_eq(&first, &vault.unwrap(&own).unwrap()));
    assert!(Arc::ptr_eq(&second, &vault.unwrap(&other).unwrap()));
}

#[test]
fn a_tenants_key_is_unwrapped_once_and_a_changed_one_is_not_taken_from_the_cache() {
    let vault = vault(1, "here");
    let own = key(&vault, 1, 1);
    let first = vault.unwrap(&own).unwrap();
    assert!(Arc::ptr_eq(&first, &vault.unwrap(&own).unwrap()));
    assert!(vault.unwrap(&TenantKeyRef { wrapped: own.wrapped.replace('A', "B"), ..own.clone() }).is_err());
    let renewed = key(&vault, 1, 1);
    assert!(!Arc::ptr_eq(&first, &vault.unwrap(&renewed).unwrap()));
}

#[test]
fn opening_a_field_is_quick() {
    let vault = vault(1, "here");
    let key = key(&vault, 1, 1);
    let sealed = vault.seal(&key, &context(1, 2, 3), &Credentials::from_pairs(FIELDS)).unwrap();
    let began = Instant::now();
    for _ in 0..1_000 {
        assert!(vault.open(&key, &context(1, 2, 3), &sealed, "api_key").is_ok());
    }
    println!("opening a sealed field: {:.2} µs", began.elapsed().as_secs_f64() * 1e3);
}
