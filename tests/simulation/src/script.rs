//! What happens in a storm beside the faults of single calls, and when.

use crossdock_core::{config::Config, message::QueueName};
use crossdock_platform::orders::after;
use jiff::{SignedDuration, Timestamp};
use simulators::scenario::{HOUSES, Scenario};

use crate::{
    play::STORM,
    weather::{Fault, Weather},
};

/// How long an outage of a shop lasts.
pub const SHOP_OUTAGE: SignedDuration = SignedDuration::from_secs(3600);

/// Something that somebody does at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    Post(usize),
    Plant(QueueName),
    Redrive,
    ByHand(Fault),
    OdooDown,
    OdooUp,
    ShopDown,
    ShopUp,
    HouseDown(usize),
    HouseUp(usize),
    RotateKey,
    RevokeOldKey,
    Replace(usize),
    MendConfiguration,
    Replay,
}

/// The acts of a storm in the order of their times, and the configuration that it begins with.
pub fn script(weather: &Weather, scenario: &Scenario, sound: &Config) -> (Vec<(Timestamp, Act)>, Config) {
    let mut acts: Vec<(Timestamp, Act)> = Vec::new();
    for (at, delivery) in scenario.deliveries.iter().enumerate() {
        let time = SignedDuration::try_from(delivery.at).unwrap_or_default();
        acts.push((after(flows::START, time), Act::Post(at)));
    }
    for queue in QueueName::ALL {
        if weather.below(3) == 0 {
            acts.push((moment(weather, 10), Act::Plant(queue)));
        }
    }
    let hands = [
        Fault::EditedByHand,
        Fault::CancelledByHand,
        Fault::ConfirmedByHand,
        Fault::ShippedByHand,
        Fault::TouchedByHand,
    ];
    let at_work = [Fault::DeliveryCancelledByHand, Fault::InvoicedByHand];
    let hands = hands.into_iter().chain(at_work.into_iter().filter(|what| weather.knows(*what)));
    acts.extend(hands.map(|what| (moment(weather, 120), Act::ByHand(what))));
    if weather.strikes(Fault::Redriven) {
        acts.push((moment(weather, 1200), Act::Redrive));
    }
    outages(weather, scenario, &mut acts);
    if weather.strikes(Fault::KeyRotated) {
        let at = moment(weather, 60);
        acts.push((at, Act::RotateKey));
        // Each function reads its secrets every five minutes.
        acts.extend([0, 1].map(|host| (after(at, seconds(weather.below(300))), Act::Replace(host))));
        acts.push((after(at, seconds(600)), Act::RevokeOldKey));
    }
    let mut config = sound.clone();
    if weather.strikes(Fault::Mended) {
        config = unfinished(weather, config);
        let at = moment(weather, 900);
        acts.push((at, Act::MendConfiguration));
        acts.extend([0, 1].map(|host| (after(at, seconds(1 + weather.below(60))), Act::Replace(host))));
        acts.push((after(at, seconds(90)), Act::Replay));
    }
    acts.sort();
    (acts, config)
}

fn outages(weather: &Weather, scenario: &Scenario, acts: &mut Vec<(Timestamp, Act)>) {
    if weather.strikes(Fault::OdooDown) {
        let down = moment(weather, 30);
        acts.push((down, Act::OdooDown));
        acts.push((after(down, seconds(600 + weather.below(3 * 3600))), Act::OdooUp));
    }
    if weather.strikes(Fault::ShopDown) {
        let down = moment(weather, 30);
        acts.push((down, Act::ShopDown));
        acts.push((after(down, SHOP_OUTAGE), Act::ShopUp));
    }
    for house in 0..HOUSES.len() {
        if weather.strikes(Fault::HouseDown) {
            let down = moment(weather, 30);
            acts.push((down, Act::HouseDown(house)));
            acts.push((after(down, seconds(60 + weather.below(3600))), Act::HouseUp(house)));
        }
    }
    if weather.strikes(Fault::ShopLags) {
        scenario.shopify.faults.lag(weather.seconds(20, 300));
    }
}

/// A time in the storm, not before so many seconds.
pub fn moment(weather: &Weather, least: u64) -> Timestamp {
    let storm_s = u64::try_from(STORM.as_secs()).unwrap_or(0);
    after(flows::START, seconds(least + weather.below(storm_s - least)))
}

/// Somebody has not finished the mapping, or got it wrong.
fn unfinished(weather: &Weather, mut config: Config) -> Config {
    let shopify = config.channels.iter_mut().find(|channel| channel.id.as_str() == "shopify-main");
    if let Some(shopify) = shopify {
        if weather.below(2) == 0 {
            shopify.shipping.clear();
        } else {
            // A tax that exists and is not this one: Odoo computes other totals.
            let wrong = shopify.taxes[1].odoo.clone();
            shopify.taxes[0].odoo = wrong;
        }
    }
    config
}

pub fn seconds(seconds: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
}
