//! What our user may do.

use crossdock_core::{
    PeerError,
    config::{Config, OnAdvice, Warehouse},
};
use serde_json::json;

use super::{Area, Finding, ask::Ask};
use crate::connection::Call;

/// What orders, shipments, invoices and the catalogue need, by model, and the group that gives it.
const NEEDED: [(&str, &[&str], &str); 24] = [
    ("sale.order", &["read", "create", "write"], SALES),
    ("sale.order.line", &["read", "create", "write", "unlink"], SALES),
    ("res.partner", &["read", "create", "write"], "Contact Creation (base.group_partner_manager)"),
    ("product.product", &["read"], SALES),
    ("product.pricelist", &["read"], SALES),
    ("product.pricelist.item", &["read"], INTERNAL),
    ("product.template.attribute.value", &["read"], INTERNAL),
    ("crm.team", &["read"], SALES),
    ("account.tax", &["read"], BILLING),
    ("account.move", &["read", "create", "write"], BILLING),
    ("account.payment", &["read", "create", "write"], BILLING),
    ("account.journal", &["read"], BILLING),
    ("res.company", &["read"], INTERNAL),
    ("res.currency", &["read"], INTERNAL),
    ("res.currency.rate", &["read"], INTERNAL),
    ("stock.warehouse", &["read"], STOCK),
    ("stock.picking", &["read", "write"], STOCK),
    ("stock.move", &["read", "write"], STOCK),
    ("stock.move.line", &["read", "write", "create", "unlink"], STOCK),
    ("stock.quant", &["read"], STOCK),
    ("stock.lot", &["read"], STOCK),
    // Of apps that need not be there. Where Manufacturing is, Odoo looks for a product's bill of materials before it
    // counts the product, with our rights: without them it refuses the figures of every product.
    ("delivery.carrier", &["read"], STOCK),
    ("mrp.bom", &["read"], STOCK),
    ("mrp.bom.line", &["read"], STOCK),
];

const STOCK: &str = "Inventory: User (stock.group_stock_user)";
const BILLING: &str = "Invoicing: Billing or Invoicing (account.group_account_invoice)";
const SALES: &str = "Sales: User: All Documents";
const INTERNAL: &str = "the user type Internal User";

pub(super) async fn check(ask: &mut Ask<'_>, found: &mut Vec<Finding>) {
    // 17 answers that there is no such method, and is asked the older way from then on.
    let asked = ask.call::<bool>(access("res.partner", "read")).await;
    ask.has_access = !matches!(asked, Err(PeerError::Missing { .. } | PeerError::Rejected { .. }));
    let mut fine = 0;
    for (model, operations, group) in NEEDED {
        match missing(ask, model, operations).await {
            Ok(missing) if missing.is_empty() => fine += 1,
            Ok(missing) => found.push(Finding::fail(
                &Area::Odoo,
                "odoo.rights",
                format!("the user may not {} {model}", missing.join(", ")),
                format!("give it {group}"),
            )),
            // An app that is not installed is another finding.
            Err(PeerError::Missing { .. } | PeerError::Rejected { .. }) => {}
            Err(error) => {
                let what = format!("rights on {model}");
                found.push(Finding::unknown(&Area::Odoo, "odoo.rights", &what, &error));
            }
        }
    }
    let what = format!("the user has the rights that are needed on {fine} models");
    found.push(Finding::ok(&Area::Odoo, "odoo.rights", what));
    documents(ask, found).await;
}

/// What is needed beyond where a warehouse corrects Odoo's stock. On 17 only an administrator of the inventory may
/// book a count.
pub(super) async fn corrections(ask: &Ask<'_>, config: &Config, found: &mut Vec<Finding>) {
    let applies =
        |house: &&Warehouse| [house.stock.adjustments, house.stock.snapshots].contains(&OnAdvice::Apply);
    let code = "odoo.corrections";
    let Some(house) = config.warehouses.iter().find(applies) else { return };
    let todo = "give it Inventory: Administrator (stock.group_stock_manager), which 17 asks for, or set `stock` to `report`";
    let mut all = Vec::new();
    for (model, operations) in
        [("stock.quant", ["write", "create"]), ("stock.inventory.adjustment.name", ["write", "create"])]
    {
        match missing(ask, model, &operations).await {
            Ok(missing) if missing.is_empty() => {}
            Ok(missing) => all.push(format!("{} {model}", missing.join(" and "))),
            Err(error) => {
                return found.push(Finding::unknown(&Area::Odoo, code, "the right to correct stock", &error));
            }
        }
    }
    found.push(if all.is_empty() {
        Finding::ok(&Area::Odoo, code, "the user may correct stock")
    } else {
        let what = format!("{} corrects Odoo's stock, and the user may not {}", house.id, all.join(" and "));
        Finding::fail(&Area::Odoo, code, what, todo)
    });
}

/// What is needed beyond where a warehouse receives into Odoo: lots that come in are made.
pub(super) async fn receipts(ask: &Ask<'_>, config: &Config, found: &mut Vec<Finding>) {
    let applies = |house: &&Warehouse| house.stock.receipts == OnAdvice::Apply;
    let code = "odoo.receipts";
    let Some(house) = config.warehouses.iter().find(applies) else { return };
    found.push(match missing(ask, "stock.lot", &["create"]).await {
        Ok(missing) if missing.is_empty() => Finding::ok(&Area::Odoo, code, "the user may receive goods"),
        Ok(_) => {
            let what = format!("{} receives into Odoo, and the user may not create stock.lot", house.id);
            Finding::fail(&Area::Odoo, code, what, format!("give it {STOCK}"))
        }
        Err(error) => Finding::unknown(&Area::Odoo, code, "the right to receive goods", &error),
    });
}

/// Record rules, which the rights on a model do not show.
async fn documents(ask: &Ask<'_>, found: &mut Vec<Finding>) {
    let code = "odoo.all_documents";
    found.push(match has_group(ask, "sales_team.group_sale_salesman_all_leads").await {
        Ok(true) => Finding::ok(&Area::Odoo, code, "the user sees the sales documents of everybody"),
        Ok(false) => Finding::fail(
            &Area::Odoo,
            code,
            "the user sees only its own sales documents",
            format!("give it {SALES}, else an order that somebody takes over is not found again"),
        ),
        Err(error) => Finding::unknown(&Area::Odoo, code, "whose sales documents the user sees", &error),
    });
}

async fn missing<'a>(
    ask: &Ask<'_>,
    model: &'static str,
    operations: &[&'a str],
) -> Result<Vec<&'a str>, PeerError> {
    let mut missing = Vec::new();
    for operation in operations {
        let call = if ask.has_access {
            access(model, operation)
        } else {
            let call = Call::new(model, "check_access_rights").arg("operation", *operation);
            call.arg("raise_exception", false)
        };
        if !ask.call::<bool>(call).await? {
            missing.push(*operation);
        }
    }
    Ok(missing)
}

fn access(model: &'static str, operation: &str) -> Call {
    Call::new(model, "has_access").on(&[]).arg("operation", operation)
}

/// Whether our user is in a group. Asked of the user since 18, of the model before.
pub(super) async fn has_group(ask: &Ask<'_>, group: &str) -> Result<bool, PeerError> {
    let of_user = Call::new("res.users", "has_group").on(&[ask.uid]).arg("group_ext_id", group);
    match ask.call::<bool>(of_user).await {
        Err(PeerError::Rejected { .. }) => {
            ask.call::<bool>(Call::new("res.users", "has_group").arg("group_ext_id", json!(group))).await
        }
        other => other,
    }
}
