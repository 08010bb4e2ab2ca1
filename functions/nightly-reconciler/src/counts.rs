//! What a warehouse counts, against what Odoo has there: a page of the warehouse's counts for each step.
//!
//! Odoo follows a warehouse only where the warehouse's policy says so, and then by the path of a snapshot that the
//! warehouse told by itself, with all that makes a correction safe.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    advice::{Advice, AdviceKind, AdviceLine},
    config::{self, OdooRef, OnAdvice},
    difference::{Difference, DifferenceKind, Healing},
    ids::{AdviceId, SliceKey},
    order::short_digest,
    shipment::Notice,
};
use crossdock_odoo::counts::{self, Found, Place, Shelf, Thing};
use crossdock_peers::Remote;
use crossdock_platform::{Platform, PlatformError, queue::send_all, reconciliation::Slice};
use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::{NightlyReconciler, Trouble};

/// The products, their quants, their lots, what was booked and what moved.
const CALLS: u32 = 5;
/// Lines that Odoo is asked for at once.
const PART: usize = 500;

impl<P: Platform> NightlyReconciler<P> {
    /// Compares a page of what the warehouse counts, has Odoo follow where it may, and moves the slice on.
    pub(crate) async fn counts(
        &self,
        config: &config::Warehouse,
        slice: &Slice,
        deadline: Timestamp,
    ) -> Result<(), Trouble> {
        let remote = self.remote(&config.id)?;
        let asked_at = self.book.now();
        remote.pace.enter(1).await??;
        let page = remote.api.counts(slice.cursor.as_deref()).await;
        remote.pace.learn(&page).await?;
        let page = page?;
        let place = match page {
            Some(_) => self.place(&config.odoo, deadline).await?,
            None => None,
        };
        let (Some(page), Some(place)) = (page, place) else {
            tracing::info!(warehouse.name = %config.id, "what it counts is not compared: it cannot be asked, or is not in Odoo");
            return Ok(self.book.end_page(slice, 0, None).await?);
        };
        let shelves = self.shelves(place, &page.lines, slice.until, deadline).await?;
        let tolerance = Decimal::from(self.config.reconcile.stock_tolerance);
        let differs = |(line, shelf): &&(&AdviceLine, Shelf)| {
            let settled = !shelf.moved && !shelf.may_have_left(line.quantity);
            settled && (line.quantity - shelf.on_hand).abs() > tolerance
        };
        let mut differing: Vec<_> = shelves.iter().filter(differs).collect();
        let mut known_since = BTreeMap::new();
        if !differing.is_empty() {
            let on_their_way = self.book.on_their_way(&config.id).await?;
            differing.retain(|(line, _)| !on_their_way.contains(&line.sku));
            known_since = self.known_since(slice).await?;
        }
        let subject = |line: &AdviceLine| format!("{}/{}", config.id, line.name());
        let found = differing.iter().map(|(line, shelf)| {
            let subject = subject(line);
            Difference {
                kind: DifferenceKind::WarehouseStockDiffers,
                detail: format!("the warehouse counts {}, Odoo {}", line.quantity, shelf.on_hand),
                since: known_since.get(&subject).copied(),
                subject,
                healed: false,
            }
        });
        let found: Vec<Difference> = found.collect();
        let follows = config.stock.snapshots == OnAdvice::Apply;
        let at_most = |class| if follows || class != Healing::WarehouseStock { self.heals(class) } else { 0 };
        let doing = self.book.begin_page(slice, found, at_most).await?;
        let healed: BTreeSet<&str> =
            doing.iter().filter(|one| one.healed).map(|one| one.subject.as_str()).collect();
        let follow = differing.iter().map(|(line, _)| *line);
        let follow = follow.filter(|line| healed.contains(subject(line).as_str()));
        let lines: Vec<AdviceLine> = follow.cloned().collect();
        self.follow(remote, slice, asked_at, lines).await?;
        Ok(self.book.end_page(slice, shelves.len(), page.next).await?)
    }

    /// Since when each thing differs that the run before has found, too: no system says when a count went wrong.
    async fn known_since(&self, slice: &Slice) -> Result<BTreeMap<String, Timestamp>, PlatformError> {
        let Some(run) = self.runs_before(&slice.key.run).await?.into_iter().next() else {
            return Ok(BTreeMap::new());
        };
        let key = SliceKey::new(run, slice.key.name.clone());
        let Some(before) = self.book.document::<Slice>(&key).await? else { return Ok(BTreeMap::new()) };
        let since = |one: Difference| (one.subject, one.since.unwrap_or(before.until));
        Ok(before.kept.into_iter().map(since).collect())
    }

    /// Where the warehouse's goods lie in Odoo; none where Odoo has no such warehouse.
    async fn place(&self, wanted: &OdooRef, deadline: Timestamp) -> Result<Option<Place>, Trouble> {
        self.pace.enter(CALLS).await??;
        let house = self.catalogue.warehouse(self.config.companies(), wanted).await;
        self.pace.learn(&house).await?;
        let Some(house) = house? else { return Ok(None) };
        let place = counts::place(&self.odoo.until(deadline), house).await;
        self.pace.learn(&place).await?;
        Ok(place?)
    }

    /// What Odoo has of each line that it can be compared with. What it does not know, or counts by lots where the
    /// warehouse names none, nobody can hold against it: a 3PL may have the goods of others.
    async fn shelves<'a>(
        &self,
        place: Place,
        lines: &'a [AdviceLine],
        since: Timestamp,
        deadline: Timestamp,
    ) -> Result<Vec<(&'a AdviceLine, Shelf)>, Trouble> {
        let known = |(line, found)| match found {
            Found::Shelf(shelf) => Some((line, shelf)),
            Found::NoProduct | Found::SeveralProducts | Found::LotNeeded | Found::NoLot => None,
        };
        let mut shelves = Vec::new();
        for part in lines.chunks(PART) {
            let things: Vec<Thing> = part.iter().map(Thing::from).collect();
            self.pace.enter(CALLS).await??;
            // No move is called by nothing: whatever was booked before says nothing here.
            let seen = counts::look(&self.odoo.until(deadline), place, &things, "", Some(since)).await;
            self.pace.learn(&seen).await?;
            shelves.extend(part.iter().zip(seen?).filter_map(known));
        }
        Ok(shelves)
    }

    /// Takes the counts in as if the warehouse had told them in a snapshot.
    async fn follow(
        &self,
        remote: &Remote<P>,
        slice: &Slice,
        at: Timestamp,
        lines: Vec<AdviceLine>,
    ) -> Result<(), PlatformError> {
        if lines.is_empty() {
            return Ok(());
        }
        // Counted again after a crash it is another snapshot, of another moment.
        let digest = short_digest(format!("{} {at} {lines:?}", slice.key).as_bytes());
        let id = AdviceId::new(format!("asked-{digest}"));
        let id = id.map_err(|error| PlatformError::Corrupt { what: error.to_string() })?;
        let advice = Box::new(Advice { id, at, kind: AdviceKind::Snapshot, lines });
        let notice = Notice::Stock { advice };
        let noticed = self.book.take_notice(&remote.config.id, &notice, &self.config.digest()).await?;
        send_all(self.book.platform(), &noticed.messages).await
    }
}
