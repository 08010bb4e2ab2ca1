//! A B2B portal that posts orders in the published standard format, signed by Standard Webhooks.

use bytes::Bytes;
use crossdock_core::Clock;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    Orders, Paid, Sale, Signed,
    sale::{Goods, cents},
    standard_webhooks_signature,
};

/// A portal. Clones are the same portal.
#[derive(Clone)]
pub struct Portal {
    orders: Orders,
    /// `whsec_…`
    secret: String,
}

impl Portal {
    #[must_use]
    pub fn new(clock: Clock, secret: &str) -> Self {
        Self { orders: Orders::new(clock), secret: secret.to_owned() }
    }

    pub fn put(&self, sale: Sale) {
        self.orders.put(sale);
    }

    /// Every order as it stands now.
    #[must_use]
    pub fn orders(&self) -> Vec<Sale> {
        self.orders.all()
    }

    /// The body about one version of an order, signed as of `at` (seconds since 1970).
    #[must_use]
    pub fn webhook(&self, sale: &Sale, at: i64) -> Signed {
        self.sign(format!("msg_{}_{}", sale.id, sale.sequence), order(sale).to_string().into(), at)
    }

    /// A body signed as of `at` (seconds since 1970): a portal that tries again signs again.
    #[must_use]
    pub fn sign(&self, id: String, body: Bytes, at: i64) -> Signed {
        let signature = standard_webhooks_signature(&self.secret, &id, at, &body);
        let headers = vec![
            ("content-type".into(), "application/json".into()),
            ("webhook-id".into(), id),
            ("webhook-timestamp".into(), at.to_string()),
            ("webhook-signature".into(), signature),
        ];
        Signed { headers, body }
    }

    #[must_use]
    pub fn clock(&self) -> &Clock {
        self.orders.clock()
    }
}

fn taxes(rate: Decimal, amount: Decimal) -> Value {
    if rate.is_zero() {
        json!([])
    } else {
        json!([{ "title": "Tax", "rate": rate.normalize().to_string(), "amount": amount.to_string() }])
    }
}

fn line(sale: &Sale, goods: &Goods) -> Value {
    json!({
        "id": goods.id.to_string(), "sku": goods.sku.clone().unwrap_or_default(), "name": goods.title,
        "quantity": goods.current.to_string(), "subtotal": goods.subtotal().to_string(),
        "total": cents(goods.total()).to_string(), "taxes": taxes(goods.rate, sale.line_tax(goods)),
    })
}

fn order(sale: &Sale) -> Value {
    let (buyer, place) = (&sale.buyer, &sale.ship_to);
    let name = format!("{} {}", buyer.first, buyer.last);
    let mut address = json!({
        "name": name, "street": place.street, "city": place.city, "postcode": place.zip, "country": place.country,
    });
    if let Some(region) = &place.region {
        address["region"] = region.clone().into();
    }
    let state = match sale.paid {
        Paid::Paid => "paid",
        Paid::Authorized => "authorized",
        Paid::Pending => "pending",
        Paid::Terms => "on_terms",
    };
    let mut order = json!({
        "id": sale.id.to_string(), "number": sale.number(), "sequence": sale.sequence,
        "modified_at": sale.updated_at.to_string(), "placed_at": sale.placed_at.to_string(),
        "cancelled": sale.cancelled, "test": sale.test, "currency": sale.currency,
        "prices": if sale.tax_included { "tax_included" } else { "tax_excluded" },
        "customer": { "email": buyer.email, "name": name, "authenticated": true },
        "billing_address": address, "shipping_address": address,
        "lines": sale.goods.iter().filter(|g| g.current > 0).map(|goods| line(sale, goods)).collect::<Vec<_>>(),
        "payment": { "state": state }, "purchase_order": format!("PO-{}", sale.id),
        "total": sale.total().to_string(), "total_tax": cents(sale.total_tax()).to_string(),
    });
    for (field, value) in [
        ("id", buyer.id.map(|id| id.to_string())),
        ("company", buyer.company.clone()),
        ("vat", buyer.vat.clone()),
    ] {
        if let Some(value) = value {
            order["customer"][field] = value.into();
        }
    }
    if let Some(shipping) = &sale.shipping {
        order["charges"] = json!([{
            "id": format!("s{}", shipping.id), "kind": "shipping", "name": shipping.title, "code": shipping.code,
            "total": shipping.price.to_string(), "taxes": taxes(shipping.rate, sale.shipping_tax()),
        }]);
    }
    order
}
