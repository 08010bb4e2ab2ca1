//! The automation rules that hint at changes, where Odoo has automation rules.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use crossdock_core::PeerError;
use crossdock_odoo::automation::{PRICES, PRODUCTS, RULES, Rule, TRANSFERS, install, remove};
use serde_json::{Map, Value, json};

use crate::{
    shelf::{Shelf, typed},
    target::Target,
};

/// Odoo gives up on a listener after one second.
const HEARD: Duration = Duration::from_secs(10);

async fn has_rules(target: &Target) -> bool {
    let domain = json!([["name", "=", "base_automation"], ["state", "=", "installed"]]);
    target.admin().count("ir.module.module", domain).await > 0
}

async fn rules(target: &Target) -> i64 {
    target.admin().count("base.automation", json!([["name", "in", RULES.map(|rule| rule.name)]])).await
}

/// A listener on this machine, and what it is posted: the path, and the body.
fn listen() -> (String, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (heard, all) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.set_read_timeout(Some(HEARD));
            let mut bytes = Vec::new();
            let mut part = [0; 4096];
            let call = loop {
                match stream.read(&mut part) {
                    Ok(read @ 1..) => bytes.extend_from_slice(&part[..read]),
                    Ok(_) | Err(_) => break None,
                }
                let text = String::from_utf8_lossy(&bytes);
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                if let Ok(body) = serde_json::from_str(body) {
                    break Some((path, body));
                }
            };
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let Some(call) = call else { continue };
            if heard.send(call).is_err() {
                return;
            }
        }
    });
    (format!("http://127.0.0.1:{port}"), all)
}

pub async fn a_rule_that_hints_is_made_once_and_taken_away(target: &Target) {
    let admin = &target.admin().0;
    if !has_rules(target).await {
        let missing = install(admin, "https://hooks.example.com/hooks/odoo?token=t", &RULES).await;
        assert!(
            matches!(missing, Err(PeerError::Rejected { .. } | PeerError::Missing { .. })),
            "{missing:?}"
        );
        assert_eq!(remove(admin, &RULES).await, Ok(false));
        return;
    }
    let (address, heard) = listen();
    let only = [TRANSFERS];
    install(admin, "http://127.0.0.1:9/old?token=t", &only).await.expect("a rule");
    install(admin, &format!("{address}/hooks/odoo?token=t"), &only).await.expect("the same rule");
    assert_eq!(rules(target).await, 1, "made once");
    let shelf = Shelf::with(target, "5").await;
    let order = typed(target, &[(shelf.product, "2")]).await;
    let (path, body) = heard.recv_timeout(HEARD).expect("a hint that the transfer is ready");
    let open = target.user.rows("stock.picking", json!([["sale_id", "=", order]]), &["state"]).await;
    assert_eq!(path, "/hooks/odoo?token=t");
    assert_eq!((&body["_model"], &body["_id"]), (&json!("stock.picking"), &open[0]["id"]));
    assert_eq!(open[0]["state"], "assigned");
    assert!(heard.recv_timeout(Duration::from_secs(2)).is_err(), "one hint is enough");
    target.user.cancel_order(order).await;
    assert_eq!(heard.recv_timeout(HEARD).expect("a hint that it is cancelled").1["_id"], open[0]["id"]);

    assert_eq!(remove(admin, &RULES).await, Ok(true));
    assert_eq!((rules(target).await, remove(admin, &RULES).await), (0, Ok(false)));
    let order = typed(target, &[(shelf.product, "1")]).await;
    assert!(heard.recv_timeout(Duration::from_secs(2)).is_err(), "nobody hints at order {order}");
    // What was taken away can be made again.
    install(admin, &format!("{address}/hooks/odoo?token=t"), &only).await.expect("a rule");
    assert_eq!((rules(target).await, remove(admin, &only).await), (1, Ok(true)));
}

pub async fn rules_hint_at_what_a_product_costs_and_at_nothing_else_of_it(target: &Target) {
    let admin = target.admin();
    if !has_rules(target).await {
        return;
    }
    let (address, heard) = listen();
    let both: [Rule; 2] = [PRODUCTS, PRICES];
    install(&admin.0, &format!("{address}/hooks/odoo?token=t"), &both).await.expect("rules");
    let next = || heard.recv_timeout(HEARD).map(|(_, body)| (body["_model"].clone(), body["_id"].clone()));
    let nothing = || heard.recv_timeout(Duration::from_secs(2)).is_err();
    let shelf = Shelf::with(target, "5").await;
    let of = json!([["id", "=", shelf.product]]);
    let rows = admin.rows("product.product", of, &["product_tmpl_id"]).await;
    let template = rows[0]["product_tmpl_id"][0].as_i64().expect("a template");
    // A product that is new.
    while !nothing() {}
    admin.write("product.template", template, json!({ "list_price": 12.5 })).await;
    assert_eq!(next(), Ok((json!("product.template"), json!(template))));
    admin.write("product.template", template, json!({ "description_sale": "another" })).await;
    typed(target, &[(shelf.product, "1")]).await;
    assert!(nothing(), "neither a text nor a sale costs whoever works in Odoo a second");
    let list = admin.save("product.pricelist", json!({ "name": target.fresh() }), &Map::new()).await;
    let rule = json!({
        "pricelist_id": list, "applied_on": "1_product", "product_tmpl_id": template,
        "compute_price": "fixed", "fixed_price": 9.0,
    });
    let rule = admin.save("product.pricelist.item", rule, &Map::new()).await;
    assert_eq!(next(), Ok((json!("product.pricelist.item"), json!(rule))));
    let wide = json!({
        "pricelist_id": list, "applied_on": "3_global", "compute_price": "percentage", "percent_price": 5.0,
    });
    admin.save("product.pricelist.item", wide, &Map::new()).await;
    assert!(nothing(), "what reaches every product is the watcher's");
    assert_eq!(remove(&admin.0, &RULES).await, Ok(true));
    assert_eq!(rules(target).await, 0);
}

pub async fn a_user_who_is_no_administrator_makes_no_rule(target: &Target) {
    let refused = install(&target.user.0, "https://hooks.example.com/hooks/odoo?token=t", &RULES).await;
    if has_rules(target).await {
        assert!(
            matches!(refused, Err(PeerError::Unauthorized { .. } | PeerError::Rejected { .. })),
            "{refused:?}"
        );
        assert_eq!(rules(target).await, 0);
    } else {
        assert!(
            matches!(refused, Err(PeerError::Rejected { .. } | PeerError::Missing { .. })),
            "{refused:?}"
        );
    }
}
