//! Calling a warehouse.

use crossdock_core::{
    PeerError, Reference,
    advice::AdviceLine,
    config::{self, WarehouseKind},
    shipment::{Notice, Release, Shipment},
};
use crossdock_http::Client;
use secrecy::SecretString;

use crate::{door::Door, shiphero, shipstation, standard};

/// A warehouse that took a release in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What the warehouse calls it, where it says so.
    pub id: Option<String>,
}

/// A release as the warehouse holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub id: Option<String>,
    pub state: FoundState,
}

/// How far a warehouse has come with a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundState {
    /// Nobody has begun: it can still be stopped.
    Open,
    /// Being picked or packed, or shipped in part.
    Shipping,
    /// Nothing more will come: shipped, all of it or as much as there was.
    Shipped,
    /// Called off. What had shipped before stays shipped.
    Cancelled,
}

/// What a warehouse answers to being asked to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// Nothing of it will ship any more. Goods that had left before are in its shipments.
    Stopped,
    /// It ships, or has shipped. `why` is the warehouse's own text, cleaned.
    Refused { why: String },
    /// A person there decides; the answer comes as a notice.
    Asked,
}

/// A page of what lies in a warehouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Each SKU and lot once; pieces of the product's own unit, those among them that are meant for an order.
    pub lines: Vec<AdviceLine>,
    /// Where the next page begins; none after the last.
    pub next: Option<String>,
}

/// One warehouse's API. Its peer name, for errors and the pace, is the warehouse's id.
#[derive(Clone)]
pub struct Warehouse {
    door: Door,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    /// Odoo itself is the warehouse system: there is nobody to call.
    Odoo,
    Standard,
    /// `counts_of` is the vendor's id of the warehouse whose counts are asked for; without it none are.
    Shiphero {
        issued: shiphero::Issued,
        counts_of: Option<String>,
    },
    Shipstation {
        counts_of: Option<String>,
    },
}

impl Warehouse {
    /// `secret` is the text of the warehouse's API secret; each adapter's head says what that is.
    #[must_use]
    pub fn new(client: Client, config: &config::Warehouse, secret: &SecretString) -> Self {
        // An empty id would ask for every warehouse of the account at once.
        let counts_of = config.stock.counts_of.clone().filter(|of| !of.trim().is_empty());
        let (kind, address) = match config.kind {
            WarehouseKind::Odoo => (Kind::Odoo, ""),
            WarehouseKind::Standard => (Kind::Standard, ""),
            WarehouseKind::Shiphero => {
                (Kind::Shiphero { issued: shiphero::Issued::default(), counts_of }, shiphero::ADDRESS)
            }
            WarehouseKind::Shipstation => (Kind::Shipstation { counts_of }, shipstation::ADDRESS),
        };
        Self { door: Door::new(client, config, secret, address), kind }
    }

    /// Hands a release over. After an ambiguous failure look with [`Self::find`] before trying again: not
    /// every vendor refuses a second order under one number.
    ///
    /// # Errors
    /// `Rejected` where the warehouse, or what it can be told, does not allow this release; whatever keeps it
    /// from answering.
    pub async fn release(&self, release: &Release) -> Result<Accepted, PeerError> {
        match &self.kind {
            Kind::Odoo => Err(self.nobody()),
            Kind::Standard => standard::api::release(&self.door, release).await,
            Kind::Shiphero { issued, .. } => shiphero::api::release(&self.door, issued, release).await,
            Kind::Shipstation { .. } => shipstation::api::release(&self.door, release).await,
        }
    }

    /// Looks for a release by its reference; none where the warehouse has never heard of it.
    ///
    /// # Errors
    /// Whatever keeps the warehouse from answering.
    pub async fn find(&self, reference: &Reference) -> Result<Option<Found>, PeerError> {
        match &self.kind {
            Kind::Odoo => Err(self.nobody()),
            Kind::Standard => standard::api::find(&self.door, reference).await,
            Kind::Shiphero { issued, .. } => shiphero::api::find(&self.door, issued, reference).await,
            Kind::Shipstation { .. } => shipstation::api::find(&self.door, reference).await,
        }
    }

    /// Asks the warehouse not to ship what has not left. `id` is what it calls the release, where known.
    ///
    /// # Errors
    /// `Missing` where it has never heard of it; whatever keeps it from answering. After an ambiguous one ask
    /// again: a release that is stopped already answers `Stopped`.
    pub async fn stop(&self, reference: &Reference, id: Option<&str>) -> Result<Stop, PeerError> {
        match &self.kind {
            Kind::Odoo => Err(self.nobody()),
            Kind::Standard => standard::api::stop(&self.door, reference).await,
            Kind::Shiphero { issued, .. } => shiphero::api::stop(&self.door, issued, reference, id).await,
            Kind::Shipstation { .. } => shipstation::api::stop(&self.door, reference).await,
        }
    }

    /// What has shipped of a release so far, the earliest first; nothing where it is not known there. A
    /// shipment has the same id and content here as in the call that told of it.
    ///
    /// # Errors
    /// Whatever keeps the warehouse from answering.
    pub async fn shipments(
        &self,
        reference: &Reference,
        id: Option<&str>,
    ) -> Result<Vec<Shipment>, PeerError> {
        match &self.kind {
            Kind::Odoo => Err(self.nobody()),
            Kind::Standard => standard::api::shipments(&self.door, reference).await,
            Kind::Shiphero { issued, .. } => {
                shiphero::api::shipments(&self.door, issued, reference, id).await
            }
            Kind::Shipstation { .. } => shipstation::api::shipments(&self.door, reference).await,
        }
    }

    /// What a handle stands for that came with [`Notice::AskHandle`], fetched from the configured address
    /// with our own credentials. Never an address out of a body: anybody could make us call anywhere.
    ///
    /// # Errors
    /// `Missing` for the kinds that give no handles; whatever keeps the warehouse from answering.
    pub async fn resolve(&self, handle: &str) -> Result<Vec<Notice>, PeerError> {
        match &self.kind {
            Kind::Odoo | Kind::Standard | Kind::Shiphero { .. } => Err(self.nobody()),
            Kind::Shipstation { .. } => shipstation::api::resolve(&self.door, handle).await,
        }
    }

    /// One page of what lies there now, from `after` on: what [`Counts::next`] said before, or none for the first.
    /// None where this warehouse cannot be asked.
    ///
    /// # Errors
    /// Whatever keeps the warehouse from answering.
    pub async fn counts(&self, after: Option<&str>) -> Result<Option<Counts>, PeerError> {
        let page = match &self.kind {
            Kind::Odoo | Kind::Shiphero { counts_of: None, .. } | Kind::Shipstation { counts_of: None } => {
                None
            }
            Kind::Standard => standard::api::counts(&self.door, after).await?,
            Kind::Shiphero { issued, counts_of: Some(of) } => {
                Some(shiphero::api::counts(&self.door, issued, of, after).await?)
            }
            Kind::Shipstation { counts_of: Some(of) } => {
                Some(shipstation::api::counts(&self.door, of, after).await?)
            }
        };
        let next = page.as_ref().and_then(|page| page.next.as_deref());
        if next.is_some() && next == after {
            return Err(self.door.garbage("a page of what lies there that is followed by itself"));
        }
        Ok(page)
    }

    fn nobody(&self) -> PeerError {
        self.door.missing("API for this")
    }
}
