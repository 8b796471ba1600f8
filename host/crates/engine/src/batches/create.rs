//! Keeping a batch: all of its calls, or none. What can be said of each without asking a provider
//! is said at once, with the place of every mistake.

use std::collections::HashMap;

use gatehouse_domain::batch::{Batch, Counts, Item};
use gatehouse_domain::id::{ExecutionId, IntegrationId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use serde_json::json;

use super::drive::new_job;
use super::{MOST, NewBatch, NewItem};
use crate::deferred::Wish;
use crate::execute::Ask;
use crate::rotation::guard_key;
use crate::routing::Wanted;
use crate::{Caller, Engine};

/// The longest reference, in bytes.
const LONGEST_REFERENCE: usize = 255;

/// The integrations that the items name, each looked up once.
type Named = HashMap<String, Integration>;

impl Engine {
    /// Accepts a batch. Its calls are made by a job, as the caller, each once.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] with the place of every item that does not fit,
    /// [`ErrorKind::Forbidden`] for a capability that the key may not call,
    /// [`ErrorKind::NotFound`] for an integration that does not exist for it.
    pub async fn create_batch(&self, by: &Caller, new: NewBatch) -> Result<Batch> {
        let tenant = by.tenant()?;
        self.check(by, &new).await?;
        let now = self.now();
        let total = u32::try_from(new.items.len()).unwrap_or(u32::MAX);
        let batch = Batch {
            id: self.new_id()?,
            actor: by.key.id,
            mode: new.mode,
            stop_on_error: new.stop_on_error,
            total,
            counts: Counts { queued: total, ..Counts::default() },
            created_at: now,
            cancelled_at: None,
            finished_at: None,
            moved_at: now,
        };
        let mut work = self.work(by);
        work.tenant(tenant).create(&batch)?;
        for (index, NewItem { wanted, reference }) in (0u32..).zip(new.items) {
            let execution: ExecutionId = self.new_id()?;
            let capability = wanted.capability.clone();
            let wish = Wish { direct: wanted.integration.is_some(), wanted };
            let call = self.seal_call(by, execution, &wish).await.map_err(|error| at(error, index as usize))?;
            if index == 0 {
                guard_key(work.change(), tenant, call.key_version)?;
            }
            work.tenant(tenant).create(&call)?;
            let item = Item { batch: batch.id, index, execution, capability, reference, refused: None };
            work.tenant(tenant).create(&item)?;
        }
        self.jobs().enqueue(&mut work.admin(), new_job(tenant, batch.id)?).await?;
        work.audit("batch.created", batch.id, None, Some(&json!({ "total": total, "mode": batch.mode })))?;
        work.commit().await?;
        Ok(batch)
    }

    async fn check(&self, by: &Caller, new: &NewBatch) -> Result<()> {
        if !(1..=MOST).contains(&new.items.len()) {
            let message = format!("has {} items; a batch takes 1 to {MOST}", new.items.len());
            return Err(Error::problems("the batch does not fit", vec![Problem::at("$.items", message)]));
        }
        let (mut problems, mut named) = (Vec::new(), Named::new());
        for (index, item) in new.items.iter().enumerate() {
            match self.check_item(by, item, &mut named).await {
                Ok(()) => {}
                Err(error) if error.kind == ErrorKind::Invalid => problems.extend(at(error, index).problems),
                Err(error) => return Err(at(error, index)),
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::problems("the batch does not fit", problems)) }
    }

    async fn check_item(&self, by: &Caller, item: &NewItem, named: &mut Named) -> Result<()> {
        let wanted = &item.wanted;
        if wanted.capability.is_empty() {
            return Err(wrong("$.capability", "must be a capability's code such as `PROCESS_PAYMENT`"));
        }
        let fits = |reference: &String| (1..=LONGEST_REFERENCE).contains(&reference.len());
        if !item.reference.as_ref().is_none_or(fits) {
            return Err(wrong("$.reference", &format!("must have 1 to {LONGEST_REFERENCE} bytes")));
        }
        by.must_cover_capability(&wanted.capability)?;
        let Some(name) = &wanted.integration else { return Ok(()) };
        if !named.contains_key(name) {
            named.insert(name.clone(), self.integration(by, name).await?.record);
        }
        let Some(integration) = named.get(name) else { return Ok(()) };
        self.check_call(by.tenant()?, integration, wanted).await
    }

    async fn check_call(&self, tenant: TenantId, integration: &Integration, wanted: &Wanted) -> Result<()> {
        let capability = wanted.capability.as_str();
        let plugin = self.plugin(&integration.plugin).await?;
        if !plugin.capabilities().iter().any(|served| served.code == capability) {
            let id: IntegrationId = integration.id;
            return Err(wrong("$.capability", &format!("the integration `{id}` does not serve `{capability}`")));
        }
        let parameters = wanted.parameters.clone();
        let mut ask =
            Ask { capability: capability.to_owned(), parameters, mapping: wanted.mapping.into(), ..Ask::default() };
        self.map_parameters(tenant, integration, &mut ask).await?;
        plugin.parse(capability, &ask.parameters).map(drop).map_err(|mut error| {
            for problem in &mut error.problems {
                problem.path = problem.path.replacen('$', "$.parameters", 1);
            }
            error
        })?;
        self.check_offered(&integration.provider, capability, &ask.parameters).await
    }
}

fn wrong(path: &str, message: &str) -> Error {
    Error::problems("the item does not fit", vec![Problem::at(path, message)])
}

/// The error with the item that it is about.
fn at(mut error: Error, index: usize) -> Error {
    let place = format!("$.items[{index}]");
    if error.problems.is_empty() {
        error.problems.push(Problem::at("$", error.message.clone()));
    }
    for problem in &mut error.problems {
        problem.path = problem.path.replacen('$', &place, 1);
    }
    error
}
