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

/// Does the same with a document of whatever kind: `|key: D|` names its key and its type.
macro_rules! of_its_kind {
    ($subject:expr, |$key:ident: $kind:ident| $do:expr) => {
        match $subject {
            Subject::Order($key) => {
                type $kind = State;
                $do
            }
            Subject::Fulfilment($key) => {
                type $kind = Fulfilment;
                $do
            }
            Subject::Billing($key) => {
                type $kind = Billing;
                $do
            }
            Subject::Shipment($key) => {
                type $kind = Shipment;
                $do
            }
            Subject::Report($key) => {
                type $kind = Report;
                $do
            }
            Subject::Parcel($key) => {
                type $kind = Parcel;
                $do
            }
            Subject::Publication($key) => {
                type $kind = Publication;
                $do
            }
            Subject::Offer($key) => {
                type $kind = Offer;
                $do
            }
            Subject::Article($key) => {
                type $kind = Article;
                $do
            }
            Subject::Slice($key) => {
                type $kind = Slice;
                $do
            }
        }
    };
}

impl<P: Platform> OrderBook<P> {
    /// Wakes what is due, and gives its message. The index lags behind: the document itself says whether it
    /// is still due.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn wake(&self, subject: &Subject, now: Timestamp) -> Result<Option<Message>, PlatformError> {
        of_its_kind!(subject, |key: D| self.change::<D, _>(key, |d| wake(d, now)).await)
    }

    /// Takes up again what is parked, whatever it is, and gives its message. What is not parked is left alone.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn replay(&self, subject: &Subject) -> Result<Option<Message>, PlatformError> {
        let now = self.now();
        let message = of_its_kind!(subject, |key: D| self.change::<D, _>(key, |d| replay(d, now)).await?);
        match subject {
            Subject::Offer(key) => self.publish_anew(key, Topic::Stock).await,
            Subject::Article(key) => self.publish_anew(key, Topic::Catalogue).await,
            _ => Ok(message),
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
        Ok(of_its_kind!(subject, |key: D| of(self.document::<D>(key).await?)))
    }

    /// The message that carries something on from where it stands; none where it is at its end.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn message(&self, subject: &Subject) -> Result<Option<Message>, PlatformError> {
        fn of<D: Document>(document: Option<D>) -> Option<Message> {
            document.and_then(|document| document.message())
        }
        Ok(of_its_kind!(subject, |key: D| of(self.document::<D>(key).await?)))
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
