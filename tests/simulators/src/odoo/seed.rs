//! What a database holds before anybody calls.

use serde_json::{Map, Value, json};

use super::{
    Version,
    db::{Login, ROOT, Tx},
    settings::Rounding,
    store::Row,
    value::truthy,
};

const PLACES: &str = include_str!("schema/places.tsv");

/// What a person who may sell, ship and invoice, and no more, is a member of.
pub const INTEGRATION_GROUPS: [&str; 5] = [
    "base.group_user",
    "sales_team.group_sale_salesman_all_leads",
    "base.group_partner_manager",
    "stock.group_stock_user",
    "account.group_account_invoice",
];

#[derive(Debug, Clone)]
pub struct User {
    pub login: String,
    pub password: Option<String>,
    pub keys: Vec<String>,
    pub time_zone: String,
    pub companies: Vec<i64>,
    pub groups: Vec<String>,
    pub administrator: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goods {
    Storable,
    Consumable,
    Service,
}

#[derive(Debug, Clone)]
pub struct Product {
    pub sku: String,
    pub name: String,
    pub price: f64,
    pub goods: Goods,
    pub taxes: Vec<i64>,
    /// `order` or `delivery`.
    pub invoice_policy: String,
}

#[derive(Debug, Clone)]
pub struct TaxRate {
    pub name: String,
    pub amount: f64,
    /// A fixed amount a unit, not a percentage.
    pub fixed: bool,
    pub included: bool,
    pub company: i64,
}

/// Fills a database; every method answers the new record's id.
pub struct Seed<'a, 'b> {
    pub(crate) tx: &'a mut Tx<'b>,
}

fn row<const N: usize>(cells: [(&str, Value); N]) -> Row {
    cells.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
}

impl Seed<'_, '_> {
    pub(crate) fn insert<const N: usize>(&mut self, model: &str, cells: [(&str, Value); N]) -> i64 {
        let id = self.tx.db.store.next_id(model);
        self.insert_at(model, id, cells);
        id
    }

    fn insert_at<const N: usize>(&mut self, model: &str, id: i64, cells: [(&str, Value); N]) {
        let mut row = row(cells);
        let now = self.tx.now();
        if self.tx.db.schema.field(model, "active").is_some() {
            row.entry("active".into()).or_insert(json!(true));
        }
        for field in ["create_date", "write_date"] {
            row.entry(field.into()).or_insert(now.clone());
        }
        self.tx.db.store.insert(model, id, row);
    }

    /// Any record, with Odoo's defaults for what is left out.
    ///
    /// # Panics
    ///
    /// When Odoo would refuse the record: a seed that is wrong is a test that is wrong.
    pub fn record(&mut self, model: &str, vals: Value) -> i64 {
        let vals: Map<String, Value> = vals.as_object().cloned().unwrap_or_default();
        match self.tx.create(model, vals) {
            Ok(id) => id,
            Err(error) => panic!("cannot seed {model}: {}", error.message),
        }
    }

    pub fn external_id(&mut self, xid: &str, model: &str, id: i64) {
        if let Err(error) = self.tx.bind(xid, model, id) {
            panic!("cannot name {model} {id} {xid}: {}", error.message);
        }
    }

    /// Countries, currencies and what else comes with every installation.
    pub fn base(&mut self) {
        for line in PLACES.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            let [kind, id, code, name, more] = cells[..] else { continue };
            let id: i64 = id.parse().unwrap_or_default();
            match kind {
                "country" => {
                    let phone = json!(more.parse::<i64>().unwrap_or_default());
                    let cells = [("code", json!(code)), ("name", json!(name)), ("phone_code", phone)];
                    self.insert_at("res.country", id, cells);
                }
                "state" => {
                    let country = json!(more.parse::<i64>().unwrap_or_default());
                    let cells = [("code", json!(code)), ("name", json!(name)), ("country_id", country)];
                    self.insert_at("res.country.state", id, cells);
                }
                _ => self.currency(id, code, name, more.parse().unwrap_or(0.01)),
            }
        }
        self.insert(
            "res.lang",
            [("name", json!("English (US)")), ("code", json!("en_US")), ("iso_code", json!("en"))],
        );
        self.categories();
        for (name, size) in [("Units", 1.0), ("Dozens", 12.0)] {
            let factor = if self.tx.version() == Version::V19 { size } else { 1.0 / size };
            self.insert(
                "uom.uom",
                [("name", json!(name)), ("factor", json!(factor)), ("rounding", json!(0.01))],
            );
        }
        let head = if self.tx.version() == Version::V19 { "" } else { "Partners/" };
        let virtual_head = if self.tx.version() == Version::V19 { "" } else { "Virtual Locations/" };
        for (name, usage, head) in [
            ("Vendors", "supplier", head),
            ("Customers", "customer", head),
            ("Inventory adjustment", "inventory", virtual_head),
        ] {
            let full = json!(format!("{head}{name}"));
            let cells = [("name", json!(name)), ("usage", json!(usage)), ("complete_name", full)];
            self.insert("stock.location", cells);
        }
        let root = self.tx.db.store.next_id("res.users");
        debug_assert_eq!(root, ROOT);
        let cells = [("name", json!("OdooBot")), ("login", json!("__system__")), ("active", json!(false))];
        self.insert_at("res.users", ROOT, cells);
        for name in self.tx.db.settings.modules.clone() {
            let number = self.tx.version().number();
            let cells = [
                ("name", json!(name)),
                ("state", json!("installed")),
                ("latest_version", json!(format!("{number}.0.1.0"))),
            ];
            self.insert("ir.module.module", cells);
        }
    }

    fn currency(&mut self, id: i64, name: &str, symbol: &str, rounding: f64) {
        let places = if rounding >= 1.0 { 0 } else { 2 };
        let cells = [
            ("name", json!(name)),
            ("symbol", json!(symbol)),
            ("rounding", json!(rounding)),
            ("decimal_places", json!(places)),
            ("active", json!(matches!(name, "USD" | "EUR" | "GBP" | "JPY" | "CHF"))),
        ];
        self.insert_at("res.currency", id, cells);
        self.external_id(&format!("base.{name}"), "res.currency", id);
    }

    /// The id of what has this value in a field, or 0.
    pub fn find(&self, model: &str, field: &str, value: &str) -> i64 {
        self.tx.db.store.by_text(model, field, value).first().copied().unwrap_or_default()
    }

    pub fn company(&mut self, name: &str, currency: &str, country: &str) -> i64 {
        let currency = self.find("res.currency", "name", currency);
        let country = self.find("res.country", "code", country);
        let rounding = match self.tx.version() {
            Version::V17 | Version::V18 => "round_per_line",
            Version::V19 => "round_globally",
        };
        let id = self.insert(
            "res.company",
            [
                ("name", json!(name)),
                ("currency_id", json!(currency)),
                ("country_id", json!(country)),
                ("tax_calculation_rounding_method", json!(rounding)),
                ("account_price_include", json!("tax_excluded")),
                ("sequence", json!(10)),
            ],
        );
        let partner = self.record("res.partner", json!({"name": name, "is_company": true}));
        self.tx.db.store.set("res.company", id, "partner_id", json!(partner));
        self.books(id);
        if id == 1 {
            self.external_id("base.main_company", "res.company", id);
            self.external_id("base.main_partner", "res.partner", partner);
        }
        id
    }

    /// A warehouse with its places and its two kinds of transfer.
    pub fn warehouse(&mut self, company: i64, name: &str, code: &str) -> i64 {
        let own = [("company_id", json!(company))];
        let view = self.insert(
            "stock.location",
            [("name", json!(code)), ("complete_name", json!(code)), ("usage", json!("view")), own[0].clone()],
        );
        let stock = self.insert(
            "stock.location",
            [
                ("name", json!("Stock")),
                ("location_id", json!(view)),
                ("complete_name", json!(format!("{code}/Stock"))),
                ("usage", json!("internal")),
                own[0].clone(),
            ],
        );
        let house = self.tx.db.store.next_id("stock.warehouse");
        let kind = |seed: &mut Self, name: &str, code: &str, sign: &str| {
            let cells = [
                ("name", json!(name)),
                ("code", json!(code)),
                ("sequence_code", json!(sign)),
                ("warehouse_id", json!(house)),
                ("use_create_lots", json!(code == "incoming")),
                ("use_existing_lots", json!(code == "outgoing")),
                own[0].clone(),
            ];
            seed.insert("stock.picking.type", cells)
        };
        let incoming = kind(self, "Receipts", "incoming", "IN");
        let outgoing = kind(self, "Delivery Orders", "outgoing", "OUT");
        self.insert_at(
            "stock.warehouse",
            house,
            [
                ("name", json!(name)),
                ("code", json!(code)),
                ("lot_stock_id", json!(stock)),
                ("view_location_id", json!(view)),
                ("in_type_id", json!(incoming)),
                ("out_type_id", json!(outgoing)),
                ("delivery_steps", json!("ship_only")),
                ("reception_steps", json!("one_step")),
                ("sequence", json!(10)),
                own[0].clone(),
            ],
        );
        self.tx.db.store.set("stock.location", stock, "warehouse_id", json!(house));
        house
    }

    pub fn user(&mut self, user: &User) -> i64 {
        let partner = self.record(
            "res.partner",
            json!({"name": user.login, "email": format!("{}@example.com", user.login)}),
        );
        let id = self.insert(
            "res.users",
            [
                ("name", json!(user.login)),
                ("login", json!(user.login)),
                ("tz", json!(user.time_zone)),
                ("lang", json!("en_US")),
                ("company_id", json!(user.companies.first())),
                ("company_ids", json!(user.companies)),
                ("partner_id", json!(partner)),
                ("share", json!(false)),
            ],
        );
        for _ in &user.keys {
            self.record("res.users.apikeys", json!({"name": user.login, "user_id": id, "scope": "rpc"}));
        }
        let groups: Vec<&str> = user.groups.iter().map(String::as_str).collect();
        let groups = self.tx.db.rights.closure(&groups);
        self.tx.db.logins.push(Login {
            uid: id,
            login: user.login.clone(),
            password: user.password.clone(),
            keys: user.keys.clone(),
            superuser: user.administrator,
            groups,
        });
        id
    }

    pub fn tax(&mut self, tax: &TaxRate) -> i64 {
        let mut vals = json!({
            "name": tax.name,
            "amount": tax.amount,
            "amount_type": if tax.fixed { "fixed" } else { "percent" },
            "company_id": tax.company,
        });
        if self.tx.version() == Version::V17 {
            vals["price_include"] = json!(tax.included);
        } else {
            vals["price_include_override"] =
                json!(if tax.included { "tax_included" } else { "tax_excluded" });
        }
        self.record("account.tax", vals)
    }

    pub fn pricelist(&mut self, name: &str, currency: &str, company: Option<i64>) -> i64 {
        let currency = self.find("res.currency", "name", currency);
        self.record(
            "product.pricelist",
            json!({"name": name, "currency_id": currency, "company_id": company}),
        )
    }

    /// Units of the currency for one unit of the company's, from the beginning of time.
    pub fn rate(&mut self, currency: &str, rate: f64) -> i64 {
        let currency = self.find("res.currency", "name", currency);
        self.insert(
            "res.currency.rate",
            [("name", json!("2020-01-01")), ("rate", json!(rate)), ("currency_id", json!(currency))],
        )
    }

    pub fn product(&mut self, product: &Product) -> i64 {
        let new = self.tx.version() != Version::V17;
        let kind = match product.goods {
            Goods::Storable if new => "consu",
            Goods::Storable => "product",
            Goods::Consumable => "consu",
            Goods::Service => "service",
        };
        let mut vals = json!({
            "name": product.name,
            "default_code": product.sku,
            "list_price": product.price,
            "type": kind,
            "taxes_id": [[6, 0, product.taxes]],
            "invoice_policy": product.invoice_policy,
        });
        if new {
            vals["is_storable"] = json!(product.goods == Goods::Storable);
        }
        self.record("product.product", vals)
    }

    pub fn team(&mut self, name: &str) -> i64 {
        self.record("crm.team", json!({"name": name}))
    }

    /// The taxes that a new product of the company gets by itself.
    pub fn default_taxes(&mut self, company: i64, taxes: &[i64]) {
        self.tx.db.store.set("res.company", company, "_sale_taxes", json!(taxes));
    }

    pub fn rounding(&mut self, company: i64, rounding: Rounding) {
        self.set("res.company", company, "tax_calculation_rounding_method", json!(rounding.name()));
    }

    /// The name that callers give as the database.
    pub fn database(&mut self, name: &str) {
        name.clone_into(&mut self.tx.db.name);
    }

    /// Lets a number sequence, such as `sale.order` or `WH/OUT`, go on after `last`.
    pub fn sequence(&mut self, name: &str, last: i64) {
        self.tx.db.sequences.insert(name.to_owned(), last);
    }

    /// Lets the ids of a model start after `last`.
    pub fn skip_ids(&mut self, model: &str, last: i64) {
        self.tx.db.store.skip_ids(model, last);
    }

    /// Writes a field as it is, past all rules.
    pub fn set(&mut self, model: &str, id: i64, field: &str, value: Value) {
        self.tx.db.store.set(model, id, field, value);
    }

    /// Whether a field of a record holds anything.
    pub fn is_set(&self, model: &str, id: i64, field: &str) -> bool {
        truthy(&self.tx.raw(model, id, field))
    }
}
