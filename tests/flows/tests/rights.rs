//! Every flow runs with the rights that Terraform gives, so a function that sends where it may not fails one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{collections::BTreeSet, fs, path::Path};

use crossdock_core::message::{Message, QueueName};
use crossdock_platform::{Platform as _, PlatformError, queue::send_all};
use flows::{Flow, config, rights::grants};

#[tokio::test]
async fn a_function_sends_where_terraform_lets_it_and_nowhere_else() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../functions");
    let all: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(grants().into_keys().collect::<BTreeSet<_>>(), all, "each function sends somewhere");
    let every: BTreeSet<QueueName> = QueueName::ALL.into_iter().collect();
    assert_eq!(grants()["waker"], every, "it wakes whatever is due");
    let flow = Flow::new(config(|_| {})).await;
    let message = [Message::OrderChanged { order: "contract/1".parse().unwrap() }];
    let to_orders = async |function| send_all(&flow.chain.platform.of_function(function), &message).await;
    assert_eq!(to_orders("shop-watcher").await, Ok(()));
    let denied =
        PlatformError::Denied { service: "queue", what: "order-invoicer may not send to orders".into() };
    assert_eq!(to_orders("order-invoicer").await, Err(denied));
    assert_eq!(flow.chain.platform.take_denied().len(), 1, "no flow may end with one");
    assert_eq!(send_all(&flow.chain.platform, &message).await, Ok(()), "a person at the command line");
}
