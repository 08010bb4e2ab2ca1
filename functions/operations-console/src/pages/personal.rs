//! Who bought: masked until somebody with the right asks.

use crossdock_core::order::{Address, Order};
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Personal {
    pub masked: bool,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    billing: Option<String>,
    shipping: Option<String>,
    note: Option<String>,
}

/// What stands for a text that is there. Not even its length is told.
const MASK: &str = "•••";

impl Personal {
    pub fn shown(order: &Order) -> Self {
        let customer = &order.customer;
        Self {
            masked: false,
            name: customer.name.clone(),
            email: customer.email.clone(),
            phone: customer.phone.clone(),
            company: customer.company.clone(),
            billing: order.billing.as_ref().map(address),
            shipping: order.shipping.as_ref().map(address),
            note: order.note.clone(),
        }
    }

    /// That something is there, and the country, on which taxes rest.
    pub fn masked(order: &Order) -> Self {
        let hide = |text: Option<String>| text.map(|_| MASK.to_owned());
        let place = |address: &Address| format!("{MASK}, {}", address.country);
        let shown = Self::shown(order);
        Self {
            masked: true,
            name: hide(shown.name),
            email: hide(shown.email),
            phone: hide(shown.phone),
            company: hide(shown.company),
            billing: order.billing.as_ref().map(place),
            shipping: order.shipping.as_ref().map(place),
            note: hide(shown.note),
        }
    }

    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("Name", &self.name),
            ("E-mail", &self.email),
            ("Telephone", &self.phone),
            ("Company", &self.company),
            ("Billed to", &self.billing),
            ("Shipped to", &self.shipping),
            ("Note", &self.note),
        ];
        all.into_iter().filter_map(|(what, said)| Some((what, said.as_deref()?)))
    }
}

fn address(address: &Address) -> String {
    let parts = [
        Some(&address.name),
        address.company.as_ref(),
        Some(&address.street),
        address.street2.as_ref(),
        address.postcode.as_ref(),
        Some(&address.city),
        address.region.as_ref(),
        Some(&address.country),
        address.phone.as_ref(),
    ];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(", ")
}
