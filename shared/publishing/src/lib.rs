//! What the functions share that tell channels what changed in Odoo: the batch of publications, and
//! what becomes of one.
//!
//! Publications of one channel are joined before it is told: a SKU that changed fifty times is told once.

mod outcome;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
};

use crossdock_core::{
    ChannelId, OrderKey, Sku,
    config::{Channel, Config},
    ids::{PublicationKey, SliceKey},
    reason::ReasonCode,
};
use crossdock_peers::{LONGEST_REQUEST, Shop};
use crossdock_platform::{OrderBook, Platform, orders::after, publication::Publication};
use crossdock_runtime::Answers;
use futures_util::future::join_all;
use jiff::Timestamp;

pub use crossdock_platform::Trouble;
pub use outcome::{End, named, park};

/// What a channel is to be told of, joined from its publications.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Occasion {
    pub skus: BTreeSet<Sku>,
    /// Orders that sold of them so lately that an index may not show them yet.
    pub orders: BTreeSet<OrderKey>,
    /// A request of an earlier try may have been done since: what the ledger says of the channel proves nothing.
    pub afresh: bool,
    /// Tries before this one that failed.
    pub tries: u32,
    /// It is compared for a reconciliation, and told only as far as that may mend it.
    pub audit: Option<Audit>,
    /// One text for whatever is asked for once more after a failure.
    pub name: String,
}

/// What a publication is that compares for a reconciliation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    pub publication: PublicationKey,
    pub slice: SliceKey,
}

impl Audit {
    fn of(publication: &Publication) -> Option<Self> {
        let slice = publication.audit.clone()?;
        Some(Self { publication: publication.key.clone(), slice })
    }
}

impl Occasion {
    fn of(publications: &[Publication]) -> Self {
        let keys: Vec<String> = publications.iter().map(|one| one.key.to_string()).collect();
        Self {
            skus: publications.iter().flat_map(|one| one.skus.iter().cloned()).collect(),
            orders: publications.iter().flat_map(|one| one.orders.iter().cloned()).collect(),
            afresh: publications.iter().any(|one| one.doubt.is_some() || one.audit.is_some()),
            tries: publications.iter().map(|one| one.work.attempts).max().unwrap_or_default(),
            audit: publications.iter().find_map(Audit::of),
            name: keys.join(" "),
        }
    }
}

/// A function that tells channels about SKUs.
pub trait Publisher<P: Platform>: Sync {
    /// What a publication is parked for that no other try will bring through.
    const REFUSED: ReasonCode;

    /// Whether the configuration lets it tell a channel anything.
    fn is_told(channel: &Channel) -> bool;

    fn book(&self) -> &OrderBook<P>;

    fn config(&self) -> &Config;

    /// The shops that it tells.
    fn shops(&self) -> &BTreeMap<ChannelId, Shop<P>>;

    /// Tells one channel.
    fn tell(
        &self,
        channel: &Channel,
        shop: &Shop<P>,
        occasion: &Occasion,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<End, Trouble>> + Send;
}

/// Takes publications through their publisher, channel by channel. One that is not open is done.
pub async fn handle_batch<P: Platform>(
    publisher: &impl Publisher<P>,
    keys: &[PublicationKey],
    deadline: Timestamp,
) -> Answers<PublicationKey> {
    let mut answers = Vec::new();
    // By channel. What is compared for a reconciliation is an occasion of its own.
    let mut occasions: BTreeMap<ChannelId, BTreeMap<Option<PublicationKey>, Vec<Publication>>> =
        BTreeMap::new();
    for key in keys {
        match publisher.book().take_publication(key, after(deadline, LONGEST_REQUEST)).await {
            Ok(Some(open)) => {
                let alone = open.audit.is_some().then(|| key.clone());
                occasions.entry(key.channel.clone()).or_default().entry(alone).or_default().push(open);
            }
            Ok(None) => answers.push((key.clone(), Ok(()))),
            Err(error) => answers.push((key.clone(), Err(error))),
        }
    }
    // All channels at the same time, so that a shop that is slow keeps no other waiting.
    let all = occasions.into_iter().map(async |(channel, occasions)| {
        let mut answers = Vec::new();
        for publications in occasions.into_values() {
            let end = publish(publisher, &channel, &Occasion::of(&publications), deadline).await;
            for publication in &publications {
                let stored = outcome::store(publisher.book(), publisher.config(), publication, &end).await;
                answers.push((publication.key.clone(), stored));
            }
        }
        answers
    });
    answers.extend(join_all(all).await.into_iter().flatten());
    answers
}

async fn publish<P: Platform, T: Publisher<P>>(
    publisher: &T,
    channel: &ChannelId,
    occasion: &Occasion,
    deadline: Timestamp,
) -> End {
    let Some(channel) = publisher.config().channel(channel) else { return End::Done("the channel is gone") };
    if !T::is_told(channel) {
        return End::Done("it is not told any more");
    }
    let Some(shop) = publisher.shops().get(&channel.id) else {
        return End::Retry {
            after: None,
            ambiguous: false,
            why: format!("{} has no API secret yet", channel.id),
        };
    };
    match publisher.tell(channel, shop, occasion, deadline).await {
        Ok(end) => end,
        Err(trouble) => {
            tracing::warn!(channel.name = %channel.id, error = %trouble, "it was not told to the end");
            End::after(&trouble, T::REFUSED)
        }
    }
}
