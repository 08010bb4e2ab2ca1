//! The chain as a long-running server on one machine.
//!
//! **Invariant:** everything that matters is in the ledger's file before it is answered or acted on, so the
//! process may be killed at any moment and started again.

use std::{io::Write as _, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail};
use crossdock_core::{Clock, Entropy, config::Config};
use crossdock_http::Client;
use crossdock_platform::{configuration, embedded::Embedded};

use tokio::net::TcpListener;

use crate::{
    chain::{Chain, Timing},
    web,
};

/// How often what has expired is deleted.
const SWEEP_EVERY: Duration = Duration::from_secs(600);

pub struct Options {
    pub config: PathBuf,
    pub data: PathBuf,
    pub listen: SocketAddr,
    /// Where the console is, if the configuration has one.
    pub console: SocketAddr,
    pub function_timeout: Duration,
    pub wake_every: Duration,
    pub watch_every: Duration,
}

/// Reads and checks the configuration; every mistake in one error.
///
/// # Errors
/// When the file cannot be read or is wrong.
pub fn read_config(path: &std::path::Path) -> Result<Config> {
    read(path).map(|(config, _)| config)
}

/// The configuration and its text.
fn read(path: &std::path::Path) -> Result<(Config, String)> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{}: the configuration cannot be read", path.display()))?;
    let config = crossdock_core::config::parse(&text).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(|error| format!("{}: {error}", path.display())).collect();
        anyhow::anyhow!(lines.join("\n"))
    })?;
    Ok((config, text))
}

/// Runs until it is told to stop.
///
/// # Errors
/// When it cannot start.
pub fn run(options: &Options) -> Result<bool> {
    crossdock_runtime::telemetry::init("info");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve(options))
}

async fn serve(options: &Options) -> Result<bool> {
    let (config, text) = read(&options.config)?;
    let platform = Embedded::in_folder(&options.data, Clock::System, Entropy::system())?;
    // Whoever works on this ledger beside the server does it by the same rules.
    configuration::keep(&platform, &text).await?;
    let client = Client::network(Clock::System);
    let timing = Timing {
        function_timeout: options.function_timeout,
        wake_every: options.wake_every,
        watch_every: options.watch_every,
        ..Timing::default()
    };
    let chain = Arc::new(Chain::new(platform.clone(), config, client, timing).await?);
    let (address, web) = web::serve(chain.clone(), options.listen).await.context("cannot listen")?;
    writeln!(std::io::stdout(), "listening on http://{address}/hooks/<channel>")?;
    std::io::stdout().flush()?;
    let console = match &chain.config.console {
        Some(console) => {
            let listener = TcpListener::bind(options.console).await.context("the console cannot listen")?;
            let client = Client::network(Clock::System);
            let task =
                crate::console::serve(platform.clone(), chain.config.clone(), client, listener).await?;
            writeln!(std::io::stdout(), "the console listens on {}, for {}", options.console, console.url)?;
            Some(task)
        }
        None => None,
    };
    std::io::stdout().flush()?;
    let mut tasks = chain.start();
    tasks.spawn(async move {
        loop {
            tokio::time::sleep(SWEEP_EVERY).await;
            if let Err(error) = platform.sweep() {
                tracing::error!(error = %error, "nothing was swept");
            }
        }
    });
    let stop = std::pin::pin!(tokio::signal::ctrl_c());
    let died = std::pin::pin!(tasks.join_next());
    match futures_util::future::select(stop, died).await {
        futures_util::future::Either::Left(_) => {
            web.abort();
            console.iter().for_each(tokio::task::JoinHandle::abort);
            Ok(true)
        }
        // A loop never ends by itself: better to stop loudly than to go on with half a chain.
        futures_util::future::Either::Right((ended, _)) => bail!("a loop of the chain ended: {ended:?}"),
    }
}
