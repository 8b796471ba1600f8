//! A provider that keeps every byte it is sent and answers as a test tells it to.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One request, read strictly: one head, one body of the announced length, nothing after it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    /// The only header of that name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found: Vec<&str> = self.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect();
        assert!(found.len() < 2, "`{name}` came twice: {found:?}");
        found.first().copied()
    }
}

/// What to do with a request.
pub(crate) enum Reply {
    /// Send these bytes and keep the connection.
    Bytes(Vec<u8>),
    /// Send these bytes, then close.
    Close(Vec<u8>),
    /// Send these bytes, then nothing more, without closing.
    Stall(Vec<u8>),
}

pub(crate) struct Provider {
    pub(crate) origin: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<Mutex<usize>>,
}

impl Provider {
    pub(crate) async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(Mutex::new(0));
        let (answer, keep, count) = (Arc::new(answer), seen.clone(), connections.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *count.lock().unwrap() += 1;
                tokio::spawn(serve(stream, answer.clone(), keep.clone()));
            }
        });
        Self { origin, seen, connections }
    }

    /// A provider that says `{}` to everything.
    pub(crate) async fn agreeable() -> Self {
        Self::start(|_| json(b"{}")).await
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

/// A whole answer.
pub(crate) fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    [head.as_bytes(), b"\r\n", body].concat()
}

pub(crate) fn json(body: &[u8]) -> Reply {
    Reply::Bytes(answer("200 OK", &[("content-type", "application/json")], body))
}

async fn serve(
    mut stream: TcpStream,
    answer: Arc<dyn Fn(&Seen) -> Reply + Send + Sync>,
    keep: Arc<Mutex<Vec<Seen>>>,
) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut buffer = Vec::new();
    loop {
        let seen = read(&mut stream, &mut buffer).await?;
        keep.lock().unwrap().push(seen.clone());
        match answer(&seen) {
            Reply::Bytes(bytes) => stream.write_all(&bytes).await.ok()?,
            Reply::Close(bytes) => return stream.write_all(&bytes).await.ok(),
            Reply::Stall(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                // Until the other side gives up.
                stream.read_to_end(&mut Vec::new()).await.ok()?;
            }
        }
    }
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Seen> {
    let head = loop {
        if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break buffer.drain(..end + 4).collect::<Vec<u8>>();
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next().unwrap().to_owned();
    let header = |line: &str| line.split_once(": ").map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned())).unwrap();
    let mut seen = Seen { line, headers: lines.map(header).collect(), body: Vec::new() };
    assert_eq!(seen.header("transfer-encoding"), None);
    let length = seen.header("content-length").map_or(0, |text| text.parse().unwrap());
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    seen.body = buffer.drain(..length).collect();
    assert!(buffer.is_empty(), "a second request was smuggled in: {:?}", String::from_utf8_lossy(buffer));
    Some(seen)
}
