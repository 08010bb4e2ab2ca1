//! A channel that exists and one that does not look alike to whoever cannot sign.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use attacks::{CHANNELS, Letter, Logs, flow, signature_header};
use crossdock_core::Entropy;
use http::Method;
use simulators::shops::hmac_base64;

const NOBODY: &str = "/hooks/no-such-shop";

/// What somebody can send who has no secret.
fn unsigned() -> Vec<Letter> {
    let types = ["application/json", "text/plain", "application/x-www-form-urlencoded", ""];
    let bodies = ["", "{}", "webhook_id=7", "{\"id\":1}"];
    let mut letters = Vec::new();
    for channel in CHANNELS {
        for kind in types {
            for body in bodies {
                for signature in [None, Some(""), Some("AAAA"), Some("v1,AAAA")] {
                    for method in [Method::POST, Method::GET] {
                        let letter = Letter::good(channel).by(method).set("content-type", kind).body(body);
                        let letter = letter.without(signature_header(channel));
                        letters.push(match signature {
                            Some(text) => letter.set(signature_header(channel), text),
                            None => letter,
                        });
                    }
                }
            }
        }
    }
    letters
}

#[tokio::test(start_paused = true)]
async fn a_known_and_an_unknown_channel_answer_alike_to_the_byte() {
    let flow = flow().await;
    let mut compared = 0;
    for letter in unsigned() {
        let nobody = flow.chain.receiver.handle(letter.clone().to(NOBODY).request()).await;
        for known in CHANNELS {
            let path = format!("/hooks/{}", known.id());
            let somebody = flow.chain.receiver.handle(letter.clone().to(&path).request()).await;
            assert_eq!(somebody.status(), nobody.status(), "{letter:?}");
            assert_eq!(somebody.headers(), nobody.headers(), "{letter:?}");
            assert_eq!(somebody.body(), nobody.body(), "{letter:?}");
            compared += 1;
        }
    }
    assert!(compared > 1000, "{compared}");
    assert!(flow.chain.platform.items().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_not_set_answers_as_a_wrong_signature() {
    let flow = flow().await;
    for channel in CHANNELS {
        let wrong = Letter::good(channel).body("{}");
        let before = flow.chain.receiver.handle(wrong.request()).await;
        flow.chain.platform.set_secret(&format!("{}/webhook", channel.id()), vec![]);
        let unset = flow.chain.receiver.handle(wrong.request()).await;
        assert_eq!((unset.status(), unset.body()), (before.status(), before.body()));
        assert_eq!(unset.headers(), before.headers());
    }
}

/// An unknown channel's webhook is verified like any other, against a secret drawn for it alone. Whoever could
/// guess even that secret would still bring nothing in.
#[tokio::test(start_paused = true)]
async fn an_unknown_channel_is_verified_against_a_fresh_secret_and_never_let_in() {
    let flow = flow().await;
    let platform = &flow.chain.platform;
    let before = attacks::stored(platform);
    // The same source of randomness, as far as the flow has drawn from it.
    let (twin, mark) = (Entropy::seeded(1), platform_token(&flow));
    assert!((0..1000).any(|_| twin.token() == mark), "the twin comes to where the flow is");
    let foretold = twin.token();
    let letter = Letter::good(CHANNELS[0]);
    let signature = hmac_base64(&foretold, &letter.body);
    let forged = letter.to(NOBODY).set("x-shopify-hmac-sha256", &signature);
    let answer = flow.chain.receiver.handle(forged.request()).await;
    assert_eq!(answer.status(), 401);
    assert_eq!(attacks::stored(platform), before);
    assert_ne!(platform_token(&flow), foretold, "no secret was drawn for the unknown channel");
}

#[tokio::test(start_paused = true)]
async fn a_refused_signature_is_a_warning_that_names_the_channel() {
    let flow = flow().await;
    for (path, known) in [("/hooks/woo-de", true), (NOBODY, false)] {
        let logs = Logs::listen();
        let letter = Letter::good(CHANNELS[0]).to(path);
        flow.chain.receiver.handle(letter.request()).await;
        let line: serde_json::Value = serde_json::from_str(logs.text().trim()).unwrap();
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["channel.name"], path.trim_start_matches("/hooks/"));
        assert_eq!(line["channel.known"], known);
    }
}

fn platform_token(flow: &flows::Flow) -> String {
    use crossdock_platform::Platform as _;
    flow.chain.platform.entropy().token()
}
