//! The sales channels: Shopify, WooCommerce, and `standard` for any system that can post our own format.
//!
//! Each adapter turns what its channel says into the canonical order, verifies what the channel signs, and
//! knows what the channel's failures mean. [`receive`] does the webhooks and touches nothing outside;
//! [`Api`] reads from the shop and keeps the webhook subscriptions alive.
//!
//! **Invariant:** a parser here never panics, whatever the bytes, and no text made here quotes a value of a
//! body: bodies hold personal data.

mod announce;
mod api;
mod articles;
mod catalogue;
mod html;
mod lenient;
#[cfg(test)]
mod never_panics;
mod parts;
mod shopify;
pub mod standard;
mod stock;
#[cfg(test)]
#[allow(dead_code, reason = "shared with the contract tests, which use the rest")]
mod testing;
mod webhook;
mod woocommerce;

pub use announce::{Announced, LeftOpen};
pub use api::{Api, Fetched, Page, ShopInfo, Subscription, SubscriptionChange};
pub use articles::Articles;
pub use catalogue::Money;
pub use crossdock_core::hook::{FieldError, Refusal};
pub use webhook::{BODY_LIMIT, Webhook, receive};
