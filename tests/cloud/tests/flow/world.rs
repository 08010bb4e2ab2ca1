//! The cloud, the simulators behind it, and what both hold.

use std::{ops::Range, path::PathBuf, time::Duration};

use aws_config::SdkConfig;
use crossdock::{
    cloud::{
        build,
        deploy::{Deployment, Outputs},
        ministack, secrets,
    },
    demo,
    sandbox::{Plan, Sandbox, post_all},
};
use crossdock_core::{Clock, Entropy, message::QueueName};
use crossdock_http::Client;
use crossdock_platform::{OrderBook, Queue as _, QueueAddress, embedded::CONFIG, orders::State};
use crossdock_platform_aws::{Aws, Settings};
use serde_json::{Value, json};
use simulators::scenario::{self, Tempo};
use tokio::runtime::Runtime;

/// No run takes longer; what is not settled by then is lost.
const LONGEST: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_secs(2);

/// What MiniStack forgets of an alarm when it is asked for it, so that each plan wants to set it again.
const MISREPORTED: (&str, [&str; 6]) = (
    "aws_cloudwatch_metric_alarm",
    ["actions_enabled", "alarm_description", "dimensions", "period", "statistic", "treat_missing_data"],
);

pub struct World {
    pub port: u16,
    pub outputs: Outputs,
    pub config: SdkConfig,
    deployment: Deployment,
    sandbox: Sandbox,
    platform: Aws,
    runtime: Runtime,
}

impl World {
    /// Builds the bootstraps, brings the cloud up and fills its secrets.
    pub fn up() -> Self {
        let say = |text: &str| eprintln!("{text}");
        let artifacts = match std::env::var_os("CROSSDOCK_ARTIFACTS") {
            Some(built) => PathBuf::from(built),
            None => build::bootstraps(&mut { say }).unwrap_or_else(|error| panic!("{error:#}")),
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let plan = Plan { seed: 1, orders: 0, start: Clock::System.now() };
        let sandbox = runtime.block_on(Sandbox::start(plan, 0)).unwrap();
        let folder = cloud::folder("flow");
        std::fs::create_dir_all(&folder).unwrap();
        // A request of this Odoo never lives long, so a lease that its holder lost is soon free.
        let config = sandbox
            .config
            .replace("requests_per_second: 50", "requests_per_second: 50, request_limit_s: 5, timeout_s: 10");
        std::fs::write(folder.join(CONFIG), config).unwrap();
        let port = cloud::port();
        say("terraform apply");
        let variables = [
            // Soon enough in the dead-letter queue, and soon enough back after a kill.
            ("max_receives", "3"),
            ("timeout_s", "{ order-validator = 20, order-importer = 20 }"),
        ];
        let deployment = Deployment::prepare(
            &folder.join("terraform"),
            port,
            &folder.join(CONFIG),
            &artifacts,
            &variables,
        )
        .and_then(|deployment| deployment.apply(|_| {}).map(|outputs| (deployment, outputs)));
        let (deployment, outputs) = deployment.unwrap_or_else(|error| panic!("{error:#}"));
        secrets::fill(port, "crossdock-local/", &scenario::secrets()).unwrap();
        let config = cloud::admin(port);
        let platform = Aws::over(&config, settings(&outputs), Clock::System, Entropy::system());
        Self { port, outputs, config, deployment, sandbox, platform, runtime }
    }

    /// A message that no function can read.
    pub fn poison(&self) {
        let sqs = aws_sdk_sqs::Client::new(&self.config);
        let send =
            sqs.send_message().queue_url(self.outputs.entry("queues", "orders")).message_body("poison");
        self.runtime.block_on(send.send()).unwrap();
    }

    /// Puts orders into the shops and sends their webhooks in real time.
    pub fn play(&mut self, numbers: Range<usize>) {
        let seed = numbers.start as u64 + 1;
        eprintln!("orders {numbers:?}");
        self.sandbox.scenario.more(seed, numbers, &Clock::System, Tempo::BRISK);
        let client = Client::network(Clock::System);
        let url = self.outputs.text("webhook_url");
        let sent = self.runtime.block_on(post_all(&client, &url, &self.sandbox.scenario)).unwrap();
        eprintln!("{sent:?}");
    }

    /// Runs the watcher once, as its schedule does each 15 minutes.
    pub fn watch_the_shops(&self) {
        let name = self.outputs.entry("functions", "shop-watcher");
        let run = || cloud::ask(self.port, &json!({ "do": "invoke", "name": name, "payload": {} }));
        // MiniStack still knows the process that was killed, and learns of its end by calling it.
        let answers: Vec<Value> = std::iter::repeat_with(run).take(5).collect();
        assert!(answers.iter().any(|answer| answer["failed"].is_null()), "{answers:?}");
    }

    /// Waits until every order has come to its end.
    pub fn settle(&self) {
        let mut waited = Duration::ZERO;
        loop {
            let states = self.states();
            let open: Vec<String> = states
                .iter()
                .filter(|state| !state.stage.is_final())
                .map(|state| state.order.to_string())
                .collect();
            if open.is_empty() && states.len() >= self.sandbox.scenario.expected.len() {
                return;
            }
            assert!(waited < LONGEST, "{} known; still open: {open:?}", states.len());
            std::thread::sleep(PAUSE);
            waited += PAUSE;
        }
    }

    fn states(&self) -> Vec<State> {
        let book = OrderBook::new(self.platform.clone(), Default::default());
        self.runtime.block_on(async {
            let (mut all, mut after) = (Vec::new(), None);
            loop {
                let (page, next) = book.all(after, 1000).await.unwrap();
                all.extend(page);
                if next.is_none() {
                    return all;
                }
                after = next;
            }
        })
    }

    /// By what the shops sent and what Odoo holds.
    pub fn assert_every_order_is_where_it_belongs(&self) {
        let parked = demo::parked(&self.states());
        let verdict =
            scenario::judge(&self.sandbox.scenario.expected, &demo::seen(&self.sandbox.odoo), &parked);
        assert!(
            verdict.lost.is_empty() && verdict.doubled.is_empty() && verdict.wrong.is_empty(),
            "{verdict:?}"
        );
        eprintln!("{} confirmed, parked: {:?}", verdict.confirmed, verdict.parked);
    }

    pub fn assert_the_poison_is_the_only_dead_letter(&self) {
        let dead = QueueAddress::Dead(QueueName::Orders);
        let mut waited = Duration::ZERO;
        while self.runtime.block_on(self.platform.depth(dead)).unwrap().visible == 0 {
            assert!(waited < LONGEST, "the poison is not a dead letter");
            std::thread::sleep(PAUSE);
            waited += PAUSE;
        }
        let letters = self.runtime.block_on(self.platform.receive(dead, 10, Duration::ZERO)).unwrap();
        let bodies: Vec<&str> = letters.iter().map(|letter| letter.body.as_str()).collect();
        assert_eq!(bodies, ["poison"]);
        let others = QueueAddress::Dead(QueueName::ValidOrders);
        assert_eq!(self.runtime.block_on(self.platform.depth(others)).unwrap().visible, 0);
    }

    pub fn assert_a_second_apply_changes_nothing(&self) {
        for change in self.deployment.drift().unwrap() {
            let (kind, forgotten) = MISREPORTED;
            let known = change.attributes.iter().all(|name| forgotten.contains(&name.as_str()));
            assert!(change.kind == kind && change.actions == ["update"] && known, "{change:?}");
        }
    }

    pub fn assert_destroy_leaves_nothing(&self) {
        assert_eq!(self.deployment.destroy().unwrap(), [""; 0]);
        let left = cloud::ask(self.port, &json!({ "do": "left", "prefix": "crossdock-local" }));
        assert_eq!(left, json!([]));
        assert!(ministack::answers(self.port));
    }
}

fn settings(outputs: &Outputs) -> Settings {
    let urls = |output: &str| {
        QueueName::ALL.into_iter().map(|queue| (queue, outputs.entry(output, queue.as_str()))).collect()
    };
    Settings {
        table: outputs.text("table"),
        secrets: "crossdock-local/".into(),
        queues: urls("queues"),
        dead_letters: urls("dead_letter_queues"),
        secrets_kept: PAUSE,
    }
}
