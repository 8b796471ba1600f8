//! Calls that are accepted first and made later, alone and in batches: each is made once or taken
//! back, whatever happens in between.

mod batches;
mod cancel;
mod kills;
mod prefer;

use serde_json::{Value, json};

use crate::harness::client::Answer;
use crate::harness::story::payment;
use crate::harness::{Client, Story, eventually};

/// The header that asks not to wait.
const ASYNC: (&str, &str) = ("prefer", "respond-async");

impl Story {
    /// Asks for a payment and does not wait, with further headers.
    async fn pay_later(&self, wish: &str, headers: &[(&str, &str)]) -> Answer {
        let path = format!("/integrations/{}/execute", self.integration);
        let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment(wish) });
        self.tenant.post_with(&path, ask, &[&[ASYNC], headers].concat()).await
    }

    /// The same story with the server killed and started again.
    fn restarted(mut self) -> Self {
        self.server = self.server.kill_and_restart();
        self.tenant = self.tenant.moved_to(&self.server);
        self
    }
}

/// An execution once it has ended.
async fn ended(client: &Client, execution: &Value) -> Value {
    let path = format!("/executions/{}?wait=5", execution.as_str().unwrap());
    let over = async || {
        let record = client.get(&path).await.expect(200);
        (!matches!(record["outcome"].as_str().unwrap(), "queued" | "running")).then_some(record)
    };
    eventually("the end of a call", over).await
}

/// The events of a kind.
async fn told(client: &Client, kind: &str) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("/events?limit=200{cursor}")).await.expect(200);
        found.extend(page["items"].as_array().unwrap().iter().filter(|event| event["kind"] == kind).cloned());
        if page["more"] != true {
            return found;
        }
        cursor = format!("&cursor={}", page["cursor"].as_str().unwrap());
    }
}

/// How often the provider got a payment of this description.
fn sent(story: &Story, wish: &str) -> usize {
    let named = format!("description={wish}&");
    story.upstream.requests().iter().filter(|seen| format!("{}&", seen.body).contains(&named)).count()
}
