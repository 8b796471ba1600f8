//! What we send is verified by the libraries that receivers use: those of Standard Webhooks and of
//! svix, in Python and in JavaScript. They know HMAC alone; Ed25519 is verified by Node's own.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::installed;
use crate::harness::receiver::Told;
use crate::subscriptions::{Stage, signed_with};

/// Reads a list of cases and says of each what each library says.
const PYTHON: &str = r#"
import json, sys
import standardwebhooks, svix.webhooks

def verifies(library, case):
    try:
        library.Webhook(case["secret"]).verify(case["body"], case["headers"])
        return True
    except (standardwebhooks.WebhookVerificationError, svix.webhooks.WebhookVerificationError):
        return False

print(json.dumps([[verifies(standardwebhooks, case), verifies(svix.webhooks, case)] for case in json.load(sys.stdin)]))
"#;

const NODE: &str = r#"
const { Webhook: Standard } = require("standardwebhooks");
const { Webhook: Svix } = require("svix");
const crypto = require("node:crypto");

const verifies = (make, { secret, headers, body }) => {
  try {
    make(secret).verify(body, headers);
    return true;
  } catch (error) {
    if (/Verification/.test(error.constructor.name + error.name)) return false;
    throw error;
  }
};
const ed25519 = ({ secret, headers, body }) => {
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), Buffer.from(secret.slice(5), "base64")]);
  const key = crypto.createPublicKey({ key: der, format: "der", type: "spki" });
  const content = Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
  const signatures = headers["webhook-signature"].split(" ").filter((entry) => entry.startsWith("v1a,"));
  return signatures.some((entry) => crypto.verify(null, content, key, Buffer.from(entry.slice(4), "base64")));
};
const judge = (one) =>
  one.secret.startsWith("whpk_")
    ? [ed25519(one)]
    : [verifies((secret) => new Standard(secret), one), verifies((secret) => new Svix(secret), one)];
console.log(JSON.stringify(JSON.parse(require("node:fs").readFileSync(0, "utf8")).map(judge)));
"#;

/// A request, what it is verified with, and whether it has to verify.
struct Case {
    told: Told,
    secret: String,
    good: bool,
}

impl Case {
    fn json(&self) -> Value {
        let body = String::from_utf8(self.told.body.clone()).unwrap();
        json!({ "secret": self.secret, "headers": self.told.headers, "body": body })
    }
}

fn ask(starter: &str, flag: &str, script: &str, cases: &[&Case]) {
    let Some(program) = installed(starter) else { return };
    let mut command = Command::new(program);
    let mut child = command
        .args([flag, script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let input = Value::from_iter(cases.iter().map(|case| case.json())).to_string();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{starter}: {}", String::from_utf8_lossy(&output.stderr));
    let verdicts: Vec<Vec<bool>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(verdicts.len(), cases.len());
    for (number, (case, verdict)) in cases.iter().zip(verdicts).enumerate() {
        let signature = &case.told.headers["webhook-signature"];
        assert!(
            !verdict.is_empty() && verdict.iter().all(|said| *said == case.good),
            "{starter}: case {number}: {verdict:?} {signature}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_libraries_of_receivers_verify_what_is_sent() {
    if ["python", "node"].into_iter().filter_map(installed).next().is_none() {
        return;
    }
    let stage = Stage::begin(&[50]).await;
    let made = stage.subscribe("/in", json!({})).await;
    let path = format!("/subscriptions/{}", made["id"].as_str().unwrap());
    let send = async |number: usize| {
        stage.tenant().post(&format!("{path}/test"), json!({})).await.expect(202);
        stage.told("/in", number).await.pop().unwrap()
    };
    let rotate = async |how: Value| stage.tenant().post(&format!("{path}/rotate-secret"), how).await.expect(200);
    let secret = |made: &Value, field: &str| made[field].as_str().unwrap().to_owned();
    let first = secret(&made, "secret");
    let alone = send(1).await;
    let second = secret(&rotate(json!({})).await, "secret");
    let both = send(2).await;
    let public = secret(&rotate(json!({ "signature": "v1a" })).await, "public_key");
    let mixed = send(3).await;
    let other = secret(&rotate(json!({ "signature": "v1a" })).await, "public_key");
    let twice = send(4).await;
    assert_eq!(signed_with(&twice, &second), 0);

    let mut touched = alone.clone();
    touched.body.push(b' ');
    let mut late = alone.clone();
    late.headers.insert("webhook-timestamp".to_owned(), "1700000000".to_owned());
    let case = |told: &Told, secret: &str, good: bool| Case { told: told.clone(), secret: secret.to_owned(), good };
    let cases = [
        case(&alone, &first, true),
        case(&alone, &second, false),
        case(&touched, &first, false),
        case(&late, &first, false),
        // While two secrets overlap, a receiver with either of them is served.
        case(&both, &first, true),
        case(&both, &second, true),
        case(&mixed, &second, true),
        case(&mixed, &first, false),
        case(&mixed, &public, true),
        case(&mixed, &other, false),
        case(&twice, &public, true),
        case(&twice, &other, true),
    ];
    let hmac: Vec<&Case> = cases.iter().filter(|case| case.secret.starts_with("whsec_")).collect();
    assert_eq!(hmac.len(), 8);
    ask("python", "-c", PYTHON, &hmac);
    ask("node", "-e", NODE, &cases.iter().collect::<Vec<_>>());
}
