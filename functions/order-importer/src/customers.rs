//! Whose order it is: finds the customer in Odoo, or makes it, with the addresses of this order.
//!
//! By external id first (the ledger remembers what we made), then by e-mail address where only one partner
//! has it. What was there before is referenced, never written.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    OrderKey,
    config::OdooRef,
    order::{Address, Order, normal_email, short_digest},
    reason::ReasonCode,
};
use crossdock_odoo::{
    Countries, Odoo,
    orders::Loaded,
    partners::{self, ChildAddress, ChildKind, Found, NewAccount, PartnerRecord},
};
use crossdock_platform::{
    Condition, Item, Platform, PlatformError, Read, Trouble, Write,
    account::{account_id, account_key},
    orders::after,
};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::{Ends, Job, OrderImporter, outcome::Outcome};

/// The partners of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parties {
    pub partner: i64,
    pub payment_term: Option<i64>,
    /// External ids without the module.
    pub invoice_to: String,
    pub deliver_to: String,
}

/// What the ledger remembers of an account. No personal data: digests only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Account {
    partner: i64,
    /// We made it, so it carries our external id and the address below is its own.
    ours: bool,
    own_address: Option<String>,
    /// Addresses below it that we made.
    addresses: BTreeSet<String>,
}

/// What is known of one account during a batch.
struct Working {
    item: Option<Item>,
    account: Option<Account>,
    email: Option<String>,
    new: Option<NewAccount>,
    /// Addresses to be made, by external id.
    children: BTreeMap<String, ChildAddress>,
    payment_term: Option<i64>,
    refused: Option<(Option<String>, String)>,
}

impl<P: Platform> OrderImporter<P> {
    /// Finds or makes the partners of all orders: at most one search and one `load`. Orders whose partners
    /// Odoo refuses get their end here.
    pub(crate) async fn parties(
        &self,
        odoo: &Odoo,
        company: i64,
        jobs: &[&Job],
        ends: &mut Ends,
    ) -> Result<BTreeMap<OrderKey, Parties>, Trouble> {
        let countries = self.catalogue.countries().await?;
        let mut accounts = self.remembered(jobs).await?;
        self.search(odoo, company, jobs, &mut accounts).await?;
        for job in jobs {
            if let Some(working) = accounts.get_mut(&account_id(&job.order)) {
                want(working, job);
            }
        }
        self.load(odoo, &countries, &mut accounts).await?;
        let mut parties = BTreeMap::new();
        for job in jobs {
            let id = account_id(&job.order);
            let Some(working) = accounts.get(&id) else { continue };
            match (&working.account, &working.refused) {
                (Some(account), None) => {
                    let invoice_to = reference(
                        account,
                        &id,
                        job.order.billing.as_ref().or(job.order.shipping.as_ref()),
                        ChildKind::Invoice,
                    );
                    let deliver_to = reference(account, &id, job.order.destination(), ChildKind::Delivery);
                    let terms = working.payment_term.filter(|_| job.order.customer.authenticated);
                    let found =
                        Parties { partner: account.partner, payment_term: terms, invoice_to, deliver_to };
                    parties.insert(job.order.key.clone(), found);
                }
                (_, refused) => {
                    let text = refused.as_ref().map_or("the customer could not be made", |(_, text)| text);
                    let text = job.order.without_personal_data(text);
                    ends.insert(
                        job.order.key.clone(),
                        Outcome::park(ReasonCode::OdooRefused, &format!("customer: {text}")),
                    );
                }
            }
        }
        Ok(parties)
    }

    async fn remembered(&self, jobs: &[&Job]) -> Result<BTreeMap<String, Working>, PlatformError> {
        let mut accounts = BTreeMap::new();
        for job in jobs {
            let id = account_id(&job.order);
            if accounts.contains_key(&id) {
                continue;
            }
            let item = self.book.platform().get(&account_key(&id), Read::Consistent).await?;
            let account = item.as_ref().and_then(|item| serde_json::from_value(item.body.clone()).ok());
            let email = job.order.customer.email.as_deref().map(normal_email);
            let email = email.filter(|email| !email.is_empty());
            let working = Working {
                item,
                account,
                email,
                new: None,
                children: BTreeMap::new(),
                payment_term: None,
                refused: None,
            };
            accounts.insert(id, working);
        }
        Ok(accounts)
    }

    /// Sees whether remembered partners are still there, and looks for the others by e-mail address.
    async fn search(
        &self,
        odoo: &Odoo,
        company: i64,
        jobs: &[&Job],
        accounts: &mut BTreeMap<String, Working>,
    ) -> Result<(), Trouble> {
        let by_email = jobs.first().is_some_and(|job| job.channel.customers.match_email);
        let ids: BTreeSet<i64> =
            accounts.values().filter_map(|w| w.account.as_ref().map(|a| a.partner)).collect();
        let emails: BTreeSet<String> = if by_email {
            accounts.values().filter_map(|working| working.email.clone()).collect()
        } else {
            BTreeSet::new()
        };
        let found = partners::search(odoo, company, &ids, &emails).await?;
        let there: BTreeMap<i64, &Found> = found.iter().map(|partner| (partner.id, partner)).collect();
        let unique = partners::unique_by_email(&found);
        for working in accounts.values_mut() {
            // Merged or deleted by a person: begin anew, by e-mail address or by external id.
            working.account = working.account.take().filter(|account| there.contains_key(&account.partner));
            if working.account.is_none()
                && let Some(partner) = working.email.as_ref().and_then(|email| unique.get(email))
            {
                let account = Account {
                    partner: partner.id,
                    ours: false,
                    own_address: None,
                    addresses: BTreeSet::new(),
                };
                working.account = Some(account);
            }
            working.payment_term =
                working.account.as_ref().and_then(|account| there.get(&account.partner)?.payment_term);
        }
        for job in jobs {
            let nobody = job.order.customer.id.is_none() && job.order.customer.email.is_none();
            if let (true, Some(OdooRef::Id(id))) = (nobody, &job.channel.customers.fallback)
                && let Some(working) =
                    accounts.get_mut(&account_id(&job.order)).filter(|w| w.account.is_none())
            {
                working.account = Some(Account {
                    partner: *id,
                    ours: false,
                    own_address: None,
                    addresses: BTreeSet::new(),
                });
            }
        }
        Ok(())
    }

    async fn load(
        &self,
        odoo: &Odoo,
        countries: &Countries,
        accounts: &mut BTreeMap<String, Working>,
    ) -> Result<(), Trouble> {
        let mut owners = Vec::new();
        let mut records = Vec::new();
        for (id, working) in accounts.iter() {
            let children: Vec<ChildAddress> = working.children.values().cloned().collect();
            match (&working.new, &working.account) {
                (Some(new), _) => {
                    owners.push(id.clone());
                    records.push(PartnerRecord::Account(new.clone(), children));
                }
                (None, Some(account)) => {
                    for address in children {
                        owners.push(id.clone());
                        records.push(PartnerRecord::Address { parent: account.partner, address });
                    }
                }
                (None, None) => {}
            }
        }
        let loaded = partners::load_partners(odoo, countries, &records).await?;
        for ((owner, record), loaded) in owners.iter().zip(&records).zip(loaded) {
            let Some(working) = accounts.get_mut(owner) else { continue };
            match (loaded, record) {
                (Loaded::Refused { field, text }, _) => working.refused = Some((field, text)),
                (Loaded::Id(partner), PartnerRecord::Account(new, _)) => {
                    let own_address = new.address.as_ref().map(digest);
                    working.account =
                        Some(Account { partner, ours: true, own_address, addresses: BTreeSet::new() });
                }
                (Loaded::Id(_), PartnerRecord::Address { .. }) => {}
            }
        }
        for (id, working) in accounts.iter_mut().filter(|(_, working)| working.refused.is_none()) {
            let new = working.new.is_some() || !working.children.is_empty();
            if !new && !working.item.as_ref().is_some_and(|item| self.grows_old(item)) {
                continue;
            }
            if let Some(account) = &mut working.account {
                account.addresses.extend(working.children.keys().cloned());
                self.remember(id, working.item.as_ref(), account).await?;
            }
        }
        Ok(())
    }

    /// Only a memory: where somebody else wrote at the same time, theirs stands, and what it lacks is loaded
    /// once more under the same external ids.
    async fn remember(
        &self,
        id: &str,
        before: Option<&Item>,
        account: &Account,
    ) -> Result<(), PlatformError> {
        let platform = self.book.platform();
        let condition = before.map_or(Condition::Absent, |item| Condition::Version(item.version));
        let days = SignedDuration::from_hours(24 * i64::from(self.config.retention.state_days));
        let expires_at = Some(after(self.book.now(), days));
        let write = Write::plain(platform.entropy(), account_key(id), condition, account, expires_at)?;
        platform.put(write).await.map(|_| ())
    }

    /// Whether what is remembered is to be written anew so that it lasts: once a tenth of its time is over, and not
    /// at each order.
    fn grows_old(&self, item: &Item) -> bool {
        let young = SignedDuration::from_hours(24 * i64::from(self.config.retention.state_days) * 9 / 10);
        item.expires_at.is_none_or(|end| end < after(self.book.now(), young))
    }
}

fn digest(address: &Address) -> String {
    short_digest(serde_json::to_string(address).unwrap_or_default().as_bytes())
}

/// The external id of an address below an account.
fn child_id(account: &str, kind: ChildKind, address: &Address) -> String {
    let kind = match kind {
        ChildKind::Delivery => 'd',
        ChildKind::Invoice => 'i',
    };
    let digest = short_digest(format!("{account} {}", digest(address)).as_bytes());
    format!("address_{kind}{digest}")
}

/// What stands for an address: the account itself where it is our own and has just this address.
fn reference(account: &Account, id: &str, address: Option<&Address>, kind: ChildKind) -> String {
    match address {
        Some(address) if account.ours && account.own_address.as_deref() == Some(&digest(address)) => {
            id.to_owned()
        }
        Some(address) => child_id(id, kind, address),
        None => id.to_owned(),
    }
}

/// Adds what `job` needs to what is to be made for its account.
fn want(working: &mut Working, job: &Job) {
    let order = &job.order;
    let id = account_id(order);
    let own = order.billing.as_ref().or(order.shipping.as_ref());
    if working.account.is_none() && working.new.is_none() {
        working.new = Some(new_account(&id, order, own));
    }
    let planned = match (&working.account, &working.new) {
        (Some(account), _) => account.clone(),
        (None, new) => {
            let own_address = new.as_ref().and_then(|new| new.address.as_ref()).map(digest);
            Account { partner: 0, ours: true, own_address, addresses: BTreeSet::new() }
        }
    };
    for (address, kind) in [(own, ChildKind::Invoice), (order.destination(), ChildKind::Delivery)] {
        let Some(address) = address else { continue };
        let external_id = reference(&planned, &id, Some(address), kind);
        if external_id != id && !planned.addresses.contains(&external_id) {
            let child = ChildAddress { external_id: external_id.clone(), kind, address: address.clone() };
            working.children.insert(external_id, child);
        }
    }
}

fn new_account(id: &str, order: &Order, own: Option<&Address>) -> NewAccount {
    let customer = &order.customer;
    // What is left of a text in Odoo counts: one of control characters alone is none.
    let filled = |text: &Option<String>| text.clone().filter(|text| !partners::printable(text).is_empty());
    let company = filled(&customer.company);
    let person = filled(&customer.name)
        .or_else(|| {
            own.map(|address| address.name.clone()).filter(|name| !partners::printable(name).is_empty())
        })
        .or_else(|| filled(&customer.email))
        .unwrap_or_else(|| format!("Customer of {}", order.number));
    NewAccount {
        external_id: id.to_owned(),
        is_company: company.is_some(),
        name: company.unwrap_or(person),
        email: filled(&customer.email),
        phone: filled(&customer.phone),
        // Odoo may check a VAT number: one that anybody typed must not stop an order.
        vat: filled(&customer.vat).filter(|_| customer.authenticated),
        address: own.cloned(),
    }
}
