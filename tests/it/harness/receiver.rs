//! A host app that is told of events, and answers as a test wants: well, badly, or not at all. It
//! speaks HTTP by hand, as most of what it does no server library would do.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ring::digest::{SHA256, digest};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The largest request.
const LARGEST: usize = 1 << 20;

/// The receiver. It stops when it is dropped.
pub(crate) struct Receiver {
    pub(crate) origin: String,
    state: Arc<Mutex<Known>>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Known {
    replies: HashMap<String, VecDeque<Reply>>,
    seen: Vec<Told>,
    /// Where it answers by chance, what that follows from.
    chance: Option<Chance>,
    heard: HashMap<String, Heard>,
}

/// A receiver that fails by chance keeps counts in place of requests.
#[derive(Debug, Clone, Copy)]
struct Chance {
    seed: u64,
    /// Of a hundred requests, how many fail.
    percent: u64,
}

/// What was heard under one id.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Heard {
    /// How many requests.
    pub(crate) requests: u64,
    /// How many of them were answered with 200.
    pub(crate) taken: u64,
}

/// What is answered to one request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A status, with headers and a body.
    Status(u16, Vec<(&'static str, String)>, String),
    /// A 200 whose body does not end for 64 MiB.
    Huge,
    /// Nothing, for as long as the connection stands.
    Nothing,
    /// A head of which a byte comes now and then, and which does not end.
    Drip,
    /// The connection is closed.
    Close,
    /// A 200 whose body never comes.
    HeadOnly,
}

impl Reply {
    /// A status alone.
    pub(crate) fn status(status: u16) -> Self {
        Self::Status(status, Vec::new(), String::new())
    }

    /// A status with a header.
    pub(crate) fn with(status: u16, name: &'static str, value: &str) -> Self {
        Self::Status(status, vec![(name, value.to_owned())], String::new())
    }
}

/// One request, as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Told {
    /// The id that is the same with every attempt.
    pub(crate) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Receiver {
    /// Starts it on a free port of loopback. It answers 200 until told otherwise.
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(Known::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let known = Arc::clone(&state);
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                tokio::spawn(serve(stream, Arc::clone(&known)));
            }
        });
        Self { origin, state, task }
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// What is answered at a path, request by request; the last one from then on.
    pub(crate) fn script(&self, path: &str, replies: &[Reply]) {
        self.known().replies.insert(path.to_owned(), replies.iter().cloned().collect());
    }

    /// The requests at a path so far.
    pub(crate) fn told(&self, path: &str) -> Vec<Told> {
        self.known().seen.iter().filter(|told| told.path == path).cloned().collect()
    }

    /// Has it fail by chance from now on, and keep counts alone: it is told of too much to keep.
    pub(crate) fn fail_by_chance(&self, seed: u64, percent: u64) {
        self.known().chance = Some(Chance { seed, percent });
    }

    /// What was heard under each id since it fails by chance.
    pub(crate) fn heard(&self) -> HashMap<String, Heard> {
        self.known().heard.clone()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.state.lock().unwrap()
    }
}

impl Known {
    /// Keeps a request and finds the answer that comes next in the script of its path.
    fn scripted(&mut self, told: Told) -> Reply {
        let replies = self.replies.entry(told.path.clone()).or_default();
        let reply = if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() };
        self.seen.push(told);
        reply.unwrap_or_else(|| Reply::status(200))
    }

    /// Hears of something and finds the answer, which the seed, the id and the attempt decide.
    fn by_chance(&mut self, chance: Chance, told: &Told) -> Reply {
        let heard = self.heard.entry(told.id().to_owned()).or_default();
        heard.requests += 1;
        let hash = digest(&SHA256, format!("{} {} {}", chance.seed, told.id(), heard.requests).as_bytes());
        let number = u64::from_be_bytes(hash.as_ref()[..8].try_into().unwrap());
        if number % 100 >= chance.percent {
            heard.taken += 1;
            return Reply::status(200);
        }
        match number / 100 % 4 {
            0 => Reply::status(500),
            1 => Reply::with(503, "retry-after", "0"),
            2 => Reply::status(404),
            _ => Reply::Close,
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<Known>>) {
    let mut rest = Vec::new();
    while let Some(told) = read(&mut stream, &mut rest).await {
        let reply = {
            let mut known = state.lock().unwrap();
            match known.chance {
                Some(chance) => known.by_chance(chance, &told),
                None => known.scripted(told),
            }
        };
        if answer(&mut stream, reply).await.is_none() {
            return;
        }
    }
}

/// One request, where the connection brings another.
async fn read(stream: &mut TcpStream, rest: &mut Vec<u8>) -> Option<Told> {
    let end = loop {
        if let Some(end) = memchr::memmem::find(rest, b"\r\n\r\n") {
            break end;
        }
        more(stream, rest).await?;
    };
    let head = String::from_utf8(rest[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let path = lines.next().unwrap().split(' ').nth(1).unwrap().to_owned();
    let header = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_ascii_lowercase(), value.trim().to_owned())
    };
    let headers: BTreeMap<String, String> = lines.map(header).collect();
    let length: usize = headers["content-length"].parse().unwrap();
    while rest.len() < end + 4 + length {
        more(stream, rest).await?;
    }
    let body = rest[end + 4..end + 4 + length].to_vec();
    rest.drain(..end + 4 + length);
    Some(Told { path, headers, body })
}

async fn more(stream: &mut TcpStream, rest: &mut Vec<u8>) -> Option<()> {
    let mut buffer = [0; 16 << 10];
    let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
    rest.extend_from_slice(&buffer[..count]);
    assert!(rest.len() <= LARGEST, "a request of more than {LARGEST} bytes");
    Some(())
}

/// Answers; nothing where the connection is over.
async fn answer(stream: &mut TcpStream, reply: Reply) -> Option<()> {
    match reply {
        Reply::Status(status, headers, body) => {
            let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let text = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(text.as_bytes()).await.ok()
        }
        Reply::Huge => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 67108864\r\n\r\n").await.ok()?;
            let part = vec![b'x'; 64 << 10];
            for _ in 0..1024 {
                stream.write_all(&part).await.ok()?;
            }
            None
        }
        Reply::HeadOnly => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n").await.ok()?;
            until_closed(stream).await
        }
        Reply::Nothing => until_closed(stream).await,
        Reply::Drip => {
            for byte in b"HTTP/1.1 200 OK\r\nx-slow: ".iter().copied().chain(std::iter::repeat(b'x')) {
                stream.write_all(&[byte]).await.ok()?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            None
        }
        Reply::Close => None,
    }
}

async fn until_closed(stream: &mut TcpStream) -> Option<()> {
    let mut buffer = [0; 16];
    while stream.read(&mut buffer).await.ok()? > 0 {}
    None
}
