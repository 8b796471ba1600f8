//! The JSON form of a status that is an id or an error: a WIT result is `{"kind": "ok" | "err", "value": …}`,
//! as every other variant is.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
enum StatusRef<'a> {
    Ok(&'a str),
    Err(&'a Error),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
enum Status {
    Ok(String),
    Err(Error),
}

pub(crate) fn serialize<S: Serializer>(status: &Result<String, Error>, to: S) -> Result<S::Ok, S::Error> {
    match status {
        Ok(id) => StatusRef::Ok(id),
        Err(error) => StatusRef::Err(error),
    }
    .serialize(to)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Result<String, Error>, D::Error> {
    Ok(match Status::deserialize(from)? {
        Status::Ok(id) => Ok(id),
        Status::Err(error) => Err(error),
    })
}
