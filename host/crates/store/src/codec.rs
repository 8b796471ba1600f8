//! Records as values: one byte for the schema version, one for the form, then the record.
//! A record that does not fit one value is cut into parts that share the commit's sequence.

use gatehouse_domain::{Error, ErrorKind, Result};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::entry::Entry;
use crate::record::{Kind, Record, Stored, unreadable};
use crate::storage::{MAX_VALUE, Versioned, too_large};

/// The most bytes of one record.
pub(crate) const MAX_RECORD: usize = 1 << 20;

const HEADER: usize = 2;
const INLINE: u8 = 0;
const CHUNKED: u8 = 1;

/// A record as values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Encoded {
    /// The value under the record's key.
    pub(crate) main: Vec<u8>,
    /// The values of its parts, if it has any.
    pub(crate) chunks: Vec<Vec<u8>>,
}

/// Where the bytes of a record are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    schema: u8,
    /// How many parts there are; none for a record within its main value.
    pub(crate) chunks: u16,
    /// The bytes of all parts together.
    bytes: u32,
}

/// Encodes a record.
pub(crate) fn encode<R: Record>(record: &R) -> Result<Encoded> {
    let bytes = record.encode()?;
    if bytes.len() > MAX_RECORD {
        return Err(too_large(&format!("a {:?}", R::KIND), bytes.len(), MAX_RECORD));
    }
    if HEADER + bytes.len() <= MAX_VALUE {
        let main = [&[R::SCHEMA, INLINE], bytes.as_slice()].concat();
        return Ok(Encoded { main, chunks: Vec::new() });
    }
    let chunks: Vec<Vec<u8>> = bytes.chunks(MAX_VALUE).map(<[u8]>::to_vec).collect();
    let count = u16::try_from(chunks.len()).unwrap_or(u16::MAX);
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let main = [&[R::SCHEMA, CHUNKED][..], &count.to_be_bytes(), &length.to_be_bytes()].concat();
    Ok(Encoded { main, chunks })
}

/// Where the bytes of the record with this main value are.
pub(crate) fn layout(kind: Kind, main: &[u8]) -> Result<Layout> {
    match main {
        [schema, INLINE, ..] => Ok(Layout { schema: *schema, chunks: 0, bytes: 0 }),
        &[schema, CHUNKED, c0, c1, l0, l1, l2, l3] => {
            Ok(Layout { schema, chunks: u16::from_be_bytes([c0, c1]), bytes: u32::from_be_bytes([l0, l1, l2, l3]) })
        }
        _ => Err(unknown_form(kind)),
    }
}

/// Decodes a record from its main value and its parts, which `layout` counted.
pub(crate) fn decode<R: Record>(id: &[u8], main: Versioned, parts: &[Versioned]) -> Result<Stored<R>> {
    let layout = layout(R::KIND, &main.value)?;
    let joined: Vec<u8>;
    let bytes = if layout.chunks == 0 {
        main.value.get(HEADER..).unwrap_or_default()
    } else {
        joined = parts.iter().flat_map(|part| part.value.iter().copied()).collect();
        if joined.len() != layout.bytes as usize {
            let message = format!(
                "a {:?} has {} bytes of {}; restore the data directory from a backup",
                R::KIND,
                joined.len(),
                layout.bytes
            );
            return Err(Error::new(ErrorKind::Corrupt, message));
        }
        &joined
    };
    let record = match current(R::KIND, R::SCHEMA, layout.schema)? {
        true => R::decode(id, bytes)?,
        false => migrated(R::KIND, bytes, |old| R::migrate(layout.schema, old))?,
    };
    Ok(Stored { record, seq: main.seq, chunks: layout.chunks })
}

/// The record's own bytes, whatever they are, with the version of their shape. A value that begins
/// as none of ours, or whose parts are not all there, has none.
pub(crate) fn undecoded(kind: Kind, main: Versioned, parts: Option<&[Versioned]>) -> (Option<u8>, Vec<u8>) {
    let Ok(Layout { schema, chunks, bytes }) = layout(kind, &main.value) else { return (None, main.value) };
    if chunks == 0 {
        return (Some(schema), main.value.get(HEADER..).unwrap_or_default().to_vec());
    }
    let joined: Vec<u8> = parts.unwrap_or_default().iter().flat_map(|part| part.value.iter().copied()).collect();
    (Some(schema).filter(|_| joined.len() == bytes as usize), joined)
}

/// Encodes an entry, which has to fit one value.
pub(crate) fn encode_entry<E: Entry>(entry: &E) -> Result<Vec<u8>> {
    let bytes = entry.encode()?;
    if HEADER + bytes.len() > MAX_VALUE {
        return Err(too_large(&format!("a {:?}", E::KIND), bytes.len(), MAX_VALUE - HEADER));
    }
    Ok([&[E::SCHEMA, INLINE], bytes.as_slice()].concat())
}

/// Decodes an entry.
pub(crate) fn decode_entry<E: Entry>(value: &[u8]) -> Result<E> {
    let &[schema, INLINE, ref bytes @ ..] = value else { return Err(unknown_form(E::KIND)) };
    match current(E::KIND, E::SCHEMA, schema)? {
        true => E::decode(bytes),
        false => migrated(E::KIND, bytes, |old| E::migrate(schema, old)),
    }
}

/// Whether `schema` is the present one. A newer one is refused.
fn current(kind: Kind, present: u8, schema: u8) -> Result<bool> {
    if schema > present {
        let message = format!(
            "a {kind:?} was written by a newer version of this program (schema {schema}; this one reads up to {present}); upgrade it, or restore a backup from before"
        );
        return Err(Error::new(ErrorKind::Corrupt, message));
    }
    Ok(schema == present)
}

fn migrated<T: DeserializeOwned>(kind: Kind, bytes: &[u8], migrate: impl FnOnce(Value) -> Result<Value>) -> Result<T> {
    let old = serde_json::from_slice(bytes).map_err(|error| unreadable(kind, error))?;
    serde_json::from_value(migrate(old)?).map_err(|error| unreadable(kind, error))
}

/// The error for a value that begins as none of ours.
pub(crate) fn unknown_form(kind: Kind) -> Error {
    Error::new(ErrorKind::Corrupt, format!("a {kind:?} has a form that this version does not know"))
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::Result;
    use serde::{Deserialize, Serialize};
    use serde_json::{Value, json};

    use super::*;
    use crate::storage::Seq;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sample {
        id: String,
        text: String,
    }

    impl Record for Sample {
        const KIND: Kind = Kind::Tenant;
        const SCHEMA: u8 = 3;
        type Id = String;
        fn id(&self) -> String {
            self.id.clone()
        }
        fn migrate(from: u8, mut old: Value) -> Result<Value> {
            old["text"] = json!(format!("from {from}"));
            Ok(old)
        }
    }

    fn stored(main: Vec<u8>) -> Versioned {
        Versioned { value: main, seq: Seq(4) }
    }

    #[test]
    fn a_record_survives_its_bytes_at_every_size() {
        let overhead = Sample { id: "s".into(), text: String::new() }.encode().unwrap().len();
        for (size, chunks) in [
            (0, 0),
            (MAX_VALUE - HEADER - overhead, 0),
            (MAX_VALUE - HEADER - overhead + 1, 1),
            (MAX_VALUE - overhead, 1),
            (MAX_VALUE - overhead + 1, 2),
            (MAX_RECORD - overhead, 64),
        ] {
            let sample = Sample { id: "s".into(), text: "x".repeat(size) };
            let encoded = encode(&sample).unwrap();
            assert_eq!(encoded.chunks.len(), chunks, "{size}");
            assert!(encoded.chunks.iter().chain([&encoded.main]).all(|value| value.len() <= MAX_VALUE));
            assert_eq!(usize::from(layout(Kind::Tenant, &encoded.main).unwrap().chunks), chunks);
            let parts: Vec<_> = encoded.chunks.into_iter().map(stored).collect();
            let back = decode::<Sample>(b"s", stored(encoded.main.clone()), &parts).unwrap();
            assert_eq!((&back.record, back.seq), (&sample, Seq(4)));
            if chunks > 0 {
                let short = decode::<Sample>(b"s", stored(encoded.main), &parts[1..]);
                assert_eq!(short.unwrap_err().kind, ErrorKind::Corrupt);
            }
        }
        let large = Sample { id: "s".into(), text: "x".repeat(MAX_RECORD - overhead + 1) };
        let error = encode(&large).unwrap_err();
        assert_eq!(error.kind, ErrorKind::TooLarge);
        assert!(error.message.contains("1048577") && error.message.contains("1048576"), "{error}");
    }

    fn check(main: &[u8], expect: Result<&str, &str>) {
        let read = decode::<Sample>(b"s", stored(main.to_vec()), &[]);
        match expect {
            Ok(text) => assert_eq!(read.unwrap().record.text, text),
            Err(part) => {
                let error = read.unwrap_err();
                assert_eq!(error.kind, ErrorKind::Corrupt);
                assert!(error.message.contains(part), "{error}");
            }
        }
    }

    #[test]
    fn old_shapes_are_migrated_and_unknown_ones_refused() {
        let value = |schema: u8, form: u8, json: &str| [&[schema, form], json.as_bytes()].concat();
        let json = r#"{"id":"s","text":"now"}"#;
        check(&value(3, INLINE, json), Ok("now"));
        check(&value(2, INLINE, r#"{"id":"s"}"#), Ok("from 2"));
        check(&value(4, INLINE, json), Err("newer version"));
        check(&value(3, 9, json), Err("form"));
        check(&value(3, INLINE, "{"), Err("can not be read"));
        check(&[], Err("form"));
    }
}
