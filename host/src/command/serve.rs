//! `gatehouse serve`: serves until the process is told to stop.

use gatehouse_domain::{Error, ErrorKind, Result};

use crate::config::{Config, ConfigArgs, Loaded};
use crate::output::Out;
use crate::server::{Server, StoreFailed, until_signal, upload_folder};
use crate::telemetry::Traces;
use crate::{logging, server};

/// How to serve.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// A key for the first operator, for automation: 32 printable characters or more. Without
    /// it the first start makes one and prints it this once.
    #[arg(skip = std::env::var("GATEHOUSE_BOOTSTRAP_KEY").ok().filter(|key| !key.is_empty()))]
    pub(crate) bootstrap_key: Option<String>,
}

/// Serves.
pub(crate) fn run(loaded: Loaded, options: &Options, out: &mut Out<'_>) -> Result<()> {
    let threads = server::threads()?;
    let traces = Traces::start(&loaded.config.telemetry, threads.handle())?;
    logging::start(&loaded.config.log, &traces)?;
    threads.block_on(async {
        let served = serve(&loaded, options, out).await;
        traces.end().await;
        served
    })
}

async fn serve(loaded: &Loaded, options: &Options, out: &mut Out<'_>) -> Result<()> {
    let config = &loaded.config;
    let server = Server::start(config).await?;
    let operator = server.engine.bootstrap(options.bootstrap_key.clone()).await?;
    if let Some(folder) = &config.plugins_dir {
        upload_folder(&server.engine, folder).await?;
    }
    say_where(loaded, &server, out)?;
    if let (Some(key), None) = (operator, &options.bootstrap_key) {
        out.line("\nThe first operator's key. It is shown this once; keep it safe:\n")?;
        out.line(format!("  {key}\n"))?;
    }
    let ended = until_signal(&server.engine).await;
    tracing::info!("stopping: running calls may end, new ones are refused");
    let stopped = server.stop().await;
    match ended {
        Err(StoreFailed(reason)) => Err(Error::new(ErrorKind::StorageFull, format!("the store failed: {reason}"))),
        Ok(()) => stopped,
    }
}

fn say_where(loaded: &Loaded, server: &Server, out: &mut Out<'_>) -> Result<()> {
    let Config { data_dir, root_key_file, .. } = &loaded.config;
    let url = server.url();
    let made = if server.new_root_key { ", made just now: back it up apart from the data" } else { "" };
    out.line(format!("gatehouse is listening on {url}"))?;
    out.line(format!("  API and documentation  {url}/api/docs/"))?;
    out.line(format!("  data                   {}", data_dir.display()))?;
    out.line(format!("  root key               {}{made}", root_key_file.display()))?;
    if let Some(sandbox) = loaded.config.sandbox.listen {
        out.line(format!("  sandbox                http://{sandbox}; make integrations with `\"environment\": \"sandbox\"` and no credentials"))?;
    }
    match &loaded.file {
        Some(file) => out.line(format!("  configuration          {}", file.display())),
        None => out.line("  configuration          defaults and environment"),
    }
}
