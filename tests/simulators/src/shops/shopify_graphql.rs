//! The order as Shopify's GraphQL Admin API tells it, whatever fields were asked for.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    sale::{Goods, Sale},
    shopify_rest::{SHOP_CURRENCY, bag, gateways, ordered_tax, status},
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
    json!([{ "title": "Tax", "rate": fraction, "priceSet": money(sale, amount) }])
}

fn line(sale: &Sale, goods: &Goods) -> Value {
    let allocations = if goods.discount.is_zero() {
        json!([])
    } else {
        json!([{ "allocatedAmountSet": money(sale, goods.discount) }])
    };
    json!({
        "id": format!("gid://shopify/LineItem/{}", goods.id), "name": goods.title, "title": goods.title,
        "sku": goods.sku, "quantity": goods.ordered, "currentQuantity": goods.current, "isGiftCard": false,
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

/// The whole order.
pub(super) fn order(sale: &Sale) -> Value {
    let shipping: Vec<Value> = sale
        .shipping
        .iter()
        .map(|shipping| {
            json!({
                "id": format!("gid://shopify/ShippingLine/{}", shipping.id), "title": shipping.title,
                "code": shipping.code, "discountedPriceSet": money(sale, shipping.price),
                "currentDiscountedPriceSet": money(sale, shipping.price), "isRemoved": false,
                "taxLines": taxes(sale, shipping.rate, sale.shipping_tax()),
            })
        })
        .collect();
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
            "lastName": sale.buyer.last,
        })),
        "billingAddress": address(sale), "shippingAddress": address(sale),
        "shippingLines": { "nodes": shipping, "pageInfo": { "hasNextPage": false, "endCursor": null } },
        "currentTotalPriceSet": money(sale, sale.total()),
        "currentTotalTaxSet": money(sale, sale.total_tax()),
        "currentSubtotalPriceSet": money(sale, sale.goods_total()),
        "currentTotalDutiesSet": null, "currentTotalAdditionalFeesSet": null,
        "totalTipReceivedSet": money(sale, Decimal::ZERO),
        "lineItems": { "nodes": lines, "pageInfo": { "hasNextPage": false, "endCursor": "last" } },
    });
    if sale.broken {
        order["lineItems"] = "see attachment".into();
    }
    order
}
