//! What is seen of stock: figures over warehouses, and which products changed.

use std::{collections::BTreeSet, time::Duration};

use crossdock_core::stock::Figures;
use crossdock_odoo::stock::{Stream, changed, every, figures, known, skus};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::json;

use crate::{
    shelf::{House, Shelf, house, two_step_house, typed, unreserved},
    target::Target,
};

/// Odoo's times are whole seconds.
const SECOND: Duration = Duration::from_millis(1100);

async fn of(target: &Target, shelf: &Shelf, houses: &[&House]) -> Figures {
    let ids: Vec<i64> = houses.iter().map(|house| house.id).collect();
    let company = target.world.company.id;
    let all = figures(&target.user.0, company, &ids, &[shelf.product]).await.expect("figures");
    all[&shelf.product]
}

fn counted(on_hand: i64, free: i64, outgoing: i64) -> Figures {
    let [on_hand, free, outgoing] = [on_hand, free, outgoing].map(Decimal::from);
    Figures { on_hand, free, outgoing, incoming: Decimal::ZERO }
}

pub async fn what_is_sold_is_free_no_more_and_only_where_it_is_shipped_from(target: &Target) {
    let (main, other) = (house(target).await, two_step_house(target).await);
    let shelf = Shelf::with(target, "10").await;
    shelf.at(&other).fill(target, None, "5").await;
    assert_eq!(of(target, &shelf, &[&main]).await, counted(10, 10, 0));
    typed(target, &[(shelf.product, "3")]).await;
    assert_eq!(of(target, &shelf, &[&main]).await, counted(10, 7, 3));
    assert_eq!(of(target, &shelf, &[&other]).await, counted(5, 5, 0));
    // More than there is: all that is there is reserved, and the rest is promised too.
    typed(target, &[(shelf.product, "9")]).await;
    assert_eq!(of(target, &shelf, &[&main]).await, counted(10, 0, 12));
    assert_eq!(of(target, &shelf, &[&main]).await.available(false), Decimal::from(-2));
}

pub async fn what_is_sold_and_not_reserved_is_free_for_odoo_and_available_to_nobody(target: &Target) {
    let main = house(target).await;
    let shelf = Shelf::with(target, "10").await;
    let order = typed(target, &[(shelf.product, "4")]).await;
    unreserved(target, order).await;
    assert_eq!(of(target, &shelf, &[&main]).await, counted(10, 10, 4));
    assert_eq!(of(target, &shelf, &[&main]).await.available(false), Decimal::from(6));
}

pub async fn figures_are_over_just_the_warehouses_that_are_named(target: &Target) {
    let (main, other) = (house(target).await, two_step_house(target).await);
    let shelf = Shelf::with(target, "10").await;
    shelf.at(&other).fill(target, None, "5").await;
    assert_eq!(of(target, &shelf, &[&main, &other]).await, counted(15, 15, 0));
    assert_eq!(of(target, &shelf, &[&other]).await, counted(5, 5, 0));
    let nowhere = Shelf::new(target, "none", &main).await;
    assert_eq!(of(target, &nowhere, &[&main]).await, counted(0, 0, 0));
}

/// The products that show in a stream since `from`, page by page.
async fn since(target: &Target, stream: Stream, from: Timestamp) -> BTreeSet<i64> {
    let until = target.clock.now() + SignedDuration::from_secs(60);
    let (mut all, mut after) = (BTreeSet::new(), 0);
    loop {
        let page = changed(&target.user.0, stream, from, until, after, 2).await.expect("a page");
        all.extend(page.products);
        match page.next {
            Some(next) => after = next,
            None => return all,
        }
    }
}

pub async fn a_sale_shows_among_the_changed_moves(target: &Target) {
    let shelf = Shelf::with(target, "10").await;
    tokio::time::sleep(SECOND).await;
    let now = target.clock.now();
    assert!(!since(target, Stream::Moves, now).await.contains(&shelf.product));
    typed(target, &[(shelf.product, "3")]).await;
    assert!(since(target, Stream::Moves, now).await.contains(&shelf.product));
    assert!(!since(target, Stream::Products, now).await.contains(&shelf.product), "its own time stays");
}

pub async fn a_count_by_hand_shows_among_the_changed_quants(target: &Target) {
    let shelf = Shelf::with(target, "10").await;
    tokio::time::sleep(SECOND).await;
    let now = target.clock.now();
    assert!(!since(target, Stream::Quants, now).await.contains(&shelf.product));
    shelf.fill(target, None, "4").await;
    assert!(since(target, Stream::Quants, now).await.contains(&shelf.product));
}

pub async fn an_archived_product_shows_among_the_changed_products_and_keeps_its_sku(target: &Target) {
    let shelf = Shelf::with(target, "10").await;
    tokio::time::sleep(SECOND).await;
    let now = target.clock.now();
    target.admin().write("product.product", shelf.product, json!({ "active": false })).await;
    assert!(since(target, Stream::Products, now).await.contains(&shelf.product));
    let skus = skus(&target.user.0, &[shelf.product]).await.expect("SKUs");
    assert_eq!(skus[&shelf.product].as_str(), shelf.sku);
    let asked = [shelf.sku.parse().expect("a SKU"), "nobody-has-this".parse().expect("a SKU")];
    let known = known(&target.user.0, &asked).await.expect("SKUs");
    assert_eq!(known, BTreeSet::from([asked[0].clone()]));
}

pub async fn every_product_comes_once_page_by_page(target: &Target) {
    let shelf = Shelf::with(target, "1").await;
    let (mut times, mut after, mut last) = (0, shelf.product - 3, i64::MIN);
    loop {
        let page = every(&target.user.0, after, 2).await.expect("a page");
        assert!(page.products.iter().all(|product| *product > last));
        times += usize::from(page.products.contains(&shelf.product));
        last = page.products.last().copied().unwrap_or(last);
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(times, 1);
}
