//! The canonical order: what any channel's order becomes, and all that Crossdock acts on.
//!
//! Amounts are in major units of `currency` (`12.34`), as decimals in texts. Whether an amount of a line or
//! a charge holds its tax is said once, by [`Order::prices`].

use std::cmp::Ordering;

use jiff::Timestamp;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ids::{Currency, LineId, OrderKey, Sku};

/// Whether the amounts of lines and charges hold their tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Prices {
    TaxIncluded,
    TaxExcluded,
}

/// An order as its channel holds it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    pub key: OrderKey,
    /// What people call the order: `#1001`.
    pub number: String,
    pub revision: Revision,
    #[schemars(with = "String")]
    pub placed_at: Timestamp,
    pub cancelled: bool,
    /// A shop's own test order: never goes to Odoo.
    pub test: bool,
    pub currency: Currency,
    pub prices: Prices,
    pub customer: Customer,
    pub billing: Option<Address>,
    pub shipping: Option<Address>,
    pub lines: Vec<Line>,
    /// Shipping and fees.
    pub charges: Vec<Charge>,
    pub payment: Payment,
    /// Set while the channel holds the order back, for example to check it for fraud; says why.
    pub hold: Option<String>,
    /// What the customer wrote.
    pub note: Option<String>,
    /// The buyer's own order number (B2B).
    pub purchase_order: Option<String>,
    /// What the customer owes for the goods of this order, tax included, gift cards not taken off.
    pub total: Decimal,
    /// The tax within `total`.
    pub total_tax: Decimal,
}

/// How new a state of an order is, by its channel's own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revision {
    #[schemars(with = "String")]
    pub modified_at: Timestamp,
    /// A number that rises with each change, where the channel gives one (`standard` must).
    pub sequence: Option<u64>,
}

impl Revision {
    /// How new this is against `other`: by the channel's own sequence where both have one, else by time.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self.sequence, other.sequence) {
            (Some(mine), Some(theirs)) => mine.cmp(&theirs),
            _ => self.modified_at.cmp(&other.modified_at),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Customer {
    /// The channel's own id of the account; none for a guest.
    pub id: Option<String>,
    pub email: Option<String>,
    pub name: Option<String>,
    pub phone: Option<String>,
    /// The company bought for, where the channel says so.
    pub company: Option<String>,
    pub vat: Option<String>,
    /// The channel has checked who the buyer is (a B2B portal's sign-in). A name typed at a checkout is not.
    pub authenticated: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    pub name: String,
    pub company: Option<String>,
    pub street: String,
    pub street2: Option<String>,
    pub city: String,
    pub postcode: Option<String>,
    /// The state's or province's code (`CA`), or its name where the channel has no code.
    pub region: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    pub phone: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    pub id: LineId,
    pub sku: Option<Sku>,
    pub name: String,
    /// What is still ordered: a line edited away has 0 and is left out.
    pub quantity: Decimal,
    /// Quantity times price, before discounts.
    pub subtotal: Decimal,
    /// After every discount: the line's own and its share of those on the whole order.
    pub total: Decimal,
    pub taxes: Vec<TaxAmount>,
    /// Money on a card, not goods.
    pub gift_card: bool,
}

/// A tax as the channel charged it on one line or charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaxAmount {
    pub title: String,
    /// Percent: `19` for 19 %.
    pub rate: Decimal,
    pub amount: Decimal,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Charge {
    pub id: LineId,
    pub kind: ChargeKind,
    /// For shipping the method, for a fee what it is for.
    pub name: String,
    /// The shipping method's code, where the channel has one; else its name.
    pub code: String,
    /// After discounts.
    pub total: Decimal,
    pub taxes: Vec<TaxAmount>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChargeKind {
    Shipping,
    Fee,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Payment {
    pub state: PaymentState,
    pub transactions: Vec<Transaction>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    Paid,
    /// The gateway holds the money for us.
    Authorized,
    /// The buyer pays an invoice later, as agreed.
    OnTerms,
    Pending,
    PartiallyPaid,
    PartiallyRefunded,
    Refunded,
    Voided,
    Failed,
}

/// One payment at one gateway; a gift card is a gateway too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Transaction {
    /// The gateway's own id of the payment, where the channel tells it.
    pub id: Option<String>,
    pub gateway: String,
    pub gift_card: bool,
    pub amount: Decimal,
}

fn tax_of(taxes: &[TaxAmount]) -> Decimal {
    taxes.iter().map(|tax| tax.amount).sum()
}

impl Line {
    #[must_use]
    pub fn tax(&self) -> Decimal {
        tax_of(&self.taxes)
    }
}

impl Charge {
    #[must_use]
    pub fn tax(&self) -> Decimal {
        tax_of(&self.taxes)
    }
}

/// How e-mail addresses are compared: as Odoo normalises them.
#[must_use]
pub fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// A SHA-256 in hexadecimal, shortened to 128 bits: enough to tell apart, half the room.
#[must_use]
pub fn short_digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..16].iter().fold(String::with_capacity(32), |mut text, byte| {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Order {
    /// A text of a peer's without what it may quote of the customer.
    #[must_use]
    pub fn without_personal_data(&self, text: &str) -> String {
        let customer = &self.customer;
        let mut personal: Vec<&str> =
            [&customer.email, &customer.name, &customer.phone, &customer.vat, &self.note]
                .into_iter()
                .filter_map(|text| text.as_deref())
                .collect();
        for address in self.billing.iter().chain(&self.shipping) {
            personal.extend([address.name.as_str(), &address.street, &address.city]);
            let optional = [&address.street2, &address.postcode, &address.phone];
            personal.extend(optional.into_iter().filter_map(|text| text.as_deref()));
        }
        // The longest first, so that a name inside a longer one does not leave its rest behind.
        personal.sort_by_key(|text| std::cmp::Reverse(text.len()));
        personal
            .into_iter()
            .filter(|text| text.chars().count() >= 3)
            .fold(text.to_owned(), |text, secret| text.replace(secret, "[customer]"))
    }

    /// A digest of everything we act on. Two payloads that differ only in fields that we never read have the
    /// same digest, and so has the echo of what we wrote ourselves.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut shape = serde_json::to_value(self).expect("an order always serialises");
        if let Some(fields) = shape.as_object_mut() {
            fields.remove("revision");
        }
        short_digest(shape.to_string().as_bytes())
    }

    /// A digest of what stands in Odoo's order. It leaves out the payment and the hold, so that a payment
    /// that is captured later does not rewrite a confirmed order.
    #[must_use]
    pub fn goods_digest(&self) -> String {
        let mut shape = serde_json::to_value(self).expect("an order always serialises");
        if let Some(fields) = shape.as_object_mut() {
            for field in ["revision", "payment", "hold"] {
                fields.remove(field);
            }
        }
        short_digest(shape.to_string().as_bytes())
    }

    /// What the lines and charges add up to, tax included.
    #[must_use]
    pub fn computed_total(&self) -> Decimal {
        let lines: Decimal = self.lines.iter().map(|l| l.total + self.tax_on_top(l.tax())).sum();
        let charges: Decimal = self.charges.iter().map(|c| c.total + self.tax_on_top(c.tax())).sum();
        lines + charges
    }

    /// What a tax adds to an amount: nothing where the amount holds it already.
    #[must_use]
    pub fn tax_on_top(&self, tax: Decimal) -> Decimal {
        match self.prices {
            Prices::TaxIncluded => Decimal::ZERO,
            Prices::TaxExcluded => tax,
        }
    }

    /// Where the goods go: the delivery address, else the billing address.
    #[must_use]
    pub fn destination(&self) -> Option<&Address> {
        self.shipping.as_ref().or(self.billing.as_ref())
    }
}
