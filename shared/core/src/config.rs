//! The business configuration: one YAML file that says which systems there are and what maps to what.
//!
//! Terraform reads the same file, so names here are names there.

mod catalogue;
mod console;
mod fulfilment;
mod load;
mod odoo;
mod reconcile;
mod stock;

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use catalogue::{CataloguePolicy, TaxClassRule};
pub use console::Console;
pub use fulfilment::{
    AdvicePolicy, AnnouncePolicy, BackorderPolicy, Carrier, CarrierKind, InvoicePolicy, JournalRule,
    LotPolicy, OnAdvice, ReleasePolicy, ReleaseStep, ServiceRule, Warehouse, WarehouseKind,
};
pub use load::{ConfigError, parse};
pub use odoo::{CustomerMail, ODOO_DOOR, ODOO_HOOK_SECRET, Odoo};
pub use reconcile::ReconcilePolicy;
pub use stock::{StockPolicy, StockSource};

use crate::{
    ids::{CarrierId, ChannelId, Currency, Sku, WarehouseId},
    order::{Charge, ChargeKind, Order, PaymentState, short_digest},
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The address under which shops reach us, without a path: `https://hooks.example.com`. Needed to look
    /// after the webhook subscriptions.
    #[serde(default)]
    pub public_url: Option<String>,
    pub odoo: Odoo,
    pub channels: Vec<Channel>,
    #[serde(default)]
    pub warehouses: Vec<Warehouse>,
    /// Who tells where parcels are, beside the warehouses themselves.
    #[serde(default)]
    pub carriers: Vec<Carrier>,
    #[serde(default)]
    pub retention: Retention,
    /// What is compared each night, and what of it is mended.
    #[serde(default)]
    pub reconcile: ReconcilePolicy,
    /// Who may use the operations console. Without it there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub console: Option<Console>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    Shopify,
    Woocommerce,
    Standard,
}

/// A record in Odoo, by its database id or by its name (a product by its Internal Reference).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OdooRef {
    Id(i64),
    Name(String),
}

impl std::fmt::Display for OdooRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => write!(f, "id {id}"),
            Self::Name(name) => write!(f, "\"{name}\""),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    pub id: ChannelId,
    pub kind: ChannelKind,
    /// The shop's own address; of `standard`, where the partner is told of shipments, stock and prices.
    #[serde(default)]
    pub url: Option<String>,
    /// The company in Odoo that sells here.
    pub company: OdooRef,
    #[serde(default)]
    pub warehouse: Option<OdooRef>,
    #[serde(default)]
    pub team: Option<OdooRef>,
    /// Currency to pricelist. An order in a currency that is not here is parked.
    pub pricelists: BTreeMap<Currency, OdooRef>,
    #[serde(default)]
    pub taxes: Vec<TaxRule>,
    #[serde(default)]
    pub shipping: Vec<ShippingRule>,
    #[serde(default)]
    pub fee_product: Option<Sku>,
    #[serde(default)]
    pub payment: PaymentPolicy,
    /// Seconds that an order waits after it was placed, so that the customer can still change it.
    #[serde(default)]
    pub hold_window_s: u32,
    #[serde(default)]
    pub rounding: Option<RoundingRule>,
    #[serde(default)]
    pub customers: CustomerPolicy,
    #[serde(default)]
    pub invoice: InvoicePolicy,
    /// Gateways and the journals of their payments. With none, payments are left to people; with some, an order
    /// that was paid at another gateway is parked once its invoice is made.
    #[serde(default)]
    pub journals: Vec<JournalRule>,
    #[serde(default)]
    pub announce: AnnouncePolicy,
    /// What of Odoo's stock it may sell. Without it its counts are left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<StockPolicy>,
    /// What it shows of Odoo's products. Without it its articles are left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalogue: Option<CataloguePolicy>,
    /// Requests a second to this shop over all functions.
    #[serde(default = "default_rate")]
    pub requests_per_second: u32,
}

/// A tax that the channel charges, and the tax in Odoo that it is. The first rule that matches counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxRule {
    /// Percent.
    pub rate: Decimal,
    /// ISO 3166-1 alpha-2 of the destination; left out: any.
    #[serde(default)]
    pub country: Option<String>,
    /// The destination's region code; left out: any.
    #[serde(default)]
    pub region: Option<String>,
    /// Whether the channel's prices hold it; left out: either.
    #[serde(default)]
    pub included: Option<bool>,
    pub odoo: OdooRef,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShippingRule {
    /// The method's code or name at the channel; `*` for any other.
    pub method: String,
    /// The SKU of the service product in Odoo.
    pub product: Sku,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentPolicy {
    pub accept: Vec<PaymentState>,
}

impl Default for PaymentPolicy {
    fn default() -> Self {
        Self { accept: vec![PaymentState::Paid, PaymentState::Authorized, PaymentState::OnTerms] }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoundingRule {
    /// The SKU of the service product that carries a rounding difference.
    pub product: Sku,
    /// The largest difference that a rounding line may explain, in the order's currency.
    pub limit: Decimal,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerPolicy {
    /// Look for a partner with the same e-mail address before making one.
    #[serde(default = "yes")]
    pub match_email: bool,
    /// The partner of orders whose customer is not known at all (no account, no e-mail address).
    #[serde(default)]
    pub fallback: Option<OdooRef>,
}

impl Default for CustomerPolicy {
    fn default() -> Self {
        Self { match_email: true, fallback: None }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Days that an order's snapshots, with their personal data, are kept after its last change.
    #[serde(default = "default_snapshot_days")]
    pub snapshot_days: u32,
    /// Days that the state of an order is kept.
    #[serde(default = "default_state_days")]
    pub state_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { snapshot_days: default_snapshot_days(), state_days: default_state_days() }
    }
}

fn default_rate() -> u32 {
    10
}
fn default_snapshot_days() -> u32 {
    90
}
fn default_state_days() -> u32 {
    400
}
fn yes() -> bool {
    true
}

impl Config {
    #[must_use]
    pub fn channel(&self, id: &ChannelId) -> Option<&Channel> {
        self.channels.iter().find(|channel| &channel.id == id)
    }

    #[must_use]
    pub fn warehouse(&self, id: &WarehouseId) -> Option<&Warehouse> {
        self.warehouses.iter().find(|warehouse| &warehouse.id == id)
    }

    #[must_use]
    pub fn carrier(&self, id: &CarrierId) -> Option<&Carrier> {
        self.carriers.iter().find(|carrier| &carrier.id == id)
    }

    /// Odoo's companies that a channel sells for, as the channels name them.
    pub fn companies(&self) -> impl Iterator<Item = &OdooRef> {
        self.channels.iter().map(|channel| &channel.company)
    }

    /// Tells whether the mapping was mended since an order was parked.
    #[must_use]
    pub fn digest(&self) -> String {
        short_digest(serde_json::to_string(self).expect("a configuration always serialises").as_bytes())
    }
}

impl Channel {
    /// The name of the secret that its webhooks are signed with.
    #[must_use]
    pub fn webhook_secret(&self) -> String {
        format!("{}/webhook", self.id)
    }

    /// Where this channel's webhooks go, where our public address is known.
    #[must_use]
    pub fn callback(&self, public_url: &str) -> String {
        format!("{}/hooks/{}", public_url.trim_end_matches('/'), self.id)
    }

    /// Whether Crossdock can ask this channel for its orders; a `standard` channel only posts them.
    #[must_use]
    pub fn has_api(&self) -> bool {
        match self.kind {
            ChannelKind::Shopify | ChannelKind::Woocommerce => true,
            ChannelKind::Standard => false,
        }
    }

    /// Whether anything is ever called there: a shop, or a partner's address, whose calls from us the secret of its
    /// API signs.
    #[must_use]
    pub fn is_called(&self) -> bool {
        self.has_api() || self.url.is_some()
    }

    /// Whether there is somebody to tell of shipments.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.announce.enabled && self.is_called()
    }

    /// Whether we choose the secret that the shop signs with, and so must tell it when we subscribe. Shopify
    /// signs with the app's own.
    #[must_use]
    pub fn subscribes_with_secret(&self) -> bool {
        match self.kind {
            ChannelKind::Woocommerce => true,
            ChannelKind::Shopify | ChannelKind::Standard => false,
        }
    }

    /// The name of the secret that opens the shop's API.
    #[must_use]
    pub fn api_secret(&self) -> String {
        format!("{}/api", self.id)
    }

    /// The tax in Odoo for a tax of `order`.
    #[must_use]
    pub fn tax_rule(&self, order: &Order, rate: Decimal) -> Option<&TaxRule> {
        let to = order.destination();
        let included = order.prices == crate::order::Prices::TaxIncluded;
        self.taxes.iter().find(|rule| {
            rule.rate == rate
                && rule.country.as_deref().is_none_or(|c| to.is_some_and(|a| a.country == c))
                && rule.region.as_deref().is_none_or(|r| to.is_some_and(|a| a.region.as_deref() == Some(r)))
                && rule.included.is_none_or(|i| i == included)
        })
    }

    /// The journal for the payments of a gateway.
    #[must_use]
    pub fn journal(&self, gateway: &str) -> Option<&OdooRef> {
        let by = |wanted: &str| self.journals.iter().find(|rule| rule.gateway == wanted);
        by(gateway).or_else(|| by("*")).map(|rule| &rule.journal)
    }

    /// The product that stands for a charge: shipping by the method's code, then by its name, then by the rule
    /// for any other.
    #[must_use]
    pub fn charge_product(&self, charge: &Charge) -> Option<&Sku> {
        let by = |wanted: &str| self.shipping.iter().find(|rule| rule.method == wanted);
        match charge.kind {
            ChargeKind::Shipping => {
                by(&charge.code).or_else(|| by(&charge.name)).or_else(|| by("*")).map(|rule| &rule.product)
            }
            ChargeKind::Fee => self.fee_product.as_ref(),
        }
    }

    /// Every SKU that an order needs in Odoo: goods, charges and the rounding product.
    #[must_use]
    pub fn skus(&self, order: &Order) -> BTreeSet<Sku> {
        let goods = order.lines.iter().filter_map(|line| line.sku.as_ref());
        let charges = order.charges.iter().filter_map(|charge| self.charge_product(charge));
        goods.chain(charges).chain(self.rounding.as_ref().map(|rule| &rule.product)).cloned().collect()
    }
}
