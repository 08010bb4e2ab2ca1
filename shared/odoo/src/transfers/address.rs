//! Where a transfer goes: the one place where names of people are read, for the warehouse that ships.

use std::collections::BTreeMap;

use crossdock_core::{PeerError, order::Address};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::connection::{Call, Odoo};

/// Who receives a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    pub address: Address,
    /// Of the recipient, else of the customer above it.
    pub email: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    id: i64,
    name: Value,
    street: Value,
    street2: Value,
    city: Value,
    zip: Value,
    state_id: Value,
    country_id: Value,
    phone: Value,
    email: Value,
    is_company: bool,
    parent_id: Value,
    commercial_company_name: Value,
}

/// The addresses of partners, by their ids. One call. One that is gone is not in the answer.
///
/// # Errors
/// As any call.
pub async fn recipients(odoo: &Odoo, partners: &[i64]) -> Result<BTreeMap<i64, Recipient>, PeerError> {
    if partners.is_empty() {
        return Ok(BTreeMap::new());
    }
    let specification = json!({
        "name": {}, "street": {}, "street2": {}, "city": {}, "zip": {}, "phone": {}, "email": {},
        "is_company": {}, "commercial_company_name": {},
        "state_id": { "fields": { "code": {} } }, "country_id": { "fields": { "code": {} } },
        "parent_id": { "fields": { "name": {}, "email": {}, "phone": {} } },
    });
    let call = Call::new("res.partner", "web_read").on(partners).arg("specification", specification);
    let rows: Vec<Row> = odoo.call(call).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.recipient())).collect())
}

/// Odoo says `false` where there is nothing.
fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

impl Row {
    fn recipient(self) -> Recipient {
        let parent = |field: &str| text(&self.parent_id[field]);
        let company = text(&self.commercial_company_name);
        // An address may have no name of its own: then it is the customer's.
        let name = text(&self.name).or_else(|| parent("name")).unwrap_or_default();
        // Our own addresses carry the company in their name already.
        let company = company.filter(|company| !self.is_company && !name.starts_with(company.as_str()));
        Recipient {
            address: Address {
                company,
                name,
                street: text(&self.street).unwrap_or_default(),
                street2: text(&self.street2),
                city: text(&self.city).unwrap_or_default(),
                postcode: text(&self.zip),
                region: text(&self.state_id["code"]),
                country: text(&self.country_id["code"]).unwrap_or_default(),
                phone: text(&self.phone).or_else(|| parent("phone")),
            },
            email: text(&self.email).or_else(|| parent("email")),
        }
    }
}
