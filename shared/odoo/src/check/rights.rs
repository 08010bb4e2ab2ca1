//! What our user may do.

use crossdock_core::PeerError;
use serde_json::json;

use super::{Area, Finding, ask::Ask};
use crate::connection::Call;

/// What orders, shipments, invoices and the catalogue need, by model, and the group that gives it.
const NEEDED: [(&str, &[&str], &str); 22] = [
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
    // Of an app that need not be there.
    ("delivery.carrier", &["read"], STOCK),
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
