//! Stripe's page of a list. The cursor after it is the id of its last object.

use gatehouse_sdk::Result;
use gatehouse_sdk::http::Response;
use gatehouse_sdk::json::{self, Fields, Value};
use serde::Deserialize;

/// The most that Stripe puts on a page.
pub(crate) const LARGEST: u32 = 100;

const MISSHAPED: &str = "the provider's answer does not have the expected shape: data: ";

/// A page of a list.
#[derive(Deserialize)]
pub(crate) struct Page {
    pub(crate) data: Vec<Value>,
    #[serde(default)]
    has_more: bool,
}

impl Page {
    /// The page in an answer.
    #[inline(never)]
    pub(crate) fn of(response: &Response) -> Result<Self> {
        response.json()
    }

    /// What `with` reads of each object in an answer, and where the next page begins.
    pub(crate) fn each<T>(response: &Response, with: impl Fn(&Fields<'_>) -> T) -> Result<(Vec<T>, Option<String>)> {
        let page = Self::of(response)?;
        let mut found = Vec::new();
        for object in &page.data {
            let read = json::read_value(object, &with);
            found.push(read.map_err(|problem| response.senseless(format!("{MISSHAPED}{problem}")))?);
        }
        Ok((found, page.next()))
    }

    /// Where the next page begins; `None` after the last one.
    pub(crate) fn next(&self) -> Option<String> {
        self.data.last().filter(|_| self.has_more)?.get("id")?.as_str().map(str::to_owned)
    }
}
