//! What a look at some SKUs came to, written down.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    Sku,
    catalogue::{Edit, Field, Listing},
    config::Channel,
    ids::OfferKey,
    reason::Reason,
};
use crossdock_platform::{
    Change, Document as _, Platform,
    article::Article,
    publication::{SkuStage, Topic},
    queue::send_all,
    stock::Offer,
};
use crossdock_publishing::{Trouble, park};

use crate::CataloguePublisher;

/// One look at some SKUs of one channel.
pub(crate) struct Round {
    skus: BTreeSet<Sku>,
    done: BTreeMap<Sku, Edit>,
    gone: BTreeSet<Sku>,
    made: BTreeSet<Sku>,
    parked: BTreeMap<Sku, Vec<Reason>>,
}

impl Round {
    pub fn new(skus: BTreeSet<Sku>) -> Self {
        Self {
            skus,
            done: BTreeMap::new(),
            gone: BTreeSet::new(),
            made: BTreeSet::new(),
            parked: BTreeMap::new(),
        }
    }

    pub fn done(&mut self, edit: &Edit) {
        self.done.insert(edit.sku.clone(), edit.clone());
    }

    pub fn made(&mut self, sku: &Sku) {
        self.made.insert(sku.clone());
    }

    pub fn gone(&mut self, sku: &Sku) {
        self.gone.insert(sku.clone());
    }

    pub fn park(&mut self, sku: &Sku, reason: Reason) {
        self.parked.entry(sku.clone()).or_default().push(reason);
    }
}

impl<P: Platform> CataloguePublisher<P> {
    /// Gives the SKUs whose article was gone when it was to be written.
    pub(crate) async fn record(&self, channel: &Channel, round: Round) -> Result<BTreeSet<Sku>, Trouble> {
        let now = self.book.now();
        self.count_anew(channel, &round.made).await?;
        // Siblings come with what was asked for.
        let known: BTreeSet<&Sku> =
            round.skus.iter().chain(round.done.keys()).chain(round.parked.keys()).collect();
        for sku in known.into_iter().filter(|sku| !round.gone.contains(*sku)) {
            let key = OfferKey::new(channel.id.clone(), sku.clone());
            // What cannot be asked is remembered.
            let edit = round.done.get(sku).filter(|_| !channel.has_api());
            let parked = round.parked.get(sku);
            self.book
                .change::<Article, _>(&key, |article| {
                    let mended = parked.is_none() && article.parked_since().is_some();
                    if edit.is_none() && !mended {
                        return Change::Leave(());
                    }
                    if let Some(edit) = edit {
                        tell(article.told.get_or_insert_default(), edit);
                    }
                    if parked.is_none() {
                        article.work.finish_in(SkuStage::Told, now, "told");
                    }
                    Change::Write(())
                })
                .await?;
            if let Some(reasons) = parked {
                park::<_, Article>(&self.book, &self.config, &key, reasons, |article| &mut article.work)
                    .await?;
            }
        }
        Ok(round.gone)
    }
}

impl<P: Platform> CataloguePublisher<P> {
    /// What was made is told its stock: until now the channel was known to have no such article.
    async fn count_anew(&self, channel: &Channel, made: &BTreeSet<Sku>) -> Result<(), Trouble> {
        if channel.stock.is_none() || made.is_empty() {
            return Ok(());
        }
        for sku in made {
            let key = OfferKey::new(channel.id.clone(), sku.clone());
            self.book
                .change::<Offer, _>(&key, |offer| match offer.absent_at.take() {
                    Some(_) => Change::Write(()),
                    None => Change::Leave(()),
                })
                .await?;
        }
        let skus: Vec<Sku> = made.iter().cloned().collect();
        let messages =
            self.book.open_publications(&channel.id, Topic::Stock, &skus, "made in the channel").await?;
        Ok(send_all(self.book.platform(), &messages).await?)
    }
}

/// What stands at the channel after an edit.
fn tell(told: &mut Listing, edit: &Edit) {
    let to = edit.to.clone();
    for field in &edit.fields {
        match field {
            Field::Price => told.price = to.price,
            Field::Steps => told.steps.clone_from(&to.steps),
            Field::Title => told.title.clone_from(&to.title),
            Field::Description => told.description.clone_from(&to.description),
            Field::Barcode => told.barcode.clone_from(&to.barcode),
            Field::Weight => told.weight = to.weight,
            Field::Category => told.category.clone_from(&to.category),
            Field::Offered => {}
            Field::Image => told.image.clone_from(&to.image),
            Field::CompareAt => told.compare_at = to.compare_at,
            Field::TaxClass => told.tax_class.clone_from(&to.tax_class),
            Field::Unit => told.unit.clone_from(&to.unit),
        }
    }
    // Whoever is told of an article's price has it.
    told.offered = to.offered;
}
