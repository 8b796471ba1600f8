//! That keys are exchanged without anything becoming unreadable, and without anything opening
//! where it did not before.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

fn roots(current: u8, previous: &[u8]) -> RootKeys {
    let key = |n: u8| RootKey::from_bytes([n; 32]);
    RootKeys::new(key(current), previous.iter().map(|n| key(*n)).collect())
}

fn id(n: u8) -> String {
    RootKey::from_bytes([n; 32]).id()
}

/// A deployment that began under the root key 1, started again with others.
fn restarted(begun: &Vault, current: u8, previous: &[u8]) -> Result<Vault> {
    let sealed = begun.seal_own_keys(&id(1)).unwrap();
    Vault::resume(roots(current, previous), "here".to_owned(), &sealed).map(|(vault, _)| vault)
}

#[test]
fn a_root_keys_id_tells_nothing_of_it_and_is_its_own() {
    assert_eq!(id(1).len(), 16);
    assert!(id(1).chars().all(|c| c.is_ascii_hexdigit()));
    assert_ne!(id(1), id(2));
    assert!(!id(0xab).contains("ab".repeat(4).as_str()));
    let keys = roots(2, &[1, 3]);
    assert_eq!((keys.current(), keys.ids().count()), (id(2).as_str(), 3));
    assert!(keys.has(&id(1)) && keys.has(&id(3)) && !keys.has(&id(4)));
}

#[test]
fn own_keys_outlive_their_root_key() {
    let begun = Vault::begin(roots(1, &[]), "here".to_owned()).unwrap();
    let key_id = KeyId::from_bytes([9; 16]);
    let (digest, seal) = (begun.digest_api_key(key_id, "secret"), begun.seal_audit(b"entry"));
    let answer = begun.seal_answer(&[5; 32], b"kept").unwrap();
    let moved = restarted(&begun, 2, &[1]).unwrap();
    let under_new = moved.seal_own_keys(&id(2)).unwrap();
    assert_eq!(under_new.root, id(2));
    // The old root key is taken away.
    let (alone, lacking) = Vault::resume(roots(2, &[]), "here".to_owned(), &under_new).unwrap();
    assert!(!lacking);
    assert!(alone.verify_api_key(key_id, "secret", Some(&digest)));
    assert!(alone.audit_seal_holds(b"entry", &seal));
    assert_eq!(alone.open_answer(&[5; 32], &answer).unwrap(), b"kept");
    assert_eq!(alone.cwasm_key(), begun.cwasm_key());
    let other = Vault::begin(roots(1, &[]), "here".to_owned()).unwrap();
    assert_ne!(other.cwasm_key(), begun.cwasm_key(), "own keys are random, not derived");
}

#[test]
fn own_keys_open_under_their_root_key_in_their_place_only() {
    let begun = Vault::begin(roots(1, &[]), "here".to_owned()).unwrap();
    let sealed = begun.seal_own_keys(&id(1)).unwrap();
    let refused = |roots: RootKeys, deployment: &str, sealed: &SealedKeys, kind: ErrorKind, text: &str| {
        let error = Vault::resume(roots, deployment.to_owned(), sealed).err().unwrap();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(text), "{error}");
    };
    refused(roots(2, &[]), "here", &sealed, ErrorKind::Unavailable, &id(1));
    refused(roots(1, &[]), "there", &sealed, ErrorKind::Corrupt, "does not open");
    let lying = SealedKeys { root: id(2), ..sealed.clone() };
    refused(roots(2, &[1]), "here", &lying, ErrorKind::Corrupt, &id(2));
    for (one, other) in [("apikey", "audit-mac"), ("answer", "cwasm-mac")] {
        let mut swapped = sealed.clone();
        swapped.keys.insert(one.to_owned(), sealed.keys[other].clone());
        refused(roots(1, &[]), "here", &swapped, ErrorKind::Corrupt, one);
    }
}

#[test]
fn a_purpose_that_is_newer_than_the_store_gets_a_key() {
    let begun = Vault::begin(roots(1, &[]), "here".to_owned()).unwrap();
    let mut sealed = begun.seal_own_keys(&id(1)).unwrap();
    sealed.keys.remove("answer");
    let (vault, lacking) = Vault::resume(roots(1, &[]), "here".to_owned(), &sealed).unwrap();
    assert!(lacking);
    assert_eq!(vault.seal_own_keys(&id(1)).unwrap().keys.len(), 6);
    assert_eq!(vault.cwasm_key(), begun.cwasm_key());
    let answer = begun.seal_answer(&[5; 32], b"kept").unwrap();
    assert!(vault.open_answer(&[5; 32], &answer).is_err());
}

#[test]
fn data_from_before_own_keys_keeps_what_its_root_key_gave() {
    let before = vault(1, "here");
    let seal = before.seal_audit(b"entry");
    let fits = |vault: &Vault| vault.audit_seal_holds(b"entry", &seal);
    for (current, previous) in [(1, vec![]), (2, vec![1]), (2, vec![3, 1])] {
        let (adopted, root) = Vault::adopt(roots(current, &previous), "here".to_owned(), fits).unwrap();
        assert_eq!((root, adopted.cwasm_key()), (id(1), before.cwasm_key()));
        // Its tenants' keys do not say what seals them.
        let legacy = key(&before, 1, 1).wrapped.split_once('.').unwrap().1.to_owned();
        assert_eq!(sealed_under(&legacy), None);
        let legacy = TenantKeyRef { tenant: tenant(1), version: 1, wrapped: legacy };
        let again = adopted.rewrap_tenant_key(&legacy, &id(current)).unwrap();
        assert_eq!(sealed_under(&again), Some(id(current).as_str()));
    }
    let error = Vault::adopt(roots(2, &[3]), "here".to_owned(), fits).err().unwrap();
    assert!(error.message.contains("root key file that it was made with"), "{error}");
}

#[test]
fn a_tenants_key_stays_the_same_under_another_root_key() {
    let begun = Vault::begin(roots(1, &[]), "here".to_owned()).unwrap();
    let old = key(&begun, 1, 1);
    let sealed = begun.seal(&old, &context(1, 2, 3), &Credentials::from_pairs(FIELDS)).unwrap();
    let both = restarted(&begun, 2, &[1]).unwrap();
    let new = TenantKeyRef { wrapped: both.rewrap_tenant_key(&old, &id(2)).unwrap(), ..old.clone() };
    assert_eq!((sealed_under(&old.wrapped), sealed_under(&new.wrapped)), (Some(id(1).as_str()), Some(id(2).as_str())));
    let own = both.seal_own_keys(&id(2)).unwrap();
    let (alone, _) = Vault::resume(roots(2, &[]), "here".to_owned(), &own).unwrap();
    let opened = alone.open(&new, &context(1, 2, 3), &sealed, "api_key").unwrap().unwrap();
    assert_eq!(opened.expose(), FIELDS[0].1.as_bytes());
    let error = alone.open(&old, &context(1, 2, 3), &sealed, "api_key").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains(&id(1)), "{error}");
    assert_eq!(both.rewrap_tenant_key(&old, &id(9)).unwrap_err().kind, ErrorKind::Unavailable);
    // Of another tenant, another generation, or under another root key than it says.
    for wrong in [
        TenantKeyRef { tenant: tenant(2), ..new.clone() },
        TenantKeyRef { version: 2, ..new.clone() },
        TenantKeyRef { wrapped: new.wrapped.replace(&id(2), &id(1)), ..new.clone() },
    ] {
        assert_eq!(both.rewrap_tenant_key(&wrong, &id(2)).unwrap_err().kind, ErrorKind::Corrupt);
    }
}

#[test]
fn what_is_sealed_again_opens_with_the_new_key_in_its_own_place_only() {
    let vault = vault(1, "here");
    let (old, new) = (key(&vault, 1, 1), key(&vault, 1, 2));
    let at = context(1, 2, 3);
    let sealed = vault.seal(&old, &at, &Credentials::from_pairs(FIELDS)).unwrap();
    let again = vault.reseal(&old, &new, &at, &sealed).unwrap();
    assert_eq!(again.len(), FIELDS.len());
    for (field, value) in FIELDS {
        assert_eq!(vault.open(&new, &at, &again, field).unwrap().unwrap().expose(), value.as_bytes());
        // The old one fits no more, and what the old one sealed is not taken for the new one's.
        assert!(vault.open(&old, &at, &again, field).is_err());
        assert!(vault.open(&new, &at, &sealed, field).is_err());
    }
    let refused = |from: &TenantKeyRef, to: &TenantKeyRef, context, sealed: &BTreeMap<String, String>| {
        assert_eq!(vault.reseal(from, to, &context, sealed).unwrap_err().kind, ErrorKind::Corrupt);
    };
    refused(&new, &new, at, &sealed);
    refused(&key(&vault, 2, 1), &new, at, &sealed);
    refused(&old, &new, context(2, 2, 3), &sealed);
    refused(&old, &new, context(1, 9, 3), &sealed);
    refused(&old, &new, context(1, 2, 4), &sealed);
    let swapped = BTreeMap::from([("api_key".to_owned(), sealed["webhook_secret"].clone())]);
    refused(&old, &new, at, &swapped);
    // Sealing again for another tenant gives what neither tenant can open.
    let foreign = key(&vault, 2, 2);
    let moved = vault.reseal(&old, &foreign, &at, &sealed).unwrap();
    assert!(vault.open(&foreign, &context(2, 2, 3), &moved, "api_key").is_err());
    assert!(vault.open(&new, &at, &moved, "api_key").is_err());
}

/// Made by another implementation (HKDF and AES-GCM of Python's `cryptography` 48).
#[test]
fn known_answers_hold() {
    let vectors: serde_json::Value = serde_json::from_str(include_str!("../vectors.json")).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(id(0x42), text(&vectors["root_id"]));
    let own = &vectors["own_keys"];
    let keys = own["sealed"].as_object().unwrap().iter().map(|(name, key)| (name.clone(), text(key))).collect();
    let sealed = SealedKeys { root: id(0x42), keys };
    let (vault, lacking) = Vault::resume(roots(0x42, &[]), text(&vectors["deployment"]), &sealed).unwrap();
    // They are from before there was a key for `named`, which alone is new.
    assert!(lacking && !sealed.keys.contains_key("named"));
    assert_eq!(hex(&vault.cwasm_key()), text(&own["cwasm_key"]));
    let digest = vault.digest_api_key(KeyId::from_bytes([9; 16]), "secret");
    assert_eq!(hex(&digest), text(&own["api_key_digest"]));
    assert_eq!(hex(&vault.seal_audit(b"entry")), text(&own["audit_seal"]));
    assert_eq!(vault.open_answer(&[5; 32], &text(&own["answer"])).unwrap(), b"kept");
    let wrapped = text(&vectors["wrapped_with_id"]);
    assert_eq!(sealed_under(&wrapped), Some(id(0x42).as_str()));
    let key = TenantKeyRef { tenant: tenant(1), version: 7, wrapped };
    assert_eq!(vault.unwrap(&key).unwrap().key.as_slice(), [0x24; 32]);
    // Every part of the form counts.
    let (root, record) = key.wrapped.split_once('.').unwrap();
    let mut bytes = STANDARD.decode(record).unwrap();
    bytes[40] ^= 1;
    let changed = TenantKeyRef { wrapped: format!("{root}.{}", STANDARD.encode(bytes)), ..key.clone() };
    assert!(vault.unwrap(&changed).is_err());
}
