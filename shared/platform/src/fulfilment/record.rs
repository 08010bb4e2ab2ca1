//! Writing down that a shipment stands in Odoo, and what follows from that.

use crossdock_core::{
    ChannelId, Order, OrderKey, Reference, ShipmentKey, Sku,
    config::{Config, InvoicePolicy},
    guard::{self, Guard},
    message::Message,
    reason::{Reason, ReasonCode},
    shipment::{self, AnnouncedLine},
};
use rust_decimal::Decimal;

use super::{Billing, Fulfilment, ReleaseStage, ReleaseState, Shipment, ShipmentStage};
use crate::{
    OrderBook, Platform, PlatformError,
    documents::{Change, Document as _},
};

/// What follows from a shipment, by the policies of its channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follows {
    /// The shop is told.
    pub announce: bool,
    /// Something of it may be invoiced.
    pub invoice: bool,
}

impl Follows {
    /// What a channel wants. Of orders that were typed into Odoo nothing follows: people look after them.
    #[must_use]
    pub fn of(config: &Config, channel: &ChannelId) -> Self {
        let channel = config.channel(channel);
        Self {
            announce: channel.is_some_and(|channel| channel.announce.enabled),
            invoice: channel.is_some_and(|channel| channel.invoice != InvoicePolicy::Manual),
        }
    }
}

impl<P: Platform> OrderBook<P> {
    /// Writes down that a shipment stands in Odoo, done by `transfers`. Safe to repeat: a shipment counts
    /// once for its release and its order's lines. Gives the messages that follow.
    ///
    /// `content` is the shop's order, where it is still here; without it the shop cannot be told of lines.
    ///
    /// **Invariant:** what follows is written down before the shipment counts as applied.
    ///
    /// # Errors
    /// When the ledger does not answer: then it is to be written down again.
    pub async fn record_shipment(
        &self,
        order: &OrderKey,
        sale: i64,
        shipped: &shipment::Shipment,
        transfers: &[i64],
        content: Option<&Order>,
        follows: Follows,
    ) -> Result<Vec<Message>, PlatformError> {
        let Counted { lines, completes, notice } = self.count(order, sale, shipped, content).await?;
        let mut messages: Vec<Message> = notice.into_iter().collect();
        if follows.invoice && guard::stands(Guard::BillingFirst) {
            messages.extend(self.open_billing(order, sale).await?);
        }
        let parcels = self.bind_parcels(&shipped.key, order, &shipped.parcels).await?;
        let now = self.now();
        let announce = follows.announce && !lines.is_empty();
        let message = self
            .change::<Shipment, _>(&shipped.key, |known| {
                if known.applied.is_some() {
                    return Change::Leave(known.message());
                }
                known.content.get_or_insert_with(|| shipped.clone());
                known.order = Some(order.clone());
                known.begun = true;
                known.applied = Some(transfers.to_vec());
                known.lines.clone_from(&lines);
                known.completes = completes;
                if known.work.is_parked_for(ReasonCode::ShipmentChanged) {
                    // Told otherwise while it was brought to Odoo: a person compares the two.
                    return Change::Write(None);
                }
                if announce {
                    known.work.reopen_in(ShipmentStage::Applied, now, "stands in Odoo");
                } else {
                    known.work.finish_in(ShipmentStage::Done, now, "stands in Odoo");
                }
                Change::Write(known.message())
            })
            .await?;
        if follows.invoice && !guard::stands(Guard::BillingFirst) {
            messages.extend(self.open_billing(order, sale).await?);
        }
        messages.extend(message);
        messages.extend(parcels);
        Ok(messages)
    }

    /// The shop does not have what it was told of a shipment: it is due to be told anew. Nothing where it is due
    /// already.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn announce_again(&self, key: &ShipmentKey) -> Result<Option<Message>, PlatformError> {
        let now = self.now();
        self.change::<Shipment, _>(key, |shipment| {
            if shipment.work.stage != ShipmentStage::Done || shipment.announced.is_none() {
                return Change::Leave(None);
            }
            shipment.work.reopen_in(ShipmentStage::Applied, now, "the shop does not have it any more");
            Change::Write(shipment.message())
        })
        .await
    }

    /// Something of the order may be invoiced or paid now.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn open_billing(&self, order: &OrderKey, sale: i64) -> Result<Option<Message>, PlatformError> {
        let now = self.now();
        self.change::<Billing, _>(order, |billing| {
            billing.open(sale, now, "something may be invoiced");
            Change::Write(billing.message())
        })
        .await
    }

    /// What was invoiced or paid of the order may have to be looked at once more, for the channel's order has
    /// changed. Nothing where nobody has asked for an invoice of it yet: whatever asks first reads the newest order.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn reopen_billing(&self, order: &OrderKey) -> Result<Option<Message>, PlatformError> {
        let now = self.now();
        self.change::<Billing, _>(order, |billing| {
            if billing.work.is_empty() {
                return Change::Leave(None);
            }
            let sale = billing.sale;
            billing.open(sale, now, "the channel's order has changed");
            Change::Write(billing.message())
        })
        .await
    }

    /// Counts a shipment for its release and for the lines of the shop's order.
    ///
    /// **Invariant:** what the warehouse closed short is open again in the same write. Written before, the releaser
    /// looks too early and finds the release still under way; written after, a crash in between forgets it.
    async fn count(
        &self,
        order: &OrderKey,
        sale: i64,
        shipped: &shipment::Shipment,
        content: Option<&Order>,
    ) -> Result<Counted, PlatformError> {
        let now = self.now();
        let counted = |fulfilment: &Fulfilment, lines| Counted {
            lines,
            completes: completes(fulfilment, content),
            notice: fulfilment.message().filter(|_| shipped.closes),
        };
        self.change::<Fulfilment, _>(order, |fulfilment| {
            if let Some(lines) = fulfilment.shipments.get(&shipped.key) {
                return Change::Leave(counted(fulfilment, lines.clone()));
            }
            if fulfilment.sale == 0 {
                fulfilment.sale = sale;
            }
            let lines = allot(fulfilment, shipped, content);
            fulfilment.shipments.insert(shipped.key.clone(), lines.clone());
            settle_release(fulfilment, &shipped.reference, shipped);
            if shipped.closes {
                fulfilment.notice(sale, now, "the warehouse closed it short");
            }
            Change::Write(counted(fulfilment, lines))
        })
        .await
    }
}

/// What a shipment counts for.
struct Counted {
    /// The lines of the shop's order that it ships.
    lines: Vec<AnnouncedLine>,
    /// With it all has shipped.
    completes: bool,
    /// The releaser is to look at the order once more.
    notice: Option<Message>,
}

/// Goods by SKU, in the order of the shipment's lines.
fn goods(shipped: &shipment::Shipment) -> Vec<(&Sku, Decimal)> {
    let mut goods: Vec<(&Sku, Decimal)> = Vec::new();
    for line in &shipped.lines {
        match goods.iter_mut().find(|(sku, _)| *sku == &line.sku) {
            Some((_, quantity)) => *quantity += line.quantity,
            None => goods.push((&line.sku, line.quantity)),
        }
    }
    goods
}

/// Which lines of the shop's order a shipment ships: line by line what of each is still open.
fn allot(
    fulfilment: &Fulfilment,
    shipped: &shipment::Shipment,
    content: Option<&Order>,
) -> Vec<AnnouncedLine> {
    let Some(content) = content else { return Vec::new() };
    let mut lines = Vec::new();
    for (sku, mut left) in goods(shipped) {
        for line in content.lines.iter().filter(|line| line.sku.as_ref() == Some(sku)) {
            let part = left.min((line.quantity - fulfilment.shipped(&line.id)).max(Decimal::ZERO));
            if part > Decimal::ZERO {
                lines.push(AnnouncedLine { line: line.id.clone(), sku: Some(sku.clone()), quantity: part });
                left -= part;
            }
        }
    }
    lines
}

/// Whether all that the shop sold has shipped.
fn completes(fulfilment: &Fulfilment, content: Option<&Order>) -> bool {
    content.is_some_and(|order| {
        let goods = order.lines.iter().filter(|line| !line.gift_card);
        goods.into_iter().all(|line| fulfilment.shipped(&line.id) >= line.quantity)
    })
}

fn settle_release(fulfilment: &mut Fulfilment, reference: &Reference, shipped: &shipment::Shipment) {
    let warehouse = &shipped.key.warehouse;
    let at = fulfilment
        .releases
        .iter()
        .position(|release| &release.key.reference == reference && &release.key.warehouse == warehouse);
    let Some(at) = at else { return };
    let transfer = fulfilment.releases[at].transfer;
    let before = |of: &ReleaseState| of.transfer == transfer && of.stage == ReleaseStage::Closed;
    let empty_before = fulfilment.releases.iter().any(|of| before(of) && of.is_untouched());
    let release = &mut fulfilment.releases[at];
    for (sku, quantity) in goods(shipped) {
        release.ship(sku, quantity);
    }
    if shipped.closes && release.is_untouched() && empty_before {
        // Once may be a race: a serial number has just left with another order, and Odoo reserves another one when
        // it knows. Asked for ever it would be closed for ever.
        let why = format!("{warehouse} closed {reference} and shipped nothing of it, for the second time");
        release.stage = ReleaseStage::Refused;
        release.refusal = Some(Reason::new(ReasonCode::ReleaseRefused, why));
    } else if shipped.closes || release.is_all_shipped() {
        release.stage = ReleaseStage::Closed;
    }
}
