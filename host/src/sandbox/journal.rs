//! What arrived at the sandbox, told without a secret: names of headers and parameters, and
//! whether the credential was the right one.

use serde::Serialize;

/// One request that arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Arrival {
    /// The method.
    pub method: String,
    /// The path, without its query.
    pub path: String,
    /// The names of the query parameters, in order.
    pub query_names: Vec<String>,
    /// The names of the headers, in lower case and in order.
    pub header_names: Vec<String>,
    /// Whether it showed the credential.
    pub credential: Shown,
    /// The idempotency key, which is no secret.
    pub idempotency_key: Option<String>,
    /// Whether it repeated an earlier write, so that nothing was done again.
    pub repeated: bool,
    /// The fixture that it was answered from: `<function>/<case>`.
    pub case: Option<String>,
    /// The status that it was answered with; none where the answer was withheld.
    pub status: Option<u16>,
}

/// What a request showed of the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// The very secret that was expected.
    Expected,
    /// Another one.
    Different,
    /// None.
    Absent,
    /// The sandbox was not told which one to expect.
    NotChecked,
}
