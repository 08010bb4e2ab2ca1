//! What is done with a document of any kind: woken, taken up again, asked for its reasons and its message.

use crossdock_core::{ids::OfferKey, message::Message, reason::Reason};
use jiff::Timestamp;

use crate::{
    Change, Document, OrderBook, Platform, PlatformError, Subject,
    article::Article,
    fulfilment::{Billing, Fulfilment, Parcel, Report, Shipment},
    orders::State,
    publication::{Publication, Topic},
    reconciliation::Slice,
    stock::Offer,
};

impl<P: Platform> OrderBook<P> {
    /// Wakes what is due, and gives its message. The index lags behind: the document itself says whether it
    /// is still due.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn wake(&self, subject: &Subject, now: Timestamp) -> Result<Option<Message>, PlatformError> {
        match subject {
            Subject::Order(key) => self.change::<State, _>(key, |d| wake(d, now)).await,
            Subject::Fulfilment(key) => self.change::<Fulfilment, _>(key, |d| wake(d, now)).await,
            Subject::Billing(key) => self.change::<Billing, _>(key, |d| wake(d, now)).await,
            Subject::Shipment(key) => self.change::<Shipment, _>(key, |d| wake(d, now)).await,
            Subject::Report(key) => self.change::<Report, _>(key, |d| wake(d, now)).await,
            Subject::Parcel(key) => self.change::<Parcel, _>(key, |d| wake(d, now)).await,
            Subject::Publication(key) => self.change::<Publication, _>(key, |d| wake(d, now)).await,
            Subject::Offer(key) => self.change::<Offer, _>(key, |d| wake(d, now)).await,
            Subject::Article(key) => self.change::<Article, _>(key, |d| wake(d, now)).await,
            Subject::Slice(key) => self.change::<Slice, _>(key, |d| wake(d, now)).await,
        }
    }

    /// Takes up again what is parked of an order beside the order itself: its releases and its invoices.
    /// What is not parked is left alone.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn replay(&self, subject: &Subject) -> Result<Option<Message>, PlatformError> {
        let now = self.now();
        match subject {
            Subject::Order(key) => self.change::<State, _>(key, |d| replay(d, now)).await,
            Subject::Fulfilment(key) => self.change::<Fulfilment, _>(key, |d| replay(d, now)).await,
            Subject::Billing(key) => self.change::<Billing, _>(key, |d| replay(d, now)).await,
            Subject::Shipment(key) => self.change::<Shipment, _>(key, |d| replay(d, now)).await,
            Subject::Report(key) => self.change::<Report, _>(key, |d| replay(d, now)).await,
            Subject::Parcel(key) => self.change::<Parcel, _>(key, |d| replay(d, now)).await,
            Subject::Publication(key) => self.change::<Publication, _>(key, |d| replay(d, now)).await,
            Subject::Offer(key) => {
                self.change::<Offer, _>(key, |d| replay(d, now)).await?;
                self.publish_anew(key, Topic::Stock).await
            }
            Subject::Article(key) => {
                self.change::<Article, _>(key, |d| replay(d, now)).await?;
                self.publish_anew(key, Topic::Catalogue).await
            }
            Subject::Slice(key) => self.change::<Slice, _>(key, |d| replay(d, now)).await,
        }
    }

    /// It has no message of its own: it is told with others.
    async fn publish_anew(&self, key: &OfferKey, topic: Topic) -> Result<Option<Message>, PlatformError> {
        let skus = std::slice::from_ref(&key.sku);
        Ok(self.open_publications(&key.channel, topic, skus, "replayed by hand").await?.pop())
    }

    /// The reasons for which something is parked; empty where it is not (any more).
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn reasons(&self, subject: &Subject) -> Result<Vec<Reason>, PlatformError> {
        fn of<D: Document>(document: Option<D>) -> Vec<Reason> {
            document.filter(|d| d.parked_since().is_some()).map(|d| d.reasons().to_vec()).unwrap_or_default()
        }
        Ok(match subject {
            Subject::Order(key) => of(self.document::<State>(key).await?),
            Subject::Fulfilment(key) => of(self.document::<Fulfilment>(key).await?),
            Subject::Billing(key) => of(self.document::<Billing>(key).await?),
            Subject::Shipment(key) => of(self.document::<Shipment>(key).await?),
            Subject::Report(key) => of(self.document::<Report>(key).await?),
            Subject::Parcel(key) => of(self.document::<Parcel>(key).await?),
            Subject::Publication(key) => of(self.document::<Publication>(key).await?),
            Subject::Offer(key) => of(self.document::<Offer>(key).await?),
            Subject::Article(key) => of(self.document::<Article>(key).await?),
            Subject::Slice(key) => of(self.document::<Slice>(key).await?),
        })
    }

    /// The message that carries something on from where it stands; none where it is at its end.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn message(&self, subject: &Subject) -> Result<Option<Message>, PlatformError> {
        fn of<D: Document>(document: Option<D>) -> Option<Message> {
            document.and_then(|document| document.message())
        }
        Ok(match subject {
            Subject::Order(key) => of(self.document::<State>(key).await?),
            Subject::Fulfilment(key) => of(self.document::<Fulfilment>(key).await?),
            Subject::Billing(key) => of(self.document::<Billing>(key).await?),
            Subject::Shipment(key) => of(self.document::<Shipment>(key).await?),
            Subject::Report(key) => of(self.document::<Report>(key).await?),
            Subject::Parcel(key) => of(self.document::<Parcel>(key).await?),
            Subject::Publication(key) => of(self.document::<Publication>(key).await?),
            Subject::Offer(key) => of(self.document::<Offer>(key).await?),
            Subject::Article(key) => of(self.document::<Article>(key).await?),
            Subject::Slice(key) => of(self.document::<Slice>(key).await?),
        })
    }
}

fn wake<D: Document>(document: &mut D, now: Timestamp) -> Change<Option<Message>> {
    if document.due_at().is_none_or(|due| due > now) {
        return Change::Leave(None);
    }
    document.wake(now);
    Change::Write(document.message())
}

fn replay<D: Document>(document: &mut D, now: Timestamp) -> Change<Option<Message>> {
    if document.parked_since().is_none() {
        return Change::Leave(None);
    }
    document.replay(now);
    Change::Write(document.message())
}
