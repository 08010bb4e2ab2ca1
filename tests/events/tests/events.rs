//! `cargo lambda watch` and, for each file in `events/`, `cargo lambda invoke --data-file`: no AWS at all.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use crossdock::{
    cloud::{build, ministack::free_port, tools},
    sandbox::{Plan, Sandbox},
};
use crossdock_core::{Clock, Entropy};
use crossdock_platform::{OrderBook, embedded::Embedded};
use serde_json::{Value, json};

#[test]
fn each_file_is_what_it_is_made_from() {
    let update = std::env::var_os("UPDATE_EVENTS").is_some();
    for (name, event) in events::all() {
        let path = events::folder().join(format!("{name}.json"));
        let text = format!("{}\n", serde_json::to_string_pretty(&event).unwrap());
        if update {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, text, "{name}: UPDATE_EVENTS=1 cargo test -p events writes it again");
    }
}

#[test]
fn no_file_is_there_that_no_test_reads_and_no_function_is_without_one() {
    let known: BTreeSet<String> = events::all().into_keys().collect();
    let mut found = BTreeSet::new();
    for function in std::fs::read_dir(events::folder()).unwrap().map(|entry| entry.unwrap().path()) {
        for case in std::fs::read_dir(&function).unwrap().map(|entry| entry.unwrap().path()) {
            let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
            found.insert(format!("{}/{}", name(&function), name(&case)));
        }
    }
    assert_eq!(found, known);
    let functions: BTreeSet<String> =
        known.iter().map(|name| name.split('/').next().unwrap().to_owned()).collect();
    assert_eq!(functions, build::functions().unwrap().into_iter().collect());
}

/// `cargo lambda watch`, gone with the test.
struct Watch {
    child: Child,
    port: u16,
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It started functions: the whole group goes.
        let _ = Command::new("kill").args(["--", &format!("-{}", self.child.id())]).status();
        let _ = self.child.wait();
    }
}

impl Watch {
    fn start(data: &Path) -> Self {
        let port = free_port().unwrap();
        let mut command = build::cargo_lambda().unwrap();
        command.args(["watch", "--ignore-changes", "--invoke-address", "127.0.0.1", "--invoke-port"]);
        command.arg(port.to_string()).env("CROSSDOCK_DATA", data).stdin(Stdio::null());
        let log = std::fs::File::create(data.join("watch.log")).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let started = Self { child: command.spawn().unwrap(), port };
        let listens = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        for _ in 0..300 {
            if listens() {
                return started;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!(
            "cargo lambda watch does not listen: {}",
            std::fs::read_to_string(data.join("watch.log")).unwrap()
        );
    }

    /// The function's answer to the file.
    fn invoke(&self, name: &str) -> Value {
        let (function, _) = name.split_once('/').unwrap();
        let mut command = build::cargo_lambda().unwrap();
        command.args(["invoke", function, "--invoke-address", "127.0.0.1", "--invoke-port"]);
        command.arg(self.port.to_string());
        command.arg("--data-file").arg(events::folder().join(format!("{name}.json")));
        let answer = tools::run(&mut command).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{name}: {answer}"))
    }
}

fn data() -> PathBuf {
    let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("events-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&data);
    data
}

#[test]
fn each_event_does_what_it_says_under_cargo_lambda() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let plan = Plan { seed: 1, orders: 0, start: Clock::System.now() };
    let mut sandbox = runtime.block_on(Sandbox::start(plan, 0)).unwrap();
    // Nobody is asked for the provider: nobody signs in.
    sandbox.config.push_str(
        "\nconsole: { url: 'http://127.0.0.1:8081', issuer: 'http://127.0.0.1:8082', client_id: c, read: [r] }\n",
    );
    sandbox.secrets.insert("console/oidc".into(), vec!["s".into()]);
    let data = data();
    sandbox.write(plan, &data).unwrap();
    let watch = Watch::start(&data);
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let mut ask = |name: &str| {
        asked.insert(name.to_owned());
        watch.invoke(name)
    };
    let status = |answer: Value| answer["statusCode"].as_u64().unwrap();

    assert_eq!(status(ask("webhook-receiver/woocommerce-ping")), 200);
    assert_eq!(status(ask("webhook-receiver/forged")), 401);
    assert_eq!(status(ask("webhook-receiver/unknown-channel")), 401, "it tells nobody which channels exist");
    assert_eq!(status(ask("webhook-receiver/odoo-hint")), 401, "nobody asked for hints");
    assert_eq!(status(ask("webhook-receiver/standard-order-signed-long-ago")), 401);
    for told in ["adjusted", "snapshot", "received"] {
        let name = format!("webhook-receiver/warehouse-{told}-signed-long-ago");
        assert_eq!(status(ask(&name)), 401, "{name}");
    }
    assert_eq!(status(ask("webhook-receiver/wrong-method")), 405);
    assert_eq!(status(ask("webhook-receiver/not-json")), 415);
    assert_eq!(status(ask("webhook-receiver/woocommerce-order")), 200);
    assert_eq!(status(ask("webhook-receiver/shopify-order")), 200);
    assert_eq!(status(ask("webhook-receiver/shopify-order")), 200, "a duplicate");

    assert_eq!(status(ask("operations-console/signed-out")), 200);
    assert_eq!(status(ask("operations-console/not-signed-in")), 303, "to the page with the way to sign in");
    assert_eq!(status(ask("operations-console/unknown-session")), 401);
    assert_eq!(status(ask("operations-console/form-without-session")), 303);

    let none = json!({ "batchItemFailures": [] });
    let second = json!({ "batchItemFailures": [{ "itemIdentifier": "message-1" }] });
    for function in ["order-validator", "order-importer"] {
        assert_eq!(ask(&format!("{function}/unknown-order")), none, "nothing to do");
        assert_eq!(ask(&format!("{function}/poison-among-others")), second, "the poison alone goes back");
        assert_eq!(ask(&format!("{function}/order")), none);
        assert_eq!(ask(&format!("{function}/order-twice")), none);
    }
    let following = [
        "warehouse-releaser",
        "shipment-handler",
        "order-invoicer",
        "shipment-announcer",
        "stock-publisher",
        "catalogue-publisher",
        "nightly-reconciler",
    ];
    for function in following {
        assert_eq!(ask(&format!("{function}/unknown")), none, "nothing to do");
        assert_eq!(ask(&format!("{function}/poison-among-others")), second, "the poison alone goes back");
    }
    assert_eq!(ask("shipment-handler/unknown-report"), none, "nothing to do");
    ask("odoo-watcher/schedule");
    ask("waker/schedule");
    ask("nightly-reconciler/schedule");
    ask("shop-watcher/schedule");
    assert_eq!(asked, events::all().into_keys().collect(), "every file was invoked");

    let order = events::all()["order-importer/order"]["Records"][0]["body"].clone();
    let order: Value = serde_json::from_str(order.as_str().unwrap()).unwrap();
    let platform = Embedded::in_folder(&data, Clock::System, Entropy::system()).unwrap();
    let book = OrderBook::new(platform, Default::default());
    let key = order["order"].as_str().unwrap().parse().unwrap();
    let state = runtime.block_on(book.state(&key)).unwrap().unwrap();
    assert!(state.applied.is_some(), "the order stands in Odoo: {state:?}");
    assert_eq!(sandbox.odoo.orders().len(), 1, "once");
    let _ = std::fs::remove_dir_all(data);
}
