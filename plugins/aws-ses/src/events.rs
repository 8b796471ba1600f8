//! The events of SES in our words, as SNS brings them: a notification whose message is the event. The host has verified
//! it and answered the confirmation of the subscription.
//!
//! Nothing is lost: what is not ours is passed on as `provider.event` with what was sent.

use gatehouse_sdk::json::{self, Fields, Object, Value};
use gatehouse_sdk::webhook::Event;
use gatehouse_sdk::{Error, Result, time};

/// A kind of event: SES's name, ours, the part of the event that it is about, and where its receivers are.
type Kind = (&'static str, &'static str, &'static str, Receivers);

/// Where the receivers of an event are.
#[derive(Clone, Copy)]
enum Receivers {
    /// In the mail: the event is about all of them.
    OfMail,
    /// In a list of addresses.
    Addresses(&'static str),
    /// In a list of objects.
    Objects(&'static str),
}

const KINDS: [Kind; 10] = [
    ("Send", "processed", "send", Receivers::OfMail),
    ("Delivery", "delivered", "delivery", Receivers::Addresses("recipients")),
    ("Bounce", "bounced", "bounce", Receivers::Objects("bouncedRecipients")),
    ("Complaint", "complained", "complaint", Receivers::Objects("complainedRecipients")),
    ("Reject", "dropped", "reject", Receivers::OfMail),
    ("Rendering Failure", "dropped", "failure", Receivers::OfMail),
    ("Open", "opened", "open", Receivers::OfMail),
    ("Click", "clicked", "click", Receivers::OfMail),
    ("DeliveryDelay", "deferred", "deliveryDelay", Receivers::Objects("delayedRecipients")),
    ("Subscription", "unsubscribed", "subscription", Receivers::OfMail),
];

/// What is the same for all events of one notification.
struct Notification {
    id: String,
    message: String,
    at_ms: Option<u64>,
    /// What SNS itself calls it.
    of_type: String,
}

/// Reads the events of a notification: one for each receiver.
pub(crate) fn parse(body: &[u8]) -> Result<Vec<Event>> {
    let wrong = |problem: &dyn core::fmt::Display| {
        Error::invalid_input(format!("the delivery is no notification of sns: {problem}"))
    };
    let document = json::document(body).map_err(|problem| wrong(&problem))?;
    let told = json::read_value(&document, |told| Notification {
        id: told.text("MessageId"),
        message: told.text("Message"),
        at_ms: told.str_some("Timestamp").and_then(time::parse_rfc3339),
        of_type: told.text("Type"),
    });
    let told = told.map_err(|problem| wrong(&problem))?;
    let Some(event) = json::document(told.message.as_bytes()).ok().filter(Value::is_object) else {
        // Such as the text by which SES tries a topic.
        return Ok(vec![other(&told, &told.of_type, Object::of(&document))]);
    };
    // Events of a configuration set have the first, the feedback of an identity has the second.
    let kind = event.get("eventType").or_else(|| event.get("notificationType")).and_then(Value::as_str);
    let kind = kind.unwrap_or("unknown");
    let known = KINDS.iter().find(|(name, ..)| *name == kind);
    let normal = known.and_then(|known| json::read_value(&event, |event| normal(event, known, &told)).ok());
    Ok(normal.filter(|events| !events.is_empty()).unwrap_or_else(|| vec![other(&told, kind, Object::of(&event))]))
}

/// An event that is not ours, or not of the shape that it should have.
fn other(told: &Notification, kind: &str, data: Object) -> Event {
    Event {
        id: told.id.clone(),
        kind: "provider.event".to_owned(),
        provider_kind: kind.to_owned(),
        occurred_at_ms: told.at_ms.unwrap_or_default(),
        subject: None,
        data: data.to_string(),
    }
}

fn normal(event: &Fields<'_>, (kind, ours, part, place): &Kind, told: &Notification) -> Vec<Event> {
    let mail = event.inner("mail", |mail| {
        let to: Vec<String> = mail.items("destination").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        (mail.text("messageId"), to, mail.get("tags").map(tags), moment(mail))
    });
    let Some((id, to, tags, sent_at_ms)) = mail else {
        event.wrong("mail", "is missing");
        return Vec::new();
    };
    let about = event.inner(part, |about| (common(about, &id, tags.clone()), receivers(about, *place), moment(about)));
    let (data, named, at_ms) = about.unwrap_or_else(|| (Object::new().set("id", id.as_str()), None, None));
    let receivers = named.unwrap_or_else(|| to.into_iter().map(|email| Object::new().set("email", email)).collect());
    let many = receivers.len() > 1;
    let of_one = |(index, receiver): (usize, Object)| Event {
        // Each receiver's event needs an id of its own, the same when the notification is repeated.
        id: if many { format!("{}/{index}", told.id) } else { told.id.clone() },
        kind: format!("email.{ours}"),
        provider_kind: (*kind).to_owned(),
        occurred_at_ms: at_ms.or(told.at_ms).or(sent_at_ms).unwrap_or_default(),
        subject: Some(id.clone()),
        data: merged(data.clone(), receiver).to_string(),
    };
    receivers.into_iter().enumerate().map(of_one).collect()
}

fn moment(of: &Fields<'_>) -> Option<u64> {
    of.str_some("timestamp").and_then(time::parse_rfc3339)
}

/// What an event says of all its receivers.
fn common(about: &Fields<'_>, id: &str, tags: Option<Object>) -> Object {
    let reason = about.str_some("reason").or_else(|| about.str_some("errorMessage"));
    let reason = reason.or_else(|| about.str_some("smtpResponse"));
    let classification = match (about.str_some("bounceType"), about.str_some("bounceSubType")) {
        (Some(kind), Some(more)) => Some(format!("{kind}/{more}")),
        (kind, _) => kind.map(str::to_owned),
    };
    let classification =
        classification.or_else(|| about.text_some("complaintFeedbackType")).or_else(|| about.text_some("delayType"));
    Object::new()
        .set("id", id)
        .set_some("reason", reason)
        .set_some("classification", classification)
        .set_some("url", about.str_some("link"))
        .set_some("ip", about.str_some("ipAddress"))
        .set_some("user_agent", about.str_some("userAgent"))
        .set_some("tags", tags.filter(|tags| !tags.is_empty()))
}

/// The receivers that the event names itself.
fn receivers(about: &Fields<'_>, place: Receivers) -> Option<Vec<Object>> {
    match place {
        Receivers::OfMail => None,
        Receivers::Addresses(list) => {
            let all = about.items(list).iter().filter_map(Value::as_str);
            Some(all.map(|email| Object::new().set("email", email)).collect())
        }
        Receivers::Objects(list) => Some(about.each(list, |receiver| {
            Object::new()
                .set("email", receiver.text("emailAddress"))
                .set_some("reason", receiver.str_some("diagnosticCode"))
                .set_some("status", receiver.str_some("status"))
        })),
    }
}

/// The caller's own tags, each of which SES has in a list; its own begin with `ses:`.
fn tags(given: &Value) -> Object {
    let mut tags = Object::new();
    for (name, values) in given.as_object().into_iter().flatten().filter(|(name, _)| !name.starts_with("ses:")) {
        let first = values.as_array().and_then(|values| values.first()).and_then(Value::as_str);
        tags = tags.set_some(name, first);
    }
    tags
}

/// Both, the second where both have a field.
fn merged(first: Object, second: Object) -> Object {
    let mut all = first;
    for (name, value) in Value::from(second).as_object().into_iter().flatten() {
        all = all.set(name, value.clone());
    }
    all
}
