//! Capabilities: callable actions of a provider, read from a compiled component.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether calling a capability can change something at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Only looks; the broker lets nothing but safe methods (RFC 9110 §9.2.1) through.
    Read,
    /// May change something; its outcome can be unknown.
    #[default]
    Write,
}

/// One callable action: an exported function outside `gatehouse:plugin`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Capability {
    /// `PROCESS_PAYMENT` for the function `process-payment`.
    pub code: String,
    /// The exported interface, such as `gatehouse:payments/charges@0.1.0`.
    pub interface: String,
    /// The function's name in WIT.
    pub function: String,
    /// The function's documentation.
    pub description: String,
    /// Whether it can change something at the provider.
    pub effect: Effect,
    /// JSON Schema (draft 2020-12) of the parameters.
    pub parameters_schema: serde_json::Value,
    /// JSON Schema (draft 2020-12) of the result.
    pub result_schema: serde_json::Value,
}

/// The code of a WIT function: `process-payment` gives `PROCESS_PAYMENT`.
pub fn code_of(function: &str) -> String {
    function.replace('-', "_").to_ascii_uppercase()
}

/// A WIT name as JSON has it: `minor-units` gives `minor_units`.
pub fn json_name(wit: &str) -> String {
    wit.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_upper_snake_case() {
        assert_eq!(code_of("process-payment"), "PROCESS_PAYMENT");
        assert_eq!(json_name("created-at-ms"), "created_at_ms");
    }
}
