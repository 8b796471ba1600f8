//! Mappings in calls: the parameters pass through on their way out, the result on its way in. The
//! record of a call holds the parameters that the gateway was given.

use gatehouse_domain::execution::{Execution, Mapped};
use gatehouse_domain::id::TenantId;
use gatehouse_domain::integration::Integration;
use gatehouse_domain::mapping::{Calls, Way};
use gatehouse_domain::{Error, Result};
use serde_json::Value;

use crate::Engine;
use crate::execute::Ask;

/// Whether a call goes through the mapping of its capability.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Through {
    /// Where the mapping says so.
    #[default]
    AsSaved,
    /// It does, or it does not.
    Asked(bool),
    /// Its parameters went through this version before; its result has yet to.
    Already(u32),
}

impl From<Option<bool>> for Through {
    fn from(asked: Option<bool>) -> Self {
        asked.map_or(Self::AsSaved, Self::Asked)
    }
}

impl Engine {
    /// Brings the parameters of a call into the shape that its gateway takes, if it goes through
    /// a mapping, and notes in it which.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] for parameters that do not fit, with the rules below `$.mapping`, and
    /// where a mapping is asked for that is not there.
    pub(crate) async fn map_parameters(
        &self,
        tenant: TenantId,
        integration: &Integration,
        ask: &mut Ask,
    ) -> Result<()> {
        let code = ask.capability.as_str();
        let version = match ask.mapping {
            Through::Asked(false) => return Ok(()),
            Through::Already(version) => {
                ask.mapped = Some(version);
                return Ok(());
            }
            Through::AsSaved | Through::Asked(true) => {
                let stored = self.mapping_in_use(tenant, integration.id, code).await?;
                let asked = ask.mapping == Through::Asked(true);
                match stored {
                    Some(stored) if asked || stored.rules.calls == Calls::Always => stored.version,
                    None if asked => {
                        let message = format!("there is no mapping of `{code}`; save one, or leave `mapping` out");
                        return Err(Error::invalid("the call can not be mapped").at("$.mapping", message));
                    }
                    _ => return Ok(()),
                }
            }
        };
        let program = self.program(tenant, integration.id, code, version).await?;
        ask.mapped = Some(version);
        let Value::Object(given) = &ask.parameters else { return Ok(()) };
        if !program.goes(Way::Out) {
            return Ok(());
        }
        let settings = self.settings_in_force(tenant, integration).await?;
        let mapped = program.run(Way::Out, given, &settings).map_err(|mut error| {
            for problem in &mut error.problems {
                problem.path = problem.path.replacen('$', "$.mapping", 1);
            }
            error
        })?;
        ask.given = Some(std::mem::replace(&mut ask.parameters, Value::Object(mapped)));
        Ok(())
    }

    /// Brings the result of a call into the host app's shape, by the version that its parameters
    /// went through. What was done is not undone by a result that does not fit: it stays as it is
    /// then, and the record says why.
    pub(crate) async fn map_result(&self, execution: &mut Execution) {
        let (Some(used), Some(Value::Object(_))) = (&execution.mapping, &execution.result) else { return };
        let version = used.version;
        match self.mapped_result(execution, version).await {
            Ok(Some(mapped)) => execution.result = Some(mapped),
            Ok(None) => {}
            Err(error) => execution.mapping = Some(Mapped { version, problem: Some(error.message) }),
        }
    }

    async fn mapped_result(&self, execution: &Execution, version: u32) -> Result<Option<Value>> {
        let Some(Value::Object(result)) = &execution.result else { return Ok(None) };
        let (tenant, id) = (execution.tenant, execution.integration);
        let program = self.program(tenant, id, &execution.capability, version).await?;
        if !program.goes(Way::In) {
            return Ok(None);
        }
        let integration = self.0.store.tenant(tenant).get::<Integration>(&id).await?;
        let integration = integration.ok_or_else(|| Error::not_found("integration", id))?;
        let settings = self.settings_in_force(tenant, &integration).await?;
        program.run(Way::In, result, &settings).map(|mapped| Some(Value::Object(mapped)))
    }
}
