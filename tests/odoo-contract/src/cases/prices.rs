//! Amounts: what the customer owes is what Odoo computes, to the cent.

use crossdock_core::{
    order::{ChargeKind, Prices},
    reason::ReasonCode,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{
    orders::{charge, d, edited, line, settle, simple},
    target::Target,
};

pub async fn prices_without_tax_come_to_the_customers_total(target: &Target) {
    let mut order = target.order(Prices::TaxExcluded);
    line(&mut order, "CD-1", "2", "20.00", "20.00", Some("10"));
    line(&mut order, "CD-2", "3", "29.97", "29.97", Some("10"));
    line(&mut order, "CD-3", "1", "7.55", "7.55", None);
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    sale.expect_confirmed(target, &order);
    let taxed = sale.line(target.product("CD-2"));
    assert_eq!((taxed.price, taxed.net), (d("9.99"), d("29.97")));
    assert_eq!(taxed.taxes, [target.tax("CD 10% excl")]);
    // The product has a default tax in most databases: an order without tax must not get it.
    assert!(sale.line(target.product("CD-3")).taxes.is_empty());
}

pub async fn prices_with_tax_come_to_the_customers_total(target: &Target) {
    let mut order = target.order(Prices::TaxIncluded);
    line(&mut order, "CD-1", "2", "23.80", "23.80", Some("19"));
    line(&mut order, "CD-2", "3", "29.97", "29.97", Some("7"));
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    sale.expect_confirmed(target, &order);
    let taxed = sale.line(target.product("CD-1"));
    assert_eq!((taxed.price, taxed.net, taxed.gross), (d("11.9"), d("20"), d("23.8")));
    assert_eq!(taxed.taxes, [target.tax("CD 19% incl")]);
}

pub async fn a_percentage_discount_stands_beside_its_price(target: &Target) {
    let mut order = target.order(Prices::TaxExcluded);
    line(&mut order, "CD-1", "2", "20.00", "18.00", Some("10"));
    line(&mut order, "CD-2", "4", "50.00", "37.50", Some("10"));
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    sale.expect_confirmed(target, &order);
    let (first, second) = (sale.line(target.product("CD-1")), sale.line(target.product("CD-2")));
    assert_eq!((first.price, first.discount), (d("10"), d("10")));
    assert_eq!((second.price, second.discount), (d("12.5"), d("25")));
}

pub async fn a_fixed_discount_comes_to_the_customers_total(target: &Target) {
    // 5.00 off, which no percentage of two digits is.
    let mut order = target.order(Prices::TaxIncluded);
    line(&mut order, "CD-2", "1", "29.97", "24.97", Some("19"));
    line(&mut order, "CD-4", "1", "10.00", "6.67", Some("19"));
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    sale.expect_confirmed(target, &order);
    assert_eq!(sale.line(target.product("CD-2")).gross, d("24.97"));
}

pub async fn a_fee_and_shipping_with_its_own_tax_are_lines_of_their_own(target: &Target) {
    let mut order = target.order(Prices::TaxIncluded);
    line(&mut order, "CD-1", "1", "11.90", "11.90", Some("19"));
    charge(&mut order, ChargeKind::Shipping, "5.35", Some("7"));
    charge(&mut order, ChargeKind::Fee, "2.50", None);
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    sale.expect_confirmed(target, &order);
    let shipping = sale.line(target.product("SHIP"));
    assert_eq!((shipping.gross, shipping.net), (d("5.35"), d("5")));
    assert_eq!(shipping.taxes, [target.tax("CD 7% incl")]);
    let fee = sale.line(target.product("FEE"));
    assert_eq!((fee.gross, fee.taxes.as_slice()), (d("2.5"), [].as_slice()));
}

pub async fn a_zero_priced_line_stays_and_ships(target: &Target) {
    let mut order = target.order(Prices::TaxExcluded);
    line(&mut order, "CD-1", "1", "10.00", "10.00", Some("10"));
    line(&mut order, "CD-5", "2", "0.00", "0.00", None);
    // Given away: it had a price, and the discount took all of it.
    line(&mut order, "CD-6", "1", "60.00", "0.00", None);
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    sale.expect_confirmed(target, &order);
    assert_eq!(sale.line(target.product("CD-5")).price, Decimal::ZERO);
    assert_eq!(sale.line(target.product("CD-6")).gross, Decimal::ZERO);
}

pub async fn an_order_that_costs_nothing_is_confirmed(target: &Target) {
    let mut order = target.order(Prices::TaxIncluded);
    line(&mut order, "CD-1", "3", "35.70", "0.00", None);
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    assert_eq!(sale.total, Decimal::ZERO);
    sale.expect_confirmed(target, &order);
}

pub async fn a_gift_card_is_a_line_like_any_other(target: &Target) {
    let mut order = target.order(Prices::TaxExcluded);
    line(&mut order, "CD-1", "1", "10.00", "10.00", Some("10"));
    line(&mut order, "FEE", "1", "50.00", "50.00", None);
    order.lines[1].gift_card = true;
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    sale.expect_confirmed(target, &order);
    assert_eq!(sale.line(target.product("FEE")).gross, d("50"));
}

pub async fn net_prices_fit_a_tax_that_odoo_holds_in_the_price(target: &Target) {
    let mut order = target.order(Prices::TaxExcluded);
    line(&mut order, "CD-1", "2", "200.00", "180.00", Some("19"));
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    sale.expect_confirmed(target, &order);
    let only = sale.line(target.product("CD-1"));
    assert_eq!((only.price, only.discount, only.gross), (d("119"), d("10"), d("214.2")));
}

pub async fn gross_prices_fit_a_tax_that_odoo_puts_on_top(target: &Target) {
    let mut order = target.order(Prices::TaxIncluded);
    line(&mut order, "CD-1", "2", "220.00", "220.00", Some("10"));
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    sale.expect_confirmed(target, &order);
    assert_eq!(sale.line(target.product("CD-1")).price, d("100"));
}

pub async fn a_price_beyond_the_digits_is_explained_by_a_rounding_line(target: &Target) {
    let mut order = target.order(Prices::TaxExcluded);
    // 7 x 12.79857...: at two digits that is 89.60.
    line(&mut order, "CD-3", "7", "89.59", "89.59", None);
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    assert_eq!((sale.state.as_str(), sale.total), ("sale", d("89.59")));
    let rounding: Vec<Decimal> =
        sale.lines.iter().filter(|l| l.product == target.product("ROUNDING")).map(|l| l.price).collect();
    let expected: &[Decimal] = if target.rounds_prices().await { &[d("-0.01")] } else { &[] };
    assert_eq!(rounding, expected);
    sale.expect_one_delivery(target, &order);
}

pub async fn a_price_that_the_digits_cannot_express_is_parked(target: &Target) {
    let mut order = target.order(Prices::TaxExcluded);
    line(&mut order, "CD-3", "1000", "3.00", "3.00", None);
    let rig = target.rig();
    if target.rounds_prices().await {
        let why = rig.parked(&order, ReasonCode::PriceNotExpressible).await;
        assert!(why.contains("3.00"), "{why}");
        assert_eq!(target.sale(&order).await.state, "draft");
    } else {
        rig.done(&order).await;
        let sale = target.sale(&order).await;
        assert_eq!(sale.line(target.product("CD-3")).price, d("0.003"));
        // Nothing of these thousand pieces is to stay reserved for the next run.
        target.user.cancel_order(sale.id).await;
    }
}

pub async fn a_total_that_differs_is_parked_with_both_figures_and_stays_unconfirmed(target: &Target) {
    let mut order = simple(target.order(Prices::TaxExcluded));
    order.total += d("1.23");
    let why = target.rig().parked(&order, ReasonCode::TotalDiffers).await;
    assert!(why.contains("44") && why.contains("45.23"), "both figures: {why}");
    let sale = target.sale(&order).await;
    assert_eq!(sale.state, "draft");
    assert!(sale.transfers.is_empty());
}

pub async fn an_order_in_euro_comes_to_its_total_in_euro(target: &Target) {
    let mut order = target.order_in("EUR", Prices::TaxIncluded);
    line(&mut order, "CD-1", "3", "35.70", "29.75", Some("19"));
    charge(&mut order, ChargeKind::Shipping, "4.76", Some("19"));
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    sale.expect_confirmed(target, &order);
    assert_eq!(sale.currency, "EUR");
}

pub async fn two_currencies_in_one_batch_keep_apart(target: &Target) {
    let dollars = simple(target.order(Prices::TaxExcluded));
    let euros = simple(target.order_in("EUR", Prices::TaxExcluded));
    let more_dollars = simple(target.order(Prices::TaxExcluded));
    let orders = [dollars, euros, more_dollars];
    target.rig().all_done(&orders).await;
    for order in &orders {
        target.sale(order).await.expect_confirmed(target, order);
    }
}

pub async fn a_reloaded_draft_keeps_its_taxes(target: &Target) {
    let mut order = target.order(Prices::TaxExcluded);
    line(&mut order, "CD-1", "1", "10.00", "10.00", Some("10"));
    line(&mut order, "CD-2", "1", "10.00", "10.00", None);
    order.total += d("1.00");
    let rig = target.rig();
    rig.parked(&order, ReasonCode::TotalDiffers).await;
    // The channel mends its total: the same rows are loaded over the draft.
    let order = edited(&order, settle);
    rig.done(&order).await;
    let sale = target.sale(&order).await;
    sale.expect_confirmed(target, &order);
    assert_eq!(sale.line(target.product("CD-1")).taxes, [target.tax("CD 10% excl")]);
    assert!(sale.line(target.product("CD-2")).taxes.is_empty());
}

/// Why the company is not among the columns.
pub async fn a_company_column_would_make_odoo_compute_taxes_anew(target: &Target) {
    let mut order = simple(target.order(Prices::TaxExcluded));
    order.total += d("1.00");
    target.rig().parked(&order, ReasonCode::TotalDiffers).await;
    let sent = target.wire.last("sale.order.load");
    let mut arguments = sent.arguments();
    add_column(&mut arguments, "company_id/.id", &target.world.company.id.to_string());
    let answer = target.wire.send_again(&sent.with_arguments(&arguments)).await;
    assert!(answer["ids"].is_array(), "{answer}");
    let taxes = target.sale(&order).await.line(target.product("CD-1")).taxes.clone();
    assert_ne!(taxes, [target.tax("CD 10% excl")], "the explicit tax was kept: the column may come back");
}

fn add_column(arguments: &mut Value, field: &str, value: &str) {
    if let Some(fields) = arguments["fields"].as_array_mut() {
        fields.push(json!(field));
    }
    for (at, row) in arguments["data"].as_array_mut().into_iter().flatten().enumerate() {
        if let Some(row) = row.as_array_mut() {
            row.push(json!(if at == 0 { value } else { "" }));
        }
    }
}
