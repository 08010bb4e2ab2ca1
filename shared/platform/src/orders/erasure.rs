//! Taking a customer's personal data out of the ledger. The books stay: what was ordered, for how much, and what
//! became of it.

use std::collections::BTreeSet;

use crossdock_core::{
    ChannelId, Order, OrderKey,
    order::{Address, Customer, normal_email},
};

use super::{Change, OrderBook, Stage, State, snapshot};
use crate::{
    Condition, Item, Platform, PlatformError, Write,
    account::{account_id, accounts_of},
    documents::Document as _,
    fulfilment::{Fulfilment, FulfilmentStage},
};

/// Stands where personal data stood.
pub const ERASED: &str = "erased";
/// Orders that are read at once.
const PAGE: usize = 500;
/// More contents than an order ever has.
const CONTENTS: usize = 1000;

/// Whose data is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Of this channel alone.
    pub channel: Option<ChannelId>,
    /// An e-mail address, or with a channel its own id of the account.
    pub name: String,
}

impl Person {
    /// Whether it says who is meant: a channel's own id says nothing in another, where somebody else may have it.
    #[must_use]
    pub fn is_somebody(&self) -> bool {
        !self.name.trim().is_empty() && (self.channel.is_some() || self.name.contains('@'))
    }

    fn is(&self, order: &Order) -> bool {
        let of_channel = self.channel.as_ref().is_none_or(|channel| *channel == order.key.channel);
        let email = order.customer.email.as_deref().map(normal_email);
        let mail = email.is_some_and(|email| email == normal_email(&self.name));
        let account = order.customer.id.as_deref() == Some(self.name.trim());
        self.is_somebody() && of_channel && (mail || account)
    }
}

/// What was found of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erasure {
    /// Orders whose contents hold no personal data any more.
    pub erased: Vec<OrderKey>,
    /// Orders that are not at their end, or that wait for somebody: they need the data still.
    pub under_way: Vec<OrderKey>,
    /// Orders of the person that held nothing personal any more.
    pub done_before: Vec<OrderKey>,
}

impl<P: Platform> OrderBook<P> {
    /// Takes a person's data out of every order that is at its end. Reads the whole ledger: for people. Safe to repeat,
    /// also after a failure half way.
    ///
    /// With `dry_run` nothing is written, and `erased` is what would be.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn erase(&self, person: &Person, dry_run: bool) -> Result<Erasure, PlatformError> {
        let mut erasure = Erasure::default();
        let mut channels = BTreeSet::new();
        let mut after = None;
        loop {
            let (states, next) = self.all(after, PAGE).await?;
            for state in states {
                channels.insert(state.order.channel.clone());
                self.erase_order(person, &state, dry_run, &mut erasure).await?;
            }
            if next.is_none() {
                break;
            }
            after = next;
        }
        // Also where the contents that name the customer have expired.
        channels.retain(|channel| person.channel.as_ref().is_none_or(|of| of == channel));
        for channel in channels.iter().filter(|_| !dry_run && person.is_somebody()) {
            for account in accounts_of(channel, person.name.trim()) {
                self.forget_account(&account).await?;
            }
        }
        Ok(erasure)
    }

    async fn erase_order(
        &self,
        person: &Person,
        state: &State,
        dry_run: bool,
        erasure: &mut Erasure,
    ) -> Result<(), PlatformError> {
        let partition = State::ledger_key(&state.order).pk;
        let items = self.platform.query(&partition, "snapshot#", None, false, CONTENTS).await?;
        // What nobody could read is nobody's, and expires by itself.
        let read = |item: &Item| snapshot::order(item).ok();
        let contents: Vec<(Item, Order)> =
            items.into_iter().filter_map(|item| read(&item).map(|order| (item, order))).collect();
        let accounts: BTreeSet<String> = contents
            .iter()
            .filter(|(_, order)| person.is(order))
            .map(|(_, order)| account_id(order))
            .collect();
        if accounts.is_empty() {
            return Ok(());
        }
        let key = state.order.clone();
        if state.stage != Stage::Done || self.ships_yet(&key).await? {
            erasure.under_way.push(key);
            return Ok(());
        }
        // Before the contents: without them nobody knows which they are.
        for account in accounts.iter().filter(|_| !dry_run) {
            self.forget_account(account).await?;
        }
        let personal: Vec<(Item, Order)> =
            contents.into_iter().filter(|(_, order)| redacted(order) != *order).collect();
        if personal.is_empty() {
            erasure.done_before.push(key);
            return Ok(());
        }
        if !dry_run {
            for (item, order) in personal {
                self.store_redacted(item, &order).await?;
            }
            let now = self.now();
            self.update(&key, |state| {
                state.note(now, "personal data was erased");
                Change::Write(())
            })
            .await?;
        }
        erasure.erased.push(key);
        Ok(())
    }

    /// Whether goods of an order are still to leave: a warehouse may yet be told what the buyer noted.
    async fn ships_yet(&self, key: &OrderKey) -> Result<bool, PlatformError> {
        let fulfilment = self.document::<Fulfilment>(key).await?;
        Ok(fulfilment.is_some_and(|of| of.to_ship || of.work.stage != FulfilmentStage::Idle))
    }

    /// Under the same name, so that the very same content, told once more, is still known as the same and does not
    /// bring the data back.
    async fn store_redacted(&self, item: Item, order: &Order) -> Result<(), PlatformError> {
        let text = serde_json::to_vec(&redacted(order))
            .map_err(|error| PlatformError::Corrupt { what: error.to_string() })?;
        let (entropy, condition) = (self.platform.entropy(), Condition::Version(item.version));
        let plain = Write::plain(entropy, item.key, condition, &item.body, item.expires_at)?;
        // What a shop calls its order tells nothing of who bought it.
        let write = Write { blob: Some(snapshot::pack(&text)?), listing: item.listing, ..plain };
        // Contents are written once: where the version is another, somebody else erases the same, or it has expired.
        self.platform.put(write).await.map(|_| ())
    }
}

/// The order without what tells who bought it. The customer's account stays as who is meant: the channel's own id
/// says nothing to anybody else.
fn redacted(order: &Order) -> Order {
    let text = |there: &Option<String>| there.as_ref().map(|_| ERASED.to_owned());
    let address = |address: &Address| Address {
        name: ERASED.to_owned(),
        company: text(&address.company),
        street: ERASED.to_owned(),
        street2: text(&address.street2),
        city: ERASED.to_owned(),
        postcode: text(&address.postcode),
        // Taxes rest on these two.
        region: address.region.clone(),
        country: address.country.clone(),
        phone: text(&address.phone),
    };
    let customer = &order.customer;
    Order {
        customer: Customer {
            id: customer.id.clone(),
            email: text(&customer.email),
            name: text(&customer.name),
            phone: text(&customer.phone),
            company: text(&customer.company),
            vat: text(&customer.vat),
            authenticated: customer.authenticated,
        },
        billing: order.billing.as_ref().map(address),
        shipping: order.shipping.as_ref().map(address),
        note: text(&order.note),
        purchase_order: text(&order.purchase_order),
        ..order.clone()
    }
}
