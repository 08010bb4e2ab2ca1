//! What customers owe and have paid: receivable lines, and which paid which.

use serde_json::{Value, json};

use super::{
    Version,
    db::Tx,
    error::{OdooError, Outcome},
    hooks::default,
    invoice::{ENTRY, ITEM},
    store::Row,
    write::Vals,
};

const PAYMENT: &str = "account.payment";
/// Below this an amount is nothing: what floats leave over.
const NOTHING: f64 = 0.000_001;

impl Tx<'_> {
    pub fn entry_defaults(&mut self, row: &mut Row) {
        let company = row.get("company_id").and_then(Value::as_i64).unwrap_or_else(|| self.company());
        let currency = self.db.store.value("res.company", company, "currency_id").clone();
        let kind = row.get("move_type").and_then(Value::as_str).unwrap_or("entry").to_owned();
        let wanted = if kind == "entry" { "general" } else { "sale" };
        let journal = self.journal_of(company, wanted);
        let name = if self.version() == Version::V19 { json!(false) } else { json!("/") };
        for (field, value) in [
            ("move_type", json!("entry")),
            ("state", json!("draft")),
            ("payment_state", json!("not_paid")),
            ("company_id", json!(company)),
            ("currency_id", currency),
            ("journal_id", json!(journal)),
            ("date", self.today()),
            ("name", name),
        ] {
            default(row, field, value);
        }
    }

    pub fn item_defaults(&mut self, row: &mut Row) {
        let entry = row.get("move_id").and_then(Value::as_i64).unwrap_or_default();
        for field in ["company_id", "currency_id", "partner_id"] {
            let value = self.db.store.value(ENTRY, entry, field).clone();
            default(row, field, value);
        }
        let product = row.get("product_id").and_then(Value::as_i64);
        let company = row.get("company_id").and_then(Value::as_i64).unwrap_or_default();
        let income = self.account_of(company, "income");
        for (field, value) in [
            ("display_type", json!("product")),
            ("quantity", json!(1.0)),
            ("discount", json!(0.0)),
            ("account_id", json!(income)),
        ] {
            default(row, field, value);
        }
        if let Some(product) = product {
            let price = self.db.store.value("product.product", product, "list_price").clone();
            let taxes = self.db.store.links("product.product", product, "taxes_id");
            let own: Vec<i64> = taxes
                .into_iter()
                .filter(|&tax| self.db.store.link("account.tax", tax, "company_id") == Some(company))
                .collect();
            default(row, "price_unit", price);
            default(row, "tax_ids", json!(own));
            default(row, "name", json!(self.product_name(product)));
        }
    }

    pub fn journal_of(&self, company: i64, kind: &str) -> Option<i64> {
        let own = self.db.store.by_ref("account.journal", "company_id", company);
        own.into_iter().find(|&id| self.db.store.text("account.journal", id, "type") == kind)
    }

    /// The first account of a type, as `_company` says whose it is.
    pub fn account_of(&self, company: i64, kind: &str) -> Option<i64> {
        self.db.store.ids("account.account").into_iter().find(|&id| {
            self.db.store.link("account.account", id, "_company") == Some(company)
                && self.db.store.text("account.account", id, "account_type") == kind
        })
    }

    /// An invoice's receivable line: what its customer owes.
    pub fn set_receivable(&mut self, entry: i64, owed: f64) {
        let line = match self.receivable(entry) {
            Some(line) => line,
            None => self.add_item(entry, "asset_receivable", "payment_term"),
        };
        self.set_balance(line, owed);
        self.settle_entry(entry);
    }

    pub fn receivable(&self, entry: i64) -> Option<i64> {
        let items = self.db.store.by_ref(ITEM, "move_id", entry).into_iter();
        items.into_iter().find(|&item| self.account_type(item) == "asset_receivable")
    }

    pub fn account_type(&self, item: i64) -> String {
        let account = self.db.store.link(ITEM, item, "account_id").unwrap_or_default();
        self.db.store.text("account.account", account, "account_type")
    }

    pub fn add_item(&mut self, entry: i64, account: &str, kind: &str) -> i64 {
        let of = |field: &str| self.db.store.value(ENTRY, entry, field).clone();
        let company = of("company_id").as_i64().unwrap_or_default();
        let mut row = Row::new();
        for field in ["company_id", "currency_id", "partner_id"] {
            row.insert(field.to_owned(), of(field));
        }
        row.insert("move_id".into(), json!(entry));
        row.insert("display_type".into(), json!(kind));
        row.insert("account_id".into(), json!(self.account_of(company, account)));
        row.insert("reconciled".into(), json!(false));
        let id = self.db.store.next_id(ITEM);
        self.db.store.insert(ITEM, id, row);
        id
    }

    pub fn set_balance(&mut self, item: i64, amount: f64) {
        for field in ["balance", "amount_currency", "amount_residual", "amount_residual_currency"] {
            self.db.store.set(ITEM, item, field, json!(amount));
        }
        self.db.store.set(ITEM, item, "debit", json!(amount.max(0.0)));
        self.db.store.set(ITEM, item, "credit", json!((-amount).max(0.0)));
    }

    /// What is due of an invoice, and how far it is paid.
    pub fn settle_entry(&mut self, entry: i64) {
        let Some(line) = self.receivable(entry) else { return };
        let residual = self.db.store.number(ITEM, line, "amount_residual_currency").abs();
        let total = self.db.store.number(ENTRY, entry, "amount_total").abs();
        let posted = self.db.store.text(ENTRY, entry, "state") == "posted";
        let state = if !posted {
            "not_paid"
        } else if residual < NOTHING {
            "paid"
        } else if residual + NOTHING < total {
            "partial"
        } else {
            "not_paid"
        };
        self.db.store.set(ENTRY, entry, "amount_residual", json!(residual));
        self.db.store.set(ENTRY, entry, "payment_state", json!(state));
    }

    /// The button beside an outstanding payment on an invoice.
    pub fn assign_outstanding(&mut self, entries: &[i64], line: i64) -> Outcome<Value> {
        let &[entry] = entries else {
            return Err(OdooError::value(format!("Expected singleton: {ENTRY}({entries:?})")));
        };
        for (model, id) in [(ENTRY, entry), (ITEM, line)] {
            if !self.db.store.exists(model, id) {
                return Err(OdooError::missing(model, id, self.env.uid));
            }
        }
        self.check(ENTRY, super::rights::Access::Write)?;
        if self.db.store.flag(ITEM, line, "reconciled") {
            return Err(OdooError::user(
                "You are trying to reconcile some entries that are already reconciled.",
            ));
        }
        let paying = self.db.store.link(ITEM, line, "move_id").unwrap_or_default();
        for of in [entry, paying] {
            if self.db.store.text(ENTRY, of, "state") != "posted" {
                return Err(OdooError::user("You can only reconcile posted entries."));
            }
        }
        let owing = self.receivable(entry).filter(|&owing| !self.db.store.flag(ITEM, owing, "reconciled"));
        let Some(owing) = owing else { return Ok(Value::Null) };
        let owed = self.db.store.number(ITEM, owing, "amount_residual_currency");
        let paid = self.db.store.number(ITEM, line, "amount_residual_currency");
        if owed > 0.0 && paid < 0.0 {
            let used = owed.min(-paid);
            self.use_up(owing, owed - used);
            self.use_up(line, paid + used);
            self.settle_entry(entry);
            self.settle_payment(line, entry);
        }
        Ok(Value::Null)
    }

    fn use_up(&mut self, item: i64, left: f64) {
        let left = super::value::round_to(self.version(), left, 0.01);
        self.db.store.set(ITEM, item, "amount_residual_currency", json!(left));
        self.db.store.set(ITEM, item, "amount_residual", json!(left));
        if left.abs() < NOTHING {
            self.db.store.set(ITEM, item, "reconciled", json!(true));
        }
    }

    fn settle_payment(&mut self, line: i64, invoice: i64) {
        let Some(payment) = self.db.store.link(ITEM, line, "payment_id") else { return };
        let used_up = self.db.store.flag(ITEM, line, "reconciled");
        self.db.store.set(PAYMENT, payment, "is_reconciled", json!(used_up));
        let mut of = self.db.store.links(PAYMENT, payment, "reconciled_invoice_ids");
        of.push(invoice);
        self.db.store.set(PAYMENT, payment, "reconciled_invoice_ids", json!(of));
        let paid = self.db.store.text(ENTRY, invoice, "payment_state") == "paid";
        if self.version() == Version::V19 && paid {
            self.db.store.set(PAYMENT, payment, "state", json!("paid"));
        }
    }

    /// A line of an invoice was made, changed or taken off.
    pub fn after_item_change(&mut self, item: i64) {
        for line in self.db.store.links(ITEM, item, "sale_line_ids") {
            let mut held = self.db.store.links("sale.order.line", line, "invoice_lines");
            if !held.contains(&item) {
                held.push(item);
                self.db.store.set("sale.order.line", line, "invoice_lines", json!(held));
            }
        }
        if self.db.batching == 0
            && let Some(entry) = self.db.store.link(ITEM, item, "move_id")
        {
            self.recompute_entry(entry);
        }
    }

    pub fn forget_item(&mut self, item: i64) {
        for line in self.db.store.links(ITEM, item, "sale_line_ids") {
            let mut held = self.db.store.links("sale.order.line", line, "invoice_lines");
            held.retain(|other| *other != item);
            self.db.store.set("sale.order.line", line, "invoice_lines", json!(held));
        }
    }

    /// A posted entry keeps its lines.
    pub fn before_entry_write(&self, entry: i64, vals: &Vals) -> Outcome<()> {
        const FIXED: [&str; 6] =
            ["invoice_line_ids", "line_ids", "invoice_date", "date", "partner_id", "currency_id"];
        let fixed: Vec<&str> = vals.keys().map(String::as_str).filter(|name| FIXED.contains(name)).collect();
        if self.db.store.text(ENTRY, entry, "state") == "posted" && !fixed.is_empty() {
            let text = "You cannot modify the following readonly fields on a posted move: ";
            return Err(OdooError::user(format!("{text}{}", fixed.join(", "))));
        }
        Ok(())
    }

    pub fn computed_account(&self, model: &str, id: i64, field: &str) -> Option<Value> {
        let of_entry = |field: &str| {
            let entry = self.db.store.link(ITEM, id, "move_id")?;
            Some(self.db.store.value(ENTRY, entry, field).clone())
        };
        match (model, field) {
            (ENTRY, "invoice_line_ids") => Some(json!(self.product_items(id))),
            (ITEM, "account_type") => Some(json!(self.account_type(id))),
            (ITEM, "parent_state") => of_entry("state"),
            (ITEM, "move_type" | "date") => of_entry(field),
            ("account.payment.method.line", "company_id") => {
                let journal = self.db.store.link(model, id, "journal_id")?;
                Some(self.db.store.value("account.journal", journal, "company_id").clone())
            }
            _ => None,
        }
    }
}
