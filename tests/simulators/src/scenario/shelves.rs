//! What the shops count and ask for, judged by what Odoo holds and what was sold.

use std::collections::BTreeMap;

use super::{CODES, Channel, Scenario, shipped::sales};
use crate::{
    odoo::{self, OrderView},
    shops::{Article, Sale},
};

/// Where the Shopify shop counts.
pub const LOCATION: &str = "70001";
/// Pieces of each SKU that the portal is not promised.
pub const BUFFER: i64 = 10;
/// The products of the sample: CD-1 to CD-20.
pub(super) const PRODUCTS: u32 = 20;

/// What became of the shelves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shelves {
    /// Counts that are as Odoo promises.
    pub counts: usize,
    /// Prices that are as Odoo's pricelist has them.
    pub prices: usize,
    pub wrong: Vec<String>,
}

/// Pieces by SKU.
type Pieces = BTreeMap<String, i64>;

impl Scenario {
    /// Lists the sample's products in the shops, with nothing of any and at no price. They sell what is not there,
    /// because the sample's orders are decided beforehand.
    pub(super) fn list(&self) {
        for number in 1..=PRODUCTS {
            let sku = format!("CD-{number}");
            self.shopify.shelf.put(&sku, &[(LOCATION, 0)]);
            self.woo.shelf.put(&sku, &[("", 0)]);
            for shelf in [&self.shopify.shelf, &self.woo.shelf] {
                shelf.change(&sku, |article: &mut Article| article.oversells = true);
            }
        }
    }
}

/// Judges every count and every price. `parked` are the orders that wait for a person: what they want and Odoo has
/// not confirmed is promised to nobody.
#[must_use]
pub fn judge_shelves(
    scenario: &Scenario,
    odoo: &odoo::Server,
    parked: &BTreeMap<String, Vec<String>>,
) -> Shelves {
    let (sales, orders) = (sales(scenario), odoo.orders());
    // Nobody can count what cannot be read, and a test order wants nothing.
    let unread = |key: &str| parked.get(key).is_some_and(|why| why.iter().any(|code| code == "unreadable"));
    let waits =
        sales.iter().filter(|(key, (_, sale))| parked.contains_key(*key) && !unread(key) && !sale.test);
    let mut open = Pieces::new();
    for (key, (_, sale)) in waits {
        for (sku, more) in beyond(sale, &confirmed(&orders, key)) {
            *open.entry(sku).or_default() += more;
        }
    }
    let (told, prices) = (scenario.portal.stock(), scenario.portal.prices());
    let mut shelves = Shelves::default();
    for number in 1..=PRODUCTS {
        let sku = format!("CD-{number}");
        let left = odoo.unsold(&CODES, &sku).floor() as i64;
        let promise = left - open.get(&sku).copied().unwrap_or_default();
        let lost = |of| {
            let lost =
                sales.iter().filter(|(key, (channel, sale))| *channel == of && (sale.test || unread(key)));
            pieces(lost.map(|(_, (_, sale))| sale), &sku)
        };
        let counts = [
            ("shopify-main", scenario.shopify.shelf.count(&sku, LOCATION), 0, lost(Channel::Shopify)),
            ("woo-de", scenario.woo.shelf.count(&sku, ""), 0, lost(Channel::Woo)),
            ("b2b", told.get(&(sku.clone(), String::new())).copied(), BUFFER, 0),
        ];
        for (shop, count, buffer, lost) in counts {
            let wanted = (promise - buffer).max(0);
            // Such an order takes from the shop's own count, and from nothing else.
            if count.is_some_and(|count| (wanted - lost..=wanted).contains(&count)) {
                shelves.counts += 1;
            } else {
                shelves.wrong.push(format!("{shop} counts {count:?} of {sku}, and {wanted} are promised"));
            }
        }
        let price = |text: &str| text.parse::<f64>().ok();
        let wanted = Some(f64::from(number * 10));
        let shown = scenario.shopify.shelf.of(&sku).first().and_then(|one| price(one.price.as_deref()?));
        for (shop, shown) in [("shopify-main", shown), ("b2b", prices.get(&sku).and_then(|text| price(text)))]
        {
            if shown == wanted {
                shelves.prices += 1;
            } else {
                shelves.wrong.push(format!("{shop} asks {shown:?} for {sku}, and Odoo {wanted:?}"));
            }
        }
    }
    shelves
}

/// What an order wants beyond what stands confirmed.
fn beyond(sale: &Sale, confirmed: &Pieces) -> Pieces {
    let mut wanted = Pieces::new();
    let goods = sale.goods.iter().filter(|_| !sale.cancelled);
    for (sku, one) in goods.filter_map(|one| Some((one.sku.clone()?, one))) {
        *wanted.entry(sku).or_default() += i64::from(one.current);
    }
    let more = |(sku, pieces): (String, i64)| {
        let more = pieces - confirmed.get(&sku).copied().unwrap_or_default();
        (more > 0).then_some((sku, more))
    };
    wanted.into_iter().filter_map(more).collect()
}

fn confirmed(orders: &[OrderView], key: &str) -> Pieces {
    let id = format!("crossdock.order_{}", key.replacen('/', "_", 1));
    let order = orders.iter().find(|order| order.external_id == id && order.state == "sale");
    let mut pieces = Pieces::new();
    for line in order.into_iter().flat_map(|order| &order.lines) {
        *pieces.entry(line.sku.clone()).or_default() += line.quantity as i64;
    }
    pieces
}

fn pieces<'a>(sales: impl Iterator<Item = &'a Sale>, sku: &str) -> i64 {
    let goods = sales.flat_map(|sale| &sale.goods).filter(|one| one.sku.as_deref() == Some(sku));
    goods.map(|one| i64::from(one.current)).sum()
}
