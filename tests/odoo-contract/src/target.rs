//! The Odoo that a case runs against: a simulator of its own, or the live one that the environment names.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crossdock_core::{Clock, Currency, Entropy};
use crossdock_http::{Client, peer::Peer};
use crossdock_odoo::{Connection, Odoo};

use simulators::odoo::{Goods, Product, Seed, Server, Version};

use crate::{
    hands::Hands,
    master,
    orders::order,
    rig::{Rig, connection},
    wire::Wire,
    world::{DELIVERED, JOURNALS, World},
};
use crossdock_core::order::{Order, Prices};

/// Orders of this process so far; with the time at which it began it makes ids that were never used before.
static ORDERS: AtomicU64 = AtomicU64::new(1);

pub struct Target {
    /// `simulator 17`, `live 18.0 at http://…`
    pub label: String,
    pub clock: Clock,
    /// Leads to Odoo without the wire.
    pub client: Client,
    pub wire: Wire,
    pub connection: Connection,
    /// The user with least rights, which the importer is too; its calls do not go over the wire.
    pub user: Hands,
    admin: Option<Hands>,
    pub world: Arc<World>,
    /// Where it is a simulator: its switches.
    pub simulator: Option<Server>,
    run: String,
}

/// How to reach an Odoo, and as whom.
#[derive(Clone)]
pub struct Access {
    pub connection: Connection,
    pub admin: Option<Connection>,
}

impl Target {
    /// A target that `client` leads to. `run` tells this run of the suite from every other.
    #[must_use]
    pub fn new(label: &str, client: Client, access: &Access, world: Arc<World>, run: &str) -> Self {
        Self {
            label: label.to_owned(),
            clock: client.clock().clone(),
            wire: Wire::new(client.clone()),
            user: Hands(Odoo::new(client.clone(), access.connection.clone())),
            admin: access.admin.clone().map(|admin| Hands(Odoo::new(client.clone(), admin))),
            client,
            connection: access.connection.clone(),
            world,
            simulator: None,
            run: run.to_owned(),
        }
    }

    /// A simulator of its own, with what the suite needs in it.
    ///
    /// # Panics
    /// Where the simulator lacks something.
    pub async fn simulated(version: Version) -> Self {
        let clock = Clock::System;
        let server = Server::demo(version, Arc::new(|| Clock::System.now()));
        server.seed(|seed| {
            seed.manufacturing();
            fill(seed);
        });
        let peers: [(String, Arc<dyn Peer>); 1] = [("odoo.in-process".into(), Arc::new(server.clone()))];
        let client = Client::in_process(peers, clock);
        let of = |user: &str, key: &str| connection("http://odoo.in-process", "odoo", user, key);
        let access =
            Access { connection: of("crossdock", "crossdock-key"), admin: Some(of("admin", "admin-key")) };
        let user = Odoo::new(client.clone(), access.connection.clone());
        let world =
            World::read(&user).await.unwrap_or_else(|missing| panic!("the simulator lacks {missing}"));
        let label = format!("simulator {}", version.number());
        Self { simulator: Some(server), ..Self::new(&label, client, &access, Arc::new(world), "s") }
    }

    /// Switches auto-lock; gives what it was.
    pub async fn auto_lock(&self, on: bool) -> bool {
        let Some(server) = &self.simulator else { return master::auto_lock(self.admin(), on).await };
        let mut before = false;
        server.configure(|settings| before = std::mem::replace(&mut settings.auto_lock, on));
        before
    }

    /// Somebody who may do anything in Odoo.
    ///
    /// # Panics
    /// Where the environment names nobody: the list of tests leaves such cases out, and says so.
    #[must_use]
    pub fn admin(&self) -> &Hands {
        self.admin.as_ref().expect("this case needs CROSSDOCK_ODOO_ADMIN_USER and CROSSDOCK_ODOO_ADMIN_KEY")
    }

    /// An importer with a new ledger.
    #[must_use]
    pub fn rig(&self) -> Rig {
        Rig::new(self)
    }

    /// An id that no order, customer or product ever had.
    #[must_use]
    pub fn fresh(&self) -> String {
        format!("{}x{}", self.run, ORDERS.fetch_add(1, Ordering::Relaxed))
    }

    /// An order without lines, with an id of its own.
    #[must_use]
    pub fn order(&self, prices: Prices) -> Order {
        order(&self.fresh(), prices)
    }

    /// The same in another currency.
    ///
    /// # Panics
    /// For what is no currency code.
    #[must_use]
    pub fn order_in(&self, currency: &str, prices: Prices) -> Order {
        Order { currency: Currency::new(currency).expect("a currency code"), ..self.order(prices) }
    }

    /// The database id of a product of the suite.
    ///
    /// # Panics
    /// For a SKU that is not one of the suite's.
    #[must_use]
    pub fn product(&self, sku: &str) -> i64 {
        *self.world.products.get(sku).unwrap_or_else(|| panic!("the suite has no product {sku}"))
    }

    /// The database id of a tax of the first company.
    ///
    /// # Panics
    /// For a tax that is not one of the suite's.
    #[must_use]
    pub fn tax(&self, name: &str) -> i64 {
        *self.world.company.taxes.get(name).unwrap_or_else(|| panic!("the suite has no tax {name}"))
    }

    /// Prices are rounded to cents when they are stored (17 and 18 as they come), so that not every price
    /// can be written.
    ///
    /// # Panics
    /// Where Odoo does not answer.
    pub async fn rounds_prices(&self) -> bool {
        self.user.0.capabilities().await.expect("the capabilities of this Odoo").price_digits == Some(2)
    }

    #[must_use]
    pub fn entropy(&self) -> Entropy {
        Entropy::system()
    }
}

/// What the suite needs and the simulator's demo has not.
fn fill(seed: &mut Seed<'_, '_>) {
    let product = seed.product(&Product {
        sku: DELIVERED.to_owned(),
        name: "Crossdock product as delivered".to_owned(),
        price: 10.0,
        goods: Goods::Storable,
        taxes: Vec::new(),
        invoice_policy: "delivery".to_owned(),
    });
    let house = seed.find("stock.warehouse", "code", "WH");
    seed.stock(product, house, 1000.0);
    for company in ["My Company", "Second Co"] {
        let company = seed.find("res.company", "name", company);
        for (name, code, kind) in JOURNALS {
            seed.journal(company, name, code, kind);
        }
    }
}
