//! A warehouse to be held to the contract: one kind on its simulator, or a real account.

use std::sync::Arc;

use crossdock_core::{
    Clock, LineId, Reference, ReleaseKey, Sku, WarehouseId,
    config::{self, WarehouseKind},
    hook::Refusal,
    order::Address,
    shipment::{Notice, Release, ReleaseLine, Shipment},
};
use crossdock_http::{Client, peer::Peer};
use crossdock_warehouses::{Call, Warehouse, receive};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use rust_decimal::Decimal;
use secrecy::SecretString;
use serde_json::json;
use simulators::{
    shops::Signed,
    warehouses::{Keys, Server, Vendor, key_set, rsa_keys},
};

/// When every simulated case begins.
pub const START: Timestamp = Timestamp::constant(1_795_500_000, 0);
pub const HOST: &str = "warehouse.in-process";

/// What a kind cannot do, or does in its own way.
#[derive(Debug, Clone, Copy)]
pub struct Traits {
    /// It ships whole numbers only.
    pub whole_numbers: bool,
    /// It takes a second release under one reference for the same one.
    pub repeat_is_harmless: bool,
    /// It can be told which lots to take.
    pub prescribes_lots: bool,
    /// It tells lots and serial numbers.
    pub lots: bool,
    /// It says in which lots lies what it counts.
    pub counts_lots: bool,
    /// It counts several warehouses under one account, and is asked for one of them.
    pub counts_by_id: bool,
    /// It can leave a stop to a person.
    pub asks: bool,
    /// It tells that it called a release off.
    pub tells_cancels: bool,
    /// It tells that it will not ship, and that nothing more will.
    pub tells_ends: bool,
    /// It tells how far parcels have come.
    pub parcels: bool,
    /// It says within a good answer that too much was asked.
    pub throttles_inside: bool,
    /// Its calls do not hold the goods.
    pub thin: bool,
    /// The time is part of what it signs.
    pub signs_time: bool,
}

pub struct Target {
    pub kind: WarehouseKind,
    pub traits: Traits,
    pub warehouse: Warehouse,
    /// The same with credentials that are wrong.
    pub stranger: Warehouse,
    /// What reaches it.
    pub client: Client,
    url: String,
    /// What the simulator's people do. None on a real account: nobody ships there at our word.
    floor: Option<Server>,
    pub id: WarehouseId,
    /// What opens its API.
    pub api: String,
    /// What the warehouse signs with.
    pub secret: String,
    /// A SKU that it knows.
    pub sku: String,
    /// Makes the references of this run unlike those of any other.
    pub run: String,
}

/// Every kind that something is sent to.
pub const KINDS: [WarehouseKind; 3] =
    [WarehouseKind::Standard, WarehouseKind::Shiphero, WarehouseKind::Shipstation];

#[must_use]
pub fn traits(kind: WarehouseKind) -> Traits {
    match kind {
        WarehouseKind::Standard => Traits {
            whole_numbers: false,
            repeat_is_harmless: true,
            prescribes_lots: true,
            lots: true,
            counts_lots: true,
            counts_by_id: false,
            asks: true,
            tells_cancels: true,
            tells_ends: true,
            parcels: true,
            throttles_inside: false,
            thin: false,
            signs_time: true,
        },
        WarehouseKind::Shiphero => Traits {
            whole_numbers: true,
            repeat_is_harmless: false,
            prescribes_lots: false,
            lots: true,
            counts_lots: false,
            counts_by_id: true,
            asks: false,
            tells_cancels: true,
            tells_ends: false,
            parcels: false,
            throttles_inside: true,
            thin: false,
            signs_time: false,
        },
        WarehouseKind::Shipstation => Traits {
            whole_numbers: true,
            repeat_is_harmless: true,
            prescribes_lots: false,
            lots: false,
            counts_lots: false,
            counts_by_id: true,
            asks: false,
            tells_cancels: false,
            tells_ends: false,
            parcels: true,
            throttles_inside: false,
            thin: true,
            signs_time: true,
        },
        WarehouseKind::Odoo => panic!("nothing is sent to Odoo"),
    }
}

fn vendor(kind: WarehouseKind) -> Vendor {
    match kind {
        WarehouseKind::Standard => Vendor::Standard,
        WarehouseKind::Shiphero => Vendor::Shiphero,
        WarehouseKind::Shipstation => Vendor::Shipstation,
        WarehouseKind::Odoo => panic!("nothing is sent to Odoo"),
    }
}

/// What opens and signs for a simulated warehouse.
struct Secrets {
    api: &'static str,
    /// What the simulator signs with.
    signs: &'static str,
    /// What a call is verified with.
    verifies: String,
    /// As `verifies`, but somebody else's.
    stranger: String,
}

fn secrets(kind: WarehouseKind) -> Secrets {
    let same = |api, signs: &'static str, stranger: &str| Secrets {
        api,
        signs,
        verifies: signs.into(),
        stranger: stranger.into(),
    };
    match kind {
        WarehouseKind::Standard => same(
            "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH",
        ),
        WarehouseKind::Shiphero => {
            same("refresh-token-of-a-user", "shared-signature-secret", "of-somebody-else")
        }
        WarehouseKind::Shipstation => Secrets {
            api: "api-key-of-the-account",
            signs: rsa_keys::VENDOR,
            verifies: key_set(rsa_keys::VENDOR),
            stranger: key_set(rsa_keys::STRANGER),
        },
        WarehouseKind::Odoo => panic!("nothing is sent to Odoo"),
    }
}

/// What the vendor calls the simulated warehouse, where it counts several.
fn counted(kind: WarehouseKind) -> Option<&'static str> {
    match kind {
        WarehouseKind::Shiphero => Some("V2FyZWhvdXNlOjE="),
        WarehouseKind::Shipstation => Some("se-1"),
        WarehouseKind::Standard | WarehouseKind::Odoo => None,
    }
}

fn configured(kind: WarehouseKind, url: &str, counts_of: Option<&str>) -> config::Warehouse {
    let stock = json!({ "counts_of": counts_of });
    serde_json::from_value(
        json!({ "id": "wh-east", "kind": kind, "odoo": "Main", "url": url, "stock": stock }),
    )
    .expect("a sound configuration")
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

impl Target {
    /// On the simulator. Call it within the runtime that the case runs on.
    #[must_use]
    pub fn simulated(kind: WarehouseKind) -> Self {
        let clock = Clock::tokio(START);
        let secrets = secrets(kind);
        let keys = Keys { api: secrets.api.into(), webhook: secrets.signs.into() };
        let floor = Server::new(vendor(kind), clock.clone(), keys);
        let peer: Arc<dyn Peer> = Arc::new(floor.clone());
        let client = Client::in_process([(HOST.to_owned(), peer)], clock);
        let url = format!("https://{HOST}/");
        let config = configured(kind, &url, counted(kind));
        Self {
            kind,
            traits: traits(kind),
            warehouse: Warehouse::new(client.clone(), &config, &secret(secrets.api)),
            stranger: Warehouse::new(client.clone(), &config, &secret(&secrets.stranger)),
            client,
            url,
            floor: Some(floor),
            id: config.id,
            api: secrets.api.into(),
            secret: secrets.verifies,
            sku: "SKU-001".into(),
            run: "OUT".into(),
        }
    }

    /// A real account that the environment names; none where it names none.
    ///
    /// # Panics
    /// When what it names is incomplete.
    #[must_use]
    pub fn live(lookup: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let kind: WarehouseKind = serde_json::from_value(lookup("CROSSDOCK_WAREHOUSE_KIND")?.into())
            .expect("CROSSDOCK_WAREHOUSE_KIND is a kind of the configuration");
        let needed = |name: &str| lookup(name).unwrap_or_else(|| panic!("{name} is not set"));
        let url = lookup("CROSSDOCK_WAREHOUSE_URL").unwrap_or_default();
        let config = configured(kind, &url, None);
        let client = Client::network(Clock::System);
        let api = needed("CROSSDOCK_WAREHOUSE_SECRET");
        Some(Self {
            kind,
            traits: traits(kind),
            warehouse: Warehouse::new(client.clone(), &config, &secret(&api)),
            stranger: Warehouse::new(client.clone(), &config, &secret(&secrets(kind).stranger)),
            client,
            url,
            floor: None,
            id: config.id,
            api,
            secret: String::new(),
            sku: needed("CROSSDOCK_WAREHOUSE_SKU"),
            run: format!("T{}", Clock::System.now().as_second()),
        })
    }

    /// The simulator's floor.
    ///
    /// # Panics
    /// On a real account: a case that needs a floor is not run there.
    #[must_use]
    pub fn floor(&self) -> &Server {
        self.floor.as_ref().expect("this case needs a floor")
    }

    /// The same warehouse with another id, or none, of the one whose counts are asked for.
    #[must_use]
    pub fn counting(&self, client: &Client, counts_of: Option<&str>) -> Warehouse {
        let config = configured(self.kind, &self.url, counts_of);
        Warehouse::new(client.clone(), &config, &secret(&self.api))
    }

    #[must_use]
    pub fn has_floor(&self) -> bool {
        self.floor.is_some()
    }

    #[must_use]
    pub fn reference(&self, number: u32) -> Reference {
        Reference::new(format!("WH/{}/{number:05}", self.run)).expect("a reference")
    }

    /// A release of two of the SKU that is known and three of another, where there is a floor.
    #[must_use]
    pub fn release(&self, number: u32) -> Release {
        let mut lines = vec![self.line("71", &self.sku, "2")];
        if self.has_floor() {
            lines.push(self.line("72", "SKU-002", "3"));
        }
        Release {
            key: ReleaseKey::new(self.id.clone(), self.reference(number)),
            order_number: format!("#{number}"),
            lines,
            to: Address {
                name: "Zoë Müller-Østergård".into(),
                company: Some("Müller & Søn GmbH".into()),
                street: "100 Congress Avenue".into(),
                street2: Some("Suite 2000".into()),
                city: "Austin".into(),
                postcode: Some("78701".into()),
                region: Some("TX".into()),
                country: "US".into(),
                phone: Some("+1 512 555 0100".into()),
            },
            email: Some("zoe@example.test".into()),
            service: None,
            gift_note: Some("Alles Gute! 🎁".into()),
            delivery_note: Some("Leave at the back door".into()),
            purchase_order: Some("PO-77".into()),
        }
    }

    #[must_use]
    pub fn line(&self, line: &str, sku: &str, quantity: &str) -> ReleaseLine {
        ReleaseLine {
            line: LineId::new(line).expect("a line"),
            sku: Sku::new(sku).expect("a SKU"),
            name: format!("Goods {sku}"),
            quantity: decimal(quantity),
            lots: Vec::new(),
        }
    }

    /// A webhook secret of the right form that is somebody else's.
    #[must_use]
    pub fn other_secret(&self) -> String {
        secrets(self.kind).stranger
    }

    /// Takes in one call, with these secrets alone.
    ///
    /// # Errors
    /// As [`receive`].
    pub fn receive_with(&self, call: &Signed, secrets: &[&str], now: Timestamp) -> Result<Notice, Refusal> {
        let headers = headers(call);
        let secrets: Vec<SecretString> = secrets.iter().map(|text| secret(text)).collect();
        receive(self.kind, &self.id, Call { headers: &headers, query: None, body: &call.body }, &secrets, now)
    }

    /// Takes in calls, and asks where a call tells only that something happened.
    ///
    /// # Panics
    /// When one is refused, or the warehouse does not answer.
    pub async fn learn(&self, calls: &[Signed]) -> Vec<Notice> {
        let mut learnt = Vec::new();
        for call in calls {
            let now = self.floor().clock().now();
            let notice =
                self.receive_with(call, &[&self.secret], now).expect("our own warehouse signs rightly");
            match notice {
                Notice::AskHandle { handle } => {
                    learnt.extend(self.warehouse.resolve(&handle).await.expect("an answer about the handle"));
                }
                Notice::Ask { reference } => {
                    let all = self.warehouse.shipments(&reference, None).await.expect("its shipments");
                    learnt.extend(all.into_iter().map(|one| Notice::Shipped { shipment: Box::new(one) }));
                }
                other => learnt.push(other),
            }
        }
        learnt
    }

    /// The shipments among what is learnt from calls.
    pub async fn learn_shipments(&self, calls: &[Signed]) -> Vec<Shipment> {
        let shipped = |notice| match notice {
            Notice::Shipped { shipment } => Some(*shipment),
            _ => None,
        };
        self.learn(calls).await.into_iter().filter_map(shipped).collect()
    }
}

/// The headers of a call as the receiver sees them.
#[must_use]
pub fn headers(call: &Signed) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &call.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        headers.append(name, HeaderValue::from_str(value).expect("a header's value"));
    }
    headers
}

/// # Panics
/// When `text` is no decimal.
#[must_use]
pub fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}
