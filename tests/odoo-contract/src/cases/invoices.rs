//! Invoices: for what shipped or for the order, once, to the order's total.

use crossdock_core::{
    config::InvoicePolicy,
    order::{ChargeKind, Order, Prices},
};
use crossdock_odoo::invoices::{self, Due, InvoiceKind};

use crate::{
    desk::{Desk, invoice_by_hand, posted},
    orders::{charge, d, for_second_company, line, simple},
    target::Target,
};

const SHIPPED: InvoicePolicy = InvoicePolicy::OnShipment;

pub async fn a_complete_shipment_is_invoiced_to_the_orders_total(target: &Target) {
    let desk = Desk::open(target).await;
    let mut order = target.order(Prices::TaxExcluded);
    line(&mut order, "CD-1", "2", "20.00", "20.00", Some("10"));
    line(&mut order, "CD-2", "1", "20.00", "18.00", Some("10"));
    charge(&mut order, ChargeKind::Shipping, "5.00", None);
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    assert_eq!(invoices::due(&desk.look(sale).await, SHIPPED), Due::Nothing, "nothing has left yet");
    desk.ship(sale, &[("CD-1", "2"), ("CD-2", "1")]).await;
    let books = desk.bill(&[sale], SHIPPED).await.remove(&sale).expect("the books");
    let [invoice] = books.invoices.as_slice() else { panic!("{books:?}") };
    assert_eq!(invoice.total, order.total.normalize());
    assert_eq!(invoice.residual, invoice.total);
    assert!(invoice.ours && invoice.name.is_some());
    assert_eq!(invoices::due(&books, SHIPPED), Due::Nothing);
}

pub async fn three_partial_invoices_come_to_the_orders_total(target: &Target) {
    let desk = Desk::open(target).await;
    // A piece is 3.33 and 0.33 tax; three pieces together are 9.99 and 1.00.
    let mut order = target.order(Prices::TaxExcluded);
    line(&mut order, "CD-1", "3", "9.99", "9.99", Some("10"));
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    let mut totals = Vec::new();
    for _ in 0..3 {
        desk.ship(sale, &[("CD-1", "1")]).await;
        let books = desk.bill(&[sale], SHIPPED).await.remove(&sale).expect("the books");
        totals.push(posted(&books).last().expect("an invoice").total);
    }
    assert_eq!(totals, [d("3.66"), d("3.66"), d("3.67")], "the last one closes the order");
    assert_eq!(totals.iter().sum::<rust_decimal::Decimal>(), order.total);
}

pub async fn goods_invoiced_as_ordered_are_invoiced_as_they_ship(target: &Target) {
    let desk = Desk::open(target).await;
    let mut order = target.order(Prices::TaxExcluded);
    line(&mut order, "CD-1", "3", "30.00", "30.00", Some("10"));
    line(&mut order, "CD-2", "1", "20.00", "20.00", Some("10"));
    charge(&mut order, ChargeKind::Shipping, "5.00", None);
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    desk.ship(sale, &[("CD-1", "1")]).await;
    let books = desk.bill(&[sale], SHIPPED).await.remove(&sale).expect("the books");
    let goods = desk.goods(posted(&books)[0]);
    assert_eq!(goods, [("CD-1".to_owned(), d("1")), ("SHIP".to_owned(), d("1"))]);
    desk.ship(sale, &[("CD-1", "2"), ("CD-2", "1")]).await;
    let books = desk.bill(&[sale], SHIPPED).await.remove(&sale).expect("the books");
    let goods = desk.goods(posted(&books)[1]);
    assert_eq!(goods, [("CD-1".to_owned(), d("2")), ("CD-2".to_owned(), d("1"))]);
    let sum: rust_decimal::Decimal = books.invoices.iter().map(invoices::Invoice::signed_total).sum();
    assert_eq!(sum, order.total);
}

pub async fn goods_invoiced_as_delivered_are_invoiced_as_they_ship(target: &Target) {
    let desk = Desk::open(target).await;
    let mut order = target.order(Prices::TaxExcluded);
    line(&mut order, "CD-D1", "3", "30.00", "30.00", Some("10"));
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    assert_eq!(
        invoices::due(&desk.look(sale).await, InvoicePolicy::OnOrder),
        Due::Hindered(vec![crossdock_core::Sku::new("CD-D1").expect("a SKU")]),
        "Odoo would invoice nothing of it before it is delivered"
    );
    desk.ship(sale, &[("CD-D1", "2")]).await;
    let books = desk.bill(&[sale], SHIPPED).await.remove(&sale).expect("the books");
    assert_eq!(desk.goods(posted(&books)[0]), [("CD-D1".to_owned(), d("2"))]);
    assert_eq!(invoices::closing(&books, d("0.05")), invoices::Closing::Open, "one piece is still to come");
}

pub async fn an_order_is_invoiced_at_once_where_the_policy_says_so(target: &Target) {
    let desk = Desk::open(target).await;
    let order = simple(target.order(Prices::TaxIncluded));
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    let books = desk.bill(&[sale], InvoicePolicy::OnOrder).await.remove(&sale).expect("the books");
    assert_eq!(posted(&books)[0].total, order.total.normalize());
    assert_eq!(invoices::due(&books, InvoicePolicy::OnOrder), Due::Nothing);
    let ship: Vec<(String, String)> = order
        .lines
        .iter()
        .map(|line| (line.sku.as_ref().expect("a SKU").to_string(), line.quantity.to_string()))
        .collect();
    let ship: Vec<(&str, &str)> =
        ship.iter().map(|(sku, quantity)| (sku.as_str(), quantity.as_str())).collect();
    desk.ship(sale, &ship).await;
    let books = desk.bill(&[sale], SHIPPED).await.remove(&sale).expect("the books");
    assert_eq!(books.invoices.len(), 1, "what is invoiced already is not invoiced as it ships");
}

pub async fn a_discounted_order_that_ships_in_part_gets_an_invoice_and_no_credit_note(target: &Target) {
    let desk = Desk::open(target).await;
    let mut order = target.order(Prices::TaxExcluded);
    line(&mut order, "CD-1", "10", "100.00", "25.00", Some("10"));
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    desk.ship(sale, &[("CD-1", "1")]).await;
    let books = desk.bill(&[sale], SHIPPED).await.remove(&sale).expect("the books");
    let [invoice] = books.invoices.as_slice() else { panic!("{books:?}") };
    assert_eq!((invoice.kind, invoice.total), (InvoiceKind::Invoice, d("2.75")));
}

pub async fn invoicing_twice_makes_one_invoice(target: &Target) {
    let desk = Desk::open(target).await;
    let order = simple(target.order(Prices::TaxExcluded));
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    for _ in 0..2 {
        let refused = invoices::create(&desk.odoo, &[sale]).await.expect("nothing to invoice is no error");
        assert!(refused.is_empty(), "{refused:?}");
    }
    let books = desk.look(sale).await;
    assert_eq!(books.invoices.len(), 1);
    assert!(!books.to_invoice);
    assert_eq!(books.our_drafts().count(), 1, "a draft that was made before a crash is found again as ours");
}

pub async fn orders_of_one_customer_get_an_invoice_each(target: &Target) {
    let desk = Desk::open(target).await;
    let email = format!("twice-{}@example.test", target.fresh());
    let orders: Vec<Order> = (0..2)
        .map(|_| {
            let mut order = simple(target.order(Prices::TaxExcluded));
            order.customer.id = Some(email.clone().replace(['@', '.'], "-"));
            order.customer.email = Some(email.clone());
            order
        })
        .collect();
    let sales = desk.sell(&orders).await;
    let all = desk.bill(&sales, InvoicePolicy::OnOrder).await;
    let partners: Vec<i64> = all.values().map(|books| books.invoice_to).collect();
    assert_eq!(partners[0], partners[1], "both go to one address");
    for (sale, order) in sales.iter().zip(&orders) {
        let [invoice] = all[sale].invoices.as_slice() else { panic!("{:?}", all[sale]) };
        assert_eq!(invoice.total, order.total.normalize());
    }
}

pub async fn an_order_in_euro_is_invoiced_in_euro(target: &Target) {
    let desk = Desk::open(target).await;
    let order = simple(target.order_in("EUR", Prices::TaxIncluded));
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    let books = desk.bill(&[sale], InvoicePolicy::OnOrder).await.remove(&sale).expect("the books");
    assert_eq!(books.currency.as_ref().map(crossdock_core::Currency::as_str), Some("EUR"));
    assert_eq!(posted(&books)[0].total, order.total.normalize());
}

pub async fn an_order_of_the_second_company_is_invoiced_and_paid_there(target: &Target) {
    let second = &target.world.second;
    let desk = Desk::open_in(target, second).await;
    let mut order = target.order(Prices::TaxExcluded);
    for_second_company(&mut order);
    line(&mut order, "CD-1", "1", "10.00", "10.00", Some("10"));
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    let books = desk.bill(&[sale], InvoicePolicy::OnOrder).await.remove(&sale).expect("the books");
    assert_eq!(books.company, second.id);
    let memo = format!("tx-{}", target.fresh());
    desk.register(&[desk.payment(&order, &books, "CD Gateway", &memo, "11.00")]).await;
    let books = desk.settle(sale, &[&memo]).await;
    assert_eq!(posted(&books)[0].residual, d("0"));
}

pub async fn a_persons_draft_is_left_alone(target: &Target) {
    let desk = Desk::open(target).await;
    let order = simple(target.order(Prices::TaxExcluded));
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    invoice_by_hand(&target.admin().in_company(target.world.company.id), sale).await;
    let books = desk.bill(&[sale], InvoicePolicy::OnOrder).await.remove(&sale).expect("the books");
    assert!(books.has_a_persons_draft());
    assert_eq!((books.invoices.len(), posted(&books).len()), (1, 0), "it is neither doubled nor posted");
}

pub async fn a_draft_that_a_person_has_changed_is_not_ours_any_more(target: &Target) {
    let desk = Desk::open(target).await;
    let order = simple(target.order(Prices::TaxExcluded));
    let sale = desk.sell(std::slice::from_ref(&order)).await[0];
    invoices::create(&desk.odoo, &[sale]).await.expect("an invoice");
    let draft = desk.look(sale).await.our_drafts().next().expect("our draft").id;
    let admin = target.admin().in_company(target.world.company.id);
    admin.write("account.move", draft, serde_json::json!({ "narration": "not yet" })).await;
    let books = desk.look(sale).await;
    assert_eq!(books.our_drafts().count(), 0);
    assert!(books.has_a_persons_draft());
}
