//! Takes in a provider's answer within bounds: unpacked here, so that the size and the ratio
//! are known while it grows.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use reqwest::Response;

use crate::message::SendError;

/// Up to here a well packed answer is nobody's attack.
const RATIO_FROM: usize = 1 << 20;
/// How much larger than what came over the wire an answer may grow beyond that.
const MAX_RATIO: usize = 100;

/// The names and values of an answer's headers may have this many bytes.
const MAX_HEAD: usize = 64 << 10;

/// The body, unpacked, of at most `max` bytes.
pub(crate) async fn body(response: &mut Response, max: usize) -> Result<Vec<u8>, SendError> {
    let too_large = || SendError::TooLarge(u64::try_from(max).unwrap_or(u64::MAX));
    check_head(response.headers())?;
    let packed = is_packed(response.headers())?;
    let announced = announced(response.headers());
    if !packed && announced.is_some_and(|length| length > max) {
        return Err(too_large());
    }
    let mut sink = Sink::new(packed, max, announced);
    let broken = |_| interrupted("the connection broke within the answer");
    while let Some(data) = response.chunk().await.map_err(broken)? {
        sink.push(&data).map_err(|error| sink_error(&error, too_large))?;
    }
    sink.finish().map_err(|error| sink_error(&error, too_large))
}

fn check_head(headers: &HeaderMap) -> Result<(), SendError> {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if bytes > MAX_HEAD { Err(SendError::TooLarge(MAX_HEAD as u64)) } else { Ok(()) }
}

/// Gzip is the one coding that is asked for; in any other, a secret could pass unseen.
fn is_packed(headers: &HeaderMap) -> Result<bool, SendError> {
    let mut codings = headers.get_all(CONTENT_ENCODING).into_iter();
    let coding = codings.next().map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase());
    match (coding.as_deref(), codings.next()) {
        (None | Some("identity" | ""), None) => Ok(false),
        (Some("gzip" | "x-gzip"), None) => Ok(true),
        _ => Err(interrupted("the answer came in a content coding that was not asked for")),
    }
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Where the bytes go: straight into the buffer or through the unpacker.
enum Sink {
    Plain(Capped),
    Packed { decoder: Box<MultiGzDecoder<Capped>>, received: usize },
}

/// A buffer that refuses to grow past what it is allowed at the moment.
struct Capped {
    bytes: Vec<u8>,
    max: usize,
    allowed: usize,
}

impl Sink {
    fn new(packed: bool, max: usize, announced: Option<usize>) -> Self {
        let capacity = announced.unwrap_or_default().min(max).min(RATIO_FROM);
        let capped = Capped { bytes: Vec::with_capacity(capacity), max, allowed: max };
        if packed {
            Self::Packed { decoder: Box::new(MultiGzDecoder::new(capped)), received: 0 }
        } else {
            Self::Plain(capped)
        }
    }

    fn push(&mut self, data: &Bytes) -> io::Result<()> {
        match self {
            Self::Plain(capped) => capped.write_all(data),
            Self::Packed { decoder, received } => {
                *received += data.len();
                let capped = decoder.get_mut();
                capped.allowed = capped.max.min(RATIO_FROM.max(received.saturating_mul(MAX_RATIO)));
                decoder.write_all(data)
            }
        }
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Plain(capped) => Ok(capped.bytes),
            // An answer to HEAD, or a 304, names a coding and has no body.
            Self::Packed { received: 0, .. } => Ok(Vec::new()),
            Self::Packed { decoder, .. } => decoder.finish().map(|capped| capped.bytes),
        }
    }
}

impl Write for Capped {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + data.len() > self.allowed {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.bytes.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn sink_error(error: &io::Error, too_large: impl Fn() -> SendError) -> SendError {
    match error.kind() {
        io::ErrorKind::FileTooLarge => too_large(),
        _ => interrupted("the answer's gzip coding is damaged or cut short"),
    }
}

fn interrupted(text: &str) -> SendError {
    SendError::Interrupted(text.to_owned())
}
