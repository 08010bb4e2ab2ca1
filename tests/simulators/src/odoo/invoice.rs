//! Customer invoices: the wizard that makes them of orders, their amounts, posting.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Version,
    db::Tx,
    error::{OdooError, Outcome},
    tax::Raw,
    value::{ids, truthy},
    write::Vals,
};

pub(crate) const ENTRY: &str = "account.move";
pub(crate) const ITEM: &str = "account.move.line";
const LINE: &str = "sale.order.line";
const ORDER: &str = "sale.order";
const WIZARD: &str = "sale.advance.payment.inv";

const NOTHING: &str = "Cannot create an invoice. No items are available to invoice.\n\nTo resolve this issue, please ensure that:\n   \
    \u{2022} The products have been delivered before attempting to invoice them.\n   \u{2022} The invoicing policy of the product \
    is configured correctly.\n\nIf you want to invoice based on ordered quantities instead:\n   \u{2022} For consumable or \
    storable products, open the product, go to the 'General Information' tab and change the 'Invoicing Policy' from 'Delivered \
    Quantities' to 'Ordered Quantities'.\n   \u{2022} For services (and other products), change the 'Invoicing Policy' to \
    'Prepaid/Fixed Price'.\n";

fn vals<const N: usize>(cells: [(&str, Value); N]) -> Vals {
    cells.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

impl Tx<'_> {
    /// The button of the wizard: one invoice an order, or with "consolidated billing" one for each customer.
    pub fn create_invoices(&mut self, wizards: &[i64]) -> Outcome<Value> {
        let mut orders = Vec::new();
        let mut consolidated = false;
        for &wizard in wizards {
            orders.extend(ids(&self.raw(WIZARD, wizard, "sale_order_ids")));
            consolidated |= self.db.store.flag(WIZARD, wizard, "consolidated_billing");
        }
        self.check_visible(ORDER, &orders, super::rights::Access::Read)?;
        let sudo = std::mem::replace(&mut self.env.sudo, true);
        let made = self.invoice_orders(&orders, consolidated);
        self.env.sudo = sudo;
        let mut shown = made?;
        if shown.is_empty() {
            shown = orders.iter().flat_map(|&order| ids(&self.order_invoices(order))).collect();
        }
        let mut action = json!({
            "name": "Invoices", "type": "ir.actions.act_window", "res_model": ENTRY,
            "xml_id": "account.action_move_out_invoice_type", "context": {"default_move_type": "out_invoice"},
        });
        match shown.as_slice() {
            [] => action = json!({"type": "ir.actions.act_window_close"}),
            [one] => action["res_id"] = json!(one),
            more => action["domain"] = json!([["id", "in", more]]),
        }
        Ok(action)
    }

    fn invoice_orders(&mut self, orders: &[i64], consolidated: bool) -> Outcome<Vec<i64>> {
        let mut made = Vec::new();
        let mut of_customer: BTreeMap<(i64, i64, i64), i64> = BTreeMap::new();
        for &order in orders {
            let open: Vec<i64> =
                self.order_lines(order).into_iter().filter(|&line| self.invoiceable(line)).collect();
            if open.is_empty() {
                continue;
            }
            let link = |field: &str| self.db.store.link(ORDER, order, field).unwrap_or_default();
            let group = (link("company_id"), link("partner_invoice_id"), link("currency_id"));
            let known = of_customer.get(&group).copied().filter(|_| consolidated);
            let invoice = match known {
                Some(invoice) => invoice,
                None => {
                    let invoice = self.create(ENTRY, self.invoice_vals(order))?;
                    of_customer.insert(group, invoice);
                    made.push(invoice);
                    invoice
                }
            };
            self.db.batching += 1;
            for (sequence, line) in open.into_iter().enumerate() {
                let cells = self.invoice_line_vals(invoice, line, sequence);
                self.create(ITEM, cells)?;
            }
            self.db.batching -= 1;
            self.recompute_entry(invoice);
        }
        if made.is_empty() && self.env.context.get("raise_if_nothing_to_invoice").is_none_or(truthy) {
            return Err(OdooError::user(NOTHING));
        }
        for &invoice in &made {
            if self.db.store.number(ENTRY, invoice, "amount_total") < 0.0 {
                self.turn_into_credit_note(invoice);
            }
        }
        Ok(made)
    }

    fn invoiceable(&self, line: i64) -> bool {
        !self.db.store.value(LINE, line, "display_type").is_string() && self.to_invoice(line) != 0.0
    }

    fn invoice_vals(&self, order: i64) -> Vals {
        let of = |field: &str| self.db.store.value(ORDER, order, field).clone();
        let customers = of("client_order_ref");
        let reference = match (truthy(&customers), self.version()) {
            (true, _) => customers,
            (false, Version::V19) => of("name"),
            (false, Version::V17 | Version::V18) => json!(""),
        };
        vals([
            ("move_type", json!("out_invoice")),
            ("invoice_origin", of("name")),
            ("ref", reference),
            ("partner_id", of("partner_invoice_id")),
            ("partner_shipping_id", of("partner_shipping_id")),
            ("currency_id", of("currency_id")),
            ("company_id", of("company_id")),
            ("team_id", of("team_id")),
            ("invoice_user_id", of("user_id")),
            ("narration", of("note")),
        ])
    }

    fn invoice_line_vals(&self, invoice: i64, line: i64, sequence: usize) -> Vals {
        let of = |field: &str| self.db.store.value(LINE, line, field).clone();
        vals([
            ("move_id", json!(invoice)),
            ("sequence", json!(sequence)),
            ("name", of("name")),
            ("product_id", of("product_id")),
            ("quantity", json!(self.to_invoice(line))),
            ("price_unit", of("price_unit")),
            ("discount", of("discount")),
            ("tax_ids", json!([[6, 0, self.db.store.links(LINE, line, self.line_taxes())]])),
            ("sale_line_ids", json!([[6, 0, [line]]])),
        ])
    }

    /// An invoice below zero becomes a credit note of the opposite.
    fn turn_into_credit_note(&mut self, invoice: i64) {
        self.db.store.set(ENTRY, invoice, "move_type", json!("out_refund"));
        for item in self.product_items(invoice) {
            let quantity = -self.db.store.number(ITEM, item, "quantity");
            self.db.store.set(ITEM, item, "quantity", json!(quantity));
        }
        self.recompute_entry(invoice);
    }

    /// The lines that a person sees on an invoice.
    pub fn product_items(&self, entry: i64) -> Vec<i64> {
        let shown = |id: &i64| {
            let kind = self.db.store.text(ITEM, *id, "display_type");
            matches!(kind.as_str(), "product" | "line_section" | "line_note")
        };
        self.db.store.by_ref(ITEM, "move_id", entry).into_iter().filter(shown).collect()
    }

    pub fn order_invoices(&self, order: i64) -> Value {
        let mut entries: Vec<i64> = self
            .db
            .store
            .by_ref(LINE, "order_id", order)
            .into_iter()
            .flat_map(|line| self.db.store.links(LINE, line, "invoice_lines"))
            .filter_map(|item| self.db.store.link(ITEM, item, "move_id"))
            .collect();
        entries.sort_unstable();
        entries.dedup();
        json!(entries)
    }

    /// What invoices hold of a line, drafts too.
    pub fn invoiced(&self, line: i64) -> f64 {
        let store = &self.db.store;
        let quantity = |item: i64| {
            let entry = store.link(ITEM, item, "move_id").unwrap_or_default();
            let quantity = store.number(ITEM, item, "quantity");
            match (store.text(ENTRY, entry, "state").as_str(), store.text(ENTRY, entry, "move_type").as_str())
            {
                ("cancel", _) => 0.0,
                (_, "out_refund") => -quantity,
                _ => quantity,
            }
        };
        store.links(LINE, line, "invoice_lines").into_iter().map(quantity).sum()
    }

    pub fn line_invoice_status(&self, line: i64) -> &'static str {
        let store = &self.db.store;
        let order = store.link(LINE, line, "order_id").unwrap_or_default();
        let product = store.link(LINE, line, "product_id").unwrap_or_default();
        let ordered = store.number(LINE, line, "product_uom_qty");
        let by_order = store.text("product.product", product, "invoice_policy") == "order";
        if store.text(ORDER, order, "state") != "sale" {
            "no"
        } else if self.to_invoice(line) != 0.0 {
            "to invoice"
        } else if by_order && ordered >= 0.0 && self.delivered(line) > ordered {
            "upselling"
        } else if self.invoiced(line) >= ordered {
            "invoiced"
        } else {
            "no"
        }
    }

    pub fn invoice_status(&self, order: i64) -> &'static str {
        let shown = |line: &i64| !self.db.store.value(LINE, *line, "display_type").is_string();
        let lines = self.db.store.by_ref(LINE, "order_id", order).into_iter().filter(shown);
        let all: Vec<&str> = lines.map(|line| self.line_invoice_status(line)).collect();
        if self.db.store.text(ORDER, order, "state") != "sale" || all.is_empty() {
            "no"
        } else if all.contains(&"to invoice") {
            "to invoice"
        } else if all.iter().all(|status| *status == "invoiced") {
            "invoiced"
        } else if all.iter().all(|status| matches!(*status, "invoiced" | "upselling")) {
            "upselling"
        } else {
            "no"
        }
    }

    /// Keeps the amounts of an invoice and its receivable line in step with its lines.
    pub fn recompute_entry(&mut self, entry: i64) {
        if self.db.store.text(ENTRY, entry, "move_type") == "entry" {
            return;
        }
        let method = self.method_of(ENTRY, entry);
        let mut raws: Vec<Raw> = Vec::new();
        for item in self.product_items(entry) {
            let raw = method.line(&self.priced(ITEM, item));
            let shown = method.shown(&raw);
            for (field, amount) in [("price_subtotal", shown.untaxed), ("price_total", shown.total)] {
                self.db.store.set(ITEM, item, field, json!(amount));
            }
            raws.push(raw);
        }
        let amounts = method.order(&raws);
        for (field, amount) in [
            ("amount_untaxed", amounts.untaxed),
            ("amount_tax", amounts.tax),
            ("amount_total", amounts.total),
        ] {
            self.db.store.set(ENTRY, entry, field, json!(amount));
        }
        let credit = self.db.store.text(ENTRY, entry, "move_type") == "out_refund";
        let owed = if credit { -amounts.total } else { amounts.total };
        self.set_receivable(entry, owed);
    }

    pub fn post_entries(&mut self, entries: &[i64]) -> Outcome<Value> {
        let mut problems = Vec::new();
        for &entry in entries {
            if !self.db.store.exists(ENTRY, entry) {
                return Err(OdooError::missing(ENTRY, entry, self.env.uid));
            }
            let name = self.db.store.text(ENTRY, entry, "name");
            if self.db.store.text(ENTRY, entry, "state") != "draft" {
                problems.push(format!("The entry {name} (id {entry}) must be in draft."));
            } else if self.product_items(entry).is_empty() {
                problems.push("You need to add a line before posting.".to_owned());
            } else if self.db.store.number(ENTRY, entry, "amount_total") < 0.0 {
                problems.push(
                    "You cannot validate an invoice with a negative total amount. You should create a credit note instead. \
                     Use the action menu to transform it into a credit note or refund."
                        .to_owned(),
                );
            }
        }
        if !problems.is_empty() {
            // 17 raises the first, later versions all of them.
            problems.truncate(if self.version() == Version::V17 { 1 } else { usize::MAX });
            return Err(OdooError::user(problems.join("\n")));
        }
        self.check(ENTRY, super::rights::Access::Write)?;
        for &entry in entries {
            let company = self.db.store.link(ENTRY, entry, "company_id").unwrap_or_default();
            let credit = self.db.store.text(ENTRY, entry, "move_type") == "out_refund";
            let head = if credit { "RINV" } else { "INV" };
            let name = self.entry_name(head, company);
            let today = self.today();
            let cells = [
                ("name", name.clone()),
                ("payment_reference", name),
                ("state", json!("posted")),
                ("invoice_date", today),
            ];
            for (field, value) in cells {
                self.db.store.set(ENTRY, entry, field, value);
            }
            self.touch(ENTRY, entry);
            self.settle_entry(entry);
        }
        Ok(json!(false))
    }

    /// The next number of a journal, such as `INV/2026/00001`.
    pub fn entry_name(&mut self, head: &str, company: i64) -> Value {
        let number = self.db.sequence(&format!("{head}/{company}"));
        let year = self.today().as_str().and_then(|day| day.get(..4)).unwrap_or("1970").to_owned();
        json!(format!("{head}/{year}/{number:05}"))
    }

    pub fn today(&self) -> Value {
        json!(self.now().as_str().unwrap_or_default().get(..10).unwrap_or_default())
    }
}
