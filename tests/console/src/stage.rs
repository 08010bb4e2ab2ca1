//! What the browser looks at: the whole chain as a server, simulators over TCP, the console and its sign-in.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result, anyhow};
use crossdock::{
    chain::{Chain, Timing},
    console::{self, SignIn},
    sandbox::{Plan, Sandbox},
};
use crossdock_core::{Clock, Entropy, message::QueueName};
use crossdock_http::Client;
use crossdock_platform::embedded::Embedded;
use simulators::scenario::{Expected, Kind};
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};

/// The line of the mapping that the test breaks: a method of the shop's.
const MAPPED: &str = "{ method: standard, product: SHIP }";
const UNMAPPED: &str = "{ method: never-used, product: SHIP }";

pub struct Stage {
    pub sandbox: Sandbox,
    pub platform: Embedded,
    pub url: String,
    sign_in: SignIn,
    listener: std::net::TcpListener,
    running: Option<Running>,
}

struct Running {
    chain: Arc<Chain<Embedded>>,
    console: JoinHandle<()>,
    /// Dropped, it stops them.
    _loops: JoinSet<()>,
}

impl Stage {
    /// Simulators with `orders` orders, and a ledger in `folder`. Nothing runs before [`Self::run`].
    ///
    /// # Errors
    /// When something cannot start.
    pub async fn build(folder: &Path, orders: usize) -> Result<Self> {
        let plan = Plan { seed: 3, orders, start: Clock::System.now() };
        let sandbox = Sandbox::with_warehouses(plan, 0).await?;
        sandbox.write(plan, folder)?;
        let platform = Embedded::in_folder(folder, Clock::System, Entropy::system())?;
        for (name, versions) in &sandbox.secrets {
            platform.set_secret(name, versions.clone());
        }
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let sign_in = SignIn::start(Clock::System).await?;
        Ok(Self { sandbox, platform, url, sign_in, listener, running: None })
    }

    /// Starts the server with the mapping whole or broken; one that runs is stopped first, as for any change of
    /// its configuration.
    ///
    /// # Errors
    /// When it cannot start.
    pub async fn run(&mut self, mapped: bool) -> Result<()> {
        if let Some(running) = self.running.take() {
            running.console.abort();
        }
        let whole = &self.sandbox.config;
        anyhow::ensure!(whole.contains(MAPPED), "the mapping has changed");
        let text = if mapped { whole.clone() } else { whole.replace(MAPPED, UNMAPPED) };
        let mut config = crossdock_core::config::parse(&text).map_err(|errors| anyhow!("{errors:?}"))?;
        let (console, secret) = self.sign_in.section(&self.url);
        self.platform.set_secret(&console.secret, vec![secret]);
        config.console = Some(console);
        let client = Client::network(Clock::System);
        let chain =
            Arc::new(Chain::new(self.platform.clone(), config, client.clone(), Timing::default()).await?);
        let listener = TcpListener::from_std(self.listener.try_clone()?)?;
        let console = console::serve(self.platform.clone(), chain.config.clone(), client, listener).await?;
        // The shops are not watched: what comes in is what the test sends.
        let mut loops = JoinSet::new();
        for queue in QueueName::ALL {
            let chain = chain.clone();
            loops.spawn(async move { chain.poll(queue).await });
        }
        let waking = chain.clone();
        loops.spawn(async move { waking.wake().await });
        self.running = Some(Running { chain, console, _loops: loops });
        Ok(())
    }

    /// The shop's webhooks about sound orders come in; gives how many.
    ///
    /// # Errors
    /// When one is refused.
    pub async fn webhooks(&self) -> Result<usize> {
        let running = self.running.as_ref().context("nothing runs")?;
        let mut taken = 0;
        for delivery in &self.sandbox.scenario.deliveries {
            let body: serde_json::Value = serde_json::from_slice(&delivery.body).unwrap_or_default();
            let key = format!("{}/{}", delivery.channel, body["id"]);
            let sound = matches!(self.sandbox.scenario.expected.get(&key), Some(Expected::Confirmed { .. }));
            if delivery.channel != "shopify-main" || delivery.kind != Kind::First || !sound {
                continue;
            }
            let request = delivery.signed().to("/hooks/shopify-main")?;
            let answer = running.chain.receiver.handle(request).await;
            anyhow::ensure!(answer.status().is_success(), "{answer:?}");
            taken += 1;
        }
        Ok(taken)
    }
}
