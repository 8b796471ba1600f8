//! A running server, as a command asks it: over the API, with the caller's own key. The key
//! comes from the environment or from a file, never from an argument that every process can read.

use std::path::PathBuf;
use std::time::Duration;

use gatehouse_domain::{Error, ErrorKind, Result};
use reqwest::Method;
use serde_json::Value;
use url::Url;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many pages of a list are read at most.
const PAGES: usize = 1_000;

/// Which server to ask, and as whom.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct Server {
    /// Where the server is [default: `GATEHOUSE_URL`, then <http://127.0.0.1:8080>].
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// A file with the key to ask with [default: the key itself in `GATEHOUSE_KEY`].
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// The tenant to act for, with an operator's key.
    #[arg(long, value_name = "ID")]
    pub(crate) tenant: Option<String>,
    /// Answer with JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A server that can be asked.
pub(crate) struct Remote {
    threads: tokio::runtime::Runtime,
    http: reqwest::Client,
    base: String,
    token: String,
    tenant: Option<String>,
}

impl Remote {
    /// Prepares to ask; nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for what is no URL, or where there is no key.
    pub(crate) fn new(server: &Server) -> Result<Self> {
        crate::tls::choose_provider();
        let http = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build();
        let http = http.map_err(|error| Error::internal("no HTTP client").caused_by(error))?;
        let (base, token) = (base_of(server)?, token_of(server)?);
        Ok(Self { threads: crate::server::threads()?, http, base, token, tenant: server.tenant.clone() })
    }

    /// Sends one request and answers its JSON.
    ///
    /// # Errors
    /// What the server says in its problem document, or that it gives no answer.
    pub(crate) fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        self.threads.block_on(self.ask(method, path, body))
    }

    /// Sends bytes as they are, with further headers, and answers the JSON that comes back.
    ///
    /// # Errors
    /// As [`Remote::send`].
    pub(crate) fn upload(&self, path: &str, kind: &str, bytes: Vec<u8>, headers: &[(&str, String)]) -> Result<Value> {
        let request = self.request(Method::POST, path).header("content-type", kind).body(bytes);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        self.threads.block_on(self.answer(request))
    }

    /// Every item of a list, page by page.
    ///
    /// # Errors
    /// As [`Remote::send`].
    pub(crate) fn list(&self, path: &str) -> Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut next = format!("{path}?limit=200");
        for _ in 0..PAGES {
            let mut page = self.send(Method::GET, &next, None)?;
            if let Some(Value::Array(found)) = page.get_mut("items").map(Value::take) {
                items.extend(found);
            }
            match page.get("next").and_then(Value::as_str) {
                Some(cursor) => next = format!("{path}?limit=200&cursor={cursor}"),
                None => return Ok(items),
            }
        }
        Err(Error::unavailable(format!("the list is longer than {PAGES} pages; ask the API itself")))
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        self.answer(request).await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}/api/v1{path}", self.base)).bearer_auth(&self.token);
        match &self.tenant {
            Some(tenant) => request.header("gatehouse-tenant", tenant),
            None => request,
        }
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Value> {
        let unanswered = |error: reqwest::Error| {
            let message = format!("no answer from {}; is it running, and is --url right?", self.base);
            Error::unavailable(message).caused_by(error.without_url())
        };
        let response = request.send().await.map_err(unanswered)?;
        let status = response.status();
        let text = response.text().await.map_err(unanswered)?;
        let json: Value = serde_json::from_str(&text).unwrap_or_default();
        if status.is_success() { Ok(json) } else { Err(refused(status.as_u16(), &json)) }
    }
}

/// The server's own words, with its problems.
fn refused(status: u16, document: &Value) -> Error {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let detail = text(document, "detail");
    if detail.is_empty() {
        return Error::unavailable(format!("the server answered with the status {status}; is --url right?"));
    }
    let listed = document.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let problems: Vec<_> = listed.iter().map(|one| (text(one, "path"), text(one, "message"))).collect();
    let kind = match status {
        401 => ErrorKind::Unauthenticated,
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        422 => ErrorKind::Invalid,
        _ => ErrorKind::Unavailable,
    };
    problems.into_iter().fold(Error::new(kind, detail), |error, (path, message)| error.at(path, message))
}

fn base_of(server: &Server) -> Result<String> {
    let variable = std::env::var("GATEHOUSE_URL").ok().filter(|url| !url.is_empty());
    let text = server.url.clone().or(variable).unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
    let good = Url::parse(&text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if good {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    Err(Error::invalid(format!("`{text}` is not the URL of a server; write one such as https://gate.example.com")))
}

fn token_of(server: &Server) -> Result<String> {
    let text = match &server.key_file {
        Some(file) => std::fs::read_to_string(file).map_err(|error| {
            Error::invalid(format!("the key file `{}` can not be read", file.display())).caused_by(error)
        })?,
        None => std::env::var("GATEHOUSE_KEY").unwrap_or_default(),
    };
    let token = text.trim();
    if gatehouse_domain::token::Token::parse(token).is_some() {
        return Ok(token.to_owned());
    }
    let message = if token.is_empty() {
        "there is no key to ask with; set GATEHOUSE_KEY, or name a file with --key-file"
    } else {
        "the key to ask with is mistyped: its form or its checksum is wrong"
    };
    Err(Error::invalid(message))
}
