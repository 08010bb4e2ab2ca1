//! From absent or draft to confirmed, for a whole batch at once.

use std::collections::BTreeMap;

use crossdock_core::{
    PeerError,
    config::CustomerMail,
    guard::{self, Guard},
    money,
    order::Order,
    reason::{Reason, ReasonCode},
};
use crossdock_odoo::{
    Company, Odoo,
    orders::{self, Existing, Loaded, OrderRecord, ReadBack, SaleState},
};
use crossdock_platform::{Platform, Trouble, account::account_id, orders::Applied};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{
    Ends, Job, OrderImporter,
    customers::Parties,
    outcome::{End, Outcome},
    plan::{self, Planned},
};

/// An order on its way through the batch.
struct Going<'a> {
    job: &'a Job,
    planned: &'a Planned,
    record: OrderRecord,
    rounding: Decimal,
    id: i64,
}

impl<P: Platform> OrderImporter<P> {
    pub(crate) async fn create(
        &self,
        odoo: &Odoo,
        company: &Company,
        to_load: Vec<(&Job, &Planned, Option<Existing>)>,
        ends: &mut Ends,
    ) -> Result<(), Trouble> {
        if to_load.is_empty() {
            return Ok(());
        }
        let jobs: Vec<&Job> = to_load.iter().map(|(job, _, _)| *job).collect();
        let parties = self.parties(odoo, company.id, &jobs, ends).await?;
        let mut going = Vec::new();
        let mut drafts = Vec::new();
        for (job, planned, existing) in to_load {
            let Some(parties) = parties.get(&job.order.key) else { continue };
            let record = record(job, planned, company, parties);
            if let Some(existing) = existing {
                drafts.push((record.clone(), existing));
            }
            going.push(Going { job, planned, record, rounding: planned.rounding, id: 0 });
        }
        let borrowed: Vec<(&OrderRecord, Existing)> = drafts.iter().map(|(r, e)| (r, e.clone())).collect();
        if guard::stands(Guard::DropOldLines) {
            self.drop_old_lines(odoo, &borrowed).await?;
        }
        let going = self.load_orders(odoo, going, ends).await?;
        let ready = self.check_totals(odoo, going, ends).await?;
        self.confirm_all(odoo, ready, ends).await
    }

    /// No mail to the customer unless the configuration asks for it, and none to a salesperson ever.
    fn context(&self) -> Value {
        match self.config.odoo.customer_mail {
            CustomerMail::Odoo => json!({ "mail_auto_subscribe_no_notify": true }),
            CustomerMail::None => {
                json!({ "mail_auto_subscribe_no_notify": true, "mail_create_nosubscribe": true })
            }
        }
    }

    async fn load_orders<'a>(
        &self,
        odoo: &Odoo,
        going: Vec<Going<'a>>,
        ends: &mut Ends,
    ) -> Result<Vec<Going<'a>>, Trouble> {
        let capabilities = odoo.capabilities().await?;
        let records: Vec<OrderRecord> = going.iter().map(|one| one.record.clone()).collect();
        let loaded = orders::load_orders(odoo, capabilities, &records, &self.context()).await?;
        let mut through = Vec::new();
        for (mut one, loaded) in going.into_iter().zip(loaded) {
            match loaded {
                Loaded::Id(id) => {
                    one.id = id;
                    through.push(one);
                }
                Loaded::Refused { field, text } => {
                    let end = self.refused(one.job, field.as_deref(), &text).await?;
                    ends.insert(one.job.order.key.clone(), end);
                }
            }
        }
        Ok(through)
    }

    async fn refused(&self, job: &Job, field: Option<&str>, text: &str) -> Result<Outcome, Trouble> {
        let of_partner = field.is_some_and(|field| field.starts_with("partner"));
        if of_partner && text.contains("No matching record found") {
            // Somebody merged or deleted the partner since we remembered it.
            self.book.forget_account(&account_id(&job.order)).await?;
            return Ok(Outcome::retry("the customer has changed in Odoo"));
        }
        if text.contains("pricelist of a confirmed order") {
            // The fence: another try of ours got there first. The next look sees it confirmed.
            return Ok(Outcome::retry("it was confirmed meanwhile"));
        }
        // A product that was deleted is still kept in the catalogue.
        self.catalogue.forget();
        Ok(Outcome::park(ReasonCode::OdooRefused, &job.order.without_personal_data(text)))
    }

    /// Lets through what Odoo computes to just what the customer owes; explains a difference within the
    /// limit by the rounding line; parks the rest with both figures.
    async fn check_totals<'a>(
        &self,
        odoo: &Odoo,
        mut going: Vec<Going<'a>>,
        ends: &mut Ends,
    ) -> Result<Vec<Going<'a>>, Trouble> {
        let mut ready = Vec::new();
        for round in 0..2 {
            let ids: Vec<i64> = going.iter().map(|one| one.id).collect();
            let read = orders::read_back(odoo, &ids).await?;
            let mut again = Vec::new();
            for mut one in going {
                match verdict(&one, read.get(&one.id)) {
                    Total::Right => ready.push(one),
                    Total::Rounding(rounding) if round == 0 => {
                        one.rounding = rounding;
                        one.record.lines = one.planned.with_rounding(rounding);
                        again.push(one);
                    }
                    Total::Rounding(_) => {
                        let key = one.job.order.key.clone();
                        ends.insert(
                            key,
                            Outcome::park(ReasonCode::TotalDiffers, "a rounding line did not settle it"),
                        );
                    }
                    Total::Wrong(outcome) => {
                        ends.insert(one.job.order.key.clone(), *outcome);
                    }
                }
            }
            if again.is_empty() {
                break;
            }
            going = self.load_orders(odoo, again, ends).await?;
        }
        Ok(ready)
    }

    async fn confirm_all(&self, odoo: &Odoo, going: Vec<Going<'_>>, ends: &mut Ends) -> Result<(), Trouble> {
        let at_most = self.config.odoo.confirm_at_most.max(1);
        let mut refused = BTreeMap::new();
        for part in going.chunks(at_most) {
            let ids: Vec<i64> = part.iter().map(|one| one.id).collect();
            refused.extend(orders::confirm(odoo, &ids, &self.context()).await?);
        }
        let (bad, good): (Vec<_>, Vec<_>) = going.into_iter().partition(|one| refused.contains_key(&one.id));
        let ids: Vec<i64> = bad.iter().map(|one| one.id).collect();
        let read = if ids.is_empty() { BTreeMap::new() } else { orders::read_back(odoo, &ids).await? };
        for one in bad {
            if read.get(&one.id).is_some_and(|read| read.state != SaleState::Draft) {
                // A person was faster, between our look and our confirm: the next look sees what they did.
                let end = Outcome::retry("somebody confirmed or cancelled it meanwhile");
                ends.insert(one.job.order.key.clone(), end);
                continue;
            }
            let text = refused.get(&one.id).map(String::as_str).unwrap_or_default();
            let text = format!("confirming: {}", one.job.order.without_personal_data(text));
            ends.insert(one.job.order.key.clone(), Outcome::park(ReasonCode::OdooRefused, &text));
        }
        if good.is_empty() {
            return Ok(());
        }
        let orders: Vec<&Order> = good.iter().map(|one| &one.job.order).collect();
        self.keep_dates(odoo, &orders).await?;
        let ids: Vec<i64> = good.iter().map(|one| one.id).collect();
        let read = orders::read_back(odoo, &ids).await?;
        for one in good {
            ends.insert(one.job.order.key.clone(), after_confirming(&one, read.get(&one.id)));
        }
        Ok(())
    }

    /// Undoes what a confirm does beside confirming: it sets the order's date to now and adds followers.
    pub(crate) async fn keep_dates(&self, odoo: &Odoo, orders: &[&Order]) -> Result<(), PeerError> {
        if !guard::stands(Guard::KeepDates) {
            return Ok(());
        }
        let dates: Vec<_> = orders.iter().map(|order| (&order.key, order.placed_at)).collect();
        let unfollow = self.config.odoo.customer_mail == CustomerMail::None;
        for (order, loaded) in
            orders.iter().zip(crossdock_odoo::orders::put_dates(odoo, &dates, unfollow).await?)
        {
            if let Loaded::Refused { text, .. } = loaded {
                let text = order.without_personal_data(&text);
                tracing::warn!(order.r#ref = %order.key, reason = %text, "the order's date was not kept");
            }
        }
        Ok(())
    }
}

enum Total {
    Right,
    /// A rounding line of this amount would make it right, within the limit.
    Rounding(Decimal),
    Wrong(Box<Outcome>),
}

/// Compares what Odoo computed with what the customer owes, before anything is confirmed.
fn verdict(one: &Going<'_>, read: Option<&ReadBack>) -> Total {
    let order = &one.job.order;
    let wrong = |code, why: String| Total::Wrong(Box::new(Outcome::park(code, &why)));
    let Some(read) = read else {
        return Total::Wrong(Box::new(Outcome::retry("it was deleted while it was loaded")));
    };
    if read.state != SaleState::Draft {
        return Total::Wrong(Box::new(Outcome::retry("somebody confirmed or cancelled it meanwhile")));
    }
    if read.currency.as_ref() != Some(&order.currency) {
        let there = read.currency.as_ref().map_or("none", |currency| currency.as_str());
        return wrong(
            ReasonCode::CurrencyDiffers,
            format!("{} in Odoo, {} at the channel", there, order.currency),
        );
    }
    if !guard::stands(Guard::TotalCheck) {
        return Total::Right;
    }
    let difference = order.total - read.total;
    if difference.is_zero() {
        return if one.planned.is_held_by(read) {
            Total::Right
        } else {
            wrong(ReasonCode::EditedInOdoo, format!("{} has other lines than the channel's order", read.name))
        };
    }
    let rounding = one.rounding + difference;
    if one.planned.rule.is_some_and(|(_, limit)| rounding.abs() <= limit) {
        return Total::Rounding(rounding);
    }
    let figures = format!("Odoo computes {}, the customer owes {}", read.total, order.total);
    if one.planned.inexpressible >= money::round_to(difference.abs(), &order.currency) {
        return wrong(ReasonCode::PriceNotExpressible, figures);
    }
    wrong(ReasonCode::TotalDiffers, figures)
}

/// Reads the total once more: automations and carriers may have changed it while confirming.
fn after_confirming(one: &Going<'_>, read: Option<&ReadBack>) -> Outcome {
    let Some(read) = read else { return Outcome::retry("it was deleted while it was confirmed") };
    if read.state != SaleState::Confirmed {
        return Outcome::retry("confirming it had no effect");
    }
    let applied = Applied {
        digest: one.job.held.digest.clone(),
        goods: one.job.order.goods_digest(),
        odoo_id: read.id,
        name: read.name.clone(),
        total: read.total,
        cancelled: false,
    };
    if read.total == one.job.order.total || !guard::stands(Guard::TotalCheck) {
        return Outcome::done("confirmed in Odoo", Some(applied));
    }
    let why = format!("confirming changed it to {}, the customer owes {}", read.total, one.job.order.total);
    Outcome { applied: Some(applied), end: End::Park(vec![Reason::new(ReasonCode::TotalDiffers, why)]) }
}

fn record(job: &Job, planned: &Planned, company: &Company, parties: &Parties) -> OrderRecord {
    let order = &job.order;
    let channel = &job.channel;
    OrderRecord {
        key: order.key.clone(),
        customer_reference: plan::customer_reference(order),
        placed_at: order.placed_at,
        warehouse: channel
            .warehouse
            .as_ref()
            .and_then(|warehouse| company.warehouse(warehouse))
            .or_else(|| company.warehouses.first().map(|warehouse| warehouse.id)),
        team: channel.team.as_ref().and_then(|team| company.team(team)),
        pricelist: planned.pricelist,
        payment_term: parties.payment_term,
        partner: parties.partner,
        invoice_to: parties.invoice_to.clone(),
        deliver_to: parties.deliver_to.clone(),
        note: order.note.clone(),
        lines: planned.with_rounding(planned.rounding),
    }
}
