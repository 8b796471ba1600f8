//! A recorded call is played without the world: the same requests, clocks and random numbers.

use gatehouse_runtime::egress::SendError;
use gatehouse_runtime::{Answer, Player, Recorder, Tape};
use serde_json::{Value, json};

use crate::guest::{Script, call, misbehave_as, text};

async fn recorded(order: &Value) -> (Answer, gatehouse_domain::cassette::Effects) {
    let recorder = Recorder::new(1 << 20);
    let mut call = call(Script::ok("fine"));
    call.tape = Tape::Record(recorder.clone());
    let report = misbehave_as(call, order.clone()).await;
    (report.outcome, recorder.take().unwrap())
}

async fn played(order: &Value, effects: &gatehouse_domain::cassette::Effects) -> Answer {
    let mut call = call(Script::new(|_| Box::pin(async { Err(SendError::Timeout) })));
    call.tape = Tape::Play(Player::new(effects));
    misbehave_as(call, order.clone()).await.outcome
}

#[tokio::test]
async fn random_numbers_are_those_that_were_recorded() {
    let order = json!({ "behaviour": "random" });
    let (first, effects) = recorded(&order).await;
    let (second, _) = recorded(&order).await;
    assert_ne!(first, second, "recording takes nothing from chance");
    assert!(!effects.random.is_empty());
    for _ in 0..2 {
        assert_eq!(played(&order, &effects).await, first);
    }
}

#[tokio::test]
async fn clocks_say_what_they_said() {
    let order = json!({ "behaviour": "sleep", "count": 20 });
    let (first, effects) = recorded(&order).await;
    assert!(matches!(first, Answer::Ok(_)), "{first:?}");
    assert_eq!(played(&order, &effects).await, first);
    let context = json!({ "behaviour": "context" });
    let (said, effects) = recorded(&context).await;
    assert!(!effects.remaining_ms.is_empty());
    assert_eq!(played(&context, &effects).await, said);
}

#[tokio::test]
async fn requests_are_taken_down_with_their_answers() {
    let order = json!({ "behaviour": "send", "count": 3, "text": "/things" });
    let (_, effects) = recorded(&order).await;
    assert_eq!(effects.exchanges.len(), 3);
    let first = serde_json::to_value(&effects.exchanges[0]).unwrap();
    assert_eq!((&first["request"]["url"], &first["response"]["status"]), (&json!("/things"), &json!(200)));
    assert_eq!(first["response"]["body"]["text"], "fine");
    let report = misbehave_as(call(Script::ok("fine")), order).await;
    assert!(!text(&report).is_empty());
}

#[tokio::test]
async fn a_call_that_does_not_fit_the_tape_is_not_recorded_and_goes_on() {
    let recorder = Recorder::new(1_000);
    let mut call = call(Script::ok("a body of some length, three times over"));
    call.tape = Tape::Record(recorder.clone());
    let report = misbehave_as(call, json!({ "behaviour": "send", "count": 9, "text": "/things" })).await;
    assert!(!text(&report).is_empty());
    assert_eq!(recorder.take(), None);
}
