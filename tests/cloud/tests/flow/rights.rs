//! What each function's role allows, tried out by a function that runs as that role.

use std::collections::BTreeSet;

use crossdock_core::message::QueueName;
use serde_json::{Map, Value, json};

use super::world::World;

/// The functions that may send to each queue, as our code does, with a message about what nobody knows.
const SENDERS: [(&str, &str, &[&str]); 9] = [
    (
        "orders",
        r#"{ "type": "order_changed.v1", "order": "b2b/none" }"#,
        &[
            "nightly-reconciler",
            "operations-console",
            "order-importer",
            "order-validator",
            "shop-watcher",
            "stock-publisher",
            "waker",
            "webhook-receiver",
        ],
    ),
    (
        "valid-orders",
        r#"{ "type": "order_validated.v1", "order": "b2b/none" }"#,
        &[
            "operations-console",
            "order-importer",
            "order-invoicer",
            "order-validator",
            "shipment-handler",
            "waker",
            "warehouse-releaser",
        ],
    ),
    (
        "releases",
        r#"{ "type": "transfers_changed.v1", "order": "b2b/none" }"#,
        &[
            "nightly-reconciler",
            "odoo-watcher",
            "operations-console",
            "order-importer",
            "shipment-handler",
            "waker",
            "warehouse-releaser",
            "webhook-receiver",
        ],
    ),
    (
        "shipments",
        r#"{ "type": "shipment_reported.v1", "shipment": "east/none" }"#,
        &["nightly-reconciler", "operations-console", "shipment-handler", "waker", "webhook-receiver"],
    ),
    (
        "invoices",
        r#"{ "type": "billing_opened.v1", "order": "b2b/none" }"#,
        &[
            "operations-console",
            "order-importer",
            "order-invoicer",
            "order-validator",
            "shipment-handler",
            "waker",
            "warehouse-releaser",
        ],
    ),
    (
        "announcements",
        r#"{ "type": "shipment_applied.v1", "shipment": "east/none" }"#,
        &[
            "nightly-reconciler",
            "operations-console",
            "shipment-announcer",
            "shipment-handler",
            "waker",
            "warehouse-releaser",
            "webhook-receiver",
        ],
    ),
    (
        "stock",
        r#"{ "type": "stock_changed.v1", "publication": "b2b/00000000000000000000000000000000" }"#,
        &[
            "catalogue-publisher",
            "nightly-reconciler",
            "odoo-watcher",
            "operations-console",
            "order-validator",
            "waker",
            "warehouse-releaser",
        ],
    ),
    (
        "catalogue",
        r#"{ "type": "catalogue_changed.v1", "publication": "b2b/00000000000000000000000000000000" }"#,
        &["nightly-reconciler", "odoo-watcher", "operations-console", "waker", "warehouse-releaser"],
    ),
    (
        "reconcile",
        r#"{ "type": "slice_opened.v1", "slice": "20000101T000000Z/none" }"#,
        &["nightly-reconciler", "operations-console", "waker"],
    ),
];

/// The functions that may read each secret.
const READERS: [(&str, &[&str]); 10] = [
    (
        "odoo/key",
        &[
            "catalogue-publisher",
            "nightly-reconciler",
            "odoo-watcher",
            "order-importer",
            "order-invoicer",
            "order-validator",
            "shipment-handler",
            "stock-publisher",
            "warehouse-releaser",
        ],
    ),
    ("shopify-main/webhook", &["webhook-receiver"]),
    // The shop is told it when a webhook is made there.
    ("woo-de/webhook", &["shop-watcher", "webhook-receiver"]),
    (
        "shopify-main/api",
        &[
            "catalogue-publisher",
            "nightly-reconciler",
            "order-invoicer",
            "order-validator",
            "shipment-announcer",
            "shop-watcher",
            "stock-publisher",
        ],
    ),
    // Its prices are its own.
    (
        "woo-de/api",
        &[
            "nightly-reconciler",
            "order-invoicer",
            "order-validator",
            "shipment-announcer",
            "shop-watcher",
            "stock-publisher",
        ],
    ),
    // A partner is told, and is not asked.
    ("b2b/api", &["catalogue-publisher", "shipment-announcer", "stock-publisher"]),
    ("east/webhook", &["webhook-receiver"]),
    ("east/api", &["nightly-reconciler", "shipment-handler", "warehouse-releaser"]),
    ("easypost/webhook", &["webhook-receiver"]),
    ("console/oidc", &["operations-console"]),
];

/// Each call, and the functions that may make it.
fn calls(world: &World) -> Vec<(String, Value, Vec<&'static str>)> {
    let queue = |name: &str| world.outputs.entry("queues", name);
    let table = world.outputs.text("table");
    let key = json!({ "pk": { "S": "config" }, "sk": { "S": "none" } });
    let due = json!({
        "TableName": table, "IndexName": "due", "KeyConditionExpression": "due_shard = :s",
        "ExpressionAttributeValues": { ":s": { "S": "due#0" } },
    });
    let mut shelf = due.clone();
    shelf["IndexName"] = "shelf".into();
    shelf["KeyConditionExpression"] = "shelf = :s".into();
    let roles = world.outputs.0["roles"].as_object().unwrap();
    let names: Vec<&'static str> = SENDERS.iter().flat_map(|(_, _, may)| may.iter().copied()).collect();
    let everybody: BTreeSet<&'static str> = names.into_iter().collect();
    assert_eq!(everybody.len(), roles.len(), "each function sends somewhere");
    let mut calls = vec![
        ("purge orders".to_owned(), json!(["sqs", "purge_queue", { "QueueUrl": queue("orders") }]), vec![]),
        (
            "read an item".to_owned(),
            json!(["dynamodb", "get_item", { "TableName": table, "Key": key }]),
            everybody.into_iter().collect(),
        ),
        (
            "read the due index".to_owned(),
            json!(["dynamodb", "query", due]),
            // What is sold or shipped and on its way into Odoo is promised to nobody else, and not missing.
            vec!["nightly-reconciler", "operations-console", "shipment-handler", "stock-publisher", "waker"],
        ),
        (
            "read the shelf index".to_owned(),
            json!(["dynamodb", "query", shelf]),
            vec!["nightly-reconciler", "operations-console", "shipment-handler", "stock-publisher"],
        ),
        (
            "scan the table".to_owned(),
            json!(["dynamodb", "scan", { "TableName": table, "Limit": 1 }]),
            vec![],
        ),
        ("list secrets".to_owned(), json!(["secretsmanager", "list_secrets", {}]), vec![]),
    ];
    for (name, body, may) in SENDERS {
        // In batches; the message is about what is unknown to everybody, so it does nothing.
        let entry = json!({ "QueueUrl": queue(name), "Entries": [{ "Id": "0", "MessageBody": body }] });
        calls.push((format!("send {name}"), json!(["sqs", "send_message_batch", entry]), may.to_vec()));
    }
    for name in QueueName::ALL {
        let dead = world.outputs.entry("dead_letter_queues", name.as_str());
        let receive = json!({ "QueueUrl": dead, "VisibilityTimeout": 0 });
        let call = json!(["sqs", "receive_message", receive]);
        calls.push((format!("receive what {} gave up", name.as_str()), call, vec!["operations-console"]));
        let receive = json!({ "QueueUrl": queue(name.as_str()), "VisibilityTimeout": 0 });
        let call = json!(["sqs", "receive_message", receive]);
        calls.push((format!("receive {}", name.as_str()), call, vec![name.reader()]));
    }
    for (name, may) in READERS {
        let secret = json!({ "SecretId": format!("crossdock-local/{name}") });
        calls.push((
            format!("read {name}"),
            json!(["secretsmanager", "get_secret_value", secret]),
            may.to_vec(),
        ));
    }
    calls
}

pub fn each_function_may_do_its_own_work_and_nothing_else(world: &World) {
    let calls = calls(world);
    let roles = world.outputs.0["roles"].clone();
    let listed: Vec<Value> =
        calls.iter().map(|(name, call, _)| json!([name, call[0], call[1], call[2]])).collect();
    let found = cloud::ask(world.port, &json!({ "do": "probe", "roles": roles, "calls": listed }));
    let mut expected = Map::new();
    for function in roles.as_object().unwrap().keys() {
        let verdict = |may: &[&str]| if may.contains(&function.as_str()) { "allowed" } else { "denied" };
        let row: Map<String, Value> =
            calls.iter().map(|(name, _, may)| (name.clone(), json!(verdict(may)))).collect();
        expected.insert(function.clone(), row.into());
    }
    assert_eq!(found, Value::Object(expected));
}

/// Takes one permission away, hands the function a batch, and puts it back.
pub fn a_function_without_a_permission_fails_loudly(world: &World) {
    let ask = |request: Value| cloud::ask(world.port, &request);
    let arn = world.outputs.entry("roles", "order-validator");
    let role = arn.rsplit('/').next().unwrap();
    let policy = ask(json!({ "do": "policy", "role": role }));
    let mut cut = policy["document"].clone();
    for statement in cut["Statement"].as_array_mut().unwrap() {
        if let Some(actions) = statement["Action"].as_array_mut() {
            actions.retain(|action| action != "dynamodb:GetItem");
        }
    }
    assert_ne!(cut, policy["document"], "there was something to take away");
    let put = |document: &Value| {
        ask(json!({ "do": "put_policy", "role": role, "name": policy["name"], "document": document }))
    };
    let body = json!({ "type": "order_changed.v1", "order": "b2b/none" }).to_string();
    let record = json!({
        "messageId": "m1", "receiptHandle": "none", "body": body,
        "attributes": { "ApproximateReceiveCount": "1" }, "eventSource": "aws:sqs",
    });
    let name = world.outputs.entry("functions", "order-validator");
    let invoke = || ask(json!({ "do": "invoke", "name": name, "payload": { "Records": [record] } }));
    let sound = invoke();
    assert_eq!(sound["answer"], json!({ "batchItemFailures": [] }), "{sound}");
    put(&cut);
    let refused = invoke();
    put(&policy["document"]);
    // Given back, so that the alarm on the queue's age and in the end on dead letters rings.
    assert_eq!(refused["answer"], json!({ "batchItemFailures": [{ "itemIdentifier": "m1" }] }), "{refused}");
    let group = world.outputs.entry("log_groups", "order-validator");
    let logs = ask(json!({ "do": "logs", "group": group })).to_string();
    assert!(logs.contains("refuses our rights"), "{logs}");
    assert_eq!(invoke()["answer"], json!({ "batchItemFailures": [] }));
}
