//! Odoo and a shop with as many articles as asked for.
//!
//! What is asked about products, moves and quants is answered by a rule instead of from records: a million records
//! would measure the simulator. Everything else is the simulator's own.

use std::{
    collections::BTreeMap,
    io::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use crossdock_core::Clock;
use crossdock_http::peer::{Peer, PeerFuture};
use http::{Request, Response};
use jiff::Timestamp;
use serde_json::{Value, json};
use simulators::{
    odoo,
    shops::{Goods, Sale, shopify::Shop},
    tcp,
};

use super::SHARE;
use crate::reconcile::DIFFERS;

pub const LOCATION: &str = "70001";
pub const SHOP_TOKEN: &str = "shpat_1";
pub const SHOP_SIGNS: &str = "shop-signs";
/// What the bench asks beside the protocol: `few` or `all` changes, `counts` says what was asked and what is wrong,
/// `asked` what was asked alone.
const BENCH: &str = "/bench/";

pub fn sku(id: u64) -> String {
    format!("P-{id:07}")
}

/// What has changed so far.
#[derive(Debug, Default)]
struct Changes {
    few: u64,
    all: u64,
    /// When, as Odoo writes it, and whether it was everything.
    last: Option<(String, bool)>,
}

/// What Odoo and the shop hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct Held {
    pub skus: u64,
    pub orders: u64,
    /// The shop counts what Odoo has, but for one SKU of a hundred.
    pub counted: bool,
}

#[derive(Clone)]
pub struct Many {
    pub odoo: odoo::Server,
    pub shop: Shop,
    skus: u64,
    placed_at: Timestamp,
    changes: Arc<Mutex<Changes>>,
    asked: Arc<AtomicU64>,
}

impl Many {
    pub fn new(held: Held, clock: &Clock) -> Self {
        let Held { skus, orders, counted } = held;
        let now = clock.clone();
        let odoo = odoo::Server::demo(odoo::Version::V19, Arc::new(move || now.now()));
        let shop = Shop::new(clock.clone(), SHOP_TOKEN, SHOP_SIGNS);
        // Shops tell times to the second.
        let placed_at = Timestamp::from_second(clock.now().as_second()).unwrap_or_default();
        let many = Self { odoo, shop, skus, placed_at, changes: Arc::default(), asked: Arc::default() };
        for id in 1..=skus {
            let wrong = u64::from(id % DIFFERS == 1);
            let count = if counted { many.count(id) + wrong } else { 0 };
            many.shop.shelf.put(&sku(id), &[(LOCATION, i64::try_from(count).unwrap_or_default())]);
        }
        for id in 1..=orders {
            many.shop.put(Sale::plain(id, placed_at, vec![Goods::plain(id, &sku(1), 1)]));
        }
        many
    }

    fn changes(&self) -> std::sync::MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What Odoo has of a product.
    pub fn count(&self, id: u64) -> u64 {
        let changes = self.changes();
        10 + id % 40 + changes.all + if id % SHARE == 1 { changes.few } else { 0 }
    }

    /// One in a hundred changes, or everything.
    pub fn change(&self, everything: bool, clock: &Clock) {
        let mut changes = self.changes();
        *(if everything { &mut changes.all } else { &mut changes.few }) += 1;
        let now = clock.now().to_string();
        changes.last = Some((now.get(..19).unwrap_or_default().replace('T', " "), everything));
    }

    /// Calls to Odoo and to the shop, and how many counts of the shop that changed last differ from Odoo's.
    pub fn counts(&self) -> Value {
        let few = self.changes().last.as_ref().is_some_and(|(_, everything)| !everything);
        let wrong = (1..=self.skus).filter(|id| {
            let counted = self.shop.shelf.count(&sku(*id), LOCATION);
            (!few || id % SHARE == 1) && counted != i64::try_from(self.count(*id)).ok()
        });
        let mut counts = self.calls();
        counts["wrong"] = wrong.count().into();
        counts
    }

    fn calls(&self) -> Value {
        json!({
            "odoo": self.asked.load(Ordering::Relaxed),
            "shop": self.shop.faults.asked(),
            "placed_at": self.placed_at,
        })
    }

    /// The answer where a rule gives it.
    fn ruled(&self, path: &str, body: &Bytes) -> Option<Value> {
        let model = path.strip_prefix("/json/2/")?.strip_suffix("/search_read")?;
        let asked: Value = serde_json::from_slice(body).ok()?;
        let limit = asked["limit"].as_u64().unwrap_or(u64::MAX);
        let ids = self.ids(model, asked["domain"].as_array()?, limit)?;
        let fields: Vec<&str> = asked["fields"].as_array()?.iter().filter_map(Value::as_str).collect();
        Some(ids.into_iter().map(|id| self.row(id, &fields)).collect())
    }

    fn ids(&self, model: &str, domain: &[Value], limit: u64) -> Option<Vec<u64>> {
        let leaf = |field: &str, operator: &str| {
            let found = domain.iter().find(|leaf| leaf[0] == field && leaf[1] == operator);
            found.map(|leaf| &leaf[2])
        };
        let (from, until) = (leaf("write_date", ">="), leaf("write_date", "<="));
        let after = leaf("id", ">").and_then(Value::as_u64).unwrap_or(0);
        let pages = (after + 1..=self.skus).take(usize::try_from(limit).unwrap_or(usize::MAX));
        match model {
            "stock.move" => {
                let changes = self.changes();
                let Some((at, everything)) = &changes.last else { return Some(Vec::new()) };
                let inside = from?.as_str()? <= at.as_str() && at.as_str() <= until?.as_str()?;
                let moved = (after + 1..=self.skus).filter(|id| *everything || id % SHARE == 1);
                let limit = if inside { usize::try_from(limit).ok()? } else { 0 };
                Some(moved.take(limit).collect())
            }
            "stock.quant" => Some(Vec::new()),
            "product.product" if from.is_some() => Some(Vec::new()),
            "product.product" => {
                if let Some(ids) = leaf("id", "in") {
                    return Some(ids.as_array()?.iter().filter_map(Value::as_u64).collect());
                }
                if let Some(skus) = leaf("default_code", "in") {
                    let number = |sku: &Value| sku.as_str()?.strip_prefix("P-")?.parse().ok();
                    return Some(skus.as_array()?.iter().filter_map(number).collect());
                }
                Some(pages.collect())
            }
            "sale.order" => Some(leaf("id", "in")?.as_array()?.iter().filter_map(Value::as_u64).collect()),
            _ => None,
        }
    }

    fn row(&self, id: u64, fields: &[&str]) -> Value {
        let mut row: BTreeMap<&str, Value> = BTreeMap::from([("id", id.into())]);
        for field in fields {
            let value = match *field {
                "id" => id.into(),
                "product_id" => json!([id, sku(id)]),
                "default_code" | "name" => sku(id).into(),
                "sale_ok" | "active" => true.into(),
                "state" => "sale".into(),
                "amount_total" => 10.into(),
                "type" => "consu".into(),
                "qty_available" | "free_qty" => self.count(id).into(),
                _ => 0.into(),
            };
            row.insert(field, value);
        }
        json!(row)
    }
}

impl Peer for Many {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        let path = request.uri().path().to_owned();
        if let Some(wanted) = path.strip_prefix(BENCH) {
            if wanted == "asked" {
                return answer(&self.calls());
            }
            if wanted != "counts" {
                self.change(wanted == "all", &Clock::System);
            }
            let counts = self.counts();
            return answer(&counts);
        }
        self.asked.fetch_add(1, Ordering::Relaxed);
        match self.ruled(&path, request.body()) {
            Some(rows) => answer(&rows),
            None => self.odoo.call(request),
        }
    }
}

fn answer(value: &Value) -> PeerFuture {
    let mut answer = Response::new(Bytes::from(value.to_string()));
    answer.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    Box::pin(async move { Ok(answer) })
}

/// Says both addresses and serves until it is killed.
pub fn serve(held: Held) -> anyhow::Result<Value> {
    crate::runtime()?.block_on(async {
        let many = Many::new(held, &Clock::System);
        let any = ([127, 0, 0, 1], 0).into();
        let (shop, _) = tcp::serve(Arc::new(many.shop.clone()), any).await?;
        let (odoo, task) = tcp::serve(Arc::new(many), any).await?;
        writeln!(std::io::stdout(), "http://{odoo}\nhttp://{shop}")?;
        std::io::stdout().flush()?;
        task.await?;
        Ok(Value::Null)
    })
}
