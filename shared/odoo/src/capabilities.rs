//! What this Odoo can do, asked with `fields_get` and kept: the names of fields, not version numbers, decide.

use std::collections::BTreeMap;

use crossdock_core::PeerError;
use serde::Deserialize;
use serde_json::json;

use crate::connection::{Call, Odoo};

#[derive(Debug, Clone)]
pub struct Capabilities {
    /// `tax_id` on 17 and 18, `tax_ids` on 19.
    pub line_taxes: &'static str,
    /// Digits that a line's price is rounded to when it is stored; none where it is not (19).
    pub price_digits: Option<u32>,
    /// Digits of a line's discount in percent.
    pub discount_digits: u32,
    /// Orders can be locked, and then must be unlocked before a cancel.
    pub lockable: bool,
    pub has_templates: bool,
    pub has_warehouses: bool,
    pub has_deliveries: bool,
    pub has_payment_terms: bool,
    /// Transfers have a delivery method and a tracking reference.
    pub has_carriers: bool,
}

/// How this Odoo names what kits need, where Manufacturing is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KitNames {
    /// Goods that are counted are told by `is_storable` (18 and later), and not by a type of their own.
    pub storable_flag: bool,
    /// A unit's size is `factor_inv` (17 and 18), and not `factor` (19).
    pub inverse_factor: bool,
}

impl KitNames {
    /// None where this Odoo knows no bills of materials.
    pub(crate) async fn probe(odoo: &Odoo) -> Result<Option<Self>, PeerError> {
        let product = named(odoo, "product.product", &["variant_bom_ids", "is_storable"]).await?;
        if !product.contains_key("variant_bom_ids") {
            return Ok(None);
        }
        let unit = named(odoo, "uom.uom", &["factor_inv"]).await?;
        Ok(Some(Self {
            storable_flag: product.contains_key("is_storable"),
            inverse_factor: unit.contains_key("factor_inv"),
        }))
    }
}

#[derive(Debug, Deserialize)]
struct Field {
    digits: Option<serde_json::Value>,
}

impl Capabilities {
    pub(crate) async fn probe(odoo: &Odoo) -> Result<Self, PeerError> {
        let order = fields(odoo, "sale.order").await?;
        let line = fields(odoo, "sale.order.line").await?;
        Ok(Self {
            line_taxes: if line.contains_key("tax_ids") { "tax_ids" } else { "tax_id" },
            price_digits: digits(&line, "price_unit"),
            discount_digits: digits(&line, "discount").unwrap_or(2),
            lockable: order.contains_key("locked"),
            has_templates: order.contains_key("sale_order_template_id"),
            has_warehouses: order.contains_key("warehouse_id"),
            has_deliveries: order.contains_key("picking_ids"),
            has_payment_terms: order.contains_key("payment_term_id"),
            has_carriers: order.contains_key("picking_ids") && order.contains_key("carrier_id"),
        })
    }
}

async fn fields(odoo: &Odoo, model: &'static str) -> Result<BTreeMap<String, Field>, PeerError> {
    odoo.call(Call::new(model, "fields_get").arg("attributes", json!(["type", "digits"]))).await
}

/// Of the fields with these names those that there are.
async fn named(
    odoo: &Odoo,
    model: &'static str,
    names: &[&str],
) -> Result<BTreeMap<String, Field>, PeerError> {
    let call = Call::new(model, "fields_get").arg("allfields", json!(names));
    odoo.call(call.arg("attributes", json!(["type", "digits"]))).await
}

fn digits(fields: &BTreeMap<String, Field>, name: &str) -> Option<u32> {
    let digits = fields.get(name)?.digits.as_ref()?.get(1)?.as_u64()?;
    u32::try_from(digits).ok()
}
