//! The pricelist report, as 19 writes it, and what comes of it.

use crossdock_core::{Sku, catalogue::Step};
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{
    Article,
    prices::steps,
    report::{Report, read},
};

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A row as Odoo 19.0 answered it, with other amounts.
fn row(product: i64, name: &str, amounts: &[&str]) -> String {
    let cells: String = amounts
        .iter()
        .map(|amount| {
            format!(
                "<td class=\"text-end px-1\"><span data-oe-type=\"monetary\" \
                 data-oe-expression=\"product[&#39;price&#39;][qty]\">$\u{a0}<span \
                 class=\"oe_currency_value\">{amount}</span></span></td>"
            )
        })
        .collect();
    format!(
        "<tr><td><a href=\"#\" class=\"o_action\" data-model=\"product.product\" data-res-id=\"{product}\">\
         <span>{name}</span></a></td>{cells}</tr>"
    )
}

const TITLE: &str = "<h2>Pricelist <span>:</span><a href=\"#\" class=\"o_action\" \
    data-model=\"product.pricelist\" data-res-id=\"7\"><span>B2B (USD)</span></a></h2>";

fn of(report: &Report, product: i64) -> Vec<Decimal> {
    report.amounts[&product].clone()
}

#[test]
fn amounts_stand_with_their_product_in_the_order_of_the_quantities() {
    let html = format!("{TITLE}{}{}", row(3, "A", &["10.00", "8.50"]), row(9, "B", &["0.00", "0.00"]));
    let report = read(&html, 2);
    assert_eq!(report.pricelist, Some(7));
    assert_eq!(of(&report, 3), [d("10"), d("8.5")]);
    assert_eq!(of(&report, 9), [d("0"), d("0")]);
}

#[test]
fn the_language_of_an_amount_does_not_matter() {
    for text in ["1,234,567.89", "1.234.567,89", "1\u{202f}234\u{202f}567,89", "12,34,567.89", "1234567.89"] {
        assert_eq!(of(&read(&row(1, "A", &[text]), 2), 1), [d("1234567.89")], "{text}");
    }
    assert_eq!(of(&read(&row(1, "A", &["1,234"]), 0), 1), [d("1234")], "yen have no cents");
    assert_eq!(of(&read(&row(1, "A", &["1,234.500"]), 3), 1), [d("1234.5")], "dinars have three");
    assert_eq!(of(&read(&row(1, "A", &["-\u{feff}5.00"]), 2), 1), [d("-5")]);
}

#[test]
fn a_products_name_cannot_pass_for_an_amount_or_another_product() {
    let evil =
        "&lt;a data-model=&#34;product.product&#34; data-res-id=&#34;2&#34;&gt; data-res-id=\"2\" 99.00";
    let report = read(&row(1, evil, &["5.00"]), 2);
    assert_eq!(report.amounts.len(), 1);
    assert_eq!(of(&report, 1), [d("5")]);
}

#[test]
fn what_is_no_report_has_no_prices() {
    for html in ["", "<", "<span class=\"oe_currency_value\">1.00</span>", "<a data-res-id=\"1\">", "a<b"] {
        assert_eq!(read(html, 2), Report::default(), "{html}");
    }
    assert_eq!(of(&read(&row(1, "A", &["free"]), 2), 1), [], "an amount without digits is none");
}

#[test]
fn a_step_is_where_the_price_is_another_one() {
    let quantities = [d("1"), d("5"), d("10"), d("100")];
    let got = steps(&quantities, &[d("9"), d("9"), d("8"), d("8.5")]);
    let step = |from: &str, price: &str| Step { from: d(from), price: d(price) };
    assert_eq!(got, [step("1", "9"), step("10", "8"), step("100", "8.5")]);
}

#[test]
fn a_weight_in_pounds_is_told_in_kilograms() {
    let article = |unit: &str| Article {
        product: 1,
        template: 1,
        sku: Sku::new("A").unwrap(),
        name: "A".into(),
        title: "A".into(),
        attributes: vec![],
        description: None,
        barcode: None,
        weight: d("2"),
        weight_unit: unit.into(),
        unit: Some("Units".into()),
        taxes: vec![],
        untaxed: true,
        category: None,
        sellable: true,
        written: Timestamp::UNIX_EPOCH,
    };
    assert_eq!(article("kg").ware(&[]).weight, d("2"));
    assert_eq!(article("lb").ware(&[]).weight, d("0.90718474"));
}
