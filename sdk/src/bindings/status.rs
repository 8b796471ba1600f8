//! The JSON form of a status that is an id or an error: `{"ok": id}` or `{"error": {…}}`, as the host
//! writes every WIT result.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum StatusRef<'a> {
    Ok(&'a str),
    Error(&'a Error),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Ok(String),
    Error(Error),
}

pub(crate) fn serialize<S: Serializer>(status: &Result<String, Error>, to: S) -> Result<S::Ok, S::Error> {
    match status {
        Ok(id) => StatusRef::Ok(id),
        Err(error) => StatusRef::Error(error),
    }
    .serialize(to)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Result<String, Error>, D::Error> {
    Ok(match Status::deserialize(from)? {
        Status::Ok(id) => Ok(id),
        Status::Error(error) => Err(error),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::Error;
    use crate::crm::contact_upserts::ContactUpsertOutcome;
    use crate::sync::Outcome;

    #[test]
    fn an_outcome_has_the_hosts_form() {
        let error = json!({"kind": "conflict", "message": "why", "provider_code": null, "http_status": null, "retry_after_ms": null});
        for (status, form) in
            [(Ok("c_1".to_owned()), json!({"ok": "c_1"})), (Err(Error::conflict("why")), json!({"error": error}))]
        {
            let outcome = ContactUpsertOutcome { key: "k".to_owned(), status: status.clone() };
            let json = json!({"key": "k", "status": form});
            assert_eq!(serde_json::to_value(&outcome).unwrap(), json);
            assert_eq!(serde_json::from_value::<ContactUpsertOutcome>(json).unwrap(), outcome);
            // Of a push, the host has it beside the reference.
            let outcome = Outcome { reference: "r".to_owned(), status };
            let mut json = form;
            json["reference"] = "r".into();
            assert_eq!(serde_json::to_value(&outcome).unwrap(), json);
            assert_eq!(serde_json::from_value::<Outcome>(json).unwrap(), outcome);
        }
    }
}
