//! One channel, brought to what Odoo says: compare, write what differs, and leave the rest to people.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    Sku,
    catalogue::{Action, Edit, Edited, Entry, Family, Problem, families},
    config::Channel,
    order::short_digest,
    reason::{Reason, ReasonCode},
};
use crossdock_peers::Shop;
use crossdock_platform::Platform;
use crossdock_publishing::{Audit, End, Occasion, Trouble};
use jiff::Timestamp;

use crate::{
    CataloguePublisher, Compared,
    audit::{differences, is_left},
    record::Round,
};

/// An article that is gone when it is written is looked for once more.
const ROUNDS: usize = 2;

impl<P: Platform> CataloguePublisher<P> {
    pub(crate) async fn rounds(
        &self,
        channel: &Channel,
        shop: &Shop<P>,
        occasion: &Occasion,
        deadline: Timestamp,
    ) -> Result<End, Trouble> {
        let Some(policy) = &channel.catalogue else {
            return Ok(End::Done("its catalogue is not told any more"));
        };
        let mut skus: BTreeSet<Sku> =
            occasion.skus.iter().filter(|sku| policy.is_about(sku)).cloned().collect();
        let mut differing = Vec::new();
        for attempt in 0..ROUNDS {
            // Joined publications may hold more SKUs than one look takes.
            let all: Vec<Sku> = skus.iter().cloned().collect();
            skus.clear();
            for part in all.chunks(crossdock_platform::publication::Topic::Catalogue.skus_at_most()) {
                let part: BTreeSet<Sku> = part.iter().cloned().collect();
                let mut compared = match self.compare(channel, policy, shop, &part, deadline).await? {
                    Ok(compared) => compared,
                    Err(reason) => return Ok(End::Park(reason)),
                };
                if let Some(audit) = &occasion.audit {
                    let found = differences(channel, &part, &compared.entries);
                    let heals = |class| self.config.reconcile.heals_at_most(class);
                    differing = self.book.found(&audit.publication, &audit.slice, found, heals).await?;
                    compared.entries.retain(|entry| !is_left(channel, &part, entry, &differing));
                }
                let mut round = Round::new(part);
                round.report(&compared.entries);
                let mut written =
                    self.write(shop, &compared, &format!("{} {attempt}", occasion.name), &mut round).await;
                if written.is_ok() {
                    written = self.make(channel, shop, &compared, &mut round).await;
                }
                // What was written before a failure is known as written.
                skus.extend(self.record(channel, round).await?);
                written?;
            }
            if skus.is_empty() {
                break;
            }
        }
        if let Some(Audit { publication, slice }) = &occasion.audit {
            self.book.compared(slice, &publication.id, occasion.skus.len(), &differing).await?;
        }
        Ok(End::Done(if skus.is_empty() { "told" } else { "told, but for articles that are gone" }))
    }

    async fn write(
        &self,
        shop: &Shop<P>,
        compared: &Compared,
        occasion: &str,
        round: &mut Round,
    ) -> Result<(), Trouble> {
        let mut edits: Vec<Edit> = compared.entries.iter().filter_map(Entry::edit).collect();
        // What belongs to one product goes in one request.
        edits.sort_by(|a, b| a.handle.cmp(&b.handle));
        for part in shop.api.parts_of_edits(&edits) {
            shop.pace.enter(shop.api.calls_of_edits(part)).await??;
            let key = key(occasion, part);
            let answers = shop.api.edit(part, &compared.currency, compared.read, &key).await;
            shop.pace.learn(&answers).await?;
            for (edit, answer) in part.iter().zip(answers?) {
                match answer {
                    Edited::Done => round.done(edit),
                    Edited::Gone => round.gone(&edit.sku),
                    Edited::Refused(why) => {
                        let why = format!("{}: {why}", edit.sku);
                        round.park(&edit.sku, Reason::new(ReasonCode::ArticleRefused, why));
                    }
                }
            }
        }
        Ok(())
    }
}

impl<P: Platform> CataloguePublisher<P> {
    /// Makes what the channel lacks.
    async fn make(
        &self,
        channel: &Channel,
        shop: &Shop<P>,
        compared: &Compared,
        round: &mut Round,
    ) -> Result<(), Trouble> {
        let families = families(&compared.entries, &compared.begun);
        let pictured = channel.catalogue.as_ref().is_some_and(|policy| policy.image.is_some());
        let varied = |family: &Family| family.members.iter().any(|(_, new)| !new.options.is_empty());
        let (varied, simple): (Vec<Family>, Vec<Family>) = families.into_iter().partition(varied);
        // What may take several calls goes alone: what was made before one of them fails is known as made.
        for part in simple.chunks(shop.api.families_at_most(pictured)).chain(varied.chunks(1)) {
            shop.pace.enter(shop.api.calls_of_families(part)).await??;
            let made = shop.api.create(part, channel.stock.is_some()).await;
            shop.pace.learn(&made).await?;
            for (sku, answer) in made? {
                match answer {
                    Edited::Done => round.made(&sku),
                    Edited::Gone => round.gone(&sku),
                    Edited::Refused(why) => {
                        round.park(&sku, Reason::new(ReasonCode::ArticleRefused, format!("{sku}: {why}")));
                    }
                }
            }
        }
        Ok(())
    }
}

impl Round {
    /// Notes what only a person can mend. What one side alone has is no trouble of the channel's, and is shown by
    /// the dry run.
    fn report(&mut self, entries: &[Entry]) {
        let mut alone: BTreeMap<Problem, usize> = BTreeMap::new();
        for entry in entries {
            let Action::Report(problem) = entry.action else { continue };
            match code(problem) {
                Some(code) => self.park(&entry.sku, Reason::new(code, format!("SKU {}", entry.sku))),
                None => *alone.entry(problem).or_default() += 1,
            }
        }
        if !alone.is_empty() {
            tracing::info!(?alone, "SKUs that one side alone has");
        }
    }
}

fn code(problem: Problem) -> Option<ReasonCode> {
    match problem {
        Problem::TwiceInOdoo => Some(ReasonCode::SkuTwiceInOdoo),
        Problem::TwiceInChannel => Some(ReasonCode::SkuTwiceInChannel),
        Problem::StillOffered => Some(ReasonCode::StillOffered),
        Problem::NoPrice => Some(ReasonCode::NoPrice),
        Problem::TaxesDiffer => Some(ReasonCode::TaxesDiffer),
        Problem::VariantsDisagree => Some(ReasonCode::VariantsDisagree),
        // Most of what lies in Odoo is not sold in every channel.
        Problem::OnlyInOdoo | Problem::OnlyInChannel => None,
    }
}

/// Names one call: the same edits on the same occasion.
fn key(occasion: &str, edits: &[Edit]) -> String {
    let each = edits.iter().map(|edit| format!("{}\n{:?}\n{:?}", edit.handle, edit.fields, edit.to));
    let text: Vec<String> = [occasion.to_owned()].into_iter().chain(each).collect();
    short_digest(text.join("\n").as_bytes())
}
