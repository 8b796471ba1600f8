//! What a circuit that opens or closes means for the integration's record: its status, its last
//! error, and the event that tells of it.

use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::status::Signal;
use gatehouse_domain::integration::{Integration, IntegrationStatus};
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_runtime::Answer;

use crate::Engine;
use crate::resilience::{Circuit, Transition};

/// How often it is tried against other writers of the record.
const TRIES: usize = 4;

impl Engine {
    /// Tells of what an attempt did to the circuit. The call goes on whatever becomes of this.
    pub(crate) async fn tell_of_circuit(
        &self,
        tenant: TenantId,
        integration: &Integration,
        change: Option<Transition>,
        answer: &Answer,
    ) {
        if let Some(change) = &change {
            let to = if change.circuit == Circuit::Closed { "closed" } else { "open" };
            self.0.metrics.circuits.turned(integration.provider.as_str(), to);
        }
        let signal = match change {
            Some(Transition { circuit: Circuit::Closed, .. }) => Some((Signal::CircuitClosed, None)),
            Some(Transition { why, .. }) => Some((Signal::CircuitOpened, why)),
            // A restart forgets circuits, not statuses: a call that works sets that right.
            None if self.is_stale(integration, answer) => Some((Signal::CircuitClosed, None)),
            None => None,
        };
        let Some((signal, why)) = signal else { return };
        if let Err(error) = self.move_by_circuit(tenant, integration.id, signal, why).await {
            tracing::warn!(%error, integration.id = %integration.id, "the status could not follow the circuit");
        }
    }

    fn is_stale(&self, integration: &Integration, answer: &Answer) -> bool {
        let worked = matches!(answer, Answer::Ok(_)) && integration.status == IntegrationStatus::Degraded;
        worked && self.0.resilience.standing(integration.id, self.now()).circuit == Circuit::Closed
    }

    async fn move_by_circuit(
        &self,
        tenant: TenantId,
        id: IntegrationId,
        signal: Signal,
        why: Option<String>,
    ) -> Result<()> {
        for _ in 0..TRIES {
            let Some(stored) = self.0.store.tenant(tenant).get::<Integration>(&id).await? else { return Ok(()) };
            let mut next = stored.record.clone();
            next.status = next.status.after(signal);
            if let Some(why) = &why {
                next.health.last_error = Some(format!("the provider fails too often: {why}"));
                next.health.last_error_at = Some(self.now());
            }
            if next.status == stored.status && why.is_none() {
                return Ok(());
            }
            let mut work = self.own_work(Some(tenant));
            work.tenant(tenant).replace(&stored, &next)?;
            if next.status != stored.status {
                work.audit("integration.moved", id, Some(&stored.record), Some(&next))?;
            }
            work.tell_of_move(tenant, &stored, &next)?;
            match work.commit().await {
                Err(error) if error.kind == ErrorKind::Conflict => {}
                outcome => return outcome,
            }
        }
        Ok(())
    }
}
