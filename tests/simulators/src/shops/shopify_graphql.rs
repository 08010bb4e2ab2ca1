//! The order as Shopify's GraphQL Admin API tells it, whatever fields were asked for.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    sale::{Goods, Paid, Sale},
    shopify_rest::{SHOP_CURRENCY, bag, gateways, left, ordered_tax, status},
};

/// GraphQL names the same bag in its own way, and drops trailing zeros down to one.
fn money(sale: &Sale, amount: Decimal) -> Value {
    let bag = bag(sale, amount);
    let one = |side: &str| {
        let amount: Decimal =
            bag[side]["amount"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
        let mut amount = amount.normalize();
        if amount.scale() == 0 {
            amount.rescale(1);
        }
        json!({ "amount": amount.to_string(), "currencyCode": bag[side]["currency_code"] })
    };
    json!({ "shopMoney": one("shop_money"), "presentmentMoney": one("presentment_money") })
}

fn taxes(sale: &Sale, rate: Decimal, amount: Decimal) -> Value {
    if rate.is_zero() {
        return json!([]);
    }
    let fraction: f64 = (rate / Decimal::ONE_HUNDRED).to_string().parse().unwrap_or_default();
    let percent: f64 = rate.to_string().parse().unwrap_or_default();
    json!([{ "title": "Tax", "rate": fraction, "ratePercentage": percent, "priceSet": money(sale, amount) }])
}

/// Lists are given both ways, as a query may ask for either.
fn connection(nodes: &[Value]) -> Value {
    let edges: Vec<Value> =
        (1..).zip(nodes).map(|(at, node)| json!({ "cursor": at.to_string(), "node": node })).collect();
    let last = edges.last().map(|edge| edge["cursor"].clone());
    json!({ "nodes": nodes, "edges": edges, "pageInfo": { "hasNextPage": false, "endCursor": last } })
}

fn line(sale: &Sale, goods: &Goods) -> Value {
    let allocations = if goods.discount.is_zero() {
        json!([])
    } else {
        json!([{ "allocatedAmountSet": money(sale, goods.discount) }])
    };
    json!({
        "id": format!("gid://shopify/LineItem/{}", goods.id), "name": goods.title, "title": goods.title,
        "variantTitle": null, "sku": goods.sku, "quantity": goods.ordered,
        "currentQuantity": if sale.cancelled { 0 } else { goods.current }, "isGiftCard": false,
        "originalUnitPriceSet": money(sale, goods.price), "discountAllocations": allocations,
        "taxLines": taxes(sale, goods.rate, ordered_tax(sale, goods)), "duties": [],
        "requiresShipping": true, "taxable": true,
    })
}

fn address(sale: &Sale) -> Value {
    let (buyer, place) = (&sale.buyer, &sale.ship_to);
    json!({
        "firstName": buyer.first, "lastName": buyer.last, "name": format!("{} {}", buyer.first, buyer.last),
        "company": buyer.company, "address1": place.street, "address2": null, "city": place.city,
        "zip": place.zip, "province": place.region, "provinceCode": place.region,
        "countryCodeV2": place.country, "phone": null,
    })
}

/// The payments, and what was given back.
fn transactions(sale: &Sale) -> Vec<Value> {
    let one = |number: u64, gateway: &str, kind: &str, amount: Decimal| {
        json!({
            "id": format!("gid://shopify/OrderTransaction/{}", sale.id * 100 + number), "gateway": gateway,
            "kind": kind, "status": "SUCCESS", "amountSet": money(sale, amount),
        })
    };
    let (card, rest) = (sale.gift_card, sale.total() - sale.gift_card);
    let (taken, back) = match sale.paid {
        Paid::Paid => ("SALE", "REFUND"),
        Paid::Authorized => ("AUTHORIZATION", "VOID"),
        Paid::Pending | Paid::Terms => return Vec::new(),
    };
    let mut all = vec![one(1, "shopify_payments", taken, rest)];
    if !card.is_zero() {
        all.push(one(2, "gift_card", "SALE", card));
    }
    if sale.cancelled {
        all.push(one(3, "shopify_payments", back, rest));
        if !card.is_zero() {
            all.push(one(4, "gift_card", "REFUND", card));
        }
    }
    all
}

/// The whole order.
pub(super) fn order(sale: &Sale) -> Value {
    let left = left(sale);
    let shipping = sale.shipping.iter().zip(&left.shipping).map(|(shipping, left)| {
        json!({
            "id": format!("gid://shopify/ShippingLine/{}", shipping.id), "title": shipping.title,
            "code": shipping.code, "originalPriceSet": money(sale, shipping.price),
            "discountedPriceSet": money(sale, shipping.price),
            "currentDiscountedPriceSet": money(sale, left.price), "isRemoved": false,
            "taxLines": taxes(sale, shipping.rate, sale.shipping_tax()),
        })
    });
    let shipping: Vec<Value> = shipping.collect();
    let lines: Vec<Value> = sale.goods.iter().map(|goods| line(sale, goods)).collect();
    let mut order = json!({
        "id": format!("gid://shopify/Order/{}", sale.id), "legacyResourceId": sale.id.to_string(),
        "name": sale.number(), "createdAt": sale.placed_at.to_string(), "processedAt": sale.placed_at.to_string(),
        "updatedAt": sale.updated_at.to_string(),
        "cancelledAt": sale.cancelled.then(|| sale.updated_at.to_string()), "test": sale.test,
        "currencyCode": SHOP_CURRENCY, "presentmentCurrencyCode": sale.currency,
        "taxesIncluded": sale.tax_included, "dutiesIncluded": false,
        "displayFinancialStatus": status(sale).to_uppercase(), "paymentGatewayNames": gateways(sale),
        "paymentTerms": null, "purchasingEntity": null, "email": sale.buyer.email, "phone": null, "note": null,
        "poNumber": null, "tags": [],
        "customer": sale.buyer.id.map(|id| json!({
            "id": format!("gid://shopify/Customer/{id}"), "firstName": sale.buyer.first,
            "lastName": sale.buyer.last, "email": sale.buyer.email, "phone": null,
        })),
        "billingAddress": address(sale), "shippingAddress": address(sale),
        "transactions": transactions(sale), "shippingLines": connection(&shipping),
        "currentTotalPriceSet": money(sale, left.total()),
        "currentTotalTaxSet": money(sale, left.total_tax()),
        "currentSubtotalPriceSet": money(sale, left.goods_total()),
        "currentTotalDutiesSet": null, "currentTotalAdditionalFeesSet": null,
        "totalTipReceivedSet": money(sale, Decimal::ZERO),
        "lineItems": connection(&lines),
    });
    if sale.broken {
        order["lineItems"] = "see attachment".into();
    }
    order
}
