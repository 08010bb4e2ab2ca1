//! Invoices and payments as a test looks at them, past all rights.

use serde_json::json;

use super::{
    Version,
    db::Tx,
    invoice::{ENTRY, ITEM},
    server::Server,
    value::ids,
};

const PAYMENT: &str = "account.payment";

/// An invoice or a credit note of a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct InvoiceView {
    pub id: i64,
    /// The names of the orders that its lines are of, each once.
    pub orders: Vec<String>,
    pub credit: bool,
    /// `draft`, `posted` or `cancel`.
    pub state: String,
    pub total: f64,
    /// What nobody has paid yet.
    pub residual: f64,
    /// SKU and quantity of each line that a person sees.
    pub lines: Vec<(String, f64)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PaymentView {
    pub id: i64,
    pub memo: String,
    /// `draft`, else as the version calls it: `posted` on 17, `in_process` or `paid` on 18 and 19.
    pub state: String,
    pub amount: f64,
    pub journal: String,
}

impl Server {
    /// Every invoice and credit note, in the order in which they were made.
    #[must_use]
    pub fn invoices(&self) -> Vec<InvoiceView> {
        self.with(|tx| {
            let all = tx.db.store.ids(ENTRY).into_iter();
            all.filter(|id| tx.db.store.text(ENTRY, *id, "move_type") != "entry")
                .map(|id| tx.invoice_view(id))
                .collect()
        })
    }

    /// Somebody makes the invoice of what has shipped of an order, and posts it.
    ///
    /// # Errors
    ///
    /// With Odoo's words, when Odoo refuses.
    pub fn by_hand_invoice(&self, order: i64) -> Result<(), String> {
        self.by_hand(|tx| {
            let orders = [("sale_order_ids".to_owned(), json!([[6, 0, [order]]]))];
            let wizard = tx.create("sale.advance.payment.inv", orders.into_iter().collect())?;
            tx.create_invoices(&[wizard])?;
            let mut drafts = ids(&tx.order_invoices(order));
            drafts.retain(|id| tx.db.store.text(ENTRY, *id, "state") == "draft");
            tx.post_entries(&drafts).map(|_| ())
        })
    }

    /// Every payment, in the order in which they were made.
    #[must_use]
    pub fn payments(&self) -> Vec<PaymentView> {
        self.with(|tx| tx.db.store.ids(PAYMENT).into_iter().map(|id| tx.payment_view(id)).collect())
    }
}

impl Tx<'_> {
    fn invoice_view(&self, id: i64) -> InvoiceView {
        let store = &self.db.store;
        let items = self.product_items(id);
        let mut orders: Vec<String> = items
            .iter()
            .flat_map(|item| store.links(ITEM, *item, "sale_line_ids"))
            .filter_map(|line| store.link("sale.order.line", line, "order_id"))
            .map(|order| store.text("sale.order", order, "name"))
            .collect();
        orders.sort_unstable();
        orders.dedup();
        let line = |item: &i64| {
            let product = store.link(ITEM, *item, "product_id").unwrap_or_default();
            (store.text("product.product", product, "default_code"), store.number(ITEM, *item, "quantity"))
        };
        InvoiceView {
            id,
            orders,
            credit: store.text(ENTRY, id, "move_type") == "out_refund",
            state: store.text(ENTRY, id, "state"),
            total: store.number(ENTRY, id, "amount_total"),
            residual: store.number(ENTRY, id, "amount_residual"),
            lines: items.iter().map(line).collect(),
        }
    }

    fn payment_view(&self, id: i64) -> PaymentView {
        let store = &self.db.store;
        let memo = if self.version() == Version::V17 { "ref" } else { "memo" };
        let journal = store.link(PAYMENT, id, "journal_id").unwrap_or_default();
        PaymentView {
            id,
            memo: self.raw(PAYMENT, id, memo).as_str().unwrap_or_default().to_owned(),
            state: store.text(PAYMENT, id, "state"),
            amount: store.number(PAYMENT, id, "amount"),
            journal: store.text("account.journal", journal, "name"),
        }
    }
}
