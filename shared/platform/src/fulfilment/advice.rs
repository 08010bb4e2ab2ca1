//! What a warehouse says of its stock: taken in once, worked on by one at a time, and compared by its own time.

use std::collections::BTreeSet;

use crossdock_core::{
    Sku, WarehouseId,
    advice::{Advice, AdviceKind, AdviceLine, Receipt},
    ids::{AdviceId, ReportId, ReportKey},
    message::Message,
    order::short_digest,
    reason::{Reason, ReasonCode},
    shipment::Notice,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Noticed, Report, ReportStage, Shipment};
use crate::{
    Key, OrderBook, Platform, PlatformError, Subject,
    documents::{Change, Document, Group},
    orders::Lease,
    work::after,
};

/// More on its way than this is too much to look at one by one.
const MOST: usize = 10_000;

/// Who corrects the stock of a warehouse in Odoo: one at a time, for two counts of one place overwrite each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counting {
    key: WarehouseId,
    lease: Option<Lease>,
}

/// What is known of a SKU of a warehouse, or of a lot of it: the newest times, by the warehouse's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    key: ReportKey,
    /// The newest snapshot that was compared.
    pub compared: Option<Timestamp>,
    /// The newest snapshot that Odoo agrees with, by itself or corrected.
    pub settled: Option<Timestamp>,
    /// The newest adjustment that stands in Odoo.
    pub adjusted: Option<Timestamp>,
}

impl Tally {
    /// Whether something newer is known: an adjustment that is in a snapshot already, or a snapshot that a newer
    /// one or a later adjustment has overtaken.
    #[must_use]
    pub fn overtakes(&self, advice: &Advice) -> bool {
        match advice.kind {
            AdviceKind::Adjustment { .. } => self.settled.is_some_and(|settled| advice.at <= settled),
            AdviceKind::Snapshot => {
                self.compared.max(self.settled).max(self.adjusted).is_some_and(|newest| advice.at < newest)
            }
        }
    }

    /// Takes in what became of a line; says whether anything is new. `stands` is whether Odoo agrees with it now.
    fn learn(&mut self, advice: &Advice, stands: bool) -> bool {
        let before = self.clone();
        let at = Some(advice.at);
        match advice.kind {
            AdviceKind::Snapshot => {
                self.compared = self.compared.max(at);
                self.settled = if stands { self.settled.max(at) } else { self.settled };
            }
            AdviceKind::Adjustment { .. } if stands => self.adjusted = self.adjusted.max(at),
            AdviceKind::Adjustment { .. } => {}
        }
        *self != before
    }
}

fn tally_key(warehouse: &WarehouseId, line: &AdviceLine) -> Result<ReportKey, PlatformError> {
    // No SKU has a control character.
    keyed(warehouse, &format!("{}\n{}", line.sku, line.lot.as_deref().unwrap_or_default()))
}

/// The key of an advice: by its id, whatever it says.
pub(super) fn advice_key(warehouse: &WarehouseId, advice: &Advice) -> Result<ReportKey, PlatformError> {
    keyed(warehouse, &format!("stock advice {}", advice.id))
}

/// The key of a receipt: by its id, whatever it says.
pub(super) fn receipt_key(warehouse: &WarehouseId, receipt: &Receipt) -> Result<ReportKey, PlatformError> {
    keyed(warehouse, &format!("receipt {}", receipt.id))
}

fn keyed(warehouse: &WarehouseId, text: &str) -> Result<ReportKey, PlatformError> {
    let id = ReportId::new(short_digest(text.as_bytes()));
    let id = id.map_err(|error| PlatformError::Corrupt { what: error.to_string() })?;
    Ok(ReportKey::new(warehouse.clone(), id))
}

impl<P: Platform> OrderBook<P> {
    /// Stores what a warehouse says of its stock, or has received. The same again changes nothing; other content
    /// under the same id is a person's, and the first one stays what counts.
    pub(super) async fn take_once(
        &self,
        warehouse: &WarehouseId,
        notice: &Notice,
        id: &AdviceId,
        config: &str,
    ) -> Result<Noticed, PlatformError> {
        let key = Report::key_of(warehouse, notice)?;
        let now = self.now();
        let (outcome, message) = self
            .change::<Report, _>(&key, |report| {
                match &report.notice {
                    // Nothing was stored yet.
                    Notice::Ping => {
                        report.notice = notice.clone();
                        report.work.reopen_in(ReportStage::Reported, now, "told by the warehouse");
                        Change::Write(("new", report.message()))
                    }
                    known if known == notice => Change::Leave(("same", report.message())),
                    _ => {
                        report.told = report.told.saturating_add(1);
                        let why = format!("{warehouse} told {id} again with other content");
                        report.work.park(vec![Reason::new(ReasonCode::AdviceChanged, why)], config, now);
                        Change::Write(("changed", report.message()))
                    }
                }
            })
            .await?;
        Ok(Noticed { outcome, messages: message.into_iter().collect() })
    }

    /// Takes the stock of a warehouse for work that ends by `deadline`; or says when somebody else's turn ends.
    ///
    /// **Invariant:** as with an order's lease, one that expired means that no request of its holder can still
    /// commit in Odoo; `request_limit_s` is the longest that one can live there.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn hold_stock(
        &self,
        warehouse: &WarehouseId,
        deadline: Timestamp,
        request_limit_s: u32,
    ) -> Result<Result<String, Timestamp>, PlatformError> {
        let holder = self.platform().entropy().token();
        let until = after(deadline, SignedDuration::from_secs(i64::from(request_limit_s)));
        let now = self.now();
        self.change::<Counting, _>(warehouse, |counting| {
            let theirs = counting.lease.as_ref().filter(|lease| lease.until > now && lease.holder != holder);
            if let Some(theirs) = theirs {
                return Change::Leave(Err(theirs.until));
            }
            counting.lease = Some(Lease { holder: holder.clone(), until });
            Change::Write(Ok(holder.clone()))
        })
        .await
    }

    /// Gives the stock of a warehouse back, or keeps it until `keep` where a request may still commit.
    ///
    /// # Errors
    /// When the ledger does not answer: it then ends by itself.
    pub async fn give_stock_back(
        &self,
        warehouse: &WarehouseId,
        holder: &str,
        keep: Option<Timestamp>,
    ) -> Result<(), PlatformError> {
        self.change::<Counting, _>(warehouse, |counting| {
            if counting.lease.as_ref().is_none_or(|lease| lease.holder != holder) {
                return Change::Leave(());
            }
            counting.lease = keep.map(|until| Lease { holder: holder.to_owned(), until });
            Change::Write(())
        })
        .await
    }

    /// Whether something newer is known of a line than what the advice says.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn is_overtaken(
        &self,
        warehouse: &WarehouseId,
        advice: &Advice,
        line: &AdviceLine,
    ) -> Result<bool, PlatformError> {
        let tally = self.document::<Tally>(&tally_key(warehouse, line)?).await?;
        Ok(tally.is_some_and(|tally| tally.overtakes(advice)))
    }

    /// SKUs of shipments and receipts that the warehouse has told of and that do not stand in Odoo. By the lagging
    /// index.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn on_their_way(&self, warehouse: &WarehouseId) -> Result<BTreeSet<Sku>, PlatformError> {
        let mut subjects = self.due_in(&[Group::Flow], Timestamp::MAX, MOST).await?;
        subjects.extend(self.parked_in(&[Group::Flow], MOST).await?);
        let mut skus = BTreeSet::new();
        for (subject, _) in subjects {
            let lines = match subject {
                Subject::Shipment(key) if &key.warehouse == warehouse => {
                    let shipment = self.document::<Shipment>(&key).await?;
                    let open = shipment.filter(|shipment| shipment.applied.is_none());
                    open.and_then(|shipment| shipment.content).map(|content| content.lines)
                }
                Subject::Report(key) if &key.warehouse == warehouse => {
                    let report = self.document::<Report>(&key).await?;
                    let open = report.filter(|report| report.work.stage != ReportStage::Done);
                    open.and_then(|report| match report.notice {
                        Notice::Received { receipt } => Some(receipt.lines),
                        _ => None,
                    })
                }
                _ => None,
            };
            skus.extend(lines.into_iter().flatten().map(|line| line.sku));
        }
        Ok(skus)
    }

    /// Remembers that a line was compared, and whether Odoo agrees with it now.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn tally(
        &self,
        warehouse: &WarehouseId,
        advice: &Advice,
        line: &AdviceLine,
        stands: bool,
    ) -> Result<(), PlatformError> {
        self.change::<Tally, _>(&tally_key(warehouse, line)?, |tally| {
            if tally.learn(advice, stands) { Change::Write(()) } else { Change::Leave(()) }
        })
        .await
    }
}

/// Nobody wakes it, and it has nothing to say: it is read by whoever works on a report.
macro_rules! silent {
    ($name:ident, $key:ty, $kind:literal, $empty:expr) => {
        impl Document for $name {
            type Key = $key;

            const GROUP: Group = Group::Flow;

            fn empty(key: $key) -> Self {
                let empty: fn($key) -> Self = $empty;
                empty(key)
            }

            fn ledger_key(key: &$key) -> Key {
                Key::new(format!("{}#{key}", $kind), "state")
            }

            fn key(&self) -> &$key {
                &self.key
            }

            fn due_at(&self) -> Option<Timestamp> {
                None
            }

            fn parked_since(&self) -> Option<Timestamp> {
                None
            }

            fn message(&self) -> Option<Message> {
                None
            }

            fn wake(&mut self, _: Timestamp) {}

            fn replay(&mut self, _: Timestamp) {}

            fn reasons(&self) -> &[Reason] {
                &[]
            }
        }
    };
}

silent!(Counting, WarehouseId, "counting", |key| Self { key, lease: None });
silent!(Tally, ReportKey, "tally", |key| Self { key, compared: None, settled: None, adjusted: None });
