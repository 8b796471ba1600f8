//! Holding a call to what an operator says of its capability: switched off, or with a narrower
//! schema. Schemas are compiled once a change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Problem, Result};
use jsonschema::Validator;
use serde_json::Value;

use crate::{Engine, schema};

/// Compiled schemas with the time of the change that they are of. As many as operators made.
pub(crate) type Narrowed = Mutex<HashMap<(String, String), (Timestamp, Arc<Validator>)>>;

impl Engine {
    /// Refuses a call that the operator does not let through.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`] for a capability that is switched off,
    /// [`gatehouse_domain::ErrorKind::Invalid`] with the JSON path of what does not fit.
    pub(crate) async fn check_offered(&self, provider: &str, code: &str, parameters: &Value) -> Result<()> {
        let Some(says) = self.override_of(provider, code).await? else { return Ok(()) };
        if !says.enabled {
            return Err(Error::conflict(format!("the capability `{code}` of `{provider}` is switched off")));
        }
        let Some(asked) = &says.parameters_schema else { return Ok(()) };
        let validator = self.validator(provider, code, says.updated_at, asked)?;
        let message = format!("the parameters do not fit what is asked of `{code}` here");
        schema::judge(&validator, parameters, "$.parameters", message)
    }

    /// Whether the operator has switched a capability off.
    ///
    /// # Errors
    /// Whatever the store says.
    pub(crate) async fn is_switched_off(&self, provider: &str, code: &str) -> Result<bool> {
        Ok(self.override_of(provider, code).await?.is_some_and(|says| !says.enabled))
    }

    fn validator(&self, provider: &str, code: &str, of: Timestamp, asked: &Value) -> Result<Arc<Validator>> {
        let key = (provider.to_owned(), code.to_owned());
        let mut known = self.0.narrowed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, validator)) = known.get(&key).filter(|(at, _)| *at == of) {
            return Ok(Arc::clone(validator));
        }
        let validator = Arc::new(compile(asked)?);
        known.insert(key, (of, Arc::clone(&validator)));
        Ok(validator)
    }
}

/// Refuses what is no JSON Schema of an object.
pub(super) fn check_schema(asked: Option<&Value>) -> Result<()> {
    let Some(asked) = asked else { return Ok(()) };
    if !asked.is_object() {
        return Err(refused("is not a JSON Schema: it must be an object".to_owned()));
    }
    compile(asked).map(|_| ())
}

fn compile(asked: &Value) -> Result<Validator> {
    jsonschema::draft202012::new(asked).map_err(|error| refused(format!("is not a JSON Schema: {error}")))
}

fn refused(message: String) -> Error {
    Error::problems("the capability does not fit", vec![Problem::at("$.parameters_schema", message)])
}
