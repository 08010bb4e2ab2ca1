//! Customers and their addresses.
//!
//! A partner that was there before is referenced, never written: anybody can type another's e-mail address
//! at a checkout. What we make ourselves carries an external id, so that making it twice makes it once.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{PeerError, order::Address};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    catalogue::many2one,
    connection::{Call, Odoo},
    orders::{Loaded, Row, load},
};

/// A partner that Odoo has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub id: i64,
    pub email: Option<String>,
    /// An internal user's own partner: never a customer by e-mail address.
    pub internal: bool,
    pub payment_term: Option<i64>,
}

/// An account to be made: the partner that an order is sold to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// Without the module: `partner_shopify-main_77`.
    pub external_id: String,
    pub name: String,
    pub is_company: bool,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub vat: Option<String>,
    pub address: Option<Address>,
}

/// A delivery or invoice address below an account.
///
/// Not of the type `contact`: Odoo replaces a contact's own address by its parent's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildAddress {
    pub external_id: String,
    pub kind: ChildKind,
    pub address: Address,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChildKind {
    Delivery,
    Invoice,
}

/// What one `load` of partners brings in: new accounts with their addresses, and new addresses of accounts
/// that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartnerRecord {
    Account(NewAccount, Vec<ChildAddress>),
    Address { parent: i64, address: ChildAddress },
}

/// Where the codes of an address lead in Odoo.
pub trait Places {
    fn country(&self, code: &str) -> Option<i64>;
    fn state(&self, country: &str, region: &str) -> Option<i64>;
}

impl Places for crate::catalogue::Countries {
    fn country(&self, code: &str) -> Option<i64> {
        self.countries.get(code).copied()
    }
    fn state(&self, country: &str, region: &str) -> Option<i64> {
        Self::state(self, country, region)
    }
}

#[derive(Deserialize)]
struct FoundRow {
    id: i64,
    email_normalized: Value,
    partner_share: bool,
    #[serde(default)]
    property_payment_term_id: Value,
}

/// The partners with one of these ids or e-mail addresses, in one call. `email_normalized` and not
/// `=ilike`, for which `_` is any character.
///
/// # Errors
/// As any call.
pub async fn search(
    odoo: &Odoo,
    company: i64,
    ids: &BTreeSet<i64>,
    emails: &BTreeSet<String>,
) -> Result<Vec<Found>, PeerError> {
    if ids.is_empty() && emails.is_empty() {
        return Ok(Vec::new());
    }
    let call = Call::new("res.partner", "search_read")
        .arg(
            "domain",
            json!([
                "|",
                ["id", "in", ids],
                "&",
                "&",
                ["email_normalized", "in", emails],
                ["type", "=", "contact"],
                ["company_id", "in", [false, company]],
            ]),
        )
        .arg("fields", json!(["email_normalized", "partner_share", "property_payment_term_id"]))
        .arg("order", "id");
    let rows: Vec<FoundRow> = odoo.call(call).await?;
    Ok(rows
        .into_iter()
        .map(|row| Found {
            id: row.id,
            email: row.email_normalized.as_str().map(str::to_owned),
            internal: !row.partner_share,
            payment_term: many2one(&row.property_payment_term_id),
        })
        .collect())
}

const ACCOUNT_FIELDS: [&str; 14] = [
    "id",
    "parent_id/.id",
    "type",
    "name",
    "is_company",
    "email",
    "phone",
    "vat",
    "street",
    "street2",
    "city",
    "zip",
    "state_id/.id",
    "country_id/.id",
];
const ADDRESS_FIELDS: [&str; 10] =
    ["id", "type", "name", "phone", "street", "street2", "city", "zip", "state_id/.id", "country_id/.id"];

/// Brings partners in with one `load`; gives what became of each, in the order given.
///
/// # Errors
/// As any call. A record that Odoo refuses is no error: it is in the answer.
pub async fn load_partners(
    odoo: &Odoo,
    places: &impl Places,
    records: &[PartnerRecord],
) -> Result<Vec<Loaded>, PeerError> {
    let (fields, rows) = table(places, records);
    load(odoo, "res.partner", &fields, &rows, &json!({})).await
}

/// Columns and rows. The columns of children are there only where some account has children: empty cells for
/// the children of an account that is there already take its children from it.
fn table(places: &impl Places, records: &[PartnerRecord]) -> (Vec<String>, Vec<Vec<Row>>) {
    let with_children = records.iter().any(|record| match record {
        PartnerRecord::Account(_, children) => !children.is_empty(),
        PartnerRecord::Address { .. } => false,
    });
    let mut fields: Vec<String> = ACCOUNT_FIELDS.iter().map(ToString::to_string).collect();
    if with_children {
        fields.extend(ADDRESS_FIELDS.iter().map(|field| format!("child_ids/{field}")));
    }
    let width = fields.len();
    (fields, records.iter().map(|record| rows(places, record, width)).collect())
}

/// The rows of one record, filled up with empty cells to `width`.
fn rows(places: &impl Places, record: &PartnerRecord, width: usize) -> Vec<Row> {
    let mut rows = match record {
        PartnerRecord::Account(account, children) => {
            let mut rows = vec![account_cells(places, account)];
            for (at, child) in children.iter().enumerate() {
                if at > 0 {
                    rows.push(vec![String::new(); ACCOUNT_FIELDS.len()]);
                }
                rows[at].extend(address_cells(places, child));
            }
            rows
        }
        PartnerRecord::Address { parent, address } => vec![address_row(places, *parent, address)],
    };
    rows.iter_mut().for_each(|row| row.resize(width, String::new()));
    rows
}

/// An address of an account that is there, as a row of its own.
fn address_row(places: &impl Places, parent: i64, address: &ChildAddress) -> Row {
    let [id, kind, name, phone, street, street2, city, zip, state, country] = address_cells(places, address);
    let (parent, person, none) = (parent.to_string(), "0".to_owned(), String::new());
    vec![
        id,
        parent,
        kind,
        name,
        person,
        none.clone(),
        phone,
        none,
        street,
        street2,
        city,
        zip,
        state,
        country,
    ]
}

fn account_cells(places: &impl Places, account: &NewAccount) -> Row {
    let text = |text: &Option<String>| text.as_deref().map(printable).unwrap_or_default();
    let [street, street2, city, zip, state, country] =
        account.address.as_ref().map(|address| place_cells(places, address)).unwrap_or_default();
    vec![
        format!("{}.{}", crate::orders::MODULE, account.external_id),
        String::new(),
        "contact".into(),
        printable(&account.name),
        if account.is_company { "1" } else { "0" }.into(),
        text(&account.email),
        text(&account.phone),
        text(&account.vat),
        street,
        street2,
        city,
        zip,
        state,
        country,
    ]
}

fn address_cells(places: &impl Places, child: &ChildAddress) -> [String; 10] {
    let address = &child.address;
    let [street, street2, city, zip, state, country] = place_cells(places, address);
    let kind = match child.kind {
        ChildKind::Delivery => "delivery",
        ChildKind::Invoice => "invoice",
    };
    let name = match &address.company {
        Some(company) if !company.is_empty() && company != &address.name => {
            format!("{company}, {}", address.name)
        }
        _ => address.name.clone(),
    };
    let id = format!("{}.{}", crate::orders::MODULE, child.external_id);
    let phone = address.phone.as_deref().map(printable).unwrap_or_default();
    [id, kind.into(), printable(&name), phone, street, street2, city, zip, state, country]
}

fn place_cells(places: &impl Places, address: &Address) -> [String; 6] {
    let id = |id: Option<i64>| id.map(|id| id.to_string()).unwrap_or_default();
    let state = address.region.as_deref().and_then(|region| places.state(&address.country, region));
    [
        printable(&address.street),
        address.street2.as_deref().map(printable).unwrap_or_default(),
        printable(&address.city),
        address.postcode.as_deref().map(printable).unwrap_or_default(),
        id(state),
        id(places.country(&address.country)),
    ]
}

/// Text as Odoo takes it: PostgreSQL refuses NUL, and a line break in a name breaks documents.
#[must_use]
pub fn printable(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Groups what was found by e-mail address; only an address that stands for one customer is a match.
#[must_use]
pub fn unique_by_email(found: &[Found]) -> BTreeMap<String, &Found> {
    let mut by_email: BTreeMap<String, Vec<&Found>> = BTreeMap::new();
    for partner in found {
        if let Some(email) = &partner.email {
            by_email.entry(email.clone()).or_default().push(partner);
        }
    }
    by_email
        .into_iter()
        .filter_map(|(email, partners)| match partners.as_slice() {
            [only] if !only.internal => Some((email, *only)),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str, children: Vec<ChildAddress>) -> PartnerRecord {
        let new = NewAccount {
            external_id: id.into(),
            name: id.into(),
            is_company: false,
            email: None,
            phone: None,
            vat: None,
            address: None,
        };
        PartnerRecord::Account(new, children)
    }

    fn child(id: &str) -> ChildAddress {
        let address = Address { name: id.into(), ..Address::default() };
        ChildAddress { external_id: id.into(), kind: ChildKind::Delivery, address }
    }

    fn table_of(records: &[PartnerRecord]) -> (Vec<String>, Vec<Vec<Row>>) {
        table(&crate::catalogue::Countries::default(), records)
    }

    #[test]
    fn has_no_columns_of_children_where_no_account_has_any() {
        let (fields, rows) =
            table_of(&[account("a", vec![]), PartnerRecord::Address { parent: 7, address: child("b") }]);
        assert!(fields.iter().all(|field| !field.starts_with("child_ids/")), "{fields:?}");
        assert!(rows.iter().flatten().all(|row| row.len() == fields.len()));
        assert_eq!(rows[1][0][..3], ["crossdock.b", "7", "delivery"]);
    }

    #[test]
    fn each_child_after_the_first_has_a_row_of_its_own() {
        let (fields, rows) = table_of(&[account("a", vec![child("b"), child("c")]), account("d", vec![])]);
        let id = fields.iter().position(|field| field == "child_ids/id").unwrap();
        let ids: Vec<(&str, &str)> =
            rows.iter().flatten().map(|row| (row[0].as_str(), row[id].as_str())).collect();
        let expected = [("crossdock.a", "crossdock.b"), ("", "crossdock.c"), ("crossdock.d", "")];
        assert_eq!(ids, expected);
        assert!(rows.iter().flatten().all(|row| row.len() == fields.len()));
    }
}
