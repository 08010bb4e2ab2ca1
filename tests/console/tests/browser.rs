//! What a person does in the console, done by a browser; each page examined by axe, also as wide as a phone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use console_test::{axe, browser::Browser, stage::Stage};
use crossdock_core::OrderKey;
use crossdock_platform::{
    OrderBook,
    orders::{Stage as At, State},
    queue::send_all,
    reconciliation::Scope,
};

const DESK: (u32, u32) = (1000, 720);
const PHONE: (u32, u32) = (390, 760);
const LONG: Duration = Duration::from_secs(60);

/// A browser that has each of its pages examined.
struct Looker {
    browser: Browser,
    axe: String,
    faults: Vec<String>,
}

impl Looker {
    /// Examines the page; as `picture` it goes into the documents, where that is asked for.
    async fn look(&mut self, picture: Option<&str>) {
        let at = self.browser.driver.path().await.unwrap();
        for (width, height) in [PHONE, DESK] {
            self.browser.resize(width, height).await.unwrap();
            let found = axe::violations(&self.browser.driver, &self.axe).await.unwrap();
            self.faults.extend(found.into_iter().map(|fault| format!("{at} at {width}: {fault}")));
            if self.browser.overflows().await.unwrap() {
                self.faults.push(format!("{at} at {width}: wider than the screen"));
            }
        }
        if let Some(name) = picture {
            self.photograph(name).await;
        }
    }

    async fn photograph(&self, name: &str) {
        if std::env::var_os("UPDATE_SCREENSHOTS").is_some() {
            let path = pictures().join(format!("{name}.png"));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, self.browser.driver.screenshot().await.unwrap()).unwrap();
        }
    }

    async fn goto(&self, url: &str, path: &str) {
        self.browser.goto(&format!("{url}{path}")).await.unwrap();
    }
}

fn pictures() -> PathBuf {
    crossdock::cloud::tools::root().join("docs/console")
}

fn empty(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("console").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Waits until every order is in one of these stages.
async fn settled(stage: &Stage, wanted: &[At]) -> Vec<State> {
    let book = OrderBook::new(stage.platform.clone(), Default::default());
    for _ in 0..300 {
        let (states, _) = book.all(None, 1000).await.unwrap();
        if !states.is_empty() && states.iter().all(|state| wanted.contains(&state.stage)) {
            return states;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the orders never came to {wanted:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_finds_a_parked_order_mends_the_mapping_replays_it_and_sees_it_done() {
    let mut stage = Stage::build(&empty("data"), 40).await.unwrap();
    stage.run(false).await.unwrap();
    let taken = stage.webhooks().await.unwrap();
    let states = settled(&stage, &[At::Done, At::Parked]).await;
    let parked: Vec<&State> = states.iter().filter(|state| state.stage == At::Parked).collect();
    assert!(taken > 3 && !parked.is_empty() && parked.len() < states.len(), "some are parked: {states:?}");
    let order: OrderKey = parked[0].order.clone();
    let book = OrderBook::new(stage.platform.clone(), Default::default());
    let (_, message) = book.open_run(Scope::last(book.now(), 48, 0, false)).await.unwrap();
    send_all(&stage.platform, &Vec::from_iter(message)).await.unwrap();

    let browser = Browser::start(&empty("profile")).await.unwrap();
    let mut looker = Looker { browser, axe: axe::script().unwrap(), faults: Vec::new() };

    // The reader finds the order and reads why; there is nothing to press.
    looker.goto(&stage.url, "/parked").await;
    looker.look(None).await;
    looker.browser.click("Sign in").await.unwrap();
    looker.browser.click("Rita Reader").await.unwrap();
    assert!(looker.browser.driver.path().await.unwrap() == "/parked", "back where she wanted to go");
    let text = looker.browser.text().await.unwrap();
    assert!(text.contains("shipping_unmapped") && text.contains("Add the shipping method"), "{text}");
    assert!(!looker.browser.has("Replay").await.unwrap(), "a reader has no button");
    refused_without_the_right(&looker, &order).await;
    looker.browser.click("Sign out").await.unwrap();

    // The one who may act.
    looker.browser.click("Sign in").await.unwrap();
    looker.browser.click("Petra Personal").await.unwrap();
    looker.browser.click("Parked").await.unwrap();
    looker.look(Some("parked")).await;
    looker.browser.click(&order.to_string()).await.unwrap();
    let text = looker.browser.text().await.unwrap();
    assert!(
        text.contains("shipping_unmapped") && text.contains("•••"),
        "why, and whose it is masked: {text}"
    );
    looker.look(Some("order")).await;
    looker.browser.click("Show personal data").await.unwrap();
    assert!(!looker.browser.text().await.unwrap().contains("•••"));
    looker.look(None).await;

    // The mapping is mended, which restarts the server; the session outlives that.
    stage.run(true).await.unwrap();
    looker.goto(&stage.url, "/parked").await;
    looker.browser.click("Replay all of shipping_unmapped…").await.unwrap();
    let text = looker.browser.text().await.unwrap();
    assert!(text.contains(&format!("{} would be taken up again", parked.len())), "{text}");
    looker.look(Some("replay")).await;
    looker.browser.click("Replay now").await.unwrap();
    let text = looker.browser.text().await.unwrap();
    assert!(!text.contains("would be taken up again"), "it is taken up: {text}");
    looker.goto(&stage.url, &format!("/orders/{order}")).await;
    looker.browser.until("The order is done", LONG).await.unwrap();
    let text = looker.browser.text().await.unwrap();
    assert!(text.contains("replayed by hand") && text.contains("Odoo"), "{text}");
    looker.look(None).await;
    let all = settled(&stage, &[At::Done]).await;
    assert_eq!(stage.sandbox.odoo.confirmed(), all.len() as u64, "each stands in Odoo once");

    the_other_pages(&mut looker, &stage).await;
    assert!(looker.faults.is_empty(), "{}", looker.faults.join("\n"));
    looker.browser.stop().await.unwrap();
}

/// The call that the button would make, made without the button.
async fn refused_without_the_right(looker: &Looker, order: &OrderKey) {
    let script = "const done = arguments[arguments.length - 1];
        const form = new URLSearchParams({ order: arguments[0], shown: 'yes', csrf: document.querySelector('[name=csrf]').value });
        const sent = document.createElement('form');
        sent.method = 'post'; sent.action = '/replay';
        for (const [name, value] of form) {
          const field = document.createElement('input');
          field.name = name; field.value = value; sent.append(field);
        }
        document.body.append(sent);
        done(true); sent.submit();";
    looker.browser.driver.execute_async(script, vec![order.to_string().into()]).await.unwrap();
    looker.browser.says("You have no right to do this").await.unwrap();
    looker.browser.driver.back().await.unwrap();
}

/// Those that the story did not lead to.
async fn the_other_pages(looker: &mut Looker, stage: &Stage) {
    looker.goto(&stage.url, "/").await;
    assert!(looker.browser.text().await.unwrap().contains("Orders that came to their end"));
    looker.look(Some("overview")).await;
    looker.browser.resize(PHONE.0, PHONE.1).await.unwrap();
    looker.photograph("phone").await;
    let mut pages = vec![
        "/orders".to_owned(),
        "/orders?stage=done".into(),
        "/orders?q=nothing-like-it".into(),
        "/parked".into(),
        "/dead-letters".into(),
        "/stock".into(),
        "/reconciliations".into(),
        "/nowhere".into(),
    ];
    let book = OrderBook::new(stage.platform.clone(), Default::default());
    let run = book.runs().await.unwrap().remove(0);
    pages.push(format!("/reconciliations/{run}"));
    for page in pages {
        looker.goto(&stage.url, &page).await;
        looker.look(None).await;
    }
    looker.goto(&stage.url, "/audit").await;
    let text = looker.browser.text().await.unwrap();
    for told in ["Rita Reader", "was refused", "Petra Personal", "replayed", "looked at personal data"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    looker.look(Some("audit")).await;
    looker.browser.click("Sign out").await.unwrap();
    looker.goto(&stage.url, "/audit").await;
    assert!(looker.browser.has("Sign in").await.unwrap(), "the session is over");
}
