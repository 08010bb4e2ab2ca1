//! The cloud, the simulators behind it, and what both hold.

use std::{collections::BTreeSet, ops::Range, path::PathBuf, time::Duration};

use aws_config::SdkConfig;
use aws_sdk_sqs::types::QueueAttributeName;
use crossdock::{
    cloud::{
        build,
        deploy::{Deployment, Outputs},
        ministack, secrets,
    },
    console::SignIn,
    demo,
    sandbox::{Plan, Sandbox, post_all},
};
use crossdock_core::{Clock, Entropy, message::QueueName};
use crossdock_http::Client;
use crossdock_platform::{
    OrderBook, Queue as _, QueueAddress, Subject,
    embedded::CONFIG,
    orders::State,
    reconciliation::{Run, Slice},
};
use crossdock_platform_aws::{Aws, Settings};
use serde_json::json;
use simulators::scenario::{self, CODES, Shipped, Tempo, Told};
use tokio::runtime::Runtime;

/// No run takes longer; what is not settled by then is lost.
const LONGEST: Duration = Duration::from_secs(1800);
/// A few cycles of the watcher.
const SOON_TOLD: Duration = Duration::from_secs(240);
const PAUSE: Duration = Duration::from_secs(2);
/// What the ledger says once, nobody may have begun to change: so long nothing may happen before all is at rest.
const QUIET: Duration = Duration::from_secs(30);

/// The most that is read of the ledger at once.
const MOST: usize = 1000;

/// Where people reach the console, for all that it and its provider know.
pub const CONSOLE: &str = "http://127.0.0.1:1";

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
    _sign_in: SignIn,
    pub(super) platform: Aws,
    pub client: Client,
    /// What warehouses, carriers and shops have told and nobody has taken yet.
    waits: Vec<Told>,
    pub runtime: Runtime,
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
        let mut sandbox = runtime.block_on(Sandbox::with_warehouses(plan, 0)).unwrap();
        let sign_in = runtime.block_on(SignIn::start(Clock::System)).unwrap();
        let (console, secret) = sign_in.section(CONSOLE);
        sandbox.secrets.insert(console.secret.clone(), vec![secret]);
        let folder = cloud::folder("flow");
        std::fs::create_dir_all(&folder).unwrap();
        // A request of this Odoo never lives long, so a lease that its holder lost is soon free.
        let config = sandbox
            .config
            .replace("requests_per_second: 50", "requests_per_second: 50, request_limit_s: 5, timeout_s: 10")
            + &format!("\nconsole: {}\n", serde_json::to_string(&console).unwrap());
        std::fs::write(folder.join(CONFIG), config).unwrap();
        let port = cloud::port();
        say("terraform apply");
        let variables = [
            // Soon enough in the dead-letter queue, and soon enough back after a kill.
            ("max_receives", "3"),
            (
                "timeout_s",
                "{ order-validator = 20, order-importer = 20, warehouse-releaser = 20, shipment-handler = 20, order-invoicer = 20 }",
            ),
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
        secrets::fill(port, "crossdock-local/", &sandbox.secrets).unwrap();
        let config = cloud::admin(port);
        let platform = Aws::over(&config, settings(&outputs), Clock::System, Entropy::system());
        let (client, waits) = (Client::network(Clock::System), Vec::new());
        Self {
            port,
            outputs,
            config,
            deployment,
            sandbox,
            _sign_in: sign_in,
            platform,
            client,
            waits,
            runtime,
        }
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
        let url = self.outputs.text("webhook_url");
        let (client, sandbox) = (&self.client, &self.sandbox);
        let mut waits = std::mem::take(&mut self.waits);
        let (sent, waits) = self.runtime.block_on(async {
            let mut traffic = std::pin::pin!(post_all(client, &url, &sandbox.scenario));
            loop {
                // The warehouses work while the shops sell.
                match tokio::time::timeout(PAUSE, &mut traffic).await {
                    Ok(sent) => return (sent, waits),
                    Err(_) => waits = sandbox.outside(client, &url, waits).await,
                }
            }
        });
        self.waits = waits;
        eprintln!("{:?}", sent.unwrap());
    }

    /// Lets warehouses, carriers and shops do what is due; whether nothing more will come of them by itself.
    fn outside(&mut self) -> bool {
        let url = self.outputs.text("webhook_url");
        let waits = std::mem::take(&mut self.waits);
        self.waits = self.runtime.block_on(self.sandbox.outside(&self.client, &url, waits));
        self.waits.is_empty() && self.sandbox.scenario.is_quiet()
    }

    /// Runs the watcher once, as its schedule does each 15 minutes.
    pub fn watch_the_shops(&self) {
        self.run_once("shop-watcher");
    }

    fn run_once(&self, function: &str) {
        let name = self.outputs.entry("functions", function);
        let run = || cloud::ask(self.port, &json!({ "do": "invoke", "name": name, "payload": {} }));
        // MiniStack still knows the process that was killed, and learns of its end by calling it.
        let mut failed = Vec::new();
        while failed.len() < 5 {
            let answer = run();
            if answer["failed"].is_null() {
                return;
            }
            failed.push(answer);
        }
        panic!("{function}: {failed:?}");
    }

    /// Waits until every order has come to its end, and everything that follows one: in the ledger, in the
    /// warehouses and on the road.
    pub fn settle(&mut self) {
        let (mut waited, mut quiet) = (Duration::ZERO, Duration::ZERO);
        while quiet < QUIET {
            let rests = self.outside();
            let open = self.open();
            let known = self.states().len();
            if rests && open.is_empty() && known >= self.sandbox.scenario.expected.len() {
                if quiet.is_zero() {
                    // What became ready in Odoo shows in its next look.
                    self.run_once("odoo-watcher");
                }
                quiet += PAUSE;
            } else {
                quiet = Duration::ZERO;
            }
            assert!(waited < LONGEST, "{known} known; outside at rest: {rests}; still open: {open:?}");
            if waited.as_secs() % 60 == 0 {
                eprintln!(
                    "{} s: {known} orders known, {} things open, outside at rest: {rests}",
                    waited.as_secs(),
                    open.len()
                );
            }
            std::thread::sleep(PAUSE);
            waited += PAUSE;
        }
    }

    /// Whatever has a due time.
    fn open(&self) -> Vec<Subject> {
        self.runtime.block_on(self.book().under_way()).unwrap()
    }

    fn book(&self) -> OrderBook<Aws> {
        OrderBook::new(self.platform.clone(), Default::default())
    }

    pub fn states(&self) -> Vec<State> {
        let book = self.book();
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

    /// By what the warehouses sent, what Odoo's transfers, invoices and payments say, and what the shops were
    /// told.
    pub fn assert_what_was_sent_is_shipped_invoiced_paid_and_announced(&self) {
        let parked = self.runtime.block_on(self.book().parked_subjects(MOST)).unwrap();
        let held_up: BTreeSet<String> = parked
            .iter()
            .filter_map(|subject| match subject {
                Subject::Fulfilment(order) => Some(order.to_string()),
                _ => None,
            })
            .collect();
        let Shipped { counts, wrong } =
            scenario::judge_shipped(&self.sandbox.scenario, &self.sandbox.odoo, &held_up);
        eprintln!("{counts:?}");
        assert!(wrong.is_empty(), "{}\nparked: {parked:?}", wrong.join("\n"));
        let few = self.sandbox.scenario.expected.len() / 4;
        for what in ["shipped in full", "invoiced", "paid", "announced"] {
            let count = counts.get(what).copied().unwrap_or_default();
            assert!(count >= few, "only {count} orders {what}: {counts:?}");
        }
        for what in ["shipped in parts", "with serial numbers", "parcels"] {
            assert!(counts.get(what).is_some_and(|count| *count > 0), "no order {what}: {counts:?}");
        }
    }

    /// By what Odoo holds and what was sold. What moved last is told within a minute.
    pub fn assert_every_channel_counts_and_asks_as_odoo_says(&mut self) {
        let parked = demo::parked(&self.states());
        let mut waited = Duration::ZERO;
        loop {
            let shelves = scenario::judge_shelves(&self.sandbox.scenario, &self.sandbox.odoo, &parked);
            if shelves.wrong.is_empty() {
                eprintln!("{} counts, {} prices", shelves.counts, shelves.prices);
                return;
            }
            assert!(waited < SOON_TOLD, "{}", shelves.wrong.join("\n"));
            std::thread::sleep(PAUSE);
            waited += PAUSE;
        }
    }

    /// Nothing was refused to the reconciler and the publishers, and nothing was found that could be mended.
    pub fn assert_a_reconciliation_comes_to_its_end(&self) {
        let house = &self.sandbox.scenario.houses.servers[0];
        for sku in (1..=5).map(|number| format!("CD-{number}")) {
            let there = self.sandbox.odoo.on_hand(CODES[0], &sku);
            house.count(&sku, None, there.to_string().parse().unwrap());
        }
        self.run_once("nightly-reconciler");
        let book = self.book();
        let mut waited = Duration::ZERO;
        let run = loop {
            let run = self.runtime.block_on(async {
                let id = book.runs().await.unwrap().into_iter().next()?;
                Some(book.run(&id).await.unwrap())
            });
            if let Some(run) = run.filter(Run::is_done) {
                break run;
            }
            assert!(waited < LONGEST, "a reconciliation does not end");
            std::thread::sleep(PAUSE);
            waited += PAUSE;
        };
        eprintln!(
            "compared {}, found {:?}",
            run.slices.iter().map(|slice| slice.seen).sum::<u64>(),
            run.counts()
        );
        let stuck = |slice: &&Slice| slice.why_incomplete().is_some();
        assert_eq!(run.slices.iter().filter(stuck).count(), 0, "{run:?}");
        assert!(run.counts().values().all(|count| count.healed == 0), "{run:?}");
        let counted = |slice: &&Slice| slice.key.name.as_str().starts_with("counts.") && slice.seen > 0;
        assert!(
            run.slices.iter().filter(counted).count() > 0,
            "what a warehouse counts is compared: {run:?}"
        );
    }

    /// Beside it there may be messages whose function was killed each time they were received; what they were
    /// about has come to its end all the same.
    pub fn assert_the_poison_is_a_dead_letter(&self) {
        let dead = QueueAddress::Dead(QueueName::Orders);
        let (mut bodies, mut waited) = (Vec::new(), Duration::ZERO);
        while !bodies.iter().any(|body| body == "poison") {
            assert!(waited < LONGEST, "the poison is not a dead letter: {bodies:?}");
            let letters = self.runtime.block_on(self.platform.receive(dead, 10, Duration::ZERO)).unwrap();
            bodies.extend(letters.into_iter().map(|letter| letter.body));
            std::thread::sleep(PAUSE);
            waited += PAUSE;
        }
    }

    /// It waits in its queue again, or a function has it in hand. To see it come back as a dead letter would take as
    /// long as the first time.
    pub fn assert_the_poison_went_back(&self) {
        let dead = QueueAddress::Dead(QueueName::Orders);
        let letters = self.runtime.block_on(self.platform.receive(dead, 10, Duration::ZERO)).unwrap();
        assert!(letters.iter().all(|letter| letter.body != "poison"), "it is a dead letter still");
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let sqs = aws_sdk_sqs::Client::new(&self.config);
        let ask = sqs.get_queue_attributes().queue_url(self.outputs.entry("queues", "orders"));
        let answer = self.runtime.block_on(ask.set_attribute_names(Some(names.to_vec())).send()).unwrap();
        let counts = answer.attributes.unwrap_or_default();
        let waiting: u32 = names.iter().map(|name| counts[name].parse::<u32>().unwrap()).sum();
        assert!(waiting > 0, "nothing waits in its queue: {counts:?}");
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
