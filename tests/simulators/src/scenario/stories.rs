//! What happens to each order.

use std::time::Duration;

use crossdock_core::Entropy;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::{Channel, Delivery, Expected, Kind, Scenario, Story, Tempo, people};
use crate::shops::{Fee, Goods, Paid, Sale, Shipping, Signed, cents, hmac_base64};

pub(super) struct Teller {
    pub entropy: Entropy,
    pub start: Timestamp,
    pub tempo: Tempo,
}

/// How long before its first webhook an order was placed.
const BEFORE: i64 = 3;
const SOON: Duration = Duration::from_secs(2);

impl Teller {
    pub fn tell(&mut self, scenario: &mut Scenario, at: usize, orders: usize) {
        let story = Story::of(at);
        let channel = story.channel().unwrap_or_else(|| match self.entropy.below(10) {
            0..=4 => Channel::Shopify,
            5..=7 => Channel::Woo,
            _ => Channel::Portal,
        });
        let span_ms = self.tempo.span_ms(orders);
        let first = Duration::from_millis(self.entropy.below(span_ms) + 5_000);
        let placed_at = self.moment(first) - SignedDuration::from_secs(BEFORE);
        let mut sale = self.sale(story, channel, at, placed_at);
        self.twist(story, at, &mut sale);
        self.send(scenario, story, channel, sale, first);
    }

    fn moment(&self, at: Duration) -> Timestamp {
        // Shops tell times to the second.
        let second = self.start.as_second() + i64::try_from(at.as_secs()).unwrap_or_default();
        Timestamp::from_second(second).unwrap_or(self.start)
    }

    fn sale(&self, story: Story, channel: Channel, at: usize, placed_at: Timestamp) -> Sale {
        let id = match channel {
            Channel::Shopify => 5_000_000 + at as u64,
            Channel::Woo => 1_000 + at as u64,
            Channel::Portal => 90_000 + at as u64,
        };
        let abroad = story == Story::Euro || self.entropy.chance(250);
        let german = channel == Channel::Woo || (channel == Channel::Shopify && abroad);
        let company = channel == Channel::Portal || self.entropy.chance(100);
        let rate = match (channel, german) {
            (Channel::Woo, _) if self.entropy.chance(300) => Decimal::new(7, 0),
            (_, true) => Decimal::new(19, 0),
            (Channel::Shopify, false) if self.entropy.chance(300) => Decimal::new(725, 2),
            _ => Decimal::new(10, 0),
        };
        let lines = 1 + self.entropy.below(3);
        let goods: Vec<Goods> = (0..lines).map(|line| self.goods(id, line, rate)).collect();
        let mut sale = Sale {
            id,
            placed_at,
            updated_at: placed_at,
            sequence: 1,
            cancelled: false,
            test: false,
            currency: if german { "EUR" } else { "USD" }.into(),
            tax_included: german,
            buyer: people::buyer(&self.entropy, at, company),
            ship_to: people::place(&self.entropy, german),
            goods,
            shipping: None,
            fee: None,
            paid: if channel == Channel::Portal { Paid::Terms } else { Paid::Paid },
            gift_card: Decimal::ZERO,
            total_off: Decimal::ZERO,
            broken: false,
        };
        self.extras(channel, &mut sale, rate);
        sale
    }

    fn goods(&self, order: u64, line: u64, rate: Decimal) -> Goods {
        let product = self.entropy.below(20) + 1;
        let ordered = u32::try_from(self.entropy.below(4) + 1).unwrap_or(1);
        Goods {
            id: order * 100 + line,
            sku: Some(format!("CD-{product}")),
            title: format!("Sample product {product}"),
            ordered,
            current: ordered,
            price: Decimal::from(product * 10),
            discount: Decimal::ZERO,
            rate,
        }
    }

    /// Discounts, shipping, fees, gift cards, a free line.
    fn extras(&self, channel: Channel, sale: &mut Sale, rate: Decimal) {
        if self.entropy.chance(400) {
            let rate = if self.entropy.chance(500) { rate } else { Decimal::ZERO };
            sale.shipping = Some(shipping(sale.id, "Standard", Decimal::new(490, 2), rate));
        }
        match self.entropy.below(10) {
            0 | 1 => percent_off(sale),
            2 => amount_off(sale),
            3 => {
                if let Some(goods) = sale.goods.get_mut(1) {
                    goods.price = Decimal::ZERO;
                }
            }
            4 if channel == Channel::Shopify => sale.gift_card = Decimal::TEN,
            5 if channel == Channel::Woo => sale.fee = Some(small_order(sale.id)),
            _ => {}
        }
    }

    /// Makes the order what its story needs.
    fn twist(&self, story: Story, at: usize, sale: &mut Sale) {
        match story {
            Story::Unpaid => sale.paid = Paid::Pending,
            Story::PaidLater => sale.paid = Paid::Authorized,
            Story::UnknownSku => sale.goods[0].sku = Some("NO-SUCH-SKU".into()),
            Story::MissingSku => sale.goods[0].sku = None,
            Story::ShippingUnmapped => {
                sale.shipping = Some(shipping(sale.id, "Drone", Decimal::new(990, 2), Decimal::ZERO));
            }
            Story::TaxUnmapped => sale.goods.iter_mut().for_each(|goods| goods.rate = Decimal::new(13, 0)),
            Story::TotalOff => sale.total_off = Decimal::new(-700, 2),
            Story::NoPricelist => sale.currency = "GBP".into(),
            Story::Test => sale.test = true,
            Story::Unreadable => sale.broken = true,
            Story::Long => {
                let rate = sale.goods[0].rate;
                sale.goods = (0..30)
                    .map(|line| Goods { discount: Decimal::ZERO, ..self.goods(sale.id, line, rate) })
                    .collect();
            }
            // Edits scale a line's discount: kept apart, so that what the customer owes is plain.
            Story::EditedSoon | Story::EditedLater | Story::EditedByHint => {
                sale.goods.iter_mut().for_each(|goods| goods.discount = Decimal::ZERO);
                sale.goods[0].ordered += 1;
                sale.goods[0].current += 1;
            }
            Story::PercentOff => percent_off(sale),
            Story::AmountOff => amount_off(sale),
            Story::Fee => sale.fee = Some(small_order(sale.id)),
            Story::FreeLine => {
                let rate = sale.goods[0].rate;
                sale.goods.push(Goods { price: Decimal::ZERO, ..self.goods(sale.id, 9, rate) });
            }
            Story::GiftCard => sale.gift_card = Decimal::TEN,
            Story::ShippingTaxed => {
                let rate = sale.goods[0].rate;
                sale.shipping = Some(shipping(sale.id, "Express", Decimal::new(1290, 2), rate));
            }
            Story::Guest => sale.buyer.id = None,
            Story::Returning => sale.buyer = people::regular(at / Story::ROUND),
            _ => {}
        }
    }

    fn send(&self, scenario: &mut Scenario, story: Story, channel: Channel, sale: Sale, first: Duration) {
        let start = self.start;
        let created = topic(channel, "create");
        let updated = topic(channel, "update");
        scenario.people.push((sale.buyer.clone(), sale.ship_to.clone()));
        scenario.put(channel, sale.clone());
        let mut newest = sale.clone();
        if story != Story::Reordered {
            scenario.deliver(channel, Kind::First, start, first, created, &sale);
        }
        match story {
            Story::Duplicated => {
                for at in 1..=self.entropy.below(3) + 1 {
                    let at = first + Duration::from_secs(at * 7);
                    scenario.deliver(channel, Kind::Duplicate, start, at, created, &sale);
                }
            }
            Story::Reordered | Story::Late => {
                newest = self.change(&sale, first, |sale| sale.goods[0].price += Decimal::ONE);
                scenario.deliver(channel, Kind::First, start, first + SOON, updated, &newest);
                let at = first + Duration::from_secs(if story == Story::Late { 90 } else { 6 });
                scenario.deliver(channel, Kind::Late, start, at, created, &sale);
            }
            Story::EditedSoon | Story::EditedLater | Story::EditedByHint => {
                let at = first + if story == Story::EditedSoon { SOON } else { self.tempo.later };
                newest = self.change(&sale, at, |sale| {
                    sale.goods[0].current -= 1;
                    if let Some(goods) = sale.goods.get_mut(1) {
                        goods.current = 0;
                    }
                });
                let topic = if story == Story::EditedByHint { "orders/edited" } else { updated };
                scenario.deliver(channel, Kind::First, start, at, topic, &newest);
            }
            Story::CancelledSoon | Story::CancelledLater => {
                let at = first + if story == Story::CancelledSoon { SOON } else { self.tempo.later };
                newest = self.change(&sale, at, |sale| sale.cancelled = true);
                scenario.deliver(channel, Kind::First, start, at, topic(channel, "cancel"), &newest);
            }
            Story::PaidLater => {
                newest = self.change(&sale, first + self.tempo.later, |sale| sale.paid = Paid::Paid);
                scenario.deliver(
                    channel,
                    Kind::First,
                    start,
                    first + self.tempo.later,
                    "orders/paid",
                    &newest,
                );
            }
            Story::Forged => scenario.deliveries.push(forged(channel, first, &sale)),
            Story::Pinged => {
                let Signed { headers, body } = scenario.woo.ping(1);
                scenario.deliveries.push(Delivery {
                    channel: channel.id(),
                    at: first,
                    kind: Kind::Ping,
                    headers,
                    body,
                });
            }
            _ => {}
        }
        let key = format!("{}/{}", channel.id(), sale.id);
        scenario.put(channel, newest.clone());
        scenario.expected.insert(key, expected(story, &newest));
    }

    /// The next version of an order, changed at `at`.
    fn change(&self, sale: &Sale, at: Duration, change: impl FnOnce(&mut Sale)) -> Sale {
        let mut next = sale.clone();
        next.updated_at = self.moment(at);
        next.sequence += 1;
        change(&mut next);
        next
    }
}

impl Scenario {
    /// A shop changes an order once more, now: one piece less of its first line, or a cancel. None where the
    /// order cannot be changed so that its total is plain: it has discounts, or one piece alone.
    pub fn change(&mut self, key: &str, cancel: bool, now: Timestamp) -> Option<Delivery> {
        let all = [
            (Channel::Shopify, self.shopify.orders()),
            (Channel::Woo, self.woo.orders()),
            (Channel::Portal, self.portal.orders()),
        ];
        let (channel, mut sale) = all
            .into_iter()
            .flat_map(|(channel, sales)| sales.into_iter().map(move |sale| (channel, sale)))
            .find(|(channel, sale)| format!("{}/{}", channel.id(), sale.id) == key)?;
        let plain = sale.goods.iter().all(|goods| goods.discount.is_zero());
        if !plain || sale.cancelled || sale.goods.first().is_none_or(|goods| goods.current < 2) {
            return None;
        }
        // Shops tell times to the second.
        sale.updated_at = Timestamp::from_second(now.as_second()).unwrap_or(now);
        sale.sequence += 1;
        sale.cancelled = cancel;
        if !cancel {
            sale.goods[0].current -= 1;
        }
        self.put(channel, sale.clone());
        let expected = if cancel { Expected::NotConfirmed } else { confirmed(&sale) };
        self.expected.insert(key.to_owned(), expected);
        let Signed { headers, body } =
            self.signed(channel, topic(channel, if cancel { "cancel" } else { "update" }), &sale, now);
        Some(Delivery { channel: channel.id(), at: Duration::ZERO, kind: Kind::First, headers, body })
    }
}

fn percent_off(sale: &mut Sale) {
    for goods in &mut sale.goods {
        goods.discount = goods.price * Decimal::from(goods.ordered) / Decimal::TEN;
    }
}

/// Five off the whole order, which the shop spreads over its lines by their amounts.
///
/// Only over the first two, and only while they hold few pieces: a price per piece in whole cents misses
/// such a line by half a cent a piece, and all of it must stay within the rounding limit.
fn amount_off(sale: &mut Sale) {
    let off = Decimal::new(500, 2);
    let amount = |goods: &Goods| goods.price * Decimal::from(goods.ordered);
    sale.goods.iter_mut().for_each(|goods| goods.discount = Decimal::ZERO);
    match sale.goods.as_mut_slice() {
        [first, second, ..] if first.ordered + second.ordered <= 5 => {
            first.discount = cents(off * amount(first) / (amount(first) + amount(second)));
            second.discount = off - first.discount;
        }
        [first, ..] => first.discount = off,
        [] => {}
    }
}

fn small_order(order: u64) -> Fee {
    Fee { id: order * 100 + 91, title: "Small order fee".into(), amount: Decimal::new(250, 2) }
}

fn shipping(order: u64, title: &str, price: Decimal, rate: Decimal) -> Shipping {
    Shipping { id: order * 100 + 90, title: title.into(), code: title.to_lowercase(), price, rate }
}

fn topic(channel: Channel, what: &str) -> &'static str {
    match (channel, what) {
        (Channel::Shopify, "create") => "orders/create",
        (Channel::Shopify, "cancel") => "orders/cancelled",
        (Channel::Shopify, _) => "orders/updated",
        (Channel::Woo, "create") => "order.created",
        (Channel::Woo, _) => "order.updated",
        (Channel::Portal, _) => "order",
    }
}

/// A webhook that the shop never sent, about an order that it does not have.
fn forged(channel: Channel, at: Duration, sale: &Sale) -> Delivery {
    let body = format!("{{\"id\":{},\"total\":\"0.01\"}}", sale.id + 900_000_000);
    let headers = vec![
        ("content-type".into(), "application/json".into()),
        ("x-shopify-topic".into(), "orders/create".into()),
        ("x-shopify-hmac-sha256".into(), hmac_base64("a guess", body.as_bytes())),
        ("x-wc-webhook-topic".into(), "order.created".into()),
        ("x-wc-webhook-signature".into(), hmac_base64("a guess", body.as_bytes())),
    ];
    Delivery { channel: channel.id(), at, kind: Kind::Forged, headers, body: body.into() }
}

fn expected(story: Story, sale: &Sale) -> Expected {
    let parked = |reason| Expected::Parked { reason };
    match story {
        Story::CancelledSoon | Story::CancelledLater => Expected::NotConfirmed,
        Story::Unpaid => parked("payment_not_acceptable"),
        Story::UnknownSku => parked("unknown_sku"),
        Story::MissingSku => parked("missing_sku"),
        Story::ShippingUnmapped => parked("shipping_unmapped"),
        Story::TaxUnmapped => parked("tax_unmapped"),
        Story::TotalOff => parked("arithmetic_inconsistent"),
        Story::NoPricelist => parked("no_pricelist"),
        Story::Test => parked("test_order"),
        Story::Unreadable => parked("unreadable"),
        _ => confirmed(sale),
    }
}

fn confirmed(sale: &Sale) -> Expected {
    let mut lines: Vec<(String, Decimal)> = sale
        .goods
        .iter()
        .filter(|goods| goods.current > 0)
        .map(|goods| (goods.sku.clone().unwrap_or_default(), Decimal::from(goods.current)))
        .collect();
    lines.extend(sale.shipping.iter().map(|_| ("SHIP".to_owned(), Decimal::ONE)));
    lines.extend(sale.fee.iter().map(|_| ("FEE".to_owned(), Decimal::ONE)));
    Expected::Confirmed { total: sale.total(), currency: sale.currency.clone(), lines }
}
