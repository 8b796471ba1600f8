//! A gateway that misbehaves on request: each limit and each fence of the host has a
//! behaviour here that runs into it.
#![cfg(target_arch = "wasm32")]

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use exports::gatehouse::plugin::{backfill, connection, outcomes, registrations, sync, webhook};
use exports::test::hostile::probe::{Behaviour, Order};
use exports::test::hostile::{probe, shapes};
use gatehouse::plugin::types::{Account, Error, ErrorKind};
use gatehouse::plugin::{context, http, log};

wit_bindgen::generate!({
    path: ["../../../../../../wit/plugin@0.1.0", "wit"],
    world: "test:hostile/hostile",
    generate_all,
});

struct Hostile;

export!(Hostile);

impl probe::Guest for Hostile {
    fn misbehave(order: Order) -> Result<String, Error> {
        let count = order.count.unwrap_or(1);
        let text = order.text.unwrap_or_default();
        match order.behaviour {
            Behaviour::Echo => Ok(text),
            Behaviour::Refuse => Err(refusal(&text)),
            Behaviour::Count => Ok(counted()),
            Behaviour::Context => Ok(what_context_says()),
            Behaviour::Spin => spin(),
            Behaviour::SpinClock => loop {
                std::hint::black_box(Instant::now());
            },
            Behaviour::Sleep => {
                std::thread::sleep(Duration::from_millis(count));
                Ok("awake".to_owned())
            }
            Behaviour::Allocate => Ok(touched(count as usize).to_string()),
            Behaviour::Grow => Ok((0..count).map(|_| vec![1_u8; 1 << 20].leak().len()).sum::<usize>().to_string()),
            Behaviour::Recurse => Ok(recurse(count).to_string()),
            Behaviour::Log => logged(count, &text),
            Behaviour::LogOne => logged(1, &"x".repeat(count as usize)),
            Behaviour::Print => {
                (0..count).for_each(|_| println!("{text}"));
                Ok("printed".to_owned())
            }
            Behaviour::HostCalls => Ok((0..count).map(|_| context::attempt()).max().unwrap_or(0).to_string()),
            Behaviour::Send => Ok(sent(count, &text)),
            Behaviour::SendHeader => Ok(told(&http::send(&request(&text, &[("authorization", "mine")], &[])))),
            Behaviour::SendBytes => {
                let body = vec![b'x'; count as usize];
                let first = told(&http::send(&request("/upload", &[], &body)));
                let second = told(&http::send(&request("/upload", &[], &body)));
                Ok(format!("{first}, then {second}"))
            }
            Behaviour::Output => Ok("x".repeat(count as usize)),
            Behaviour::Panic => panic!("{text}"),
            Behaviour::Unreachable => core::arch::wasm32::unreachable(),
            Behaviour::Exit => std::process::exit(count as i32),
            Behaviour::LookAround => Ok(look_around()),
            Behaviour::Connect => Ok(format!("{:?}", std::net::TcpStream::connect("127.0.0.1:80").map(drop))),
            Behaviour::Random => Ok(RandomState::new().hash_one(1).to_string()),
        }
    }
}

impl shapes::Guest for Hostile {
    fn echo_everything(everything: shapes::Everything) -> shapes::Everything {
        everything
    }

    fn add_numbers(first_number: u32, second_number: Option<u32>) -> Result<u32, Error> {
        first_number.checked_add(second_number.unwrap_or(0)).ok_or_else(|| refusal("the sum is too large"))
    }

    fn do_nothing() {}

    fn not_a_number() -> f64 {
        f64::NAN
    }

    fn many_bytes(count: u32) -> Result<Vec<u8>, Error> {
        Ok(vec![7; count as usize])
    }
}

impl connection::Guest for Hostile {
    fn test() -> Result<Account, Error> {
        let answer = http::send(&request("/account", &[], &[]));
        match answer {
            Ok(response) if response.status == 200 => {
                let id = String::from_utf8_lossy(&response.body).into_owned();
                Ok(Account { id, display_name: None, live: false })
            }
            other => Err(refusal(&told(&other))),
        }
    }
}

impl sync::Guest for Hostile {
    fn pull(entity: String, cursor: Option<String>, limit: u32) -> Result<sync::Page, Error> {
        let record = sync::RecordData {
            id: format!("{entity}-{limit}"),
            updated_at_ms: None,
            deleted: false,
            data: r#"{"a":1}"#.to_owned(),
        };
        Ok(sync::Page { records: vec![record], cursor, complete: true })
    }

    fn push(entity: String, changes: Vec<sync::Change>) -> Result<Vec<sync::Outcome>, Error> {
        let outcome = |change: sync::Change| sync::Outcome {
            status: if change.deleted { Err(refusal(&entity)) } else { Ok(change.data) },
            reference: change.reference,
        };
        Ok(changes.into_iter().map(outcome).collect())
    }
}

impl outcomes::Guest for Hostile {
    /// The reference says what to find; any other text is the result of a write that was done.
    fn look_up(write: outcomes::Write) -> Result<outcomes::Finding, Error> {
        Ok(match write.reference.as_str() {
            "absent" => outcomes::Finding::Absent,
            "pending" => outcomes::Finding::Pending,
            "refused" => outcomes::Finding::Refused(refusal(&write.parameters)),
            "error" => return Err(refusal("no list")),
            result => outcomes::Finding::Done(result.to_owned()),
        })
    }
}

impl registrations::Guest for Hostile {
    fn list_registrations() -> Result<Vec<registrations::Registration>, Error> {
        Err(refusal("no list"))
    }

    fn register(url: String, events: Vec<String>) -> Result<Vec<registrations::Registration>, Error> {
        let one = |event| registrations::Registration {
            id: format!("reg {event}"),
            url: url.clone(),
            events: vec![event],
            active: true,
            expires_at_ms: Some(7),
        };
        Ok(events.into_iter().map(one).collect())
    }

    fn renew_registration(
        registration: registrations::Registration,
        events: Vec<String>,
    ) -> Result<registrations::Registration, Error> {
        Ok(registrations::Registration { events, active: !registration.active, expires_at_ms: None, ..registration })
    }

    fn unregister(id: String) -> Result<(), Error> {
        if id.is_empty() { Err(refusal("no id")) } else { Ok(()) }
    }
}

impl backfill::Guest for Hostile {
    /// Answers what it is asked; a list without a beginning is refused.
    fn list_events(since_ms: u64, events: Vec<String>, cursor: Option<String>) -> Result<backfill::EventPage, Error> {
        if since_ms == 0 {
            return Err(refusal("no list"));
        }
        let listed = |(at, event): (usize, String)| backfill::ListedEvent {
            id: format!("evt {event}"),
            occurred_at_ms: since_ms + at as u64,
            body: if at == 0 { event.into_bytes() } else { vec![0xff, at as u8] },
        };
        Ok(backfill::EventPage { events: events.into_iter().enumerate().map(listed).collect(), cursor })
    }
}

impl webhook::Guest for Hostile {
    fn parse(delivery: webhook::Delivery) -> Result<Vec<webhook::Event>, Error> {
        let event = webhook::Event {
            id: format!("{} bytes", delivery.body.len()),
            kind: "payment.succeeded".to_owned(),
            provider_kind: delivery.headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(","),
            occurred_at_ms: 5,
            subject: None,
            data: String::from_utf8_lossy(&delivery.body).into_owned(),
        };
        Ok(vec![event])
    }
}

fn refusal(message: &str) -> Error {
    Error {
        kind: ErrorKind::Declined,
        message: message.to_owned(),
        provider_code: Some("insufficient_funds".to_owned()),
        http_status: Some(402),
        retry_after_ms: None,
    }
}

fn counted() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    (COUNT.fetch_add(1, Ordering::Relaxed) + 1).to_string()
}

fn what_context_says() -> String {
    let account = context::account().map(|account| account.id).unwrap_or_default();
    let (key, attempt, settings) = (context::idempotency_key(), context::attempt(), context::settings());
    let in_time = context::remaining_ms() > 0;
    format!("{settings} {key} {attempt} {account} {in_time}")
}

fn spin() -> ! {
    let mut number = 0_u64;
    loop {
        number = std::hint::black_box(number.wrapping_mul(31).wrapping_add(7));
    }
}

fn touched(bytes: usize) -> usize {
    let block = vec![1_u8; bytes];
    std::hint::black_box(&block).len()
}

#[allow(unconditional_recursion, reason = "the host must end it")]
fn recurse(depth: u64) -> u64 {
    let block = std::hint::black_box([depth; 64]);
    recurse(depth + 1) + std::hint::black_box(block)[3]
}

fn logged(count: u64, text: &str) -> Result<String, Error> {
    for _ in 0..count {
        log::write(log::Level::Info, text, &[("name".to_owned(), "value".to_owned())]);
    }
    Ok("logged".to_owned())
}

fn sent(count: u64, url: &str) -> String {
    let mut last = "nothing sent".to_owned();
    for _ in 0..count {
        last = told(&http::send(&request(url, &[], &[])));
    }
    last
}

fn request(url: &str, headers: &[(&str, &str)], body: &[u8]) -> http::Request {
    http::Request {
        method: if body.is_empty() { http::Method::Get } else { http::Method::Post },
        url: url.to_owned(),
        query: Vec::new(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: if body.is_empty() { http::Body::Empty } else { http::Body::Bytes(body.to_vec()) },
        auth: None,
        idempotency_key: None,
    }
}

fn told(answer: &Result<http::Response, http::HttpError>) -> String {
    match answer {
        Ok(response) => format!("{} {}", response.status, String::from_utf8_lossy(&response.body)),
        Err(error) => format!("{error:?}"),
    }
}

fn look_around() -> String {
    let variables = std::env::vars().count();
    let arguments = std::env::args().count();
    let file = std::fs::read("/etc/passwd").map(|bytes| bytes.len()).map_err(|error| error.kind());
    let written = std::fs::write("/tmp/gatehouse-hostile", b"x").map_err(|error| error.kind());
    let listed = std::fs::read_dir("/").map(|entries| entries.count()).map_err(|error| error.kind());
    let any = file.is_ok() || written.is_ok() || listed.is_ok();
    format!("{variables} variables, {arguments} arguments, files: {any}")
}
