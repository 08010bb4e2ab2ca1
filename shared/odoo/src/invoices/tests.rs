use crossdock_core::config::InvoicePolicy;
use rust_decimal::Decimal;

use super::*;

fn d(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

/// A line of goods: ordered, delivered, invoiced.
fn goods(id: i64, ordered: &str, delivered: &str, invoiced: &str) -> BookLine {
    BookLine {
        id,
        sku: Sku::new(format!("P-{id}")).ok(),
        goods: true,
        policy: LinePolicy::Ordered,
        ordered: d(ordered),
        delivered: d(delivered),
        invoiced: d(invoiced),
        to_invoice: d(ordered) - d(invoiced),
        total: d("14.52") * d(ordered),
    }
}

fn service(id: i64, invoiced: &str) -> BookLine {
    BookLine { goods: false, delivered: d("0"), ..goods(id, "1", "0", invoiced) }
}

fn invoice(id: i64, state: InvoiceState, total: &str, lines: &[(i64, &str)]) -> Invoice {
    let line = |(sale_line, quantity): &(i64, &str)| InvoiceLine {
        id: id * 100 + sale_line,
        sale_lines: vec![*sale_line],
        product: Some(*sale_line),
        quantity: d(quantity),
    };
    Invoice {
        id,
        name: None,
        kind: InvoiceKind::Invoice,
        state,
        partner: 7,
        total: d(total),
        residual: d(total),
        ours: true,
        lines: lines.iter().map(line).collect(),
    }
}

fn books(total: &str, lines: Vec<BookLine>, invoices: Vec<Invoice>) -> Books {
    Books {
        sale: 1,
        name: "S00001".into(),
        state: SaleState::Confirmed,
        company: 1,
        currency_id: 1,
        currency: Currency::new("USD").ok(),
        total: d(total),
        invoice_to: 7,
        to_invoice: true,
        lines,
        invoices,
    }
}

#[test]
fn on_shipment_nothing_is_due_before_goods_have_left() {
    let before = books("10", vec![goods(1, "2", "0", "0"), service(2, "0")], vec![]);
    assert_eq!(due(&before, InvoicePolicy::OnShipment), Due::Nothing);
    let after = books("10", vec![goods(1, "2", "1", "0"), service(2, "0")], vec![]);
    assert_eq!(due(&after, InvoicePolicy::OnShipment), Due::Invoice);
    let again = books("10", vec![goods(1, "2", "1", "1"), service(2, "1")], vec![]);
    assert_eq!(due(&again, InvoicePolicy::OnShipment), Due::Nothing, "Odoo would invoice the piece to come");
}

#[test]
fn an_order_of_services_alone_is_due_at_once() {
    let services = books("10", vec![service(1, "0")], vec![]);
    assert_eq!(due(&services, InvoicePolicy::OnShipment), Due::Invoice);
    assert_eq!(due(&services, InvoicePolicy::Manual), Due::Nothing);
}

#[test]
fn nothing_is_due_of_an_order_that_is_not_confirmed() {
    let mut cancelled = books("10", vec![goods(1, "2", "2", "0")], vec![]);
    cancelled.state = SaleState::Cancelled;
    assert_eq!(due(&cancelled, InvoicePolicy::OnShipment), Due::Nothing);
}

#[test]
fn an_order_that_odoo_invoices_as_delivered_cannot_be_invoiced_before() {
    let mut line = goods(1, "2", "0", "0");
    (line.policy, line.to_invoice) = (LinePolicy::Delivered, d("0"));
    let order = books("10", vec![line, service(2, "0")], vec![]);
    let hindered = Due::Hindered(vec![Sku::new("P-1").expect("a SKU")]);
    assert_eq!(due(&order, InvoicePolicy::OnOrder), hindered, "an invoice of shipping alone would be wrong");
}

#[test]
fn a_draft_is_trimmed_to_what_has_shipped_since_the_last_invoice() {
    let posted = invoice(1, InvoiceState::Posted, "5", &[(1, "1")]);
    let draft = invoice(2, InvoiceState::Draft, "25", &[(1, "4"), (2, "3"), (3, "1")]);
    // Of the first line one was invoiced and three have shipped, of the second none has.
    let lines = vec![goods(1, "5", "3", "5"), goods(2, "3", "0", "3"), service(3, "1")];
    let order = books("30", lines, vec![posted, draft.clone()]);
    let changes = trim(&order, &draft, InvoicePolicy::OnShipment);
    let expected = [LineChange { line: 201, quantity: d("2") }, LineChange { line: 202, quantity: d("0") }];
    assert_eq!(changes, expected);
    assert!(trim(&order, &draft, InvoicePolicy::OnOrder).is_empty());
}

#[test]
fn what_comes_off_a_draft_is_known_where_it_is_worth_nothing() {
    let draft = invoice(2, InvoiceState::Draft, "43.56", &[(1, "3"), (2, "2")]);
    let gift = |total| BookLine { total, ..goods(2, "2", "0", "2") };
    let order = |total| books("43.56", vec![goods(1, "3", "3", "3"), gift(total)], vec![draft.clone()]);
    let changes = trim(&order(d("0")), &draft, InvoicePolicy::OnShipment);
    assert_eq!(changes, [LineChange { line: 202, quantity: d("0") }]);
    let after = trimmed(&order(d("0")), &draft, &changes).map(|after| after.lines[1].invoiced);
    assert_eq!(after, Some(d("0")));
    assert_eq!(trimmed(&order(d("5")), &draft, &changes), None);
    assert_eq!(trimmed(&order(d("5")), &draft, &[]), Some(order(d("5"))));
}

#[test]
fn the_last_invoice_closes_the_order_within_the_limit() {
    let of = |last: &str, limit: &str| {
        let invoices =
            vec![invoice(1, InvoiceState::Posted, "29.04", &[]), invoice(2, InvoiceState::Draft, last, &[])];
        closing(&books("43.56", vec![goods(1, "3", "3", "3")], invoices), d(limit))
    };
    assert_eq!(of("14.52", "0"), Closing::Even);
    assert_eq!(of("14.54", "0.02"), Closing::Rounding(d("-0.02")));
    assert_eq!(of("14.51", "0.02"), Closing::Rounding(d("0.01")));
    let too_far = Closing::Differs { invoiced: d("43.58"), total: d("43.56") };
    assert_eq!(of("14.54", "0.01"), too_far);
}

#[test]
fn an_order_is_not_compared_while_something_is_to_come_or_was_closed_short() {
    let draft = invoice(1, InvoiceState::Draft, "14.52", &[(1, "1")]);
    let open = books("43.56", vec![goods(1, "3", "1", "1")], vec![draft]);
    assert_eq!(closing(&open, d("0.05")), Closing::Open);
}

#[test]
fn an_order_is_closed_by_the_last_invoice_that_is_worth_something() {
    let free = |invoiced: &str| BookLine { total: d("0"), ..goods(2, "2", invoiced, invoiced) };
    let with_gift_to_come = |paid_for: &str| {
        let invoices = vec![
            invoice(1, InvoiceState::Posted, "29.04", &[]),
            invoice(2, InvoiceState::Draft, "14.54", &[]),
        ];
        closing(&books("43.56", vec![goods(1, "3", "3", paid_for), free("0")], invoices), d("0.05"))
    };
    assert_eq!(with_gift_to_come("3"), Closing::Rounding(d("-0.02")));
    assert_eq!(with_gift_to_come("2"), Closing::Open);
    let invoices =
        vec![invoice(1, InvoiceState::Posted, "43.56", &[]), invoice(2, InvoiceState::Draft, "0", &[])];
    let gift = books("43.56", vec![goods(1, "3", "3", "3"), free("2")], invoices);
    assert_eq!(closing(&gift, d("0.05")), Closing::Even);
    let invoices =
        vec![invoice(1, InvoiceState::Posted, "43.58", &[]), invoice(2, InvoiceState::Draft, "0", &[])];
    let too_late = books("43.56", vec![goods(1, "3", "3", "3"), free("2")], invoices);
    assert!(matches!(closing(&too_late, d("0.05")), Closing::Differs { .. }));
    // A cent's worth to come leaves no more room than a gift.
    let cheap = BookLine { total: d("0.02"), ..goods(2, "2", "1", "1") };
    let invoices = vec![invoice(1, InvoiceState::Draft, "43.59", &[])];
    let cheap = books("43.58", vec![goods(1, "3", "3", "3"), cheap], invoices);
    assert_eq!(closing(&cheap, d("0.05")), Closing::Rounding(d("-0.02")));
    // What takes off as much as something else adds is not little.
    let opposite =
        [BookLine { total: d("9"), ..service(2, "0") }, BookLine { total: d("-9"), ..service(3, "0") }];
    let mut lines = vec![goods(1, "3", "3", "3")];
    lines.extend(opposite);
    let opposite = books("43.56", lines, vec![invoice(1, InvoiceState::Draft, "43.56", &[])]);
    assert_eq!(closing(&opposite, d("0.05")), Closing::Open);
}

#[test]
fn a_difference_is_not_closed_on_what_is_not_our_draft() {
    let line = || vec![goods(1, "1", "1", "1")];
    let posted = books("10", line(), vec![invoice(1, InvoiceState::Posted, "9.99", &[])]);
    assert!(matches!(closing(&posted, d("0.05")), Closing::Differs { .. }));
    let mut draft = invoice(1, InvoiceState::Draft, "9.99", &[]);
    draft.ours = false;
    assert!(matches!(closing(&books("10", line(), vec![draft]), d("0.05")), Closing::Differs { .. }));
}

#[test]
fn a_credit_note_takes_off_and_a_cancelled_invoice_is_nothing() {
    let mut credit = invoice(1, InvoiceState::Posted, "4", &[]);
    credit.kind = InvoiceKind::CreditNote;
    let invoices = vec![
        credit,
        invoice(2, InvoiceState::Cancelled, "99", &[]),
        invoice(3, InvoiceState::Draft, "14", &[]),
    ];
    assert_eq!(closing(&books("10", vec![goods(1, "1", "1", "1")], invoices), d("0")), Closing::Even);
}

fn paid(line: i64, left: &str) -> Paid {
    Paid {
        id: line,
        memo: format!("tx-{line}"),
        state: PaidState::Posted,
        amount: d(left),
        journal: Some(1),
        left: d(left),
        line: Some(line),
        has_outstanding: true,
    }
}

#[test]
fn payments_pay_the_oldest_invoice_first_and_the_rest_stays() {
    let mut oldest = invoice(1, InvoiceState::Posted, "10", &[]);
    oldest.residual = d("4");
    let invoices = [
        oldest,
        invoice(2, InvoiceState::Draft, "10", &[]),
        invoice(3, InvoiceState::Cancelled, "10", &[]),
        invoice(4, InvoiceState::Posted, "10", &[]),
    ];
    let (first, second, unbooked) = (paid(11, "6"), paid(12, "20"), Paid { line: None, ..paid(13, "5") });
    let pairs = spread(&invoices, &[&unbooked, &first, &second]);
    assert_eq!(pairs, [(1, 11), (4, 11), (4, 12)]);
}

#[test]
fn a_payment_counts_until_it_is_taken_back() {
    let cancelled = Paid { state: PaidState::Cancelled, ..paid(1, "5") };
    assert_eq!(standing(&[]), Standing::Absent);
    assert_eq!(standing(std::slice::from_ref(&cancelled)), Standing::Cancelled);
    let other = paid(2, "5");
    assert_eq!(standing(&[cancelled, other.clone()]), Standing::One(&other));
    assert!(matches!(standing(&[other.clone(), other]), Standing::Several(_)));
}

#[test]
fn a_payment_without_a_gateways_id_is_named_by_its_order() {
    let key: crossdock_core::OrderKey = "shopify-main/5001".parse().expect("a key");
    assert_eq!(payment_memo(&key, "stripe", Some("ch_1"), 1), "ch_1");
    assert_eq!(payment_memo(&key, "gift_card", None, 2), "shopify-main/5001 gift_card 2");
    assert_eq!(payment_memo(&key, "stripe", Some(" "), 1), "shopify-main/5001 stripe 1");
    assert_ne!(payment_external_id(&key, "a"), payment_external_id(&key, "b"));
}
