//! The order as WooCommerce tells it, in webhooks and through REST alike.
//!
//! Fields and formats are those of recorded webhooks of WooCommerce 9.5. Amounts of lines are net whatever
//! the shop's prices are; taxes have more digits than the totals made of them.

use jiff::{Timestamp, tz::TimeZone};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::sale::{Goods, Paid, Sale, cents};

/// The only tax rates of this shop, by percent.
fn rate_id(rate: Decimal) -> u64 {
    rate.mantissa().unsigned_abs().try_into().unwrap_or(1)
}

fn local(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// The net of an amount that may hold its tax.
fn net(sale: &Sale, amount: Decimal, tax: Decimal) -> Decimal {
    if sale.tax_included { amount - tax } else { amount }
}

/// The tax as WooCommerce stores it: with the digits that it was computed with.
fn long_tax(sale: &Sale, amount: Decimal, rate: Decimal) -> String {
    let base = if sale.tax_included { Decimal::ONE_HUNDRED + rate } else { Decimal::ONE_HUNDRED };
    (amount * rate / base).round_dp(6).normalize().to_string()
}

fn taxes(sale: &Sale, amount: Decimal, subtotal: Option<Decimal>, rate: Decimal) -> Value {
    if rate.is_zero() {
        return json!([]);
    }
    let subtotal = subtotal.map(|subtotal| long_tax(sale, subtotal, rate)).unwrap_or_default();
    json!([{ "id": rate_id(rate), "total": long_tax(sale, amount, rate), "subtotal": subtotal }])
}

fn line(sale: &Sale, goods: &Goods) -> Value {
    let tax = sale.line_tax(goods);
    let subtotal_tax = super::sale::tax(goods.subtotal(), goods.rate, sale.tax_included);
    let total = net(sale, goods.total(), tax);
    let each: f64 = if goods.current == 0 {
        0.0
    } else {
        (total / Decimal::from(goods.current)).to_string().parse().unwrap_or_default()
    };
    json!({
        "id": goods.id, "name": goods.title, "product_id": 12, "variation_id": 0, "quantity": goods.current,
        "tax_class": "", "subtotal": cents(net(sale, goods.subtotal(), subtotal_tax)).to_string(),
        "subtotal_tax": subtotal_tax.to_string(), "total": cents(total).to_string(), "total_tax": tax.to_string(),
        "taxes": taxes(sale, goods.total(), Some(goods.subtotal()), goods.rate), "meta_data": [],
        "sku": goods.sku.clone().unwrap_or_default(), "price": each, "image": { "id": "", "src": "" },
        "parent_name": null,
    })
}

fn address(sale: &Sale, billing: bool) -> Value {
    let (buyer, place) = (&sale.buyer, &sale.ship_to);
    let mut address = json!({
        "first_name": buyer.first, "last_name": buyer.last, "company": buyer.company.clone().unwrap_or_default(),
        "address_1": place.street, "address_2": "", "city": place.city,
        "state": place.region.clone().unwrap_or_default(), "postcode": place.zip, "country": place.country,
        "phone": "",
    });
    if billing {
        address["email"] = buyer.email.clone().into();
    }
    address
}

pub(super) fn status(sale: &Sale) -> &'static str {
    match (sale.cancelled, sale.paid) {
        (true, _) => "cancelled",
        (false, Paid::Pending | Paid::Terms) => "pending",
        (false, Paid::Paid | Paid::Authorized) => "processing",
    }
}

fn tax_lines(sale: &Sale) -> Vec<Value> {
    let mut rates: Vec<Decimal> = sale.goods.iter().map(|goods| goods.rate).collect();
    rates.extend(sale.shipping.iter().map(|shipping| shipping.rate));
    rates.retain(|rate| !rate.is_zero());
    rates.sort();
    rates.dedup();
    let of = |rate: Decimal| {
        let goods = sale.goods.iter().filter(|goods| goods.rate == rate);
        let goods: Decimal = goods.map(|goods| sale.line_tax(goods)).sum();
        let shipping =
            sale.shipping.as_ref().filter(|s| s.rate == rate).map_or(Decimal::ZERO, |_| sale.shipping_tax());
        let percent: f64 = rate.to_string().parse().unwrap_or_default();
        json!({
            "id": 900 + rate_id(rate), "rate_code": format!("DE-{rate}-1"), "rate_id": rate_id(rate),
            "label": "MwSt", "compound": false, "tax_total": cents(goods).to_string(),
            "shipping_tax_total": cents(shipping).to_string(), "rate_percent": percent, "meta_data": [],
        })
    };
    rates.into_iter().map(of).collect()
}

/// What the discounts come to, and the tax that they save.
fn discounts(sale: &Sale) -> (Decimal, Decimal) {
    let mut sums = (Decimal::ZERO, Decimal::ZERO);
    for goods in &sale.goods {
        let after = sale.line_tax(goods);
        let before = super::sale::tax(goods.subtotal(), goods.rate, sale.tax_included);
        sums.0 += net(sale, goods.subtotal(), before) - net(sale, goods.total(), after);
        sums.1 += before - after;
    }
    sums
}

fn coupons(sale: &Sale, (off, tax): (Decimal, Decimal)) -> Value {
    if off.is_zero() {
        return json!([]);
    }
    json!([{
        "id": sale.id * 100 + 95, "code": "sample", "discount": cents(off).to_string(),
        "discount_tax": cents(tax).to_string(), "meta_data": [], "discount_type": "fixed_cart",
        "nominal_amount": 5, "free_shipping": false,
    }])
}

/// The whole order. `site` is the shop's own address.
pub(super) fn order(site: &str, sale: &Sale) -> Value {
    let paid = matches!(sale.paid, Paid::Paid | Paid::Authorized).then(|| local(sale.placed_at));
    let shipping_net =
        sale.shipping.as_ref().map_or(Decimal::ZERO, |s| net(sale, s.price, sale.shipping_tax()));
    let off = discounts(sale);
    let pending = status(sale) == "pending";
    let transaction = if pending { String::new() } else { format!("ch_{}", sale.id) };
    let (key, symbol) = (format!("wc_order_{}", sale.id), if sale.currency == "EUR" { "€" } else { "$" });
    let goods = sale.goods.iter().filter(|g| g.current > 0).map(|goods| line(sale, goods));
    let mut order = json!({
        "id": sale.id, "parent_id": 0, "status": status(sale), "currency": sale.currency, "version": "9.5.1",
        "prices_include_tax": sale.tax_included, "date_created": local(sale.placed_at),
        "date_modified": local(sale.updated_at), "discount_total": cents(off.0).to_string(),
        "discount_tax": cents(off.1).to_string(), "shipping_total": cents(shipping_net).to_string(),
        "shipping_tax": cents(sale.shipping_tax()).to_string(),
        "cart_tax": cents(sale.total_tax() - sale.shipping_tax()).to_string(), "total": sale.total().to_string(),
        "total_tax": cents(sale.total_tax()).to_string(), "customer_id": sale.buyer.id.unwrap_or(0),
        "order_key": key, "billing": address(sale, true), "shipping": address(sale, false),
        "payment_method": "stripe", "payment_method_title": "Credit card", "transaction_id": transaction,
        "customer_ip_address": "", "customer_user_agent": "", "created_via": "rest-api",
        "customer_note": "", "date_completed": null, "date_paid": paid, "cart_hash": "",
        "number": sale.id.to_string(), "meta_data": [], "line_items": goods.collect::<Vec<_>>(),
        "tax_lines": tax_lines(sale), "shipping_lines": shipping_lines(sale, shipping_net),
        "fee_lines": fee_lines(sale), "coupon_lines": coupons(sale, off), "refunds": [],
        "payment_url": format!("{site}checkout/order-pay/{}/?pay_for_order=true&key={key}", sale.id),
        "is_editable": pending, "needs_payment": pending, "needs_processing": true,
        "date_created_gmt": local(sale.placed_at), "date_modified_gmt": local(sale.updated_at),
        "date_completed_gmt": null, "date_paid_gmt": paid, "currency_symbol": symbol,
        "_links": links(site, sale.id),
    });
    if sale.broken {
        order["line_items"] = "see attachment".into();
    }
    order
}

fn links(site: &str, id: u64) -> Value {
    let orders = format!("{site}wp-json/wc/v3/orders");
    json!({
        "self": [{
            "href": format!("{orders}/{id}"),
            "targetHints": { "allow": ["GET", "POST", "PUT", "PATCH", "DELETE"] },
        }],
        "collection": [{ "href": orders }],
    })
}

fn shipping_lines(sale: &Sale, shipping_net: Decimal) -> Value {
    let Some(shipping) = &sale.shipping else { return json!([]) };
    json!([{
        "id": shipping.id, "method_title": shipping.title, "method_id": shipping.code, "instance_id": "",
        "total": cents(shipping_net).to_string(), "total_tax": sale.shipping_tax().to_string(),
        "taxes": taxes(sale, shipping.price, None, shipping.rate), "meta_data": [],
    }])
}

fn fee_lines(sale: &Sale) -> Value {
    let Some(fee) = &sale.fee else { return json!([]) };
    json!([{
        "id": fee.id, "name": fee.title, "tax_class": "", "tax_status": "none", "amount": "",
        "total": cents(fee.amount).to_string(), "total_tax": "0.00", "taxes": [], "meta_data": [],
    }])
}
