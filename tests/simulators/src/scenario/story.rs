//! What an order can go through.

use super::Channel;

/// What an order goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Story {
    Plain,
    Duplicated,
    /// Its update arrives before its creation.
    Reordered,
    /// Its creation arrives once more after its update.
    Late,
    EditedSoon,
    EditedLater,
    /// The webhook says only that it was edited: the shop must be asked.
    EditedByHint,
    CancelledSoon,
    CancelledLater,
    PaidLater,
    Unpaid,
    UnknownSku,
    MissingSku,
    ShippingUnmapped,
    TaxUnmapped,
    TotalOff,
    NoPricelist,
    Test,
    Unreadable,
    Long,
    Forged,
    Pinged,
    /// A tenth off each line.
    PercentOff,
    /// An amount off the whole order.
    AmountOff,
    Fee,
    FreeLine,
    GiftCard,
    ShippingTaxed,
    /// In the customer's currency, which is not the shop's.
    Euro,
    Guest,
    /// The customer has bought before.
    Returning,
    Company,
}

impl Story {
    pub const ALL: [Self; 32] = [
        Self::Plain,
        Self::Duplicated,
        Self::Reordered,
        Self::Late,
        Self::EditedSoon,
        Self::EditedLater,
        Self::EditedByHint,
        Self::CancelledSoon,
        Self::CancelledLater,
        Self::PaidLater,
        Self::Unpaid,
        Self::UnknownSku,
        Self::MissingSku,
        Self::ShippingUnmapped,
        Self::TaxUnmapped,
        Self::TotalOff,
        Self::NoPricelist,
        Self::Test,
        Self::Unreadable,
        Self::Long,
        Self::Forged,
        Self::Pinged,
        Self::PercentOff,
        Self::AmountOff,
        Self::Fee,
        Self::FreeLine,
        Self::GiftCard,
        Self::ShippingTaxed,
        Self::Euro,
        Self::Guest,
        Self::Returning,
        Self::Company,
    ];

    /// Of forty orders each story takes one, and plain ones the rest. A customer who returns takes a second
    /// one: somebody must have been there before.
    pub(super) fn of(at: usize) -> Self {
        match at % Self::ROUND {
            39 => Self::Returning,
            at => Self::ALL.get(at).copied().unwrap_or(Self::Plain),
        }
    }

    /// After this many orders the stories begin again.
    pub(super) const ROUND: usize = 40;

    /// The shop that can tell this story; none where any can.
    pub(super) fn channel(self) -> Option<Channel> {
        match self {
            Self::ShippingUnmapped
            | Self::TaxUnmapped
            | Self::NoPricelist
            | Self::PaidLater
            | Self::MissingSku
            | Self::EditedByHint
            | Self::Test
            | Self::GiftCard
            | Self::Euro
            | Self::Guest
            | Self::Returning => Some(Channel::Shopify),
            Self::TotalOff | Self::Unreadable | Self::Pinged | Self::Fee => Some(Channel::Woo),
            Self::Company => Some(Channel::Portal),
            _ => None,
        }
    }
}
