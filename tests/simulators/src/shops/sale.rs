//! What is sold, before any shop's own way of telling it.

use jiff::Timestamp;
use rust_decimal::{Decimal, RoundingStrategy};

/// How an order is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paid {
    Paid,
    Authorized,
    Pending,
    /// By invoice, as agreed.
    Terms,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Buyer {
    /// The account; none for a guest.
    pub id: Option<u64>,
    pub email: String,
    pub first: String,
    pub last: String,
    pub company: Option<String>,
    pub vat: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    pub street: String,
    pub city: String,
    pub zip: String,
    pub region: Option<String>,
    pub country: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goods {
    pub id: u64,
    pub sku: Option<String>,
    pub title: String,
    pub ordered: u32,
    /// What is left after edits.
    pub current: u32,
    /// Of one piece, in the order's tax mode.
    pub price: Decimal,
    /// Off the whole line.
    pub discount: Decimal,
    /// Percent.
    pub rate: Decimal,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipping {
    pub id: u64,
    pub title: String,
    pub code: String,
    pub price: Decimal,
    pub rate: Decimal,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fee {
    pub id: u64,
    pub title: String,
    pub amount: Decimal,
}

/// One version of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    pub id: u64,
    pub placed_at: Timestamp,
    pub updated_at: Timestamp,
    /// Rises with each version.
    pub sequence: u64,
    pub cancelled: bool,
    pub test: bool,
    pub currency: String,
    pub tax_included: bool,
    pub buyer: Buyer,
    pub ship_to: Place,
    pub goods: Vec<Goods>,
    pub shipping: Option<Shipping>,
    pub fee: Option<Fee>,
    pub paid: Paid,
    /// The part that a gift card paid.
    pub gift_card: Decimal,
    /// What a plugin did to the total behind the shop's back.
    pub total_off: Decimal,
    /// The shop tells it in a way that nobody can read.
    pub broken: bool,
}

/// To the cent, half away from zero.
#[must_use]
pub fn cents(amount: Decimal) -> Decimal {
    let mut rounded = amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(2);
    rounded
}

/// The tax on an amount, rounded to the cent as shops do line by line.
#[must_use]
pub fn tax(amount: Decimal, rate: Decimal, included: bool) -> Decimal {
    let base = if included { Decimal::ONE_HUNDRED + rate } else { Decimal::ONE_HUNDRED };
    cents(amount * rate / base)
}

impl Goods {
    /// Pieces at ten each, without discount or tax, under a title that is their SKU.
    #[must_use]
    pub fn plain(id: u64, sku: &str, ordered: u32) -> Self {
        let (sku, title) = (Some(sku.to_owned()), sku.to_owned());
        let (price, discount, rate) = (Decimal::TEN, Decimal::ZERO, Decimal::ZERO);
        Self { id, sku, title, ordered, current: ordered, price, discount, rate }
    }

    /// Of what is left, before discounts.
    #[must_use]
    pub fn subtotal(&self) -> Decimal {
        cents(self.price * Decimal::from(self.current))
    }

    /// Of what is left, after discounts.
    #[must_use]
    pub fn total(&self) -> Decimal {
        let share = if self.ordered == 0 {
            Decimal::ZERO
        } else {
            Decimal::from(self.current) / Decimal::from(self.ordered)
        };
        self.subtotal() - cents(self.discount * share)
    }
}

impl Sale {
    /// The first version of a paid order in USD without shipping, by nobody in particular.
    #[must_use]
    pub fn plain(id: u64, placed_at: Timestamp, goods: Vec<Goods>) -> Self {
        Self {
            id,
            placed_at,
            updated_at: placed_at,
            sequence: 1,
            cancelled: false,
            test: false,
            currency: "USD".into(),
            tax_included: false,
            buyer: Buyer::default(),
            ship_to: Place::default(),
            goods,
            shipping: None,
            fee: None,
            paid: Paid::Paid,
            gift_card: Decimal::ZERO,
            total_off: Decimal::ZERO,
            broken: false,
        }
    }

    /// The tax on a line as it is now.
    #[must_use]
    pub fn line_tax(&self, goods: &Goods) -> Decimal {
        tax(goods.total(), goods.rate, self.tax_included)
    }

    #[must_use]
    pub fn shipping_tax(&self) -> Decimal {
        self.shipping.as_ref().map_or(Decimal::ZERO, |s| tax(s.price, s.rate, self.tax_included))
    }

    #[must_use]
    pub fn total_tax(&self) -> Decimal {
        self.goods.iter().map(|goods| self.line_tax(goods)).sum::<Decimal>() + self.shipping_tax()
    }

    #[must_use]
    pub fn goods_total(&self) -> Decimal {
        self.goods.iter().map(Goods::total).sum()
    }

    /// What the customer owes.
    #[must_use]
    pub fn total(&self) -> Decimal {
        let shipping = self.shipping.as_ref().map_or(Decimal::ZERO, |shipping| shipping.price);
        let fee = self.fee.as_ref().map_or(Decimal::ZERO, |fee| fee.amount);
        let on_top = if self.tax_included { Decimal::ZERO } else { self.total_tax() };
        cents(self.goods_total() + shipping + fee + on_top + self.total_off)
    }

    /// What people call it.
    #[must_use]
    pub fn number(&self) -> String {
        format!("#{}", self.id)
    }
}
