//! The published JSON Schemas are those of the types.
//!
//! After a change on purpose: `UPDATE_SCHEMAS=1 cargo test -p tidy --test schemas`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;

use crossdock_core::{config::Config, message::Message, order::Order};
use serde_json::Value;

fn published() -> Vec<(&'static str, Value)> {
    let of = |schema: schemars::Schema| schema.to_value();
    let mut published = vec![
        ("message.v1.json", of(schemars::schema_for!(Message))),
        ("order.json", of(schemars::schema_for!(Order))),
        ("config.json", of(schemars::schema_for!(Config))),
        ("standard-order.v1.json", crossdock_channels::standard::schema()),
        ("standard-order-shipped.v1.json", crossdock_channels::standard::order_shipped_schema()),
        ("standard-parcel-moved.v1.json", crossdock_channels::standard::parcel_moved_schema()),
        ("standard-stock-levels.v1.json", crossdock_channels::standard::stock_levels_schema()),
        ("standard-catalogue.v1.json", crossdock_channels::standard::catalogue_schema()),
    ];
    published.extend(crossdock_warehouses::standard::schemas());
    published
}

#[test]
fn the_published_schemas_are_those_of_the_types() {
    let folder = tidy::root().join("docs/schemas");
    for (name, schema) in published() {
        let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        let path = folder.join(name);
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, text).unwrap();
            continue;
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(committed, text, "docs/schemas/{name} is not what the types say: see this test's head");
    }
}

#[test]
fn every_message_matches_its_schema() {
    let validator = jsonschema::validator_for(&schemars::schema_for!(Message).to_value()).unwrap();
    let order: crossdock_core::OrderKey = "shop/1".parse().unwrap();
    for message in [Message::OrderChanged { order: order.clone() }, Message::OrderValidated { order }] {
        let body: Value = serde_json::from_str(&message.to_body()).unwrap();
        assert!(validator.is_valid(&body), "{body}");
    }
    assert!(
        !validator
            .is_valid(&serde_json::json!({"type": "order_changed.v1", "order": "shop/1", "email": "x"}))
    );
}
