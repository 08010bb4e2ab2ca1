//! What each function's role allows, tried out by a function that runs as that role.

use serde_json::{Map, Value, json};

use super::world::World;

/// Each call, and the functions that may make it.
fn calls(world: &World) -> Vec<(&'static str, Value, Vec<&'static str>)> {
    let queue = |name: &str| world.outputs.entry("queues", name);
    let table = world.outputs.text("table");
    let key = json!({ "pk": { "S": "config" }, "sk": { "S": "none" } });
    let due = json!({
        "TableName": table, "IndexName": "due", "KeyConditionExpression": "due_shard = :s",
        "ExpressionAttributeValues": { ":s": { "S": "due#0" } },
    });
    let secret = |name: &str| json!({ "SecretId": format!("crossdock-local/{name}") });
    // As our code sends: in batches. The order is unknown to everybody, so the message does nothing.
    let send = |name: &str, kind: &str| {
        let body = json!({ "type": kind, "order": "b2b/none" }).to_string();
        json!({ "QueueUrl": queue(name), "Entries": [{ "Id": "0", "MessageBody": body }] })
    };
    let receive = |name: &str| json!({ "QueueUrl": queue(name), "VisibilityTimeout": 0 });
    let senders = vec!["order-importer", "order-validator", "shop-watcher", "waker", "webhook-receiver"];
    let after_import =
        ["odoo-watcher", "order-invoicer", "shipment-announcer", "shipment-handler", "warehouse-releaser"];
    let everybody: Vec<&'static str> = senders.iter().copied().chain(after_import).collect();
    vec![
        ("receive orders", json!(["sqs", "receive_message", receive("orders")]), vec!["order-validator"]),
        (
            "receive valid-orders",
            json!(["sqs", "receive_message", receive("valid-orders")]),
            vec!["order-importer"],
        ),
        ("send orders", json!(["sqs", "send_message_batch", send("orders", "order_changed.v1")]), senders),
        (
            "send valid-orders",
            json!(["sqs", "send_message_batch", send("valid-orders", "order_validated.v1")]),
            vec![
                "order-importer",
                "order-invoicer",
                "order-validator",
                "shipment-handler",
                "waker",
                "warehouse-releaser",
            ],
        ),
        (
            "send releases",
            json!(["sqs", "send_message_batch", send("releases", "transfers_changed.v1")]),
            vec!["odoo-watcher", "order-importer", "shipment-handler", "waker", "warehouse-releaser"],
        ),
        ("purge orders", json!(["sqs", "purge_queue", { "QueueUrl": queue("orders") }]), vec![]),
        ("read an item", json!(["dynamodb", "get_item", { "TableName": table, "Key": key }]), everybody),
        ("read the due index", json!(["dynamodb", "query", due]), vec!["waker"]),
        ("scan the table", json!(["dynamodb", "scan", { "TableName": table, "Limit": 1 }]), vec![]),
        (
            "the key of Odoo",
            json!(["secretsmanager", "get_secret_value", secret("odoo/key")]),
            vec![
                "odoo-watcher",
                "order-importer",
                "order-invoicer",
                "order-validator",
                "shipment-handler",
                "warehouse-releaser",
            ],
        ),
        (
            "a shop's webhook secret",
            json!(["secretsmanager", "get_secret_value", secret("shopify-main/webhook")]),
            vec!["webhook-receiver"],
        ),
        (
            "a webhook secret that the shop is told",
            json!(["secretsmanager", "get_secret_value", secret("woo-de/webhook")]),
            vec!["shop-watcher", "webhook-receiver"],
        ),
        (
            "a shop's API secret",
            json!(["secretsmanager", "get_secret_value", secret("shopify-main/api")]),
            vec!["order-validator", "shipment-announcer", "shop-watcher"],
        ),
        ("list secrets", json!(["secretsmanager", "list_secrets", {}]), vec![]),
    ]
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
            calls.iter().map(|(name, _, may)| ((*name).to_owned(), json!(verdict(may)))).collect();
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
