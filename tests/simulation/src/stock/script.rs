//! What people do while the weather is bad.

use crossdock_platform::orders::after;
use jiff::Timestamp;
use simulators::scenario::Channel;

use super::{ACTS, SKUS};
use crate::{
    script::{SHOP_OUTAGE, moment, seconds},
    weather::{Fault, Weather},
};

/// Something that somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Act {
    /// A customer buys, where the shop counts enough.
    Sell(Channel, &'static str, u32),
    /// Goods come in.
    Receive(&'static str, u32),
    /// The warehouse finds so many, or so many are broken, and tells.
    Adjust(&'static str, i32),
    /// A person gives it another price in Odoo, in cents.
    Price(&'static str, u32),
    /// A person counts at the shop.
    Count(Channel, &'static str, u32),
    /// A person at the shop gives it another price there, in cents.
    Reprice(Channel, &'static str, u32),
    /// The next count of the SKU is refused, for no lasting reason.
    Refuse(Channel, &'static str),
    OdooDown,
    OdooUp,
    ShopDown(Channel),
    ShopUp(Channel),
}

/// A number of pieces in `0..below`.
pub(super) fn count_of(weather: &Weather, below: u64) -> u32 {
    u32::try_from(weather.below(below)).unwrap_or(0)
}

/// What happens in a storm, in the order of its times.
pub(super) fn script(weather: &Weather) -> Vec<(Timestamp, Act)> {
    let mut acts = Vec::new();
    for _ in 0..ACTS {
        let sku = SKUS[usize::try_from(weather.below(3)).unwrap_or(0)];
        let channel = if weather.below(2) == 0 { Channel::Shopify } else { Channel::Woo };
        let pieces = 1 + count_of(weather, 3);
        let act = match weather.below(10) {
            0..6 => Act::Sell(channel, sku, pieces),
            6 => Act::Receive(sku, pieces),
            7 if weather.below(2) == 0 => Act::Receive(sku, pieces),
            7 => Act::Adjust(sku, i32::try_from(weather.below(7)).unwrap_or(0) - 3),
            8 if weather.below(2) == 0 => Act::Price(sku, 500 + 10 * count_of(weather, 100)),
            8 => Act::Count(channel, sku, pieces),
            _ => Act::Refuse(channel, sku),
        };
        let at = moment(weather, 90);
        acts.push((at, act));
        // Another customer wants the same at the same moment, in the other shop.
        if let (Act::Sell(..), 0) = (act, weather.below(4)) {
            let other = if channel == Channel::Woo { Channel::Shopify } else { Channel::Woo };
            acts.push((at, Act::Sell(other, sku, pieces)));
        }
    }
    if weather.strikes(Fault::OdooDown) {
        let down = moment(weather, 30);
        acts.push((down, Act::OdooDown));
        acts.push((after(down, seconds(600 + weather.below(3600))), Act::OdooUp));
    }
    for channel in [Channel::Shopify, Channel::Woo] {
        if weather.strikes(Fault::ShopDown) {
            let down = moment(weather, 30);
            acts.push((down, Act::ShopDown(channel)));
            acts.push((after(down, SHOP_OUTAGE), Act::ShopUp(channel)));
        }
    }
    acts.sort();
    acts
}
