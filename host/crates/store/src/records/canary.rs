//! Canaries: one for each plugin of a tenant, the last.

use gatehouse_domain::canary::Canary;

use crate::record::{Kind, Record, TenantRecord};

impl Record for Canary {
    const KIND: Kind = Kind::Canary;
    const SCHEMA: u8 = 1;
    type Id = String;
    fn id(&self) -> String {
        self.to.id.clone()
    }
}
impl TenantRecord for Canary {}
