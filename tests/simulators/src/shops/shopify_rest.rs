//! The order as a Shopify webhook tells it.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::sale::{Goods, Paid, Sale, cents, tax};

/// The shop's own currency, and what one unit of it costs in the only other one it sells in.
pub(super) const SHOP_CURRENCY: &str = "USD";
const EUR_RATE: &str = "0.8";

/// An amount of the order in the shop's currency.
fn in_shop(sale: &Sale, amount: Decimal) -> Decimal {
    if sale.currency == SHOP_CURRENCY {
        amount
    } else {
        cents(amount / EUR_RATE.parse().unwrap_or(Decimal::ONE))
    }
}

pub(super) fn bag(sale: &Sale, amount: Decimal) -> Value {
    json!({
        "shop_money": { "amount": in_shop(sale, amount).to_string(), "currency_code": SHOP_CURRENCY },
        "presentment_money": { "amount": cents(amount).to_string(), "currency_code": sale.currency },
    })
}

fn plain(sale: &Sale, amount: Decimal) -> String {
    cents(in_shop(sale, amount)).to_string()
}

pub(super) fn status(sale: &Sale) -> &'static str {
    match (sale.cancelled, sale.paid) {
        (true, Paid::Paid) => "refunded",
        (true, Paid::Authorized | Paid::Pending | Paid::Terms) => "voided",
        (false, Paid::Paid) => "paid",
        (false, Paid::Authorized) => "authorized",
        (false, Paid::Pending | Paid::Terms) => "pending",
    }
}

/// What the `current_…` figures tell of: cancelling refunds all, down to the shipping.
pub(super) fn left(sale: &Sale) -> Sale {
    let mut left = sale.clone();
    if sale.cancelled {
        left.goods.iter_mut().for_each(|goods| goods.current = 0);
        left.shipping.iter_mut().for_each(|shipping| shipping.price = Decimal::ZERO);
        left.total_off = Decimal::ZERO;
    }
    left
}

pub(super) fn gateways(sale: &Sale) -> Vec<&'static str> {
    let mut gateways = vec!["shopify_payments"];
    if !sale.gift_card.is_zero() {
        gateways.push("gift_card");
    }
    gateways
}

fn tax_lines(sale: &Sale, rate: Decimal, amount: Decimal) -> Value {
    if rate.is_zero() {
        return json!([]);
    }
    let fraction: f64 = (rate / Decimal::ONE_HUNDRED).to_string().parse().unwrap_or_default();
    json!([{
        "title": "Tax", "rate": fraction, "price": plain(sale, amount), "price_set": bag(sale, amount),
        "channel_liable": false,
    }])
}

/// On what was ordered: an edit leaves the line's own figures as they were.
pub(super) fn ordered_tax(sale: &Sale, goods: &Goods) -> Decimal {
    tax(goods.price * Decimal::from(goods.ordered) - goods.discount, goods.rate, sale.tax_included)
}

fn line(sale: &Sale, goods: &Goods) -> Value {
    let current = if sale.cancelled { 0 } else { goods.current };
    let allocations = if goods.discount.is_zero() {
        json!([])
    } else {
        json!([{
            "amount": plain(sale, goods.discount), "amount_set": bag(sale, goods.discount),
            "discount_application_index": 0,
        }])
    };
    json!({
        "id": goods.id, "admin_graphql_api_id": format!("gid://shopify/LineItem/{}", goods.id),
        "current_quantity": current, "fulfillable_quantity": current, "fulfillment_status": null,
        "gift_card": false, "grams": 100, "name": goods.title, "title": goods.title, "variant_title": null,
        "price": plain(sale, goods.price), "price_set": bag(sale, goods.price), "product_exists": true,
        "product_id": 7_700_000_000_001_u64, "properties": [], "quantity": goods.ordered,
        "requires_shipping": true, "sku": goods.sku, "taxable": true, "total_discount": "0.00",
        "variant_id": 4_400_000_000_001_u64, "vendor": "Sample", "duties": [],
        "tax_lines": tax_lines(sale, goods.rate, ordered_tax(sale, goods)),
        "discount_allocations": allocations,
    })
}

pub(super) fn address(sale: &Sale) -> Value {
    let (buyer, place) = (&sale.buyer, &sale.ship_to);
    json!({
        "first_name": buyer.first, "last_name": buyer.last, "name": format!("{} {}", buyer.first, buyer.last),
        "company": buyer.company, "address1": place.street, "address2": null, "city": place.city,
        "zip": place.zip, "province": place.region, "province_code": place.region,
        "country": place.country, "country_code": place.country, "phone": null,
    })
}

/// The whole order.
pub(super) fn order(sale: &Sale) -> Value {
    let left = left(sale);
    let before: Decimal = sale.goods.iter().map(|goods| goods.price * Decimal::from(goods.ordered)).sum();
    let discounts: Decimal = sale.goods.iter().map(|goods| goods.discount).sum();
    let mut order = json!({
        "id": sale.id, "admin_graphql_api_id": format!("gid://shopify/Order/{}", sale.id),
        "app_id": 580_111, "browser_ip": null, "buyer_accepts_marketing": false,
        "cancel_reason": if sale.cancelled { Some("customer") } else { None },
        "cancelled_at": sale.cancelled.then(|| sale.updated_at.to_string()),
        "created_at": sale.placed_at.to_string(), "processed_at": sale.placed_at.to_string(),
        "updated_at": sale.updated_at.to_string(),
        "currency": SHOP_CURRENCY, "presentment_currency": sale.currency,
        "email": sale.buyer.email, "contact_email": sale.buyer.email, "phone": null,
        "financial_status": status(sale), "fulfillment_status": null, "name": sale.number(),
        "note": null, "note_attributes": [], "number": sale.id, "order_number": sale.id,
        "payment_gateway_names": gateways(sale), "po_number": null, "source_name": "web", "tags": "",
        "taxes_included": sale.tax_included, "duties_included": false, "test": sale.test,
        "total_tip_received": "0.00", "discount_applications": applications(sale), "payment_terms": null, "company": null,
        "billing_address": address(sale), "shipping_address": address(sale), "refunds": [], "fulfillments": [],
        "line_items": sale.goods.iter().map(|goods| line(sale, goods)).collect::<Vec<_>>(),
        "shipping_lines": shipping(sale),
    });
    order["customer"] = customer(sale);
    let sums = [
        ("current_total_price", left.total()),
        ("total_price", sale.total()),
        ("current_total_tax", left.total_tax()),
        ("total_tax", sale.total_tax()),
        ("current_subtotal_price", left.goods_total()),
        ("subtotal_price", cents(before - discounts)),
        ("total_discounts", discounts),
        ("total_line_items_price", before),
    ];
    for (name, amount) in sums {
        order[name] = plain(sale, amount).into();
        order[format!("{name}_set")] = bag(sale, amount);
    }
    if sale.broken {
        order["line_items"] = "see attachment".into();
    }
    order
}

/// What the allocations of the lines name by its place.
fn applications(sale: &Sale) -> Value {
    let off: Decimal = sale.goods.iter().map(|goods| goods.discount).sum();
    if off.is_zero() {
        return json!([]);
    }
    json!([{
        "type": "manual", "title": "Discount", "description": "Discount", "value": plain(sale, off),
        "value_type": "fixed_amount", "allocation_method": "across", "target_selection": "all",
        "target_type": "line_item",
    }])
}

/// The account; none for a guest.
fn customer(sale: &Sale) -> Value {
    let Some(id) = sale.buyer.id else { return Value::Null };
    json!({
        "id": id, "email": sale.buyer.email, "first_name": sale.buyer.first, "last_name": sale.buyer.last,
        "state": "enabled", "verified_email": true,
    })
}

fn shipping(sale: &Sale) -> Value {
    let Some(shipping) = &sale.shipping else { return json!([]) };
    json!([{
        "id": shipping.id, "carrier_identifier": null, "code": shipping.code, "title": shipping.title,
        "price": plain(sale, shipping.price), "price_set": bag(sale, shipping.price),
        "discounted_price": plain(sale, shipping.price), "discounted_price_set": bag(sale, shipping.price),
        "current_discounted_price_set": bag(sale, if sale.cancelled { Decimal::ZERO } else { shipping.price }),
        "is_removed": false, "source": "shopify",
        "tax_lines": tax_lines(sale, shipping.rate, sale.shipping_tax()), "discount_allocations": [],
    }])
}
