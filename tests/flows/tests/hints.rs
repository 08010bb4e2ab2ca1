//! What Odoo's automation rules tell: a look at once, and nothing that is believed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_core::{
    Order,
    message::{Message, QueueName},
    order::Prices,
};
use crossdock_platform::{QueueAddress, orders::Stage};
use flows::{Flow, shelves, shipping::flow, shops};
use http::StatusCode;
use odoo_contract::orders::{line, order};
use serde_json::{Value, json};
use simulators::shops::Signed;

const TOKEN: &str = "3f1c9a5be0274d6688ab12cd";

fn five() -> Order {
    let mut order = order("1", Prices::TaxExcluded);
    line(&mut order, "CD-1", "5", "50", "50", Some("10"));
    order
}

/// As Odoo posts it: the record, the rule, and the fields that somebody chose.
fn call(model: &str, id: i64) -> Signed {
    let body = json!({ "_action": "Ready(#612)", "_id": id, "_model": model, "name": "WH/OUT/00041" });
    Signed {
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.to_string().into(),
    }
}

fn door(token: &str) -> String {
    format!("odoo?token={token}")
}

/// An order that stands in Odoo, before the watcher has come by.
async fn confirmed() -> (Flow, simulators::warehouses::Server) {
    let (flow, east) = flow(|config| config.odoo.hints = true).await;
    flow.chain.platform.set_secret("odoo/hook", vec![TOKEN.into()]);
    assert_eq!(flow.bring(&five()).await.stage, Stage::Done);
    (flow, east)
}

/// What the ledger holds, but for how busy Odoo is.
fn kept(flow: &Flow) -> Vec<String> {
    let items = flow.chain.platform.items().unwrap().into_iter();
    items.filter(|item| !item.key.pk.starts_with("pace#")).map(|item| format!("{item:?}")).collect()
}

/// Lets the seconds pass that a hint is held back.
async fn seconds(flow: &Flow) {
    tokio::time::sleep(Duration::from_secs(6)).await;
    flow.drain().await;
}

#[tokio::test(start_paused = true)]
async fn a_hint_at_an_order_a_transfer_or_a_move_releases_within_seconds_and_once() {
    for model in ["sale.order", "stock.picking", "stock.move"] {
        let (flow, east) = confirmed().await;
        let id = match model {
            "sale.order" => flow.odoo.orders()[0].id,
            "stock.picking" => flow.pickings()[0].id,
            _ => {
                let moves: Value = flow.odoo.field("stock.picking", flow.pickings()[0].id, "move_ids");
                moves[0].as_i64().unwrap()
            }
        };
        assert_eq!(flow.post(&door(TOKEN), &call(model, id)).await, StatusCode::OK);
        flow.drain().await;
        assert!(east.jobs().is_empty(), "Odoo may not have committed yet");
        seconds(&flow).await;
        assert_eq!(east.jobs().len(), 1, "{model}");
        let asked = flow.fulfilment(&five().key).await.asked;
        // Told once more, and found by the watcher: nothing that was not seen before.
        assert_eq!(flow.post(&door(TOKEN), &call(model, id)).await, StatusCode::OK);
        seconds(&flow).await;
        flow.watch().await;
        assert_eq!((east.jobs().len(), flow.fulfilment(&five().key).await.asked), (1, asked), "{model}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hint_that_is_lost_costs_a_minute_and_nothing_else() {
    let (flow, east) = confirmed().await;
    let picking = flow.pickings()[0].id;
    flow.odoo.down(true);
    assert_eq!(flow.post(&door(TOKEN), &call("stock.picking", picking)).await, StatusCode::OK);
    seconds(&flow).await;
    flow.odoo.down(false);
    assert!(east.jobs().is_empty());
    let work = QueueAddress::Work(QueueName::Releases);
    assert!(flow.chain.platform.messages(work).unwrap().is_empty(), "it is not tried again and again");
    flow.run_for(Duration::from_secs(180)).await;
    assert_eq!(east.jobs().len(), 1);
    assert_eq!(flow.dead_letters(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_is_no_order_of_ours_comes_to_nothing() {
    let (flow, east) = confirmed().await;
    let before = kept(&flow);
    for (model, id) in [("stock.picking", 99_999), ("stock.move", 99_999), ("sale.order", 99_999)] {
        assert_eq!(flow.post(&door(TOKEN), &call(model, id)).await, StatusCode::OK);
    }
    let queue = QueueAddress::Work(QueueName::Releases);
    assert_eq!(flow.chain.platform.messages(queue).unwrap().len(), 3, "one message for each");
    for (model, id) in [("res.users", 2), ("stock.picking", -1)] {
        assert_eq!(flow.post(&door(TOKEN), &call(model, id)).await, StatusCode::OK, "ignored");
    }
    assert_eq!(flow.chain.platform.messages(queue).unwrap().len(), 3);
    seconds(&flow).await;
    assert!(kept(&flow) == before, "the ledger is as it was");
    assert!(east.jobs().is_empty() && flow.dead_letters().is_empty());
}

/// Whoever has not the token learns nothing, not even whether there is such a door.
#[tokio::test(start_paused = true)]
async fn the_door_opens_with_the_token_alone_and_only_where_it_is_configured() {
    for (hints, secret) in [(true, Some(TOKEN)), (true, Some("")), (true, None), (false, Some(TOKEN))] {
        let (flow, _) = flow(|config| config.odoo.hints = hints).await;
        if let Some(secret) = secret {
            flow.chain.platform.set_secret("odoo/hook", vec![secret.into()]);
        }
        flow.bring(&five()).await;
        let picking = call("stock.picking", flow.pickings()[0].id);
        let open = hints && secret == Some(TOKEN);
        let twice = format!("odoo?token={TOKEN}&token={TOKEN}");
        for wrong in ["odoo", "odoo?token=", "odoo?token=x", &twice, "odoo?key=3f1c9a5be0274d6688ab12cd"] {
            assert_eq!(
                flow.post(wrong, &picking).await,
                StatusCode::UNAUTHORIZED,
                "{hints} {secret:?} {wrong}"
            );
        }
        let answer = flow.post(&door(TOKEN), &picking).await;
        assert_eq!(answer == StatusCode::OK, open, "{hints} {secret:?}: {answer}");
        let sent = flow.chain.platform.messages(QueueAddress::Work(QueueName::Releases)).unwrap();
        assert_eq!(sent.len(), usize::from(open));
        for body in sent {
            let message: Message = serde_json::from_str(&body).unwrap();
            assert!(matches!(message, Message::OdooHinted { .. }));
        }
    }
}

/// An order that somebody types into Odoo takes goods from what all channels sell.
#[tokio::test(start_paused = true)]
async fn what_a_transfer_reserves_is_told_to_the_channels_before_the_watcher_comes_by() {
    let (flow, _east, shops) = shops::flow(|config| {
        shops::sells_stock(config);
        config.odoo.hints = true;
    })
    .await;
    flow.chain.platform.set_secret("odoo/hook", vec![TOKEN.into()]);
    for sku in ["CD-1", "CD-2"] {
        shops.list(sku);
        flow.stock(sku, 10.0);
    }
    let webhook = shops.buy_in(&flow, "shopify");
    assert!(webhook.is_none(), "nothing is counted there yet");
    flow.watch().await;
    let webhook = shops.buy_in(&flow, "shopify").unwrap();
    shops.tell(&flow, "shopify", &[webhook]).await;
    flow.watch().await;
    flow.rest().await;
    assert_eq!(shops.counts("CD-1"), [Some(8), Some(8)]);
    // A copy of it, which is nobody's order.
    flow.odoo.by_hand_press("sale.order", "copy", flow.odoo.orders()[0].id).unwrap();
    flow.odoo.by_hand_confirm(flow.odoo.orders()[1].id).unwrap();
    let transfer = flow.odoo.orders()[1].pickings[0].id;
    assert_eq!(flow.post(&door(TOKEN), &call("stock.picking", transfer)).await, StatusCode::OK);
    seconds(&flow).await;
    assert_eq!((shops.counts("CD-1"), shops.counts("CD-2")), ([Some(6), Some(6)], [Some(8), Some(8)]));
    // What was seen is not told again.
    let before = shelves::calls(&shops);
    assert_eq!(flow.post(&door(TOKEN), &call("stock.picking", transfer)).await, StatusCode::OK);
    seconds(&flow).await;
    assert_eq!(shelves::calls(&shops), before);
}

#[tokio::test(start_paused = true)]
async fn what_a_product_costs_is_told_to_the_channels_before_the_watcher_comes_by() {
    let (flow, _east, shops) = shelves::shown(|config| config.odoo.hints = true).await;
    flow.chain.platform.set_secret("odoo/hook", vec![TOKEN.into()]);
    flow.watch().await;
    flow.rest().await;
    let product = flow.odoo.seed(|seed| seed.find("product.product", "default_code", "CD-1"));
    let template: Value = flow.odoo.field("product.product", product, "product_tmpl_id");
    let template = template.as_i64().or_else(|| template[0].as_i64()).unwrap();
    let priced = |shops: &shops::Shops| shops.prices("CD-1")[0].clone();
    for (model, id, price, shown) in
        [("product.template", template, 12.5, "12.50"), ("product.product", product, 13.5, "13.50")]
    {
        shelves::price_in_odoo(&flow, "CD-1", price);
        assert_eq!(flow.post(&door(TOKEN), &call(model, id)).await, StatusCode::OK);
        seconds(&flow).await;
        assert_eq!(priced(&shops).as_deref(), Some(shown), "{model}");
    }
    let rule = |of: Value| {
        flow.odoo.seed(|seed| {
            let list = seed.find("product.pricelist", "name", "USD list");
            let mut rule =
                json!({ "pricelist_id": list, "compute_price": "percentage", "percent_price": 10.0 });
            rule.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
            seed.record("product.pricelist.item", rule)
        })
    };
    let near = rule(json!({ "applied_on": "0_product_variant", "product_id": product }));
    assert_eq!(flow.post(&door(TOKEN), &call("product.pricelist.item", near)).await, StatusCode::OK);
    seconds(&flow).await;
    assert_eq!(priced(&shops).as_deref(), Some("12.15"));
    assert_eq!(shops.prices("CD-2")[0].as_deref(), Some("20.00"));
    // One that is gone, and one about everything: the watcher's.
    let wide = rule(json!({ "applied_on": "3_global", "percent_price": 50.0 }));
    for id in [wide, 99_999] {
        assert_eq!(flow.post(&door(TOKEN), &call("product.pricelist.item", id)).await, StatusCode::OK);
    }
    seconds(&flow).await;
    assert_eq!(shops.prices("CD-2")[0].as_deref(), Some("20.00"));
    flow.watch().await;
    assert_eq!(shops.prices("CD-2")[0].as_deref(), Some("10.00"));
    assert!(flow.dead_letters().is_empty());
}
