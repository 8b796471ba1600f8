//! Version numbers that say something else than the version does are refused.

use serde_json::json;

use super::{adds, breaks, build, publish, publish_with};
use crate::harness::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lying_version_is_refused_with_the_field_and_the_honest_number() {
    let server = Server::start(&[]);
    publish(&server, "1.0.0").await;
    let operator = server.operator();
    let refuse = async |version: &str, change: fn(&mut _), texts: &[&str]| {
        let answer = operator.post_bytes("/plugins", build(version, change), &[]).await;
        let problem = answer.expect_problem(422, "is not what it says").to_string();
        for text in texts {
            assert!(problem.contains(text), "no {text} in {problem}");
        }
    };
    refuse("1.0.1", adds, &["settings.nickname", "is new", "honest is 1.1.0"]).await;
    refuse("1.1.0", breaks, &["webhook.events", "customer.deleted", "honest is 2.0.0"]).await;
    publish_with(&server, "1.1.0", adds).await;
    publish_with(&server, "2.0.0", breaks).await;
    refuse("1.2.0", breaks, &["honest is 2.0.1"]).await;
    // It lacks what the one above it had not added yet, and that is fine; to have more is not.
    publish(&server, "1.0.1").await;
    refuse("1.0.2", adds, &["honest is 1.1.1"]).await;

    let compared = operator.get("/plugins/stripe/compatibility?from=1.0.0&to=2.0.0").await.expect(200);
    assert_eq!(compared["class"], "breaking");
    let event = json!({ "class": "breaking", "path": "webhook.events", "message": "`customer.deleted` is no longer understood" });
    assert_eq!(compared["differences"][0], event);
    let same = operator.get("/plugins/stripe/compatibility?from=1.0.0&to=1.0.1").await.expect(200);
    assert_eq!((&same["class"], &same["differences"]), (&json!("patch"), &json!([])));
    operator.get("/plugins/stripe/compatibility?from=1&to=2.0.0").await.expect_problem(422, "?from");
    operator.get("/plugins/stripe/compatibility?from=1.0.0&to=9.0.0").await.expect_problem(404, "stripe@9.0.0");
}
