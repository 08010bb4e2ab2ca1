//! Payments: registered, posted, and on 18 and 19 without a journal entry where no account says where the money
//! waits.

use serde_json::{Value, json};

use super::{
    Version,
    db::Tx,
    error::{OdooError, Outcome},
    invoice::{ENTRY, ITEM},
    write::Vals,
};

const PAYMENT: &str = "account.payment";
const JOURNAL: &str = "account.journal";
const METHOD: &str = "account.payment.method.line";

impl Tx<'_> {
    /// Fills in what follows from the journal. On 17 a payment is a journal entry with more to it, so that is
    /// made with it.
    pub fn before_payment_create(&mut self, vals: &mut Vals) -> Outcome<()> {
        let company = self.company();
        let journal =
            vals.get("journal_id").and_then(Value::as_i64).or_else(|| self.journal_of(company, "bank"));
        let journal = journal.unwrap_or_default();
        let company = self.db.store.link(JOURNAL, journal, "company_id").unwrap_or(company);
        let currency = self.db.store.value("res.company", company, "currency_id").clone();
        for (field, value) in [
            ("payment_type", json!("inbound")),
            ("partner_type", json!("customer")),
            ("journal_id", json!(journal)),
            ("company_id", json!(company)),
            ("currency_id", currency),
            ("date", self.today()),
            ("state", json!("draft")),
            ("amount", json!(0.0)),
        ] {
            if !vals.contains_key(field) {
                vals.insert(field.to_owned(), value);
            }
        }
        let inbound = vals["payment_type"] == "inbound";
        let method = self.payment_method(journal, if inbound { "inbound" } else { "outbound" });
        vals.insert("payment_method_line_id".into(), json!(method));
        let told = vals.get("outstanding_account_id").and_then(Value::as_i64);
        let account = told.or_else(|| self.method_account(method)).or_else(|| self.company_account(company));
        if self.version() != Version::V17 {
            vals.insert("outstanding_account_id".into(), json!(account));
            return Ok(());
        }
        let Some(account) = account else {
            let name = self.db.store.text(JOURNAL, journal, "name");
            return Err(OdooError::user(format!(
                "You can't create a new payment without an outstanding payments/receipts account set either on the company or \
                 the Manual payment method in the {name} journal."
            )));
        };
        vals.insert("outstanding_account_id".into(), json!(account));
        let entry = self.payment_entry(vals)?;
        vals.insert("move_id".into(), json!(entry));
        Ok(())
    }

    pub fn payment_method(&self, journal: i64, kind: &str) -> Option<i64> {
        let own = self.db.store.by_ref(METHOD, "journal_id", journal);
        own.into_iter().find(|&id| self.db.store.text(METHOD, id, "payment_type") == kind)
    }

    fn method_account(&self, method: Option<i64>) -> Option<i64> {
        self.db.store.link(METHOD, method?, "payment_account_id")
    }

    /// Where incoming money waits: a field of the company on 17, an account of its chart on 18 and 19.
    fn company_account(&self, company: i64) -> Option<i64> {
        let field = "account_journal_payment_debit_account_id";
        if self.version() == Version::V17 {
            return self.db.store.link("res.company", company, field);
        }
        if self.db.settings.accountant {
            return None;
        }
        self.resolve(&format!("account.{company}_{field}")).map(|(_, id)| id)
    }

    fn payment_entry(&mut self, vals: &Vals) -> Outcome<i64> {
        let mut head = Vals::new();
        for field in ["journal_id", "company_id", "currency_id", "partner_id", "date"] {
            head.insert(field.to_owned(), vals.get(field).cloned().unwrap_or(json!(false)));
        }
        head.insert("move_type".into(), json!("entry"));
        self.create_unchecked(ENTRY, head)
    }

    /// On 17 the entry has its lines from the beginning.
    pub fn after_payment_create(&mut self, payment: i64) {
        self.db.created.payments += 1;
        if let Some(entry) = self.db.store.link(PAYMENT, payment, "move_id") {
            self.payment_items(payment, entry);
        }
    }

    fn payment_items(&mut self, payment: i64, entry: i64) {
        let amount = self.db.store.number(PAYMENT, payment, "amount");
        let sign = if self.db.store.text(PAYMENT, payment, "payment_type") == "inbound" { 1.0 } else { -1.0 };
        let waiting = self.add_item(entry, "asset_current", "product");
        let account = self.db.store.value(PAYMENT, payment, "outstanding_account_id").clone();
        self.db.store.set(ITEM, waiting, "account_id", account);
        self.set_balance(waiting, sign * amount);
        let receivable = self.add_item(entry, "asset_receivable", "product");
        self.set_balance(receivable, -sign * amount);
        for item in [waiting, receivable] {
            self.db.store.set(ITEM, item, "payment_id", json!(payment));
        }
    }

    /// Writing the journal, the same one too, computes the outstanding account anew from 18 on: what creating
    /// the payment had put there is lost. On 17 the entry follows what is written.
    pub fn after_payment_write(&mut self, payment: i64, vals: &Vals) {
        if self.version() != Version::V17 {
            let draft = self.db.store.text(PAYMENT, payment, "state") == "draft";
            if draft && vals.contains_key("journal_id") {
                let method = self.db.store.link(PAYMENT, payment, "payment_method_line_id");
                let account = json!(self.method_account(method));
                let account = if account.is_null() { json!(false) } else { account };
                self.db.store.set(PAYMENT, payment, "outstanding_account_id", account);
            }
            return;
        }
        let Some(entry) = self.db.store.link(PAYMENT, payment, "move_id") else { return };
        if vals.contains_key("amount") && self.db.store.text(ENTRY, entry, "state") == "draft" {
            for item in self.db.store.by_ref(ITEM, "move_id", entry) {
                self.db.store.remove(ITEM, item);
            }
            self.payment_items(payment, entry);
        }
    }

    pub fn post_payments(&mut self, payments: &[i64]) -> Outcome<Value> {
        self.check(PAYMENT, super::rights::Access::Write)?;
        for &payment in payments {
            if !self.db.store.exists(PAYMENT, payment) {
                return Err(OdooError::missing(PAYMENT, payment, self.env.uid));
            }
            let entry = self.db.store.link(PAYMENT, payment, "move_id");
            let posted = self.db.store.text(PAYMENT, payment, "state") != "draft";
            if posted && entry.is_some() && self.version() != Version::V19 {
                let entry = entry.unwrap_or_default();
                let name = self.db.store.text(ENTRY, entry, "name");
                return Err(OdooError::user(format!("The entry {name} (id {entry}) must be in draft.")));
            }
            if !posted {
                self.post_payment(payment)?;
            }
        }
        Ok(Value::Null)
    }

    fn post_payment(&mut self, payment: i64) -> Outcome<()> {
        let old = self.version() == Version::V17;
        self.db.store.set(PAYMENT, payment, "state", json!(if old { "posted" } else { "in_process" }));
        self.touch(PAYMENT, payment);
        let booked = old || self.db.store.link(PAYMENT, payment, "outstanding_account_id").is_some();
        if !booked {
            let number = self.db.sequence("PAY");
            self.db.store.set(PAYMENT, payment, "name", json!(format!("PAY{number:05}")));
            return Ok(());
        }
        let entry = match self.db.store.link(PAYMENT, payment, "move_id") {
            Some(entry) => entry,
            None => {
                let row = self.db.store.get(PAYMENT, payment).cloned().unwrap_or_default();
                let entry = self.payment_entry(&row.into_iter().collect())?;
                self.db.store.set(PAYMENT, payment, "move_id", json!(entry));
                self.payment_items(payment, entry);
                entry
            }
        };
        let journal = self.db.store.link(PAYMENT, payment, "journal_id").unwrap_or_default();
        let company = self.db.store.link(PAYMENT, payment, "company_id").unwrap_or_default();
        let code = self.db.store.text(JOURNAL, journal, "code");
        let name = self.entry_name(&format!("P{code}"), company);
        self.db.store.set(ENTRY, entry, "name", name.clone());
        self.db.store.set(ENTRY, entry, "state", json!("posted"));
        self.db.store.set(PAYMENT, payment, "name", name);
        Ok(())
    }

    /// Takes a payment back to draft, off the invoices that it was used for.
    pub fn unpost_payments(&mut self, payments: &[i64]) -> Value {
        for &payment in payments {
            self.db.store.set(PAYMENT, payment, "state", json!("draft"));
            if let Some(entry) = self.db.store.link(PAYMENT, payment, "move_id") {
                self.db.store.set(ENTRY, entry, "state", json!("draft"));
            }
            self.touch(PAYMENT, payment);
        }
        Value::Null
    }

    pub fn cancel_payments(&mut self, payments: &[i64]) -> Value {
        let state = if self.version() == Version::V17 { "cancel" } else { "canceled" };
        for &payment in payments {
            self.db.store.set(PAYMENT, payment, "state", json!(state));
            if let Some(entry) = self.db.store.link(PAYMENT, payment, "move_id") {
                self.db.store.set(ENTRY, entry, "state", json!("cancel"));
            }
            self.touch(PAYMENT, payment);
        }
        Value::Null
    }
}
