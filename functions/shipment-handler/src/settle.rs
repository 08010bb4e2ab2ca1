//! What corrections and receipts have in common: one at a time for a warehouse, and how a try ends.

use crossdock_core::{
    Reason, ReasonCode, WarehouseId,
    config::{self, OnAdvice},
};
use crossdock_platform::{
    Change, Platform, PlatformError, Trouble,
    fulfilment::{Report, ReportStage},
    orders::{after, backoff},
};
use jiff::{SignedDuration, Timestamp};

use crate::{SOON, ShipmentHandler, outcome::End};

/// What a try came to.
pub(crate) enum Became {
    Done(&'static str),
    /// Something is not clear yet, or somebody else is at work.
    Later {
        until: Option<Timestamp>,
        why: String,
    },
    Parked(Vec<Reason>),
}

impl Became {
    pub fn later(why: impl Into<String>) -> Self {
        Self::Later { until: None, why: why.into() }
    }

    pub fn person(code: ReasonCode, why: impl Into<String>) -> Self {
        Self::Parked(vec![Reason::new(code, why)])
    }
}

impl<P: Platform> ShipmentHandler<P> {
    /// Writes down what a try came to. `refused` is the reason where Odoo refused a call.
    pub(crate) async fn settle(
        &self,
        report: &Report,
        became: &Result<Became, Trouble>,
        refused: ReasonCode,
    ) -> Result<(), PlatformError> {
        let (now, config) = (self.book.now(), self.config.digest());
        let limit = SignedDuration::from_secs(i64::from(self.config.odoo.request_limit_s));
        let entropy = self.book.platform().entropy().clone();
        self.book
            .change::<Report, _>(&report.key, |known| {
                if known.told != report.told || known.work.stage != ReportStage::Reported {
                    // Told otherwise meanwhile, which a person looks at; or a duplicate of the message was faster.
                    return Change::Leave(());
                }
                let work = &mut known.work;
                let wait = backoff(work.attempts, &entropy);
                match became {
                    Ok(Became::Done(what)) => work.finish_in(ReportStage::Done, now, what),
                    Ok(Became::Parked(reasons)) => work.park(reasons.clone(), &config, now),
                    Ok(Became::Later { until, why }) => {
                        work.try_again(until.unwrap_or(after(now, wait)), now, why);
                    }
                    Err(trouble) => match End::after(trouble) {
                        End::Retry { after: told, ambiguous, why } => {
                            let told = told.and_then(|told| SignedDuration::try_from(told).ok());
                            let wait = told.unwrap_or(wait);
                            let wait = if ambiguous { wait.max(limit) } else { wait };
                            work.try_again(after(now, wait), now, &why);
                        }
                        End::Applied | End::Wait { .. } | End::Park(_) => {
                            work.park(vec![Reason::new(refused, trouble.to_string())], &config, now);
                        }
                    },
                }
                Change::Write(())
            })
            .await
    }

    /// A warehouse's configuration and Odoo's id of it, where the policy wants something done about what it told.
    pub(crate) async fn concerned(
        &self,
        warehouse: &WarehouseId,
        policy: impl Fn(&config::Warehouse) -> OnAdvice + Send,
    ) -> Result<Result<(&config::Warehouse, i64), Became>, Trouble> {
        let missing = |what: String| Ok(Err(Became::person(ReasonCode::SettingMissingInOdoo, what)));
        let Some(config) = self.config.warehouse(warehouse) else {
            return missing(format!("the configuration has no warehouse {warehouse}"));
        };
        if policy(config) == OnAdvice::Ignore {
            return Ok(Err(Became::Done("ignored by policy")));
        }
        match self.house_anywhere(warehouse).await? {
            Some(house) => Ok(Ok((config, house))),
            None => missing(format!("no warehouse {} in Odoo", config.odoo)),
        }
    }

    /// Takes the stock of a warehouse for one try.
    pub(crate) async fn take_stock(
        &self,
        warehouse: &WarehouseId,
        deadline: Timestamp,
    ) -> Result<Result<String, Became>, PlatformError> {
        let limit = self.config.odoo.request_limit_s;
        Ok(self.book.hold_stock(warehouse, deadline, limit).await?.map_err(|theirs| {
            let until = Some(theirs.min(after(self.book.now(), SOON)));
            Became::Later { until, why: "somebody else corrects this warehouse".to_owned() }
        }))
    }

    /// Gives it back; after an ambiguous failure only once no request of ours can commit any more.
    pub(crate) async fn give_stock(
        &self,
        warehouse: &WarehouseId,
        holder: &str,
        became: &Result<Became, Trouble>,
    ) -> Result<(), PlatformError> {
        let ambiguous = match became {
            Err(trouble) => matches!(End::after(trouble), End::Retry { ambiguous: true, .. }),
            Ok(_) => false,
        };
        let limit = SignedDuration::from_secs(i64::from(self.config.odoo.request_limit_s));
        let keep = ambiguous.then(|| after(self.book.now(), limit));
        self.book.give_stock_back(warehouse, holder, keep).await
    }
}
