//! Payments: each booked once, used for the order's invoices, and found again.

use crossdock_core::{
    config::InvoicePolicy,
    order::{Order, Prices},
};
use crossdock_odoo::invoices::{self, Assigned, Paid, PaidState, Standing};
use serde_json::json;

use crate::{
    desk::{Desk, posted},
    orders::{d, line},
    target::Target,
};

/// An order of one tax-free line.
fn of(target: &Target, quantity: &str, total: &str) -> Order {
    let mut order = target.order(Prices::TaxExcluded);
    line(&mut order, "CD-1", quantity, total, total, None);
    order
}

fn memo(target: &Target) -> String {
    format!("tx-{}", target.fresh())
}

pub async fn a_company_has_journals_with_an_account_for_money_on_its_way(target: &Target) {
    let desk = Desk::open(target).await;
    for name in ["CD Gateway", "CD Gift cards"] {
        assert!(desk.journal(name).outstanding.is_some(), "{name}");
    }
    assert_eq!(desk.journal("CDGW").id, desk.journal("CD Gateway").id, "by its short code too");
}

pub async fn two_gateways_and_a_gift_card_pay_one_invoice(target: &Target) {
    let desk = Desk::open(target).await;
    let order = of(target, "1", "100.00");
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    let books = desk.bill(&[sale], InvoicePolicy::OnOrder).await.remove(&sale).expect("the books");
    let card = memo(target);
    let transfer = memo(target);
    let gift = invoices::payment_memo(&order.key, "gift_card", None, 1);
    desk.register(&[
        desk.payment(&order, &books, "CD Gateway", &card, "60.00"),
        desk.payment(&order, &books, "CD Gateway", &transfer, "30.00"),
        desk.payment(&order, &books, "CD Gift cards", &gift, "10.00"),
    ])
    .await;
    let books = desk.settle(sale, &[&card, &transfer, &gift]).await;
    assert_eq!(posted(&books)[0].residual, d("0"));
    for (memo, journal, amount) in
        [(&card, "CD Gateway", "60"), (&transfer, "CD Gateway", "30"), (&gift, "CD Gift cards", "10")]
    {
        let paid = desk.one_paid(memo).await;
        assert_eq!((paid.amount, paid.left, paid.state), (d(amount), d("0"), PaidState::Posted));
        assert_eq!(paid.journal, Some(desk.journal(journal).id));
    }
}

pub async fn one_prepayment_pays_the_invoices_of_two_shipments(target: &Target) {
    let desk = Desk::open(target).await;
    let order = of(target, "3", "30.00");
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    let books = desk.look(sale).await;
    let memo = memo(target);
    // More than the order: the rest stays on the customer.
    desk.register(&[desk.payment(&order, &books, "CD Gateway", &memo, "32.00")]).await;
    desk.ship(sale, &[("CD-1", "1")]).await;
    desk.bill(&[sale], InvoicePolicy::OnShipment).await;
    let books = desk.settle(sale, &[&memo]).await;
    assert_eq!(posted(&books)[0].residual, d("0"));
    assert_eq!(desk.one_paid(&memo).await.left, d("22"));
    desk.ship(sale, &[("CD-1", "2")]).await;
    desk.bill(&[sale], InvoicePolicy::OnShipment).await;
    let books = desk.settle(sale, &[&memo]).await;
    assert_eq!(posted(&books).iter().map(|invoice| invoice.residual).collect::<Vec<_>>(), [d("0"), d("0")]);
    assert_eq!(desk.one_paid(&memo).await.left, d("2"));
}

pub async fn a_payment_in_euro_pays_an_invoice_in_euro(target: &Target) {
    let desk = Desk::open(target).await;
    let mut order = target.order_in("EUR", Prices::TaxExcluded);
    line(&mut order, "CD-1", "1", "10.01", "10.01", None);
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    let books = desk.bill(&[sale], InvoicePolicy::OnOrder).await.remove(&sale).expect("the books");
    let memo = memo(target);
    desk.register(&[desk.payment(&order, &books, "CD Gateway", &memo, "10.01")]).await;
    let books = desk.settle(sale, &[&memo]).await;
    assert_eq!(posted(&books)[0].residual, d("0"));
}

pub async fn a_payment_registered_twice_is_one_payment(target: &Target) {
    let desk = Desk::open(target).await;
    let order = of(target, "1", "10.00");
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    let books = desk.look(sale).await;
    let memo = memo(target);
    let payment = desk.payment(&order, &books, "CD Gateway", &memo, "10.00");
    desk.register(std::slice::from_ref(&payment)).await;
    // As a request that was held back on its way: some versions refuse to post it again, none makes two.
    let _ = invoices::register(&desk.odoo, &desk.journals, &[payment]).await.expect("an answer");
    let paid = desk.one_paid(&memo).await;
    assert_eq!((paid.amount, paid.left), (d("10"), d("10")));
    assert!(paid.line.is_some());
}

pub async fn a_payment_left_in_draft_is_posted_with_its_journal_entry(target: &Target) {
    let desk = Desk::open(target).await;
    let order = of(target, "1", "10.00");
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    let books = desk.look(sale).await;
    let memo = memo(target);
    let payment = desk.payment(&order, &books, "CD Gateway", &memo, "10.00");
    // Loaded twice and never posted: from 18 on that takes the outstanding account away.
    for _ in 0..2 {
        let external = format!("crossdock.{}", payment.external_id);
        let (partner, journal) = (payment.partner.to_string(), payment.journal.to_string());
        let here = target.user.in_company(target.world.company.id);
        here.create(
            "account.payment",
            &[
                ("id", &external),
                ("payment_type", "inbound"),
                ("partner_type", "customer"),
                ("partner_id/.id", &partner),
                ("amount", "10"),
                ("journal_id/.id", &journal),
                (desk.journals.memo, &memo),
            ],
        )
        .await;
    }
    let paid = desk.one_paid(&memo).await;
    assert_eq!(paid.state, PaidState::Draft);
    assert_eq!(paid.has_outstanding, !desk.journals.tells_outstanding);
    let refused = invoices::finish(&desk.odoo, &desk.journals, &[&paid]).await.expect("a posted payment");
    assert!(refused.is_empty(), "{refused:?}");
    let paid = desk.one_paid(&memo).await;
    assert_eq!((paid.state, paid.left), (PaidState::Posted, d("10")));
    assert!(paid.line.is_some(), "it has a journal entry");
}

pub async fn two_payments_with_one_gateway_id_are_seen(target: &Target) {
    let desk = Desk::open(target).await;
    let order = of(target, "1", "10.00");
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    let books = desk.look(sale).await;
    let memo = memo(target);
    desk.register(&[desk.payment(&order, &books, "CD Gateway", &memo, "10.00")]).await;
    let (partner, journal) = (books.invoice_to.to_string(), desk.journal("CD Gateway").id.to_string());
    let here = target.user.in_company(target.world.company.id);
    here.create(
        "account.payment",
        &[
            ("payment_type", "inbound"),
            ("partner_type", "customer"),
            ("partner_id/.id", &partner),
            ("amount", "10"),
            ("journal_id/.id", &journal),
            (desk.journals.memo, &memo),
        ],
    )
    .await;
    let found: Vec<Paid> = desk.paid(&memo).await;
    assert!(matches!(invoices::standing(&found), Standing::Several(all) if all.len() == 2), "{found:?}");
}

pub async fn a_payment_that_a_person_took_back_is_seen_as_that(target: &Target) {
    let desk = Desk::open(target).await;
    let order = of(target, "1", "10.00");
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    let books = desk.look(sale).await;
    let memo = memo(target);
    let payment = desk.payment(&order, &books, "CD Gateway", &memo, "10.00");
    desk.register(&[payment]).await;
    let id = desk.one_paid(&memo).await.id;
    let here = target.user.in_company(target.world.company.id);
    here.run("account.payment", "action_draft", &[id], &[]).await;
    here.run("account.payment", "action_cancel", &[id], &[]).await;
    assert_eq!(invoices::standing(&desk.paid(&memo).await), Standing::Cancelled);
}

pub async fn a_payment_that_is_used_up_is_not_used_again(target: &Target) {
    let desk = Desk::open(target).await;
    let order = of(target, "1", "10.00");
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    let books = desk.bill(&[sale], InvoicePolicy::OnOrder).await.remove(&sale).expect("the books");
    let memo = memo(target);
    desk.register(&[desk.payment(&order, &books, "CD Gateway", &memo, "10.00")]).await;
    let line = desk.one_paid(&memo).await.line.expect("a journal entry");
    let invoice = books.invoices[0].id;
    assert_eq!(invoices::assign(&desk.odoo, invoice, line).await, Ok(Assigned::Done));
    assert_eq!(invoices::assign(&desk.odoo, invoice, line).await, Ok(Assigned::Taken));
    let books = desk.look(sale).await;
    assert_eq!(books.invoices[0].residual, d("0"));
    let paid = desk.one_paid(&memo).await;
    assert!(invoices::spread(&books.invoices, &[&paid]).is_empty());
}

pub async fn an_invoice_that_a_person_had_paid_takes_nothing_more(target: &Target) {
    let desk = Desk::open(target).await;
    let order = of(target, "1", "10.00");
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    let books = desk.bill(&[sale], InvoicePolicy::OnOrder).await.remove(&sale).expect("the books");
    let (by_hand, ours) = (memo(target), memo(target));
    for memo in [&by_hand, &ours] {
        desk.register(&[desk.payment(&order, &books, "CD Gateway", memo, "10.00")]).await;
    }
    let line = desk.one_paid(&by_hand).await.line.expect("a journal entry");
    let by_hand = target.user.in_company(target.world.company.id);
    let call =
        crossdock_odoo::Call::new("account.move", "js_assign_outstanding_line").on(&[books.invoices[0].id]);
    by_hand.call(call.arg("line_id", json!(line))).await;
    desk.settle(sale, &[&ours]).await;
    assert_eq!(desk.one_paid(&ours).await.left, d("10"), "it stays on the customer");
}

pub async fn a_batch_of_ten_is_invoiced_and_paid_in_two_calls_an_order(target: &Target) {
    let desk = Desk::open(target).await;
    let mut report = Vec::new();
    for size in [1, 10] {
        let orders: Vec<Order> = (0..size).map(|_| of(target, "1", "10.00")).collect();
        let sales = desk.sell(&orders).await;
        for sale in &sales {
            desk.ship(*sale, &[("CD-1", "1")]).await;
        }
        target.wire.clear();
        let books = desk.bill(&sales, InvoicePolicy::OnShipment).await;
        let memos: Vec<String> = orders.iter().map(|_| memo(target)).collect();
        let wanted: Vec<&str> = memos.iter().map(String::as_str).collect();
        let found = invoices::payments(&desk.odoo, &desk.journals, &wanted).await.expect("the payments");
        assert!(found.is_empty());
        let new: Vec<invoices::Payment> = sales
            .iter()
            .zip(orders.iter().zip(&memos))
            .map(|(sale, (order, memo))| desk.payment(order, &books[sale], "CD Gateway", memo, "10.00"))
            .collect();
        desk.register(&new).await;
        let found = invoices::payments(&desk.odoo, &desk.journals, &wanted).await.expect("the payments");
        for (sale, memo) in sales.iter().zip(&memos) {
            let paid: Vec<&Paid> = found[memo].iter().collect();
            for (invoice, line) in invoices::spread(&books[sale].invoices, &paid) {
                invoices::assign(&desk.odoo, invoice, line).await.expect("an assigned payment");
            }
        }
        let sent = target.wire.sent();
        let names: Vec<String> = sent.iter().map(crate::wire::Sent::name).collect();
        report.push(format!("{size}: {}", sent.len()));
        // Ten for whatever batch, and one more for each invoice that is paid.
        assert!(sent.len() <= 10 + size, "{size} orders took {} calls: {names:?}", sent.len());
        for sale in &sales {
            assert_eq!(desk.look(*sale).await.invoices[0].residual, d("0"));
        }
    }
    eprintln!("{}: calls to Odoo to invoice and pay: {}", target.label, report.join(", "));
}
