//! The JSON form of bytes: base64, as the host reads and writes a `list<u8>`.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

use crate::base64;

pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&base64::encode(bytes))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(from)?;
    base64::decode(&text).ok_or_else(|| D::Error::custom("the text is not base64"))
}
