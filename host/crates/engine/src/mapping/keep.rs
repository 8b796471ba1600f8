//! What is kept of mappings: the one that is in use, and the versions before it. Saving makes a new
//! version; to go back, an old one is saved again.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_domain::id::{IntegrationId, KeyId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::mapping::{Mapping, RuleSet, Way};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::records::{MappingVersion, entity_prefix};
use gatehouse_store::{Page, Paged, Stored};
use schemars::JsonSchema;
use serde::Serialize;

use super::program::Program;
use crate::tag::IfMatch;
use crate::work::Work;
use crate::{Caller, Engine};

/// How many versions of a mapping are kept: the newest ones.
pub const KEPT_VERSIONS: u32 = 50;
/// The most mappings of one integration that a list holds: more entities than any gateway has.
const MOST_MAPPINGS: usize = 1_000;

/// A version of a mapping without what it says.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Brief {
    /// The entity, or the code of the capability.
    pub entity: String,
    /// Which version it is.
    pub version: u32,
    /// How many rules it has.
    pub rules: usize,
    /// When it was saved.
    #[schemars(with = "String")]
    pub saved_at: Timestamp,
    /// The key that saved it.
    pub saved_by: KeyId,
}

impl From<Mapping> for Brief {
    fn from(mapping: Mapping) -> Self {
        let Mapping { entity, version, rules, saved_at, saved_by, .. } = mapping;
        Self { entity, version, rules: rules.rules.len(), saved_at, saved_by }
    }
}

impl Engine {
    /// The mappings of an integration that are in use, by entity.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub async fn mappings(&self, by: &Caller, target: &str) -> Result<Vec<Brief>> {
        let integration = self.integration(by, target).await?.record;
        let scope = self.0.store.tenant(by.tenant()?);
        let found = scope.list_under::<Mapping>(&integration.id.to_bytes(), &Page::first(MOST_MAPPINGS)).await?;
        Ok(found.items.into_iter().map(Brief::from).collect())
    }

    /// The mapping of an entity or a capability that is in use.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub async fn mapping(&self, by: &Caller, target: &str, entity: &str) -> Result<Mapping> {
        let integration = self.integration(by, target).await?.record;
        self.must_map(&integration, entity).await?;
        let found = self.mapping_in_use(by.tenant()?, integration.id, entity).await?;
        found.map(|stored| stored.record).ok_or_else(|| Error::not_found("mapping", entity))
    }

    /// Versions of a mapping, newest first.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub async fn mapping_versions(&self, by: &Caller, target: &str, entity: &str, page: &Page) -> Result<Paged<Brief>> {
        let integration = self.integration(by, target).await?.record;
        self.must_map(&integration, entity).await?;
        let page = Page { reverse: true, ..page.clone() };
        let under = entity_prefix(integration.id, entity);
        let found = self.0.store.tenant(by.tenant()?).list_under::<MappingVersion>(&under, &page).await?;
        Ok(Paged { items: found.items.into_iter().map(|version| version.0.into()).collect(), next: found.next })
    }

    /// One version of a mapping.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub async fn mapping_version(&self, by: &Caller, target: &str, entity: &str, version: &str) -> Result<Mapping> {
        let integration = self.integration(by, target).await?.record;
        self.must_map(&integration, entity).await?;
        let found = match version.parse() {
            Ok(number) => self.kept_version(by.tenant()?, integration.id, entity, number).await?,
            Err(_) => None,
        };
        found.ok_or_else(|| Error::not_found("version", version))
    }

    /// Saves mappings, each as the next version of its own, all of them or none. What is saved again
    /// as it is makes no version.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] with everything that does not fit, by rule and path;
    /// [`ErrorKind::Stale`] where one was changed meanwhile; [`ErrorKind::NotFound`] for what is
    /// neither an entity nor a capability of the integration.
    pub async fn save_mappings(
        &self,
        by: &Caller,
        target: &str,
        sets: BTreeMap<String, RuleSet>,
        expected: &IfMatch,
    ) -> Result<Vec<Mapping>> {
        let tenant = by.tenant()?;
        let integration = self.integration(by, target).await?.record;
        let several = sets.len() > 1;
        let mut work = self.work(by);
        let (mut saved, mut problems) = (Vec::new(), Vec::new());
        for (entity, set) in sets {
            if let Err(error) = self.compile_checked(tenant, &integration, &entity, &set).await {
                if error.kind != ErrorKind::Invalid || !several {
                    return Err(error);
                }
                problems.extend(error.problems.into_iter().map(|mut problem| {
                    problem.path = problem.path.replacen('$', &format!("$.mappings.{entity}"), 1);
                    problem
                }));
                continue;
            }
            saved.push(self.save_one(&mut work, by, &integration, &entity, set, expected).await?);
        }
        if !problems.is_empty() {
            return Err(Error::problems("the mappings do not fit", problems));
        }
        work.commit().await.map_err(overtaken)?;
        Ok(saved)
    }

    async fn save_one(
        &self,
        work: &mut Work,
        by: &Caller,
        integration: &Integration,
        entity: &str,
        set: RuleSet,
        expected: &IfMatch,
    ) -> Result<Mapping> {
        let tenant = by.tenant()?;
        let before = self.mapping_in_use(tenant, integration.id, entity).await?;
        match &before {
            Some(before) => expected.check(&before.record)?,
            None if *expected != IfMatch::Anything => {
                let message = format!("there is no mapping `{entity}` yet; save it without `If-Match`");
                return Err(Error::new(ErrorKind::Stale, message));
            }
            None => {}
        }
        if let Some(same) = before.as_ref().filter(|before| before.rules == set) {
            return Ok(same.record.clone());
        }
        let version = before.as_ref().map_or(0, |before| before.version).saturating_add(1);
        let mapping = Mapping {
            integration: integration.id,
            entity: entity.to_owned(),
            version,
            rules: set,
            saved_at: self.now(),
            saved_by: by.key.id,
        };
        let mut scope = work.tenant(tenant);
        match &before {
            Some(before) => scope.replace(before, &mapping)?,
            None => scope.create(&mapping)?,
        }
        scope.create(&MappingVersion(mapping.clone()))?;
        if let Some(oldest) = version.checked_sub(KEPT_VERSIONS) {
            scope.delete::<MappingVersion>(&(integration.id, entity.to_owned(), oldest))?;
        }
        let target = format!("{}/{entity}", integration.id);
        work.audit("mapping.saved", target, before.as_ref().map(|before| &before.record), Some(&mapping))?;
        Ok(mapping)
    }

    /// Compiles a mapping and checks it against both schemas.
    pub(super) async fn compile_checked(
        &self,
        tenant: TenantId,
        integration: &Integration,
        entity: &str,
        set: &RuleSet,
    ) -> Result<Program> {
        self.must_map(integration, entity).await?;
        let program = Program::compile(set, &self.0.mapping.formulas)?;
        let mut problems = Vec::new();
        for way in Way::BOTH {
            let schemas = self.schemas_of(tenant, integration, entity, way).await?;
            problems.extend(program.misfits(way, &schemas));
        }
        problems.truncate(100);
        if problems.is_empty() { Ok(program) } else { Err(Error::problems("the mapping does not fit", problems)) }
    }

    /// Checks that there is an entity or a capability of that name.
    pub(super) async fn must_map(&self, integration: &Integration, entity: &str) -> Result<()> {
        let plugin = self.plugin(&integration.plugin).await?;
        if plugin.manifest().sync.contains_key(entity) || plugin.capability(entity).is_some() {
            return Ok(());
        }
        let message =
            format!("there is no entity and no capability `{entity}` of the integration `{}`", integration.id);
        Err(Error::new(ErrorKind::NotFound, message))
    }

    pub(crate) async fn mapping_in_use(
        &self,
        tenant: TenantId,
        integration: IntegrationId,
        entity: &str,
    ) -> Result<Option<Stored<Mapping>>> {
        self.0.store.tenant(tenant).get::<Mapping>(&(integration, entity.to_owned())).await
    }

    async fn kept_version(
        &self,
        tenant: TenantId,
        integration: IntegrationId,
        entity: &str,
        version: u32,
    ) -> Result<Option<Mapping>> {
        let key = (integration, entity.to_owned(), version);
        Ok(self.0.store.tenant(tenant).get::<MappingVersion>(&key).await?.map(|stored| stored.record.0))
    }

    /// A version of a mapping, compiled now or before.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for a version that is no longer kept.
    pub(crate) async fn program(
        &self,
        tenant: TenantId,
        integration: IntegrationId,
        entity: &str,
        version: u32,
    ) -> Result<Arc<Program>> {
        let key = (integration, entity.to_owned(), version);
        if let Some(known) = self.0.mapping.known(&key) {
            return Ok(known);
        }
        let found = self.kept_version(tenant, integration, entity, version).await?;
        let found = found.ok_or_else(|| {
            let message = format!("version {version} of the mapping `{entity}` is no longer kept; save a newer one");
            Error::new(ErrorKind::NotFound, message)
        })?;
        let program = Arc::new(Program::compile(&found.rules, &self.0.mapping.formulas)?);
        self.0.mapping.keep(key, &program);
        Ok(program)
    }
}

/// Somebody else saved one at the same moment.
fn overtaken(error: Error) -> Error {
    if error.kind != ErrorKind::Conflict {
        return error;
    }
    let message = "the mapping was changed meanwhile; read it again and retry";
    Error::new(ErrorKind::Stale, message).caused_by(error)
}
