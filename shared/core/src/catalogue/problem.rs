//! What of a channel's articles only a person can mend.

use serde::Serialize;

/// What a person has to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    TwiceInOdoo,
    TwiceInChannel,
    OnlyInOdoo,
    OnlyInChannel,
    StillOffered,
    NoPrice,
    TaxesDiffer,
    /// About the product of an article.
    VariantsDisagree,
}

impl Problem {
    pub const ALL: [Self; 8] = [
        Self::TwiceInOdoo,
        Self::TwiceInChannel,
        Self::OnlyInOdoo,
        Self::OnlyInChannel,
        Self::StillOffered,
        Self::NoPrice,
        Self::TaxesDiffer,
        Self::VariantsDisagree,
    ];

    /// What a person can do about it.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::TwiceInOdoo => "Two products in Odoo have this Internal Reference: change or archive one.",
            Self::TwiceInChannel => "Two articles of the channel have this SKU: change or delete one there.",
            Self::OnlyInOdoo => {
                "The channel has no article with this SKU: make it there, set `catalogue.create`, or add the SKU to \
                 `catalogue.exclude`."
            }
            Self::OnlyInChannel => {
                "Odoo has no product with this Internal Reference: make it there, correct the SKU in the channel, or \
                 add it to `catalogue.exclude`."
            }
            Self::StillOffered => {
                "The product is archived or not for sale in Odoo and the channel offers it: take it down there, or set \
                 `catalogue.archive`."
            }
            Self::NoPrice => "The pricelist makes this product cost nothing: give it a price in Odoo.",
            Self::TaxesDiffer => {
                "The channel's prices hold the taxes and those in Odoo do not, or the other way round: give the \
                 product sales taxes in Odoo that are computed as the channel does."
            }
            Self::VariantsDisagree => {
                "The channel shows one title, description and category for all variants of this product, and Odoo wants \
                 several: give them the same in Odoo, take `{sku}` out of `catalogue.title`, or split the product in \
                 the channel."
            }
        }
    }
}
