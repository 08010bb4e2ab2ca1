//! The journals that payments are booked in.

use std::collections::BTreeMap;

use crossdock_core::{PeerError, config::OdooRef};
use serde_json::{Value, json};

use crate::{
    catalogue::{many2one, number},
    connection::{Call, Odoo},
};

/// What of a company's books a payment needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journals {
    /// `memo` on 18 and 19, `ref` on 17.
    pub memo: &'static str,
    /// A payment keeps its own outstanding account (18, 19), and has to be told it: without one it posts without
    /// a journal entry. On 17 it follows from the journal and the company.
    pub tells_outstanding: bool,
    /// Bank, cash and credit card journals.
    pub all: Vec<Journal>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    pub id: i64,
    pub name: String,
    /// Such as `BNK1`.
    pub code: String,
    /// The account on which money waits until the bank has it: that of the journal's first payment method for
    /// incoming money, else the company's. Without one no payment can be booked.
    pub outstanding: Option<i64>,
}

impl Journals {
    /// By id, name or short code.
    #[must_use]
    pub fn journal(&self, wanted: &OdooRef) -> Option<&Journal> {
        self.all.iter().find(|journal| match wanted {
            OdooRef::Id(id) => journal.id == *id,
            OdooRef::Name(name) => journal.name == *name || journal.code == *name,
        })
    }
}

/// The journals of a company, in four calls: worth keeping, see [`Catalogue`](crate::Catalogue).
///
/// # Errors
/// As any call.
pub async fn journals(odoo: &Odoo, company: i64) -> Result<Journals, PeerError> {
    let odoo = odoo.in_company(company);
    let call = Call::new("account.payment", "fields_get")
        .arg("allfields", json!(["memo", "outstanding_account_id"]))
        .arg("attributes", json!(["type"]));
    let fields: BTreeMap<String, Value> = odoo.call(call).await?;
    let has_memo = fields.contains_key("memo");
    let domain = json!([["type", "in", ["bank", "cash", "credit"]], ["company_id", "=", company]]);
    let rows = rows(&odoo, "account.journal", domain, &["name", "code"]).await?;
    let ids: Vec<i64> = rows.iter().filter_map(|row| row["id"].as_i64()).collect();
    let methods = methods(&odoo, &ids).await?;
    let common = company_account(&odoo, company, has_memo).await?;
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let all = rows.iter().filter_map(|row| {
        let id = row["id"].as_i64()?;
        let own = methods.get(&id).copied().flatten();
        let outstanding = own.or(common);
        Some(Journal { id, name: text(row, "name"), code: text(row, "code"), outstanding })
    });
    Ok(Journals {
        memo: if has_memo { "memo" } else { "ref" },
        tells_outstanding: has_memo && fields.contains_key("outstanding_account_id"),
        all: all.collect(),
    })
}

/// The account of the first method for incoming money, which a payment takes by default, by journal.
async fn methods(odoo: &Odoo, journals: &[i64]) -> Result<BTreeMap<i64, Option<i64>>, PeerError> {
    let fields = ["journal_id", "payment_type", "payment_account_id", "sequence"];
    let mut rows =
        rows(odoo, "account.payment.method.line", json!([["journal_id", "in", journals]]), &fields).await?;
    rows.retain(|row| row["payment_type"] == "inbound");
    rows.sort_by_key(|row| (number(&row["sequence"]), row["id"].as_i64()));
    let mut first = BTreeMap::new();
    for row in &rows {
        if let Some(journal) = many2one(&row["journal_id"]) {
            first.entry(journal).or_insert_with(|| many2one(&row["payment_account_id"]));
        }
    }
    Ok(first)
}

/// The company's outstanding receipts: a field of the company on 17, an account of its chart, known by its
/// external id, on 18 and 19. A chart that was made by hand has none.
async fn company_account(odoo: &Odoo, company: i64, has_memo: bool) -> Result<Option<i64>, PeerError> {
    if has_memo {
        let call = Call::new("ir.model.data", "check_object_reference")
            .arg("module", "account")
            .arg("xml_id", format!("{company}_account_journal_payment_debit_account_id"));
        return match odoo.call::<Value>(call).await {
            Ok(found) => Ok(found[1].as_i64()),
            Err(PeerError::Rejected { .. } | PeerError::Missing { .. }) => Ok(None),
            // A key that is not there is an error of the server on some versions.
            Err(PeerError::Failing { status: 500, .. }) => Ok(None),
            Err(error) => Err(error),
        };
    }
    let field = "account_journal_payment_debit_account_id";
    let rows = rows(odoo, "res.company", json!([["id", "=", company]]), &[field]).await?;
    Ok(rows.first().and_then(|row| many2one(&row[field])))
}

async fn rows(
    odoo: &Odoo,
    model: &'static str,
    domain: Value,
    fields: &[&str],
) -> Result<Vec<Value>, PeerError> {
    let call = Call::new(model, "search_read").arg("domain", domain).arg("fields", json!(fields));
    odoo.call(call.arg("order", "id")).await
}
