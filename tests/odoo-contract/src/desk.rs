//! Somebody who bills: the calls of `crossdock_odoo::invoices`, put together as an invoicer does, over the wire.

use std::collections::BTreeMap;

use crossdock_core::{config::InvoicePolicy, order::Order};
use crossdock_odoo::{
    Odoo,
    invoices::{
        self, Adjustment, Books, Closing, Due, Invoice, InvoiceState, Journal, Journals, Paid, Payment,
        RoundingLine, Standing,
    },
    orders::Loaded,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{orders::d, target::Target, world::Place};

/// What the suite's channels may round.
pub const LIMIT: &str = "0.05";

pub struct Desk<'a> {
    pub target: &'a Target,
    pub odoo: Odoo,
    pub journals: Journals,
}

impl<'a> Desk<'a> {
    /// A desk in the first company.
    pub async fn open(target: &'a Target) -> Self {
        Self::open_in(target, &target.world.company).await
    }

    /// # Panics
    /// Where the company's journals cannot be read.
    pub async fn open_in(target: &'a Target, place: &Place) -> Self {
        let client = target.wire.client(&target.connection.url);
        let odoo = Odoo::new(client, target.connection.clone()).in_company(place.id);
        let journals = invoices::journals(&odoo, place.id).await.expect("the company's journals");
        Self { target, odoo, journals }
    }

    /// # Panics
    /// Where there is none of that name.
    #[must_use]
    pub fn journal(&self, name: &str) -> &Journal {
        let found = self.journals.journal(&crossdock_core::config::OdooRef::Name(name.to_owned()));
        found.unwrap_or_else(|| panic!("no journal {name} in {:?}", self.journals))
    }

    /// Brings orders to Odoo; gives their ids there.
    pub async fn sell(&self, orders: &[Order]) -> Vec<i64> {
        self.target.rig().all_done(orders).await;
        let mut ids = Vec::new();
        for order in orders {
            ids.push(self.target.sale(order).await.id);
        }
        ids
    }

    /// # Panics
    /// Where Odoo does not answer.
    pub async fn look(&self, sale: i64) -> Books {
        let mut all = invoices::look(&self.odoo, &[sale]).await.expect("the books");
        all.remove(&sale).expect("the order is there")
    }

    /// Ships some pieces of one product from the order's open transfer; the rest stays in a backorder.
    ///
    /// # Panics
    /// Where Odoo does not do it.
    pub async fn ship(&self, sale: i64, goods: &[(&str, &str)]) {
        let hands = &self.target.user;
        let domain = json!([["sale_id", "=", sale], ["state", "not in", ["done", "cancel"]]]);
        let open = hands.rows("stock.picking", domain, &["state"]).await;
        let transfer = open.first().expect("an open transfer")["id"].as_i64().expect("an id");
        let moves = hands.rows("stock.move", json!([["picking_id", "=", transfer]]), &["product_id"]).await;
        for one in moves {
            let product = crate::hands::one(&one["product_id"]);
            let shipped = goods.iter().find(|(sku, _)| product == Some(self.target.product(sku)));
            let quantity = d(shipped.map_or("0", |(_, quantity)| quantity));
            let figure: f64 = quantity.to_string().parse().expect("a number");
            let values = json!({ "quantity": figure, "picked": !quantity.is_zero() });
            hands.write("stock.move", one["id"].as_i64().expect("an id"), values).await;
        }
        hands.run("stock.picking", "button_validate", &[transfer], &["skip_backorder", "skip_sms"]).await;
        let after = hands.rows("stock.picking", json!([["id", "=", transfer]]), &["state"]).await;
        assert_eq!(after[0]["state"], "done", "the transfer was not shipped");
    }

    /// Invoices what is due of orders, and posts it.
    pub async fn bill(&self, sales: &[i64], policy: InvoicePolicy) -> BTreeMap<i64, Books> {
        let books = invoices::look(&self.odoo, sales).await.expect("the books");
        let due: Vec<i64> = books
            .values()
            .filter(|books| invoices::due(books, policy) == Due::Invoice)
            .map(|books| books.sale)
            .collect();
        if due.is_empty() {
            return books;
        }
        let refused = invoices::create(&self.odoo, &due).await.expect("invoices");
        assert!(refused.is_empty(), "{refused:?}");
        let mut books = invoices::look(&self.odoo, sales).await.expect("the books");
        if self.adjust(&books, policy).await {
            books = invoices::look(&self.odoo, sales).await.expect("the books");
        }
        let drafts: Vec<i64> = books.values().flat_map(Books::our_drafts).map(|draft| draft.id).collect();
        let refused = invoices::post(&self.odoo, &drafts).await.expect("posted invoices");
        assert!(refused.is_empty(), "{refused:?}");
        invoices::look(&self.odoo, sales).await.expect("the books")
    }

    /// Trims drafts and closes orders; says whether anything was changed.
    async fn adjust(&self, books: &BTreeMap<i64, Books>, policy: InvoicePolicy) -> bool {
        let mut changed = false;
        for of_order in books.values() {
            let Some(draft) = of_order.our_drafts().last() else { continue };
            let lines = invoices::trim(of_order, draft, policy);
            let mut adjustment = Adjustment { invoice: draft.id, lines, rounding: None };
            if adjustment.lines.is_empty() {
                match invoices::closing(of_order, d(LIMIT)) {
                    Closing::Open | Closing::Even => continue,
                    Closing::Rounding(amount) => {
                        let product = self.target.product("ROUNDING");
                        adjustment.rounding = Some(RoundingLine { product, name: "Rounding".into(), amount });
                    }
                    Closing::Differs { invoiced, total } => panic!("{invoiced} invoiced of {total}"),
                }
            }
            invoices::adjust(&self.odoo, &adjustment).await.expect("a changed draft");
            changed = true;
        }
        changed
    }

    /// A payment of an order at a gateway, to be registered.
    #[must_use]
    pub fn payment(&self, order: &Order, books: &Books, journal: &str, memo: &str, amount: &str) -> Payment {
        let journal = self.journal(journal);
        Payment {
            external_id: invoices::payment_external_id(&order.key, memo),
            memo: memo.to_owned(),
            journal: journal.id,
            outstanding: journal.outstanding,
            amount: d(amount),
            currency: books.currency_id,
            partner: books.invoice_to,
            date: "2026-11-20".parse().expect("a day"),
        }
    }

    /// # Panics
    /// Where Odoo refuses one.
    pub async fn register(&self, payments: &[Payment]) {
        let made = invoices::register(&self.odoo, &self.journals, payments).await.expect("payments");
        assert!(made.iter().all(|one| matches!(one, Loaded::Id(_))), "{made:?}");
    }

    pub async fn paid(&self, memo: &str) -> Vec<Paid> {
        let mut found = invoices::payments(&self.odoo, &self.journals, &[memo]).await.expect("the payments");
        found.remove(memo).unwrap_or_default()
    }

    /// The one payment with this memo.
    ///
    /// # Panics
    /// Where there is none, or more than one.
    pub async fn one_paid(&self, memo: &str) -> Paid {
        let found = self.paid(memo).await;
        match invoices::standing(&found) {
            Standing::One(paid) => paid.clone(),
            other => panic!("{memo}: {other:?}"),
        }
    }

    /// Assigns what is left of payments to the open invoices of an order.
    pub async fn settle(&self, sale: i64, memos: &[&str]) -> Books {
        let books = self.look(sale).await;
        let mut paid = Vec::new();
        for memo in memos {
            paid.push(self.one_paid(memo).await);
        }
        for (invoice, line) in invoices::spread(&books.invoices, &paid.iter().collect::<Vec<_>>()) {
            invoices::assign(&self.odoo, invoice, line).await.expect("an assigned payment");
        }
        self.look(sale).await
    }

    /// Quantities of an invoice by SKU.
    #[must_use]
    pub fn goods(&self, invoice: &Invoice) -> Vec<(String, Decimal)> {
        let sku = |id: i64| {
            let found = self.target.world.products.iter().find(|(_, product)| **product == id);
            found.map(|(sku, _)| sku.clone()).unwrap_or_default()
        };
        let lines = invoice.lines.iter().map(|line| (sku(line.product.unwrap_or_default()), line.quantity));
        let mut lines: Vec<(String, Decimal)> = lines.collect();
        lines.sort();
        lines
    }
}

/// Invoices that are posted.
#[must_use]
pub fn posted(books: &Books) -> Vec<&Invoice> {
    books.invoices.iter().filter(|invoice| invoice.state == InvoiceState::Posted).collect()
}

/// Runs Odoo's own wizard as a person does, for one order.
pub async fn invoice_by_hand(hands: &crate::hands::Hands, sale: i64) {
    let values = json!({ "advance_payment_method": "delivered", "sale_order_ids": [[6, 0, [sale]]] });
    let wizard = hands.save("sale.advance.payment.inv", values, &serde_json::Map::new()).await;
    let _: Value = hands.run("sale.advance.payment.inv", "create_invoices", &[wizard], &[]).await;
}
