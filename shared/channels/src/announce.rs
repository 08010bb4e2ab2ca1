//! Telling a shop what became of its order, and asking it what was paid.

use std::collections::BTreeSet;

use crossdock_core::{
    OrderId, PeerError, ShipmentKey,
    order::Transaction,
    shipment::{AnnouncedLine, Announcement, ParcelNews},
};

use crate::{Api, api::Kind, shopify, standard, woocommerce};

/// What came of [`Api::announce`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Announced {
    /// The shop's own id of what it holds about the shipment now, to be given back to [`Api::parcel_news`] and
    /// in `Announcement::others`. None where the shop has no such thing.
    pub id: Option<String>,
    /// What the shop was not told, because by its own count nothing of it is left to ship: it was fulfilled by
    /// hand there, or taken off the order.
    pub untold: Vec<AnnouncedLine>,
    /// Why the shop's order was not set to completed, although it has shipped in full.
    pub left_open: Option<LeftOpen>,
}

/// Why an order that has shipped in full stays open in its shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOpen {
    /// The shop would book the money as received, and it has not come yet.
    Unpaid,
    /// The order is cancelled, refunded, failed or held back there: what becomes of it is for a person to say.
    CalledOff,
}

impl Api {
    /// Tells the shop of a shipment. Safe to repeat: what is there already is found before anything is made.
    ///
    /// After an ambiguous failure repeat only once the lost request can no longer commit, and tell the shop
    /// of one shipment of an order at a time; then it is told once.
    ///
    /// How a shipment is known again: Shopify keeps no text of ours with a fulfilment, so there it is a
    /// fulfilment that belongs to none of `Announcement::others` and has a tracking number of ours, or, where
    /// we have none, no tracking and no more than our quantities. WooCommerce has the shipment's key in a note.
    /// `standard` gets one `webhook-id` for one shipment.
    ///
    /// # Errors
    /// Whatever keeps the shop from answering; `Rejected` where a person has to do something in the shop.
    pub async fn announce(&self, said: &Announcement) -> Result<Announced, PeerError> {
        match self.kind {
            Kind::Shopify => shopify::fulfilment::announce(&self.shop, said).await,
            Kind::Woocommerce => woocommerce::shipment::announce(&self.shop, said).await,
            Kind::Standard => standard::callback::announce(&self.shop, said).await,
        }
    }

    /// Tells the shop how far a parcel has come. `remote` is what [`Announced::id`] said. Safe to repeat, and
    /// news that are older than what the shop knows change nothing there.
    ///
    /// # Errors
    /// As [`Api::announce`].
    pub async fn parcel_news(
        &self,
        order: &OrderId,
        shipment: &ShipmentKey,
        remote: Option<&str>,
        news: &ParcelNews,
    ) -> Result<(), PeerError> {
        match self.kind {
            Kind::Shopify => shopify::fulfilment::news(&self.shop, order, remote, news).await,
            Kind::Woocommerce => woocommerce::shipment::news(&self.shop, order, shipment, news).await,
            Kind::Standard => standard::callback::news(&self.shop, order, shipment, news).await,
        }
    }

    /// Which of these shipments of an order, each with what [`Announced::id`] said, the shop does not have any more. One
    /// that a person has cancelled there is there. One call. A partner cannot be asked: of one nothing is missing.
    ///
    /// # Errors
    /// Whatever keeps the shop from answering.
    pub async fn lacks(
        &self,
        order: &OrderId,
        told: &[(ShipmentKey, String)],
    ) -> Result<BTreeSet<ShipmentKey>, PeerError> {
        match self.kind {
            Kind::Shopify => shopify::fulfilment::lacks(&self.shop, order, told).await,
            Kind::Woocommerce => woocommerce::shipment::lacks(&self.shop, order, told).await,
            Kind::Standard => Ok(BTreeSet::new()),
        }
    }

    /// What was captured for the order until now, each payment with an id that stays the same. Refunds are not
    /// taken off. Amounts are in the order's currency.
    ///
    /// # Errors
    /// Whatever keeps the shop from answering; [`PeerError::Missing`] for a channel without an API, and for an
    /// order that is gone.
    pub async fn payments(&self, order: &OrderId) -> Result<Vec<Transaction>, PeerError> {
        match self.kind {
            Kind::Shopify => shopify::payments::of(&self.shop, order).await,
            Kind::Woocommerce => woocommerce::payments::of(&self.shop, order).await,
            Kind::Standard => Err(self.shop.missing("API: the partner sends its orders itself")),
        }
    }
}
