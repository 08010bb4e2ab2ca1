//! Ten orders in bad weather, all of it drawn from one seed.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use crossdock_core::Entropy;
use jiff::{SignedDuration, Timestamp};

use crate::world::World;

const ORDERS: u64 = 10;
/// How long the orders come, and how long the weather is bad.
const TRAFFIC_S: u64 = 900;
const STORM: SignedDuration = SignedDuration::from_secs(3600);

/// What one seed came to.
#[derive(Debug, Clone, Default)]
pub struct Told {
    pub faults: BTreeMap<&'static str, u64>,
    pub calls: u64,
}

/// One webhook.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Post {
    at: Timestamp,
    id: String,
    sequence: u64,
    quantity: u32,
}

/// Plays one seed.
///
/// # Errors
/// Says what is not as it should be once the weather has cleared and everything has settled.
pub fn play(seed: u64) -> Result<Told> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(async {
        let (posts, orders) = traffic(seed);
        let mut world = World::stormy(seed, STORM).await?;
        world.run();
        for post in posts {
            world.pass_until(post.at).await?;
            world.post(&post.id, post.sequence, post.quantity).await?;
        }
        world.pass_until(flows::START + STORM).await?;
        world.settle().await.context("once the weather had cleared")?;
        world.judge(&orders).await?;
        let told = Told { faults: world.weather().counts(), calls: world.calls() };
        world.replay_everything().await?;
        Ok(told)
    })
}

/// The webhooks in the order of their times, and each order's last quantity: some come twice, some orders
/// are changed, and some of the older versions come again after the newer one.
fn traffic(seed: u64) -> (Vec<Post>, Vec<(String, u32)>) {
    let entropy = Entropy::seeded(seed);
    let (mut posts, mut orders) = (Vec::new(), Vec::new());
    let after = |seconds: u64| flows::START + SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(0));
    for number in 1..=ORDERS {
        let id = format!("o{number}");
        let at = entropy.below(TRAFFIC_S);
        let quantity = 2 + u32::try_from(entropy.below(5)).unwrap_or(0);
        let first = Post { at: after(at), id: id.clone(), sequence: 1, quantity };
        if entropy.chance(300) {
            posts.push(Post { at: after(at + entropy.below(600)), ..first.clone() });
        }
        let mut last = quantity;
        if entropy.chance(400) {
            let changed = at + entropy.below(1200);
            last = quantity - 1;
            posts.push(Post { at: after(changed), sequence: 2, quantity: last, ..first.clone() });
            if entropy.chance(500) {
                posts.push(Post { at: after(changed + entropy.below(300)), ..first.clone() });
            }
        }
        posts.push(first);
        orders.push((id, last));
    }
    posts.sort();
    (posts, orders)
}
