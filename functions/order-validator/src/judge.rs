//! From a snapshot to a verdict, and the verdict into the ledger.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    OrderKey, PeerError, Sku,
    config::{Channel, InvoicePolicy},
    guard::{self, Guard},
    message::Message,
    order::Order,
    reason::{Reason, ReasonCode},
};
use crossdock_platform::{
    Platform, PlatformError,
    orders::{Change, Stage, State, after},
};
use jiff::{SignedDuration, Timestamp};

use crate::{CALLS, OrderValidator, rules};

/// What is to become of an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    Valid,
    /// Nothing has to be done in Odoo, for the reason given.
    Settled(&'static str),
    Wait {
        until: Timestamp,
    },
    Park(Vec<Reason>),
}

type Answer = (OrderKey, Result<Option<Message>, PlatformError>);

impl<P: Platform> OrderValidator<P> {
    pub(crate) async fn judge_all(&self, orders: Vec<(State, Order)>) -> Vec<Answer> {
        let mut answers = Vec::new();
        let mut by_channel: BTreeMap<_, Vec<(State, Order)>> = BTreeMap::new();
        for (state, order) in orders {
            match self.early(&state, &order) {
                Some(verdict) => answers.push(self.settle(&state, &order, verdict).await),
                None => by_channel.entry(order.key.channel.clone()).or_default().push((state, order)),
            }
        }
        for (channel, orders) in by_channel {
            let Some(channel) = self.config.channel(&channel) else {
                let why = "the configuration has no such channel";
                for (state, order) in orders {
                    let reason = Reason::new(ReasonCode::SettingMissingInOdoo, why);
                    answers.push(self.settle(&state, &order, Verdict::Park(vec![reason])).await);
                }
                continue;
            };
            answers.extend(self.judge_channel(channel, orders).await);
        }
        answers
    }

    /// Verdicts that need nothing from Odoo.
    fn early(&self, state: &State, order: &Order) -> Option<Verdict> {
        let in_odoo = state.applied.as_ref();
        // An intent means that something may be half done there: only the importer can tell.
        let untouched = state.intent.is_none();
        if order.cancelled {
            return match in_odoo {
                None if untouched && !state.begun => {
                    Some(Verdict::Settled("cancelled before it reached Odoo"))
                }
                Some(applied) if applied.cancelled && untouched => {
                    Some(Verdict::Settled("cancelled in Odoo"))
                }
                _ => Some(Verdict::Valid),
            };
        }
        if untouched
            && let Some(applied) = in_odoo
            && !applied.cancelled
            && applied.goods == order.goods_digest()
        {
            return Some(Verdict::Settled("Odoo has it so already"));
        }
        let window = self.config.channel(&order.key.channel).map_or(0, |channel| channel.hold_window_s);
        let until = after(order.placed_at, SignedDuration::from_secs(i64::from(window)));
        (window > 0 && in_odoo.is_none() && until > self.book.now()).then_some(Verdict::Wait { until })
    }

    async fn judge_channel(&self, channel: &Channel, orders: Vec<(State, Order)>) -> Vec<Answer> {
        let mut answers = Vec::new();
        match self.verdicts(channel, &orders).await {
            Ok(Ok(verdicts)) => {
                for ((state, order), verdict) in orders.iter().zip(verdicts) {
                    answers.push(self.settle(state, order, verdict).await);
                }
            }
            Ok(Err(error)) => {
                for (state, _) in orders {
                    let stored = self.failed(&state.order, &error, ReasonCode::SettingMissingInOdoo).await;
                    answers.push((state.order, stored.map(|()| None)));
                }
            }
            Err(error) => {
                answers.extend(orders.into_iter().map(|(state, _)| (state.order, Err(error.clone()))))
            }
        }
        answers
    }

    async fn verdicts(
        &self,
        channel: &Channel,
        orders: &[(State, Order)],
    ) -> Result<Result<Vec<Verdict>, PeerError>, PlatformError> {
        if let Err(held_back) = self.odoo_pace.enter(CALLS).await? {
            return Ok(Err(held_back));
        }
        let facts = self.facts(channel, orders).await;
        self.odoo_pace.learn(&facts).await?;
        Ok(facts.map(|facts| {
            orders
                .iter()
                .map(|(_, order)| match rules::all(channel, order, &facts) {
                    reasons if reasons.is_empty() => Verdict::Valid,
                    reasons => Verdict::Park(reasons),
                })
                .collect()
        }))
    }

    /// What Odoo has of what these orders need.
    async fn facts(&self, channel: &Channel, orders: &[(State, Order)]) -> Result<rules::Facts, PeerError> {
        let mut company = self.catalogue.company(&channel.company).await?;
        if let Some(known) = &company
            && orders.iter().any(|(_, order)| rules::misses_a_setting(channel, order, known))
        {
            // It may have been mended in Odoo since it was read.
            self.catalogue.forget_company(&channel.company);
            company = self.catalogue.company(&channel.company).await?;
        }
        let skus: BTreeSet<Sku> = orders.iter().flat_map(|(_, order)| channel.skus(order)).collect();
        let products = match &company {
            Some(company) => self.catalogue.products(company.id, &skus).await?,
            None => BTreeMap::new(),
        };
        let countries = self.catalogue.countries().await?;
        Ok(rules::Facts { company, products, countries })
    }

    async fn settle(&self, judged: &State, order: &Order, verdict: Verdict) -> Answer {
        let stored = async {
            // First, so that a crash in between asks once more.
            let billing = self.bill_again(judged, &verdict).await?;
            self.take_up(judged, &verdict).await?;
            let next = self.store(judged, order, &verdict).await?;
            Ok(next.or(billing))
        };
        (judged.order.clone(), stored.await)
    }

    /// What waits for a parked order goes on with it. The message comes from its due time: the order is to be in
    /// Odoo first.
    async fn take_up(&self, judged: &State, verdict: &Verdict) -> Result<(), PlatformError> {
        match verdict {
            Verdict::Settled(_) | Verdict::Valid => self.book.open_followers(judged).await.map(|_| ()),
            Verdict::Wait { .. } | Verdict::Park(_) => Ok(()),
        }
    }

    /// What is settled in Odoo goes no further than here, and it may hold a payment that was captured since.
    async fn bill_again(&self, judged: &State, verdict: &Verdict) -> Result<Option<Message>, PlatformError> {
        let channel = self.config.channel(&judged.order.channel);
        let invoices = channel.is_some_and(|channel| channel.invoice != InvoicePolicy::Manual);
        match verdict {
            Verdict::Settled(_) if invoices && judged.applied.is_some() => {
                self.book.reopen_billing(&judged.order).await
            }
            Verdict::Settled(_) | Verdict::Valid | Verdict::Wait { .. } | Verdict::Park(_) => Ok(None),
        }
    }

    /// Writes a verdict while the content that it is about still stands.
    async fn store(
        &self,
        judged: &State,
        order: &Order,
        verdict: &Verdict,
    ) -> Result<Option<Message>, PlatformError> {
        let now = self.book.now();
        let config = self.config.digest();
        let digest = judged.snapshot.as_ref().map(|known| known.digest.clone());
        self.book
            .update(&judged.order, |state| {
                let same = state.snapshot.as_ref().map(|known| &known.digest) == digest.as_ref();
                let open = matches!(state.stage, Stage::Received | Stage::Waiting);
                let stands = same && state.refetch == 0 && open;
                if !stands && guard::stands(Guard::ConditionalVerdict) {
                    // Something newer arrived, with a message of its own.
                    return Change::Leave(None);
                }
                state.number = Some(order.number.clone());
                if self.tells_stock() {
                    state.told.clone_from(&digest);
                }
                match verdict {
                    Verdict::Valid => {
                        state.awaited = false;
                        state.valid.clone_from(&digest);
                        state.attempts = 0;
                        state.go_on_in(Stage::Valid, now, "valid");
                    }
                    Verdict::Settled(why) => {
                        state.awaited = false;
                        state.finish(now, why);
                    }
                    Verdict::Wait { until } => {
                        state.wait_in(Stage::Waiting, *until, now, "held for changes");
                        return Change::Write(None);
                    }
                    Verdict::Park(reasons) => state.park(reasons.clone(), &config, now),
                }
                Change::Write(state.message())
            })
            .await
    }
}
