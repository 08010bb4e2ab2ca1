//! Simulators of Odoo, of shops and of warehouses as servers, full of sample orders, and the traffic about them.
//!
//! The chain runs elsewhere: under `cargo lambda watch`, or in the cloud. The plan of the orders lies in the
//! data folder, so that another process can send the very same webhooks.

use std::{
    collections::BTreeMap,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use clap::Args;
use crossdock_core::Clock;
use crossdock_http::{Client, peer::Peer};
use crossdock_platform::embedded::{CONFIG, SECRETS};
use futures_util::{
    StreamExt as _,
    future::{Either, select},
    stream,
};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use simulators::{
    odoo,
    scenario::{self, Addresses, Delivery, Kind, Scenario, Tempo, Told},
    shops::Signed,
    tcp,
};
use tokio::task::JoinHandle;

use crate::demo::Webhooks;

/// The plan's file inside the data folder.
const PLAN: &str = "sandbox.json";
/// A file inside the data folder that says where calls go, for whoever learns it after the simulators run.
pub const CALLS_GO_TO: &str = "calls-go-to";
/// How many webhooks are under way at once, and how long a shop waits for an answer.
const AT_ONCE: usize = 8;
const SHOP_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a shop tries, and after how long it tries again at first.
const TRIES: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How often the warehouses are looked at.
const OUTSIDE: Duration = Duration::from_secs(2);
/// The channel whose shop never tries again.
const WOOCOMMERCE: &str = "woo-de";

#[derive(Args, Debug, Clone)]
pub struct Options {
    /// The folder that the functions share; its configuration and secrets are written there.
    #[arg(long)]
    pub data: PathBuf,
    /// The first of seven ports: for Odoo, Shopify, WooCommerce, the portal and three warehouses.
    #[arg(long, default_value_t = 8169)]
    pub port: u16,
    /// Where warehouses, carriers and shops post what happened after an import, without the door:
    /// `http://…/hooks`. Until somebody answers there they try again.
    #[arg(long, default_value = "http://127.0.0.1:9000/lambda-url/webhook-receiver/hooks")]
    pub to: String,
    /// How many orders the shops hold.
    #[arg(long, default_value_t = 100)]
    pub orders: usize,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

#[derive(Args, Debug, Clone)]
pub struct SendOptions {
    /// The folder of a running sandbox.
    #[arg(long)]
    pub data: PathBuf,
    /// Where the webhooks go, without the channel: `http://…/hooks`.
    #[arg(long)]
    pub to: String,
}

/// What the orders are made from: the same plan makes the same bytes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Plan {
    pub seed: u64,
    pub orders: usize,
    pub start: Timestamp,
}

impl Plan {
    fn scenario(self) -> Scenario {
        Scenario::at_tempo(self.seed, self.orders, &Clock::tokio(self.start), Tempo::BRISK)
    }

    /// The plan of a running sandbox.
    ///
    /// # Errors
    /// When there is none in that folder.
    pub fn load(data: &Path) -> Result<Self> {
        let path = data.join(PLAN);
        let text = std::fs::read(&path)
            .with_context(|| format!("{}: start `crossdock sandbox` in that folder first", path.display()))?;
        Ok(serde_json::from_slice(&text)?)
    }
}

/// The running simulators.
pub struct Sandbox {
    pub odoo: odoo::Server,
    pub scenario: Scenario,
    /// The business configuration that leads to them.
    pub config: String,
    /// What opens and signs for them, by name.
    pub secrets: BTreeMap<String, Vec<String>>,
    servers: Vec<JoinHandle<()>>,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.servers.iter().for_each(JoinHandle::abort);
    }
}

impl Sandbox {
    /// Starts the simulators of Odoo and the shops on three ports from `port` on, or on any three where it is 0.
    /// The configuration leads orders as far as confirmed ones.
    ///
    /// # Errors
    /// When a port is taken.
    pub async fn start(plan: Plan, port: u16) -> Result<Self> {
        let mut sandbox = Self::empty(plan);
        let [odoo, shopify, woo] = sandbox.shops(port).await?;
        sandbox.config = scenario::config_yaml(&odoo, &shopify, &woo);
        Ok(sandbox)
    }

    /// The same with the portal and three warehouses on the next four ports, and a configuration that leads
    /// orders to shipped, invoiced and announced ones. [`Self::outside`] lets the warehouses work.
    ///
    /// # Errors
    /// When a port is taken.
    pub async fn with_warehouses(plan: Plan, port: u16) -> Result<Self> {
        let mut sandbox = Self::empty(plan);
        let [odoo, shopify, woo] = sandbox.shops(port).await?;
        sandbox.scenario.stock(&sandbox.odoo);
        let portal = sandbox.open(port, 3, Arc::new(sandbox.scenario.portal.clone())).await?;
        let [east, west, south] = sandbox.scenario.houses.servers.clone();
        let houses = [
            sandbox.open(port, 4, Arc::new(east)).await?,
            sandbox.open(port, 5, Arc::new(west)).await?,
            sandbox.open(port, 6, Arc::new(south)).await?,
        ];
        sandbox.config = scenario::config_with_shelves(&Addresses { odoo, shopify, woo, portal, houses });
        sandbox.secrets.extend(scenario::warehouse_secrets());
        Ok(sandbox)
    }

    fn empty(plan: Plan) -> Self {
        let odoo = odoo::Server::demo(odoo::Version::V18, Arc::new(|| Clock::System.now()));
        let (config, servers) = (String::new(), Vec::new());
        Self { odoo, scenario: plan.scenario(), config, secrets: scenario::secrets(), servers }
    }

    async fn shops(&mut self, port: u16) -> Result<[String; 3]> {
        let (odoo, task) =
            odoo::serve(self.odoo.clone(), address(port, 0)).await.with_context(taken(port))?;
        self.servers.push(task);
        let shopify = self.open(port, 1, Arc::new(self.scenario.shopify.clone())).await?;
        let woo = self.open(port, 2, Arc::new(self.scenario.woo.clone())).await?;
        Ok([format!("http://{odoo}"), shopify, woo])
    }

    /// Serves one simulator, `at` ports behind the first one.
    async fn open(&mut self, port: u16, at: u16, peer: Arc<dyn Peer>) -> Result<String> {
        let (address, task) = tcp::serve(peer, address(port, at)).await.with_context(taken(port + at))?;
        self.servers.push(task);
        Ok(format!("http://{address}"))
    }

    /// Lets warehouses, carriers and shops do what is due by now, and posts what they tell. What `waits` was
    /// told before and not taken; gives what waits afterwards.
    pub async fn outside(&self, client: &Client, to: &str, mut waits: Vec<Told>) -> Vec<Told> {
        waits.extend(self.scenario.tick(&self.odoo));
        let mut later = Vec::new();
        for told in waits {
            // Signed anew: a warehouse's signature is good for minutes alone.
            let house = self.scenario.houses.server(told.door);
            let signed = house.map_or_else(|| told.signed.clone(), |house| house.again(&told.signed));
            let answer = post_signed(client, to, told.door, &signed).await;
            if !answer.is_ok_and(|answer| answer.status().is_success()) {
                later.push(told);
            }
        }
        later
    }

    /// Writes what the functions need into the data folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, plan: Plan, data: &Path) -> Result<()> {
        std::fs::create_dir_all(data)?;
        std::fs::write(data.join(CONFIG), &self.config)?;
        std::fs::write(data.join(PLAN), serde_json::to_vec(&plan)?)?;
        let mut how = std::fs::OpenOptions::new();
        how.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
        how.open(data.join(SECRETS))?.write_all(&serde_json::to_vec(&self.secrets)?)?;
        Ok(())
    }
}

/// Runs the simulators until it is told to stop.
///
/// # Errors
/// When they cannot start.
pub async fn run(options: &Options) -> Result<bool> {
    let plan = Plan { seed: options.seed, orders: options.orders, start: Clock::System.now() };
    let sandbox = Sandbox::with_warehouses(plan, options.port).await?;
    sandbox.write(plan, &options.data)?;
    let mut out = std::io::stdout();
    writeln!(out, "simulators run; their configuration and secrets are in {}", options.data.display())?;
    out.flush()?;
    let client = Client::network(Clock::System);
    let work = async {
        let mut waits = Vec::new();
        loop {
            let to = std::fs::read_to_string(options.data.join(CALLS_GO_TO));
            let to = to.as_deref().unwrap_or(&options.to);
            waits = sandbox.outside(&client, to, waits).await;
            tokio::time::sleep(OUTSIDE).await;
        }
    };
    let (stop, work) = (std::pin::pin!(tokio::signal::ctrl_c()), std::pin::pin!(work));
    match select(stop, work).await {
        Either::Left((stopped, _)) => stopped?,
        Either::Right((never, _)) => never,
    }
    Ok(true)
}

/// Sends the sandbox's webhooks, as its shops would.
///
/// # Errors
/// When there is no plan, or nobody answers.
pub async fn send(options: &SendOptions) -> Result<bool> {
    let scenario = Plan::load(&options.data)?.scenario();
    let client = Client::network(Clock::System);
    let webhooks = post_all(&client, &options.to, &scenario).await?;
    writeln!(
        std::io::stdout(),
        "{} webhooks sent: {} accepted ({} of them duplicates or stale), {} refused",
        webhooks.sent,
        webhooks.accepted,
        webhooks.duplicates,
        webhooks.refused
    )?;
    Ok(true)
}

/// Posts each delivery at its time, several at once where they fall together.
///
/// # Errors
/// When a webhook got no answer at all.
pub async fn post_all(client: &Client, to: &str, scenario: &Scenario) -> Result<Webhooks> {
    let begin = tokio::time::Instant::now();
    let mut answers = stream::iter(&scenario.deliveries)
        .map(|delivery| async move {
            tokio::time::sleep_until(begin + delivery.at).await;
            let signed = scenario.signed_at(delivery, client.clock().now());
            (delivery, post_again(client, to, &signed).await)
        })
        .buffered(AT_ONCE);
    let mut webhooks = Webhooks::default();
    while let Some((delivery, answer)) = answers.next().await {
        let answer = match answer {
            Ok(answer) => answer,
            // Lost: the shop does not come back to it, the watcher will.
            Err(_) if delivery.channel == WOOCOMMERCE => {
                webhooks.count(StatusCode::BAD_GATEWAY, "", false);
                continue;
            }
            Err(error) => return Err(error),
        };
        let outcome: serde_json::Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let outcome = outcome["outcome"].as_str().unwrap_or_default();
        webhooks.count(answer.status(), outcome, delivery.kind == Kind::Ping);
    }
    Ok(webhooks)
}

/// Shopify and the portal try again when they were not answered with a 2xx or a 4xx; WooCommerce does not.
async fn post_again(client: &Client, to: &str, delivery: &Delivery) -> Result<http::Response<Bytes>> {
    let mut pause = FIRST_PAUSE;
    for _ in 1..TRIES {
        match post(client, to, delivery).await {
            Ok(answer) if !answer.status().is_server_error() => return Ok(answer),
            answer if delivery.channel == WOOCOMMERCE => return answer,
            Ok(_) | Err(_) => tokio::time::sleep(pause).await,
        }
        pause *= 2;
    }
    post(client, to, delivery).await
}

async fn post(client: &Client, to: &str, delivery: &Delivery) -> Result<http::Response<Bytes>> {
    post_signed(client, to, delivery.channel, &delivery.signed()).await
}

async fn post_signed(
    client: &Client,
    to: &str,
    door: &str,
    signed: &Signed,
) -> Result<http::Response<Bytes>> {
    let request = signed.to(&format!("{}/{door}", to.trim_end_matches('/')))?;
    client.send(door, request, SHOP_TIMEOUT).await.context("nobody answers there")
}

/// On this machine, `at` ports behind the first one; any where that is 0.
fn address(port: u16, at: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], if port == 0 { 0 } else { port + at }))
}

fn taken(port: u16) -> impl Fn() -> String {
    move || format!("port {port} is taken: choose another with --port")
}
