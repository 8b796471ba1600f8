//! The exporter's way to the collector. It runs on the server's own threads, as the exporter
//! brings none that an asynchronous client could run on.

use std::time::Duration;

use async_trait::async_trait;
use axum::http::{Request, Response};
use gatehouse_domain::{Error, Result};
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use tokio::runtime::Handle;

/// How much of a collector's answer is read, in bytes. A good one is nearly empty.
const ANSWER_BYTES: usize = 64 << 10;

/// Sends spans.
#[derive(Debug)]
pub(super) struct Sender {
    http: reqwest::Client,
    threads: Handle,
}

impl Sender {
    pub(super) fn new(threads: Handle, time: Duration) -> Result<Self> {
        crate::tls::choose_provider();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(time);
        let http = http.build().map_err(|error| Error::internal("no client for the collector").caused_by(error))?;
        Ok(Self { http, threads })
    }
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> std::result::Result<Response<Bytes>, HttpError> {
        let http = self.http.clone();
        self.threads.spawn(async move { send(&http, request).await }).await?
    }
}

async fn send(http: &reqwest::Client, request: Request<Bytes>) -> std::result::Result<Response<Bytes>, HttpError> {
    let mut answer = http.execute(request.try_into()?).await?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > ANSWER_BYTES {
            return Err(format!("the collector's answer is larger than {ANSWER_BYTES} bytes").into());
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    Ok(response)
}
