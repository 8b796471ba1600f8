//! The gateway for services without one: which function is answered where, and nothing else.
//!
//! It never sees a credential; the settings name which of the manifest's schemes the host applies.

mod api;
mod operation;
mod parameters;
mod template;

use gatehouse_sdk::automation::{operations as declared, triggers as hook};
use gatehouse_sdk::{Account, Result, connection as account};

/// The gateway.
pub struct Http;

impl account::Guest for Http {
    fn test() -> Result<Account> {
        api::test()
    }
}

impl declared::Guest for Http {
    fn list_operations() -> Result<declared::OperationsList> {
        operation::list()
    }

    fn read_operation(request: declared::OperationRequest) -> Result<declared::OperationAnswer> {
        api::read(&request)
    }

    fn call_operation(request: declared::OperationRequest) -> Result<declared::OperationAnswer> {
        api::call(&request)
    }
}

impl hook::Guest for Http {
    fn trigger_workflow(request: hook::TriggerRequest) -> Result<hook::Triggered> {
        api::trigger(&request)
    }
}

gatehouse_sdk::export_gateway!(Http: connection, operations, triggers);
