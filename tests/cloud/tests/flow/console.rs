//! People sign in to the deployed console, read what became of an order, and send a dead letter back: with the rights
//! of its own role, and through its own API.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use crossdock_core::message::QueueName;
use crossdock_platform::{Queue as _, QueueAddress, orders::Stage};
use http::{Method, Request, Response, StatusCode, header};

use super::world::{CONSOLE, World};

/// A first call starts a process.
const TIMEOUT: Duration = Duration::from_secs(30);

pub fn people_see_what_became_of_an_order_and_send_a_dead_letter_back(world: &World) {
    let mut nobody = Browser::of(world);
    assert_eq!(nobody.get("/api/orders").status(), StatusCode::UNAUTHORIZED);

    let mut rita = Browser::of(world);
    rita.sign_in("rita");
    let done = world.states().into_iter().find(|state| state.stage == Stage::Done).unwrap();
    let answer = rita.get(&format!("/api/orders/{}", done.order));
    assert_eq!(answer.status(), StatusCode::OK);
    let story: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(story["order"], done.order.to_string(), "{story}");
    assert!(story["timeline"].as_array().is_some_and(|timeline| timeline.len() > 1), "{story}");
    let page = text(&rita.get("/"));
    for heading in ["Dead letters", "Peers", "Last reconciliations"] {
        assert!(page.contains(heading), "the overview has no {heading:?}: {page}");
    }
    // The page has no button for her; the call is refused all the same.
    assert!(!text(&rita.get("/dead-letters")).contains("Redrive…"));
    assert_eq!(rita.redrive().status(), StatusCode::FORBIDDEN);
    assert!(world.has_dead_poison());

    let mut anton = Browser::of(world);
    anton.sign_in("anton");
    assert!(text(&anton.get("/dead-letters")).contains("Redrive…"));
    let answer = anton.redrive();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{answer:?}");
    assert!(!world.has_dead_poison(), "it was sent back");
    let audit = text(&anton.get("/audit"));
    assert!(audit.contains("Anton Actor") && audit.contains("Rita Reader"), "{audit}");
}

impl World {
    /// Whether the poison lies among the dead letters now.
    fn has_dead_poison(&self) -> bool {
        let dead = QueueAddress::Dead(QueueName::Orders);
        let letters = self.runtime.block_on(self.platform.receive(dead, 10, Duration::ZERO)).unwrap();
        letters.iter().any(|letter| letter.body == "poison")
    }
}

/// A browser without a screen. It keeps cookies though nothing here has TLS.
struct Browser<'a> {
    world: &'a World,
    api: String,
    cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    fn of(world: &'a World) -> Self {
        Self { world, api: world.outputs.text("console_url"), cookies: BTreeMap::new() }
    }

    fn get(&mut self, path: &str) -> Response<Bytes> {
        self.send(Method::GET, path, "")
    }

    fn sign_in(&mut self, who: &str) {
        let begun = self.get("/sign-in?to=/");
        let provider = format!("{}&as={who}", location(&begun));
        let chosen = self.ask("the provider", Request::get(provider).body(Bytes::new()).unwrap());
        let back = location(&chosen);
        let answer = self.get(back.strip_prefix(CONSOLE).unwrap());
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{answer:?}");
    }

    /// Asks for the dead letters of `orders` to be sent back, as the button does after its preview.
    fn redrive(&mut self) -> Response<Bytes> {
        let page = text(&self.get("/orders"));
        let csrf = page.split_once("name=\"csrf\" value=\"").unwrap().1.split_once('"').unwrap().0;
        let form = format!("csrf={csrf}&queue=orders&shown=1");
        self.send(Method::POST, "/dead-letters", &form)
    }

    fn send(&mut self, method: Method, path: &str, form: &str) -> Response<Bytes> {
        let mut request = Request::builder().method(method.clone()).uri(format!("{}{path}", self.api));
        if !self.cookies.is_empty() {
            let all: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, all.join("; "));
        }
        if method == Method::POST {
            request = request
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(header::ORIGIN, CONSOLE);
        }
        let answer = self.ask("the console", request.body(Bytes::from(form.to_owned())).unwrap());
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let (name, value) = cookie.to_str().unwrap().split_once(';').unwrap().0.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    fn ask(&self, whom: &str, request: Request<Bytes>) -> Response<Bytes> {
        self.world.runtime.block_on(self.world.client.send(whom, request, TIMEOUT)).unwrap()
    }
}

fn location(answer: &Response<Bytes>) -> String {
    assert!(answer.status().is_redirection(), "{answer:?}");
    answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

fn text(answer: &Response<Bytes>) -> String {
    assert_eq!(answer.status(), StatusCode::OK, "{answer:?}");
    String::from_utf8(answer.body().to_vec()).unwrap()
}
