//! The platform contract on SQS, DynamoDB and Secrets Manager, as MiniStack speaks them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    future::Future,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use aws_sdk_sqs::types::QueueAttributeName;
use crossdock_core::{Clock, Entropy, message::QueueName};
use crossdock_platform::Secrets as _;
use crossdock_platform_aws::{Aws, Settings};
use platform_contract::Harness;

const MAX_RECEIVES: u32 = 5;

struct OnMinistack;

impl Harness for OnMinistack {
    type P = Aws;

    fn run<F: Future<Output = ()>>(&self, case: F) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(case);
    }

    async fn fresh(&self) -> Aws {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let prefix = format!("contract-{}", MADE.fetch_add(1, Ordering::Relaxed));
        let config = cloud::admin(cloud::port());
        table(&aws_sdk_dynamodb::Client::new(&config), &prefix).await;
        let sqs = aws_sdk_sqs::Client::new(&config);
        let mut settings = Settings {
            table: prefix.clone(),
            secrets: format!("{prefix}/"),
            queues: [].into(),
            dead_letters: [].into(),
            secrets_kept: self.lag() / 2,
        };
        for queue in QueueName::ALL {
            let (work, dead) = queues(&sqs, &prefix, queue).await;
            settings.queues.insert(queue, work);
            settings.dead_letters.insert(queue, dead);
        }
        Aws::over(&config, settings, Clock::System, Entropy::system())
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn set_secret(&self, platform: &Aws, name: &str, versions: &[&str]) {
        let client = aws_sdk_secretsmanager::Client::new(&cloud::admin(cloud::port()));
        let id = format!("{}{name}", platform.settings().secrets);
        // That it is there already is as good.
        let _ = client.create_secret().name(&id).send().await;
        // The newest last: each new version makes the one before it the previous one.
        for version in versions.iter().rev().filter(|version| !version.is_empty()) {
            client.put_secret_value().secret_id(&id).secret_string(*version).send().await.unwrap();
        }
    }

    fn lag(&self) -> Duration {
        Duration::from_millis(400)
    }

    fn max_receives(&self) -> u32 {
        MAX_RECEIVES
    }
}

/// The table as Terraform makes it.
async fn table(client: &aws_sdk_dynamodb::Client, name: &str) {
    let key = |name: &str, kind: KeyType| {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
    };
    let attribute = |name: &str| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .unwrap()
    };
    let index = |name: &str, hash: &str, range: &str| {
        GlobalSecondaryIndex::builder()
            .index_name(name)
            .key_schema(key(hash, KeyType::Hash))
            .key_schema(key(range, KeyType::Range))
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
            .build()
            .unwrap()
    };
    let names = ["pk", "sk", "due_shard", "due_at", "shelf", "listed_at"];
    client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(names.map(attribute).to_vec()))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(index("due", "due_shard", "due_at"))
        .global_secondary_indexes(index("shelf", "shelf", "listed_at"))
        .send()
        .await
        .unwrap();
}

/// A queue and its dead-letter queue; their URLs.
async fn queues(client: &aws_sdk_sqs::Client, prefix: &str, queue: QueueName) -> (String, String) {
    use QueueAttributeName as Name;
    let dead = client.create_queue().queue_name(format!("{prefix}-{}", queue.dead_letter()));
    let dead = dead.send().await.unwrap().queue_url.unwrap();
    let attributes = client.get_queue_attributes().queue_url(&dead).attribute_names(Name::QueueArn);
    let arn = attributes.send().await.unwrap().attributes.unwrap()[&Name::QueueArn].clone();
    let redrive = serde_json::json!({ "deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVES });
    let work = client
        .create_queue()
        .queue_name(format!("{prefix}-{}", queue.as_str()))
        .attributes(Name::RedrivePolicy, redrive.to_string());
    (work.send().await.unwrap().queue_url.unwrap(), dead)
}

#[test]
fn the_version_before_counts_for_a_day_after_a_rotation_and_no_longer() {
    let harness = OnMinistack;
    harness.run(async {
        let platform = harness.fresh().await;
        harness.set_secret(&platform, "shop/webhook", &["new", "old"]).await;
        let in_hours = |hours| {
            let then = Clock::System.now() + jiff::SignedDuration::from_hours(hours);
            let config = cloud::admin(cloud::port());
            Aws::over(&config, platform.settings().clone(), Clock::tokio(then), Entropy::system())
        };
        let versions = async |hours| in_hours(hours).secret("shop/webhook").await.unwrap().0.len();
        assert_eq!((versions(0).await, versions(23).await, versions(25).await), (2, 2, 1));
    });
}

platform_contract::platform_contract!(OnMinistack);
