//! The guards of the design, by name, so that the simulation can take one away and show that it is missed.
//!
//! What is deployed is built without the feature `removable-guards`: there every guard stands, and the
//! compiler removes the question.

/// A guard: something that is done only so that nothing is lost, doubled or overwritten, or less is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guard {
    /// The waker sends the message of what is due once more.
    Waker,
    /// `due_at` stands in the very write that moves an order to its stage.
    DueInTheSameWrite,
    /// A state is written on condition of the version that was read.
    VersionCondition,
    /// A write that is tried again is known by its token.
    RequestToken,
    /// Content older than the known one is not taken.
    RevisionOrder,
    /// The same content once more is not taken up again.
    SameContent,
    /// A verdict is written only while the content that was judged stands.
    ConditionalVerdict,
    /// One worker at an order in Odoo.
    Lease,
    /// A lease ends only when no request of its holder can still commit.
    LeaseDeadline,
    /// After an ambiguous failure nobody touches the order until that request can no longer commit.
    WaitOutAmbiguity,
    /// No call begins after the deadline.
    CallDeadline,
    /// What was done is recorded as done only while the content that was worked on stands.
    ConditionalRelease,
    /// A new order is looked for in Odoo before it is made.
    LookBeforeCreate,
    /// The rows of an order carry its pricelist, which Odoo refuses once it is confirmed.
    Fence,
    /// Lines are loaded under external ids of their own.
    LineExternalIds,
    /// Lines that an order no longer has are removed from its draft.
    DropOldLines,
    /// What is about to be done in Odoo is written into the state before the first call.
    Intent,
    /// A cancel on the way to new content is written down before it is made.
    CancelAnnounced,
    /// Odoo's total is what the customer owes, or the order is not confirmed.
    TotalCheck,
    /// What a person changed in Odoo is theirs.
    PersonsEdit,
    /// What a person cancelled in Odoo stays so.
    PersonsCancel,
    /// What has shipped is not edited.
    ShippedCheck,
    /// Confirming sets an order's date to now; it is put back.
    KeepDates,
    /// Only the records that failed come back, and all of them do.
    PartialBatch,
    /// A peer that fails is left alone for a while.
    Breaker,
    /// The watermark moves after what lies before it is stored.
    WatermarkAfterStore,
    /// Each window of the watcher reaches back over the last one.
    WatchOverlap,
    /// What was cancelled in Odoo is stopped at the warehouse before anything else of the order is released.
    OldReleaseFirst,
    /// What a warehouse holds is not released anew.
    ReleaseOnce,
    /// A release that may have arrived is looked for before it is sent again.
    LookBeforeRelease,
    /// A release is written down before it is sent.
    ReleaseWrittenFirst,
    /// What is ready waits for the hold window.
    HoldWindow,
    /// Nothing is sent to a warehouse, nor written down of a release, once the time for the look is over.
    ReleaseInTime,
    /// A warehouse that may ship is asked to stop before its order is edited or cancelled in Odoo.
    StopFirst,
    /// A shipment that a transfer carries already is not applied again.
    ShipmentMarker,
    /// What was written on a transfer is read back before it is validated.
    PreparedCheck,
    /// What is to be invoiced is written down before the shipment counts as applied.
    BillingFirst,
    /// A shop's newest orders are taken in before its count is changed from one that was read.
    SalesFirst,
    /// What was sold and does not stand in Odoo is promised to nobody.
    AcceptedCounts,
    /// A webhook counts only with its channel's signature.
    Signature,
}

impl Guard {
    pub const ALL: [Self; 40] = [
        Self::Waker,
        Self::DueInTheSameWrite,
        Self::VersionCondition,
        Self::RequestToken,
        Self::RevisionOrder,
        Self::SameContent,
        Self::ConditionalVerdict,
        Self::Lease,
        Self::LeaseDeadline,
        Self::WaitOutAmbiguity,
        Self::CallDeadline,
        Self::ConditionalRelease,
        Self::LookBeforeCreate,
        Self::Fence,
        Self::LineExternalIds,
        Self::DropOldLines,
        Self::Intent,
        Self::CancelAnnounced,
        Self::TotalCheck,
        Self::PersonsEdit,
        Self::PersonsCancel,
        Self::ShippedCheck,
        Self::KeepDates,
        Self::PartialBatch,
        Self::Breaker,
        Self::WatermarkAfterStore,
        Self::WatchOverlap,
        Self::OldReleaseFirst,
        Self::ReleaseOnce,
        Self::LookBeforeRelease,
        Self::ReleaseWrittenFirst,
        Self::HoldWindow,
        Self::ReleaseInTime,
        Self::StopFirst,
        Self::ShipmentMarker,
        Self::PreparedCheck,
        Self::BillingFirst,
        Self::SalesFirst,
        Self::AcceptedCounts,
        Self::Signature,
    ];
}

/// Whether a guard stands. Always, but in the simulation's own build.
#[cfg(not(feature = "removable-guards"))]
#[must_use]
pub const fn stands(_: Guard) -> bool {
    true
}

#[cfg(feature = "removable-guards")]
pub use removable::{stands, without};

#[cfg(feature = "removable-guards")]
mod removable {
    use std::cell::Cell;

    use super::Guard;

    thread_local! {
        /// One bit for each guard that is taken away on this thread.
        static GONE: Cell<u64> = const { Cell::new(0) };
    }

    /// Whether a guard stands on this thread.
    #[must_use]
    pub fn stands(guard: Guard) -> bool {
        GONE.get() & bit(guard) == 0
    }

    /// Does `work` on this thread with some guards taken away.
    pub fn without<T>(guards: &[Guard], work: impl FnOnce() -> T) -> T {
        let before = GONE.replace(guards.iter().fold(0, |gone, guard| gone | bit(*guard)));
        let answer = work();
        GONE.set(before);
        answer
    }

    fn bit(guard: Guard) -> u64 {
        1 << guard as u64
    }
}
