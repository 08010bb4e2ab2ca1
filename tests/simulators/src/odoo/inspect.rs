//! What a test asks of the simulator beside the protocol: what there is, what was called, and what a person
//! at the keyboard would do.

use serde_json::{Map, Value, json};

use super::{
    db::{Created, Tx},
    error::Outcome,
    faults::{Armed, Call, Fault},
    methods::Arguments,
    reserve::HELD,
    seed::Seed,
    server::Server,
    settings::Settings,
    stock::{MOVE, PICKING},
    value::ids,
};

#[derive(Debug, Clone, PartialEq)]
pub struct LineView {
    pub id: i64,
    pub external_id: String,
    pub sku: String,
    pub name: String,
    pub quantity: f64,
    pub price_unit: f64,
    pub discount: f64,
    pub taxes: Vec<String>,
    pub subtotal: f64,
    pub tax: f64,
    pub total: f64,
    pub delivered: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PickingView {
    pub id: i64,
    pub name: String,
    /// `outgoing` or `incoming`.
    pub kind: String,
    pub state: String,
    pub tracking: String,
    /// SKU, demand and held or done quantity of each move.
    pub moves: Vec<(String, f64, f64)>,
    /// The names of the lots and serial numbers that it holds or has brought.
    pub lots: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct OrderView {
    pub id: i64,
    pub name: String,
    pub external_id: String,
    pub origin: String,
    pub client_order_ref: String,
    pub state: String,
    pub locked: bool,
    pub untaxed: f64,
    pub tax: f64,
    pub total: f64,
    pub currency: String,
    pub company: String,
    pub date_order: String,
    /// External ids of the customer, the invoice address and the delivery address; a name where there is none.
    pub partner: String,
    pub invoice_partner: String,
    pub shipping_partner: String,
    pub lines: Vec<LineView>,
    pub pickings: Vec<PickingView>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerView {
    pub id: i64,
    pub external_id: String,
    pub name: String,
    pub email: String,
    pub kind: String,
    pub parent: Option<i64>,
    pub street: String,
    pub city: String,
    pub zip: String,
    pub country: String,
}

impl Server {
    pub fn seed<T>(&self, fill: impl FnOnce(&mut Seed<'_, '_>) -> T) -> T {
        let result = self.with(|tx| fill(&mut Seed { tx }));
        let mut state = self.lock();
        state.db.created = Created::default();
        result
    }

    /// Changes the switches of the database.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.lock().db.settings);
    }

    pub fn inject(&self, fault: Fault) {
        self.lock().faults.push(Armed::new(fault));
    }

    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// Nobody listens until it is taken back.
    pub fn down(&self, down: bool) {
        self.lock().down = down;
    }

    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    pub fn reset_calls(&self) {
        self.lock().calls.clear();
    }

    /// How many records were ever made by calls, gone ones too.
    #[must_use]
    pub fn created(&self) -> Created {
        self.lock().db.created
    }

    /// How many orders were ever confirmed.
    #[must_use]
    pub fn confirmed(&self) -> u64 {
        self.lock().db.confirmed
    }

    /// Orders whose quotation template mailed the customer.
    #[must_use]
    pub fn mails(&self) -> Vec<i64> {
        self.lock().db.mails.clone()
    }

    /// Takes a key away, as its expiry does.
    pub fn revoke(&self, key: &str) {
        for login in &mut self.lock().db.logins {
            login.keys.retain(|known| known != key);
        }
    }

    pub fn add_key(&self, login: &str, key: &str) {
        if let Some(login) = self.lock().db.logins.iter_mut().find(|known| known.login == login) {
            login.keys.push(key.to_owned());
        }
    }

    #[must_use]
    pub fn orders(&self) -> Vec<OrderView> {
        self.with(|tx| tx.db.store.ids("sale.order").into_iter().map(|id| tx.order_view(id)).collect())
    }

    #[must_use]
    pub fn order(&self, external_id: &str) -> Option<OrderView> {
        self.with(|tx| match tx.resolve(external_id) {
            Some((model, id)) if model == "sale.order" => Some(tx.order_view(id)),
            _ => None,
        })
    }

    #[must_use]
    pub fn partners(&self) -> Vec<PartnerView> {
        self.with(|tx| tx.db.store.ids("res.partner").into_iter().map(|id| tx.partner_view(id)).collect())
    }

    /// One field as `read` shows it, past all rights.
    #[must_use]
    pub fn field(&self, model: &str, id: i64, field: &str) -> Value {
        self.with(|tx| tx.raw(model, id, field))
    }

    /// Somebody changes a record in Odoo's own pages.
    ///
    /// # Errors
    ///
    /// With Odoo's words, when Odoo refuses.
    pub fn by_hand_write(&self, model: &str, id: i64, vals: &Value) -> Result<(), String> {
        let vals = vals.as_object().cloned().unwrap_or_else(Map::new);
        self.by_hand(|tx| tx.write(model, &[id], &vals))
    }

    /// Somebody deletes a record.
    ///
    /// # Errors
    ///
    /// With Odoo's words, when Odoo refuses.
    pub fn by_hand_unlink(&self, model: &str, id: i64) -> Result<(), String> {
        self.by_hand(|tx| tx.unlink(model, &[id]))
    }

    /// Somebody presses a button: a method that takes records and nothing else.
    ///
    /// # Errors
    ///
    /// With Odoo's words, when Odoo refuses.
    pub fn by_hand_press(&self, model: &str, method: &str, id: i64) -> Result<(), String> {
        let given = Arguments { positional: vec![json!([id])], named: Map::new() };
        self.by_hand(|tx| tx.execute(model, method, given, false).map(|_| ()))
    }

    /// Somebody confirms an order.
    ///
    /// # Errors
    ///
    /// With Odoo's words, when Odoo refuses.
    pub fn by_hand_confirm(&self, order: i64) -> Result<(), String> {
        self.by_hand(|tx| tx.action_confirm(&[order]).map(|_| ()))
    }

    /// Somebody cancels an order and says yes to the question that 17 and 18 ask.
    ///
    /// # Errors
    ///
    /// With Odoo's words, when Odoo refuses.
    pub fn by_hand_cancel(&self, order: i64) -> Result<(), String> {
        self.by_hand(|tx| {
            tx.env.context.insert("disable_cancel_warning".into(), json!(true));
            tx.action_cancel(&[order]).map(|_| ())
        })
    }

    /// The warehouse ships all of a transfer, whether it was there or not.
    ///
    /// # Errors
    ///
    /// With Odoo's words, when Odoo refuses.
    pub fn ship(&self, picking: i64) -> Result<(), String> {
        self.by_hand(|tx| {
            for id in tx.db.store.by_ref(MOVE, "picking_id", picking) {
                let demand = tx.db.store.number(MOVE, id, "product_uom_qty");
                if tx.is_open(MOVE, id) {
                    tx.hold(id, demand);
                }
            }
            tx.env.context.insert("skip_sms".into(), json!(true));
            tx.button_validate(&[picking]).map(|_| ())
        })
    }

    pub(super) fn by_hand(&self, act: impl FnOnce(&mut Tx<'_>) -> Outcome<()>) -> Result<(), String> {
        self.with(|tx| {
            let savepoint = tx.db.store.savepoint();
            tx.db.batching = 0;
            act(tx).map_err(|error| {
                tx.db.store.rollback(savepoint);
                error.public()
            })
        })
    }
}

impl Tx<'_> {
    fn external_id(&self, model: &str, id: i64) -> String {
        let names = self.external_ids(model, &[id]);
        names[id.to_string()].as_str().unwrap_or_default().to_owned()
    }

    fn label(&self, model: &str, id: Option<i64>) -> String {
        let Some(id) = id else { return String::new() };
        let xid = self.external_id(model, id);
        if xid.is_empty() { self.db.store.text(model, id, "name") } else { xid }
    }

    fn order_view(&self, id: i64) -> OrderView {
        let model = "sale.order";
        let store = &self.db.store;
        let name_of = |model: &str, id: Option<i64>| store.text(model, id.unwrap_or_default(), "name");
        let partner = |field: &str| self.label("res.partner", store.link(model, id, field));
        OrderView {
            id,
            name: store.text(model, id, "name"),
            external_id: self.external_id(model, id),
            origin: store.text(model, id, "origin"),
            client_order_ref: store.text(model, id, "client_order_ref"),
            state: store.text(model, id, "state"),
            locked: store.flag(model, id, "locked"),
            untaxed: store.number(model, id, "amount_untaxed"),
            tax: store.number(model, id, "amount_tax"),
            total: store.number(model, id, "amount_total"),
            currency: name_of("res.currency", store.link(model, id, "currency_id")),
            company: name_of("res.company", store.link(model, id, "company_id")),
            date_order: store.text(model, id, "date_order"),
            partner: partner("partner_id"),
            invoice_partner: partner("partner_invoice_id"),
            shipping_partner: partner("partner_shipping_id"),
            lines: self.order_lines(id).into_iter().map(|line| self.line_view(line)).collect(),
            pickings: store
                .by_ref(PICKING, "sale_id", id)
                .into_iter()
                .map(|id| self.picking_view(id))
                .collect(),
        }
    }

    fn sku(&self, product: Option<i64>) -> String {
        self.db.store.text("product.product", product.unwrap_or_default(), "default_code")
    }

    fn line_view(&self, id: i64) -> LineView {
        let model = "sale.order.line";
        let store = &self.db.store;
        let taxes = ids(&self.raw(model, id, self.line_taxes()));
        LineView {
            id,
            external_id: self.external_id(model, id),
            sku: self.sku(store.link(model, id, "product_id")),
            name: store.text(model, id, "name"),
            quantity: store.number(model, id, "product_uom_qty"),
            price_unit: store.number(model, id, "price_unit"),
            discount: store.number(model, id, "discount"),
            taxes: taxes.into_iter().map(|tax| store.text("account.tax", tax, "name")).collect(),
            subtotal: store.number(model, id, "price_subtotal"),
            tax: store.number(model, id, "price_tax"),
            total: store.number(model, id, "price_total"),
            delivered: self.delivered(id),
        }
    }

    fn picking_view(&self, id: i64) -> PickingView {
        let store = &self.db.store;
        let moves = store.by_ref(MOVE, "picking_id", id).into_iter();
        let held = store.by_ref(HELD, "picking_id", id).into_iter();
        let lots = held.filter_map(|line| store.link(HELD, line, "lot_id"));
        PickingView {
            lots: lots.map(|lot| store.text("stock.lot", lot, "name")).collect(),
            id,
            name: store.text(PICKING, id, "name"),
            kind: self.raw(PICKING, id, "picking_type_code").as_str().unwrap_or_default().to_owned(),
            state: store.text(PICKING, id, "state"),
            tracking: store.text(PICKING, id, "carrier_tracking_ref"),
            moves: moves
                .map(|id| {
                    let sku = self.sku(store.link(MOVE, id, "product_id"));
                    (sku, store.number(MOVE, id, "product_uom_qty"), store.number(MOVE, id, "quantity"))
                })
                .collect(),
        }
    }

    fn partner_view(&self, id: i64) -> PartnerView {
        let model = "res.partner";
        let store = &self.db.store;
        let text = |field: &str| store.text(model, id, field);
        let country = store.link(model, id, "country_id").unwrap_or_default();
        PartnerView {
            id,
            external_id: self.external_id(model, id),
            name: text("name"),
            email: text("email"),
            kind: text("type"),
            parent: store.link(model, id, "parent_id"),
            street: text("street"),
            city: text("city"),
            zip: text("zip"),
            country: store.text("res.country", country, "code"),
        }
    }
}
