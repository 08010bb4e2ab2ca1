//! Two shops that sell the last pieces of one article at the same moment.

use anyhow::{Result, ensure};
use simulators::scenario::Channel;

use super::{BUFFERED, Play};
use crate::script::seconds;

/// What lies there when they begin.
const PIECES: i64 = 11;
/// More moments than they need to sell all of it.
const MOMENTS: usize = 20;

impl Play {
    /// At each moment customers of both shops buy, together no more than the buffer, before either shop has heard of
    /// the other's sale. The buffer is what they may sell twice: in the end nothing is sold that was not there, and
    /// nothing but the buffer is left.
    pub(super) async fn sell_the_last_pieces(&mut self) -> Result<()> {
        let (sku, buffer) = BUFFERED;
        let left = self.left[sku];
        self.world.odoo.receive("WH", sku, (PIECES - left) as f64);
        self.left.insert(sku, PIECES);
        self.come_to_rest().await?;
        self.judge().await?;
        let shops = [Channel::Shopify, Channel::Woo];
        for moment in 0..MOMENTS {
            let before = self.sold.len();
            let mut together = buffer;
            for shop in if moment % 2 == 0 { shops } else { [shops[1], shops[0]] } {
                // The first takes what it may, the other what is left of the moment.
                let most = if together == buffer { buffer - 1 } else { together };
                let pieces = (1..=most).rev().find(|pieces| self.counted_by(shop, sku) >= *pieces);
                let Some(pieces) = pieces else { continue };
                self.sell(shop, sku, u32::try_from(pieces)?);
                together -= pieces;
            }
            if self.sold.len() == before {
                break;
            }
            self.arrive().await?;
            self.world.pass(seconds(120)).await?;
            self.world.settle().await?;
        }
        let left = self.left[sku];
        ensure!(left >= 0, "{} pieces of {sku} were sold that were not there", -left);
        ensure!(left <= buffer, "{left} pieces of {sku} were sold by nobody, and {buffer} are kept back");
        self.come_to_rest().await?;
        self.judge().await
    }

    fn counted_by(&self, shop: Channel, sku: &str) -> i64 {
        let count = match shop {
            Channel::Woo => self.shops.woo.shelf.count(sku, ""),
            _ => self.shops.shopify.shelf.count(sku, super::LOCATION),
        };
        count.unwrap_or_default()
    }
}
