//! What a mapping would make of a real record, rule by rule. Nothing is stored and nobody is asked.

use gatehouse_domain::id::TenantId;
use gatehouse_domain::integration::Integration;
use gatehouse_domain::mapping::{RuleSet, Way};
use gatehouse_domain::sync::SyncedRecord;
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use gatehouse_store::Page;
use gatehouse_store::records::entity_prefix;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::program::Program;
use super::run::Trace;
use crate::{Caller, Engine};

/// How many stored records are looked through for the newest.
const LOOKED_AT: usize = 1_000;

/// A preview that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The entity, or the code of a capability.
    pub entity: String,
    /// Which way; in where absent.
    #[serde(default = "inward")]
    pub direction: Way,
    /// The mapping; the one that is in use where absent. It is checked as when it is saved.
    #[serde(default)]
    pub mapping: Option<RuleSet>,
    /// The record, in the shape of the side that it comes from. Where absent, the newest one that
    /// was synchronised: on the way in as the provider sent it, on the way out as it is kept.
    #[serde(default)]
    pub record: Option<Map<String, Value>>,
}

/// What a mapping would make of a record.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Preview {
    /// The entity, or the code of the capability.
    pub entity: String,
    /// Which way.
    pub direction: Way,
    /// The version that is in use, where that was taken.
    pub version: Option<u32>,
    /// The id of the record that was taken, where none was given.
    pub record: Option<String>,
    /// What came of it; absent where the record fails.
    pub data: Option<Map<String, Value>>,
    /// What each rule of this way did.
    pub rules: Vec<Ruled>,
    /// Where what came of it does not fit the schema of the side that it goes to.
    pub problems: Vec<Problem>,
}

/// What one rule did.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Ruled {
    /// Which rule, from 0.
    pub rule: usize,
    /// Its kind: direct, lookup, formula or constant.
    pub kind: &'static str,
    /// Where it reads.
    pub reads: Option<String>,
    /// Where it writes.
    pub writes: String,
    /// The values before and after.
    pub data: Values,
    /// Why the record fails at it.
    pub error: Option<String>,
}

/// The values of a rule: one, or one an item where it goes through a list; at most 20 are shown.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Values {
    /// What was read; none where nothing was there.
    pub before: Vec<Value>,
    /// What was written.
    pub after: Vec<Value>,
}

/// What is told of a problem to a caller that may not see records.
const HIDDEN: &str = "the record does not fit; a key with payloads:read is told why";

impl Engine {
    /// Shows what a mapping would make of a record.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a mapping that could not be saved, with its places below
    /// `$.mapping`; [`ErrorKind::NotFound`] where there is no mapping; [`ErrorKind::Conflict`]
    /// where no record is given and none is known.
    pub async fn preview_mapping(&self, by: &Caller, target: &str, ask: Ask) -> Result<Preview> {
        let tenant = by.tenant()?;
        let integration = self.integration(by, target).await?.record;
        let Ask { entity, direction, mapping, record } = ask;
        let (version, program) = self.program_for(tenant, &integration, &entity, mapping).await?;
        let (id, record) = match record {
            Some(record) => (None, record),
            None => self.newest(tenant, &integration, &entity, direction).await?,
        };
        let settings = self.settings_in_force(tenant, &integration).await?;
        let (made, traces) = program.show(direction, &record, &settings);
        let (data, mut problems) = match made {
            Ok(data) => (Some(data), Vec::new()),
            // What a rule said stands with the rule.
            Err(error) if !error.problems.is_empty() => (None, Vec::new()),
            Err(error) => (None, vec![Problem::at("$", error.message)]),
        };
        if let (Some(data), true) = (&data, program.goes(direction)) {
            let schemas = self.schemas_of(tenant, &integration, &entity, direction).await?;
            problems.extend(schemas.target.as_deref().map(|schema| misfits(schema, data)).into_iter().flatten());
        }
        // What is wrong with a record that is kept names its values.
        let hidden = id.is_some() && !by.sees_payloads();
        let shown = |text: String| if hidden { HIDDEN.to_owned() } else { text };
        let problems =
            problems.into_iter().map(|problem| Problem { message: shown(problem.message), ..problem }).collect();
        let rules = program.lines(direction).iter().zip(traces).map(|(line, trace)| {
            let Trace { before, after, error } = trace;
            let error = error.map(shown);
            let reads = line.source.as_ref().map(|place| place.text.clone());
            let writes = line.target.text.clone();
            Ruled { rule: line.rule, kind: line.kind, reads, writes, data: Values { before, after }, error }
        });
        Ok(Preview { entity, direction, version, record: id, data, rules: rules.collect(), problems })
    }

    async fn program_for(
        &self,
        tenant: TenantId,
        integration: &Integration,
        entity: &str,
        given: Option<RuleSet>,
    ) -> Result<(Option<u32>, std::sync::Arc<Program>)> {
        if let Some(set) = given {
            let compiled = self.compile_checked(tenant, integration, entity, &set).await;
            let program = compiled.map_err(|mut error| {
                for problem in &mut error.problems {
                    problem.path = problem.path.replacen('$', "$.mapping", 1);
                }
                error
            })?;
            return Ok((None, program.into()));
        }
        self.must_map(integration, entity).await?;
        let Some(stored) = self.mapping_in_use(tenant, integration.id, entity).await? else {
            return Err(Error::not_found("mapping", entity));
        };
        let program = self.program(tenant, integration.id, entity, stored.version).await?;
        Ok((Some(stored.version), program))
    }

    /// The newest record of an entity, as the side has it that it comes from.
    async fn newest(
        &self,
        tenant: TenantId,
        integration: &Integration,
        entity: &str,
        way: Way,
    ) -> Result<(Option<String>, Map<String, Value>)> {
        if way == Way::In
            && let Some(sample) = self.shape_of(tenant, integration, entity, way).await?.and_then(|shape| shape.sample)
        {
            return Ok((Some(sample.record), sample.data));
        }
        let under = entity_prefix(integration.id, entity);
        let scope = self.0.store.tenant(tenant);
        let found = scope.list_stored::<SyncedRecord>(&under, &Page::first(LOOKED_AT)).await?;
        let newest = found.items.into_iter().filter(|one| !one.deleted).max_by_key(|one| one.seq);
        let newest = newest.ok_or_else(|| {
            let message = format!("no record of `{entity}` is known to preview with; send one as `record`");
            Error::new(ErrorKind::Conflict, message)
        })?;
        Ok((Some(newest.record.id), newest.record.data))
    }
}

fn inward() -> Way {
    Way::In
}

/// Where a record does not fit a schema, without its values.
fn misfits(schema: &Value, data: &Map<String, Value>) -> Vec<Problem> {
    let Ok(validator) = jsonschema::draft202012::new(schema) else { return Vec::new() };
    let data = Value::Object(data.clone());
    let problem = |error: jsonschema::ValidationError<'_>| {
        Problem::at(format!("${}", error.instance_path().to_string().replace('/', ".")), error.masked().to_string())
    };
    validator.iter_errors(&data).take(100).map(problem).collect()
}
