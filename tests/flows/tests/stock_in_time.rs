//! How long a shop counts something else than Odoo, and what two shops can sell of the same last pieces, under the
//! schedules that run in AWS and in virtual time.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_core::{Entropy, config::Config};
use flows::{
    Flow,
    shops::{Shops, flow_slow, sells_stock},
};
use simulators::odoo::Latency;
use tokio::time::Instant;

/// A call to Odoo.
const CALL: Duration = Duration::from_millis(400);
/// What follows upon the look that finds a change: the SKUs, their products, their figures, and the shop. What follows
/// upon a webhook is less: its order names the SKUs.
const FOLLOW: Duration = Duration::from_millis(4 * 400 + 100);
/// Every ten minutes the company is looked up anew before that: itself, its taxes, pricelists, warehouses and teams.
const COMPANY: Duration = Duration::from_millis(5 * 400);
/// The watcher's schedule, in which it looks twice.
const CYCLE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);

async fn shops_with(pieces: f64, skus: u64, change: impl FnOnce(&mut Config)) -> (Flow, Shops) {
    let slow = Latency { call: CALL, record: Duration::ZERO };
    let (flow, _, shops) = flow_slow(slow, |config| {
        sells_stock(config);
        change(config);
    })
    .await;
    for number in 1..=skus {
        let sku = format!("CD-{number}");
        shops.list(&sku);
        flow.stock(&sku, pieces);
    }
    (flow, shops)
}

/// How long it takes until both shops count so many of a SKU.
async fn until_both(shops: &Shops, sku: &str, count: i64) -> Duration {
    let began = Instant::now();
    while shops.counts(sku) != [Some(count), Some(count)] {
        assert!(began.elapsed() < 3 * CYCLE, "{sku}: {:?}, and {count} is right", shops.counts(sku));
        tokio::time::sleep(LOOK).await;
    }
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_change_in_odoo_reaches_every_shop_within_one_cycle_and_one_call() {
    let longest = longest_of_120_changes(2).await;
    assert!(longest <= CYCLE + CALL, "{longest:?}");
    assert!(longest <= CYCLE / 2 + FOLLOW + COMPANY, "{longest:?}");
    assert!(longest > CYCLE / 4, "a measure that finds nothing: {longest:?}");
}

#[tokio::test(start_paused = true)]
async fn with_one_look_a_minute_it_takes_one_cycle_and_what_follows() {
    let longest = longest_of_120_changes(1).await;
    assert!(longest <= CYCLE + FOLLOW + COMPANY, "{longest:?}");
    assert!(longest > CYCLE * 3 / 4, "the setting says nothing: {longest:?}");
}

/// How long the slowest of 120 changes at random moments took to reach both shops.
async fn longest_of_120_changes(looks_a_minute: u8) -> Duration {
    let (flow, shops) = shops_with(10.0, 20, |config| config.odoo.looks_a_minute = looks_a_minute).await;
    let tasks = flow.chain.start();
    let mut counts = [10_i64; 20];
    for (at, count) in counts.iter().enumerate() {
        until_both(&shops, &format!("CD-{}", at + 1), *count).await;
    }
    let entropy = Entropy::seeded(11);
    let mut longest = Duration::ZERO;
    for _ in 0..120 {
        let at = usize::try_from(entropy.below(20)).unwrap();
        tokio::time::sleep(Duration::from_millis(entropy.below(90_000))).await;
        let (sku, more) = (format!("CD-{}", at + 1), 1 + i64::try_from(entropy.below(5)).unwrap());
        flow.odoo.receive("WH", &sku, f64::from(i32::try_from(more).unwrap()));
        counts[at] += more;
        longest = longest.max(until_both(&shops, &sku, counts[at]).await);
    }
    drop(tasks);
    eprintln!("120 changes, {looks_a_minute} looks a minute: the longest took {longest:?}");
    longest
}

#[tokio::test(start_paused = true)]
async fn a_sale_lowers_the_promise_of_the_other_shop_within_seconds_of_its_webhook() {
    let (flow, shops) = shops_with(10.0, 2, |_| {}).await;
    let tasks = flow.chain.start();
    until_both(&shops, "CD-1", 10).await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    let webhook = shops.buy(&flow);
    assert!(flow.post("shopify", &webhook).await.is_success());
    let took = until_both(&shops, "CD-1", 8).await;
    eprintln!("a sale in one shop: the other one was told after {took:?}");
    assert!(took <= FOLLOW, "{took:?}");
    drop(tasks);
}

/// Two customers buy two pieces each at the same moment, in two shops. Where more is sold than there is, no connector
/// can keep that from happening; the buffer can.
#[tokio::test(start_paused = true)]
async fn two_shops_that_sell_the_last_pieces_at_once_oversell_what_the_buffer_does_not_cover() {
    for (pieces, buffer, oversold) in [(2, 0_u32, 2), (3, 1, 1), (4, 2, 0), (3, 2, 0)] {
        let (flow, shops) = shops_with(f64::from(pieces), 2, |config| {
            for stock in config.channels.iter_mut().filter_map(|channel| channel.stock.as_mut()) {
                stock.buffer = buffer.into();
            }
        })
        .await;
        shops.shopify.shelf.change("CD-2", |article| article.counted = false);
        shops.woo.shelf.change("CD-2", |article| article.counted = false);
        let tasks = flow.chain.start();
        until_both(&shops, "CD-1", i64::from(pieces) - i64::from(buffer)).await;
        let webhooks = ["shopify", "woo"].map(|shop| (shop, shops.buy_in(&flow, shop)));
        for (shop, webhook) in &webhooks {
            if let Some(webhook) = webhook {
                assert!(flow.post(shop, webhook).await.is_success());
            }
        }
        let sold = 2 * i64::try_from(webhooks.iter().filter(|(_, w)| w.is_some()).count()).unwrap();
        assert_eq!((sold - i64::from(pieces)).max(0), oversold, "{pieces} pieces, buffer {buffer}");
        // Every sale reaches Odoo, and then no shop sells what is not there.
        tokio::time::sleep(2 * CYCLE).await;
        let left = (i64::from(pieces) - sold - i64::from(buffer)).max(0);
        assert_eq!(shops.counts("CD-1"), [Some(left), Some(left)], "{pieces} pieces, buffer {buffer}");
        assert_eq!(flow.odoo.orders().len(), webhooks.iter().flat_map(|(_, webhook)| webhook).count());
        drop(tasks);
    }
}
