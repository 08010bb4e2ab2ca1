//! When a world is at rest, and what its ledger then says.

use std::time::Duration;

use anyhow::{Result, bail};
use crossdock_core::{
    message::{Message, QueueName},
    reason::ReasonCode,
};
use crossdock_platform::{
    OrderBook, QueueAddress, Subject,
    embedded::Embedded,
    orders::{State, after},
    watermark::Watermark,
};
use jiff::{SignedDuration, Timestamp};

use crate::{trace::Entry, world::World};

/// Longer than any lease, visibility, due time or backoff, one after another.
const LONGEST: SignedDuration = SignedDuration::from_hours(4);
/// More than anything leaves under way.
const MOST_DUE: usize = 1000;
const STEP: Duration = Duration::from_secs(20);

impl World {
    /// Runs until nothing is under way, and until Odoo was asked since for what became ready there.
    pub async fn settle(&mut self) -> Result<()> {
        let end = after(self.clock.now(), LONGEST);
        if !self.running {
            self.run().await?;
        }
        let mut since = None;
        while self.clock.now() < end {
            if self.is_at_rest().await? {
                let since = *since.get_or_insert(self.clock.now());
                if self.was_watched(since).await? {
                    return Ok(());
                }
            } else {
                since = None;
            }
            self.pass(SignedDuration::try_from(STEP)?).await?;
        }
        bail!("not settled after {LONGEST:#}: {:?}", self.unfinished().await?)
    }

    /// Looked at each twenty seconds of hours: what is under way mostly shows in a queue or in the index, and
    /// where nothing was written since nothing has changed.
    async fn is_at_rest(&self) -> Result<bool> {
        for queue in QueueName::ALL {
            if self.platform.next_visible(QueueAddress::Work(queue))?.is_some() {
                return Ok(false);
            }
        }
        let written = self.platform.rows_written();
        if self.at_rest.get() == Some(written) {
            return Ok(true);
        }
        let book = self.book();
        for subject in book.due(Timestamp::MAX, MOST_DUE).await? {
            if book.message(&subject).await?.is_some() && !book.waits_for_a_person(&subject).await? {
                return Ok(false);
            }
        }
        let done = self.unfinished().await?.is_empty();
        self.at_rest.set(done.then_some(written));
        Ok(done)
    }

    /// Whether whatever changed in Odoo before `since` has been noted.
    async fn was_watched(&self, since: Timestamp) -> Result<bool> {
        if self.config().warehouses.is_empty() {
            return Ok(true);
        }
        let watermark = Watermark::load(&self.platform, crossdock_odoo::PEER).await?;
        Ok(watermark.until().is_some_and(|until| until > since))
    }

    /// What is not at its end: what it is, its stage, and the last of its story.
    async fn unfinished(&self) -> Result<Vec<String>> {
        let mut open = Vec::new();
        for (subject, body) in self.documents()? {
            let book = self.book();
            if book.message(&subject).await?.is_some() && !book.waits_for_a_person(&subject).await? {
                let work = &body["work"];
                let last = work["log"].as_array().and_then(|log| log.last()).cloned().unwrap_or_default();
                open.push(format!("{subject} {} {last}", work["stage"]));
            }
        }
        Ok(open)
    }

    pub fn book(&self) -> OrderBook<Embedded> {
        OrderBook::new(self.platform.clone(), Default::default())
    }

    /// Everything that the ledger keeps a stage of.
    fn documents(&self) -> Result<Vec<(Subject, serde_json::Value)>> {
        let items = self.platform.items()?.into_iter();
        Ok(items.filter_map(|item| Some((Subject::of(&item.key)?, item.body))).collect())
    }

    /// What the ledger holds, to be read after what happened.
    pub fn ledger(&self) -> Vec<Entry> {
        let items = self.platform.items().unwrap_or_default().into_iter();
        let now = self.clock.now();
        items.map(|item| Entry::new(now, "the ledger", &format!("{} {}", item.key.pk, item.body))).collect()
    }

    /// What the ledger says of every order.
    pub async fn states(&self) -> Result<Vec<State>> {
        Ok(self.book().all(None, 1000).await?.0)
    }

    /// What is parked beside orders, and for what.
    pub async fn parked_beside(&self) -> Result<Vec<(Subject, Vec<ReasonCode>)>> {
        let mut parked = Vec::new();
        for (subject, _) in self.documents()? {
            let codes: Vec<ReasonCode> =
                self.book().reasons(&subject).await?.into_iter().map(|reason| reason.code).collect();
            if !codes.is_empty() && !matches!(subject, Subject::Order(_)) {
                parked.push((subject, codes));
            }
        }
        Ok(parked)
    }

    /// Every message that there could be of whatever the ledger holds.
    pub fn every_message(&self) -> Result<Vec<Message>> {
        let messages = |subject: Subject| match subject {
            Subject::Order(order) => {
                vec![Message::OrderChanged { order: order.clone() }, Message::OrderValidated { order }]
            }
            Subject::Fulfilment(order) => vec![Message::TransfersChanged { order }],
            Subject::Billing(order) => vec![Message::BillingOpened { order }],
            Subject::Shipment(shipment) => vec![
                Message::ShipmentReported { shipment: shipment.clone() },
                Message::ShipmentApplied { shipment },
            ],
            Subject::Report(report) => vec![Message::WarehouseReported { report }],
            Subject::Parcel(parcel) => vec![Message::ParcelMoved { parcel }],
            Subject::Publication(publication) => vec![Message::StockChanged { publication }],
            // Told with others.
            Subject::Offer(_) | Subject::Article(_) | Subject::Slice(_) => Vec::new(),
        };
        Ok(self.documents()?.into_iter().flat_map(|(subject, _)| messages(subject)).collect())
    }

    /// Asks once more for a look at whatever is released, shipped, invoiced or paid of each order.
    pub async fn ask_for_every_look(&self) -> Result<()> {
        let mut messages = Vec::new();
        for (subject, body) in self.documents()? {
            let sale = body["sale"].as_i64().unwrap_or_default();
            messages.extend(match &subject {
                Subject::Fulfilment(order) => self.book().notice_order(order, sale, "once more").await?,
                Subject::Billing(order) => self.book().open_billing(order, sale).await?,
                Subject::Order(_)
                | Subject::Shipment(_)
                | Subject::Report(_)
                | Subject::Parcel(_)
                | Subject::Publication(_)
                | Subject::Offer(_)
                | Subject::Article(_)
                | Subject::Slice(_) => None,
            });
        }
        self.send(&messages).await
    }

    /// The bodies of all dead letters.
    pub fn dead_letters(&self) -> Result<Vec<String>> {
        let mut dead = Vec::new();
        for queue in QueueName::ALL {
            dead.extend(self.platform.messages(QueueAddress::Dead(queue))?);
        }
        Ok(dead)
    }
}
