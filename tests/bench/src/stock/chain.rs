//! The watcher and the publisher at work, and what they asked for meanwhile.

#[cfg(test)]
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crossdock::chain::{Chain, Timing};
use crossdock_core::{Clock, Entropy};
use crossdock_http::Client;
#[cfg(test)]
use crossdock_http::peer::Peer;
use crossdock_platform::{
    embedded::Embedded,
    orders::after,
    watermark::{Watch, Watermark},
};
use http::Request;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    SHARE, What,
    outside::{LOCATION, SHOP_SIGNS, SHOP_TOKEN},
};

#[cfg(test)]
use super::outside::{Held, Many};

/// The shop's id.
pub const SHOP: &str = "shop";
/// SKUs that one call of the shop takes: 250 to write, and 50 to read, for what each reading costs there.
const WRITTEN: u64 = 250;
const READ: u64 = 50;
const AT_ONCE: Watch =
    Watch { overlap: SignedDuration::ZERO, first_look: SignedDuration::ZERO, settling: SignedDuration::ZERO };
/// How Odoo is told what to do, and asked what it was asked.
type Ask<'a> = &'a dyn Fn(&str) -> futures_util::future::BoxFuture<'a, anyhow::Result<Value>>;

/// The chain's process.
pub fn run(skus: u64, odoo: &str, shop: &str, what: What) -> anyhow::Result<Value> {
    crate::runtime()?.block_on(async {
        let folder = std::env::temp_dir().join(format!("crossdock-stock-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let platform = Embedded::open(&folder.join("ledger.sqlite"), Clock::System, Entropy::system())?;
        let client = Client::network(Clock::System);
        let chain = chain(platform, client.clone(), odoo, shop).await?;
        let ask: Ask<'_> = &|what: &str| {
            let (client, url) = (client.clone(), format!("{odoo}/bench/{what}"));
            Box::pin(async move {
                let request = Request::get(url).body(Bytes::new())?;
                let answer = client.send("bench", request, Duration::from_secs(60)).await?;
                Ok(serde_json::from_slice(answer.body())?)
            })
        };
        let figures = played(&chain, skus, what, ask).await;
        std::fs::remove_dir_all(&folder)?;
        let mut figures = figures?;
        figures["peak_mb"] = json!(crate::machine::peak_kb() as f64 / 1024.0);
        Ok(figures)
    })
}

/// Both sides in this process.
#[cfg(test)]
pub fn in_process(skus: u64) -> anyhow::Result<Value> {
    crate::runtime()?.block_on(async {
        let many = Many::new(Held { skus, ..Held::default() }, &Clock::System);
        let peers: Vec<(String, Arc<dyn Peer>)> = vec![
            ("odoo.in-process".into(), Arc::new(many.clone())),
            ("shop.in-process".into(), Arc::new(many.shop.clone())),
        ];
        let platform = Embedded::memory(Clock::System, Entropy::system())?;
        let client = Client::in_process(peers, Clock::System);
        let chain = chain(platform, client, "http://odoo.in-process", "http://shop.in-process").await?;
        let ask: Ask<'_> = &|what: &str| {
            if what != "counts" {
                many.change(what == "all", &Clock::System);
            }
            let counts = many.counts();
            Box::pin(async move { Ok(counts) })
        };
        played(&chain, skus, What::All, ask).await
    })
}

pub async fn chain(
    platform: Embedded,
    client: Client,
    odoo: &str,
    shop: &str,
) -> anyhow::Result<Chain<Embedded>> {
    for (name, secret) in
        [("odoo/key", "crossdock-key"), ("shop/api", SHOP_TOKEN), ("shop/webhook", SHOP_SIGNS)]
    {
        platform.set_secret(name, vec![secret.into()]);
    }
    let text = format!(
        r#"
odoo: {{ url: "{odoo}", database: odoo, user: crossdock, requests_per_second: 1000000 }}
channels:
  - {{ id: {SHOP}, kind: shopify, url: "{shop}", company: My Company, pricelists: {{ USD: USD list }},
      requests_per_second: 1000000, stock: {{ sources: [{{ location: "{LOCATION}", warehouses: [WH] }}] }} }}
"#
    );
    let config = crossdock_core::config::parse(&text).map_err(|errors| anyhow::anyhow!("{errors:?}"))?;
    Chain::new(platform, config, client, Timing::default()).await
}

async fn played(chain: &Chain<Embedded>, skus: u64, what: What, ask: Ask<'_>) -> anyhow::Result<Value> {
    match what {
        What::All => {
            // First every article is asked for, then each is told its count.
            let first = until_told(chain, ask, skus, skus.div_ceil(READ) + skus.div_ceil(WRITTEN)).await?;
            ask("all").await?;
            let again = until_told(chain, ask, skus, skus.div_ceil(WRITTEN)).await?;
            Ok(json!({ "skus": skus, "first": first, "again": again }))
        }
        What::Few => {
            // The look at everything is another day's.
            let at = chain.book.now();
            let mut all = Watermark::load(chain.book.platform(), "odoo-stock-all").await?;
            all.begin_anew_for(["shop Stock".to_owned()].into());
            all.reached(all.window(AT_ONCE, at));
            all.store(chain.book.platform()).await?;
            ask("few").await?;
            let changed = skus.div_ceil(SHARE);
            let first =
                until_told(chain, ask, changed, changed.div_ceil(READ) + changed.div_ceil(WRITTEN)).await?;
            ask("few").await?;
            let again = until_told(chain, ask, changed, changed.div_ceil(WRITTEN)).await?;
            Ok(json!({ "skus": skus, "changed": changed, "first": first, "again": again }))
        }
    }
}

/// Watches and publishes until nothing is left; what was asked for meanwhile.
async fn until_told(
    chain: &Chain<Embedded>,
    ask: Ask<'_>,
    changed: u64,
    least: u64,
) -> anyhow::Result<Value> {
    let (before, began) = (ask("counts").await?, Clock::System.now());
    loop {
        let deadline = after(chain.book.now(), SignedDuration::from_secs(55));
        chain.odoo_watcher.watch_products(deadline).await?;
        chain.drain().await?;
        // A run reads so many pages, and the next one goes on.
        let mut open = false;
        for name in ["odoo-stock-moves", "odoo-stock-all"] {
            let watermark = Watermark::load(chain.book.platform(), name).await?;
            open |= watermark.window(AT_ONCE, chain.book.now()).cursor.is_some();
        }
        if !open {
            break;
        }
    }
    let seconds = Clock::System.now().duration_since(began).as_secs_f64();
    let now = ask("counts").await?;
    anyhow::ensure!(now["wrong"] == 0, "{} counts of the shop are wrong", now["wrong"]);
    let calls =
        |peer: &str| now[peer].as_f64().unwrap_or(f64::NAN) - before[peer].as_f64().unwrap_or(f64::NAN);
    Ok(json!({
        "odoo_calls_per_changed": calls("odoo") / changed as f64,
        "shop_calls_per_changed": calls("shop") / changed as f64,
        "shop_calls": calls("shop"),
        "of_least": calls("shop") / least as f64,
        "seconds": seconds,
    }))
}
