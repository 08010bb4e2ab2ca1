//! The warehouses of the sample, which work by themselves, and what lies in them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use crossdock_core::Clock;
use crossdock_http::peer::Peer;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::json;

use super::{Scenario, Tempo};
use crate::{
    carriers::easypost::Easypost,
    odoo,
    shops::Signed,
    warehouses::{Automatic, Keys, Server, Vendor},
};

/// The warehouses by the names that the configuration gives them: `east` ships for Shopify what is there and the
/// rest later; `west`, a ShipHero account, ships whole orders of WooCommerce; `south` ships for the B2B portal,
/// and what it leaves out is cancelled.
pub const HOUSES: [&str; 3] = ["east", "west", "south"];
/// Odoo's codes of the same warehouses.
pub const CODES: [&str; 3] = ["WH", "WEST", "SOUTH"];
const VENDORS: [Vendor; 3] = [Vendor::Standard, Vendor::Shiphero, Vendor::Standard];

/// Goods with serial numbers.
pub const SERIAL: [&str; 2] = ["CD-20", "CD-7"];
/// Goods of which `east` and `west` have too few at first.
pub const SCARCE: [&str; 2] = ["CD-19", "CD-4"];
/// What there is of everything else, and what comes in of the scarce goods later.
pub const PLENTY: f64 = 1000.0;

/// A call on its way to one of our doors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub door: &'static str,
    pub signed: Signed,
}

/// Warehouses, and the carrier that tells of the parcels of one that does not. Clones are the same.
#[derive(Clone)]
pub struct Houses {
    /// In the order of [`HOUSES`].
    pub servers: [Server; 3],
    pub easypost: Easypost,
    clock: Clock,
    delay: SignedDuration,
    /// When the goods come of which there were too few.
    more_at: Timestamp,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// What the carrier has told of each parcel.
    moves: BTreeMap<String, usize>,
    arrived: bool,
}

impl Houses {
    pub(super) fn new(seed: u64, orders: usize, clock: &Clock, tempo: Tempo) -> Self {
        let secrets = super::warehouse_secrets();
        let secret = |name: String| secrets[&name][0].clone();
        // Longer than it takes until a later change of an order: that change finds nothing shipped.
        let delay = SignedDuration::try_from(tempo.later * 3 / 2).unwrap_or_default();
        let mut at = 0;
        let servers = VENDORS.map(|vendor| {
            let id = HOUSES[at];
            let keys = Keys { api: secret(format!("{id}/api")), webhook: secret(format!("{id}/webhook")) };
            let server = Server::new(vendor, clock.clone(), keys);
            server.automatic(works(seed ^ at as u64, delay, vendor));
            at += 1;
            server
        });
        let span = i64::try_from(tempo.span_ms(orders)).unwrap_or(i64::MAX);
        let wait = SignedDuration::from_millis(span) + delay * 2;
        Self {
            servers,
            easypost: Easypost::new(clock.clone(), &secret("easypost/webhook".into())),
            clock: clock.clone(),
            delay,
            more_at: clock.now().checked_add(wait).unwrap_or(Timestamp::MAX),
            state: Arc::default(),
        }
    }

    #[must_use]
    pub fn server(&self, id: &str) -> Option<&Server> {
        HOUSES.iter().position(|house| *house == id).map(|at| &self.servers[at])
    }

    /// What happened by now in the warehouses and on the road, to be told.
    fn tick(&self) -> Vec<Told> {
        let mut told = Vec::new();
        for (door, server) in HOUSES.into_iter().zip(&self.servers) {
            told.extend(server.tick().into_iter().map(|signed| Told { door, signed }));
        }
        told.extend(self.on_the_road().into_iter().map(|signed| Told { door: "easypost", signed }));
        told
    }

    /// ShipHero tells nothing of its parcels: EasyPost does.
    fn on_the_road(&self) -> Vec<Signed> {
        const MOVES: [(&str, &str); 2] =
            [("in_transit", "arrived_at_facility"), ("delivered", "arrived_at_destination")];
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut told = Vec::new();
        for sent in self.servers[1].shipments() {
            let gone = now.duration_since(sent.at).as_secs() / self.delay.as_secs().max(1);
            let due = usize::try_from(gone).unwrap_or(0).min(MOVES.len());
            for parcel in sent.parcels {
                let known = state.moves.entry(parcel.clone()).or_default();
                for (status, detail) in &MOVES[*known..due.max(*known)] {
                    told.push(self.easypost.moves(&parcel, status, detail).signed);
                }
                *known = due.max(*known);
            }
        }
        told
    }
}

/// How a warehouse works. ShipHero tells nothing of what it leaves out, so `west` leaves nothing out.
fn works(seed: u64, delay: SignedDuration, vendor: Vendor) -> Automatic {
    Automatic {
        seed,
        delay,
        partial: 150,
        short: if vendor == Vendor::Standard { 100 } else { 0 },
        rejected: 25,
        cancelled: 15,
        early: 0,
        two_parcels: 200,
        trouble: 100,
    }
}

impl Scenario {
    /// Puts into an Odoo what the warehouses ship: two more warehouses, goods with serial numbers and goods of
    /// which there are too few, and the journals of the gateways.
    pub fn stock(&self, odoo: &odoo::Server) {
        let pieces = 60 + self.expected.len();
        let few = self.few();
        self.list();
        odoo.seed(|seed| {
            let company = seed.find("res.company", "name", "My Company");
            let journals = [("Shopify Payments", "SHOPI"), ("Gift Cards", "GIFT"), ("Stripe", "STRIP")];
            for (name, code) in journals {
                seed.journal(company, name, code, "bank");
            }
            for (name, code) in [("West", CODES[1]), ("South", CODES[2])] {
                seed.warehouse(company, name, code);
            }
            for (at, code) in CODES.into_iter().enumerate() {
                let house = seed.find("stock.warehouse", "code", code);
                for number in 1..=20 {
                    let sku = format!("CD-{number}");
                    let product = seed.find("product.product", "default_code", &sku);
                    if SERIAL.contains(&sku.as_str()) {
                        seed.set("product.product", product, "tracking", json!("serial"));
                        seed.stock(product, house, 0.0);
                        for number in serials(at, &sku, pieces) {
                            let lot = json!({ "name": number, "product_id": product, "company_id": company });
                            let lot = seed.record("stock.lot", lot);
                            seed.stock_of(product, house, Some(lot), 1.0);
                        }
                    } else {
                        let scarce = SCARCE.get(at) == Some(&sku.as_str());
                        seed.stock(product, house, if scarce { few } else { PLENTY });
                    }
                }
            }
        });
        for (at, server) in self.houses.servers.iter().enumerate() {
            for sku in SERIAL {
                let numbers = serials(at, sku, pieces).into_iter();
                server.put_lots(sku, numbers.map(|number| (number, Decimal::ONE)));
            }
        }
    }

    /// Pieces of scarce goods that are there at first.
    fn few(&self) -> f64 {
        let few = u32::try_from(self.expected.len() / 40).unwrap_or(u32::MAX);
        f64::from(few)
    }

    /// Lets the world outside go on to the clock's present: warehouses work, parcels travel, goods come in, and
    /// whatever is to be told of it, the shops' own webhooks about what they were told among it.
    #[must_use]
    pub fn tick(&self, odoo: &odoo::Server) -> Vec<Told> {
        let houses = &self.houses;
        let comes = {
            let mut state = houses.state.lock().unwrap_or_else(PoisonError::into_inner);
            let comes = !state.arrived && houses.clock.now() >= houses.more_at;
            state.arrived |= comes;
            comes
        };
        if comes {
            for (code, sku) in CODES.into_iter().zip(SCARCE) {
                odoo.receive(code, sku, PLENTY);
            }
        }
        let mut told = houses.tick();
        let of = |door: &'static str| move |signed| Told { door, signed };
        told.extend(self.shopify.echoes().into_iter().map(of(super::Channel::Shopify.id())));
        told.extend(self.woo.echoes().into_iter().map(of(super::Channel::Woo.id())));
        told
    }

    /// Whether nothing will happen outside any more unless something is asked of it.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let houses = &self.houses;
        let state = houses.state.lock().unwrap_or_else(PoisonError::into_inner);
        let moving = state.moves.values().any(|known| *known < 2);
        state.arrived && !moving && houses.servers.iter().all(|server| !server.is_busy())
    }

    /// Everybody who answers, by host, for a client within one process.
    #[must_use]
    pub fn peers(&self) -> Vec<(String, Arc<dyn Peer>)> {
        let at = |name: &str| format!("{name}.in-process");
        let mut peers: Vec<(String, Arc<dyn Peer>)> = vec![
            (at("shopify"), Arc::new(self.shopify.clone())),
            (at("woo"), Arc::new(self.woo.clone())),
            (at("portal"), Arc::new(self.portal.clone())),
        ];
        for (id, server) in HOUSES.into_iter().zip(&self.houses.servers) {
            peers.push((at(id), Arc::new(server.clone())));
        }
        peers
    }
}

/// The serial numbers of a warehouse.
fn serials(house: usize, sku: &str, pieces: usize) -> Vec<String> {
    (1..=pieces).map(|piece| format!("SN{}-{sku}-{piece:04}", house + 1)).collect()
}
