//! Signing in and out.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod world;

use std::time::Duration;

use crossdock_operations::{audit::Act, end_sessions};
use http::{StatusCode, header};
use simulators::oidc::Twist;

use world::{LOGIN, SESSION, location, text, world};

#[tokio::test(start_paused = true)]
async fn the_cookie_holds_an_id_alone_and_the_ledger_its_digest() {
    let world = world().await;
    let mut browser = world.browser();
    let address = browser.begin("/orders").await;
    for part in ["response_type=code", "code_challenge_method=S256", "scope=openid", "nonce=", "state="] {
        assert!(address.contains(part), "{address}");
    }
    let back = browser.at_provider(&address, "rita").await;
    let answer = browser.get(&back).await;
    assert_eq!((answer.status(), location(&answer).as_str()), (StatusCode::SEE_OTHER, "/orders"));
    let cookies: Vec<&str> =
        answer.headers().get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect();
    let session = cookies.iter().find(|cookie| cookie.starts_with(SESSION)).unwrap();
    for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/;", "; Max-Age=3600"] {
        assert!(session.contains(attribute), "{session}");
    }
    assert!(!session.contains("Domain"), "{session}");
    let id = &browser.cookies[SESSION];
    assert!(id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit()), "256 bits and nothing else: {id}");
    assert!(!world.stored().contains(id.as_str()), "whoever reads the ledger has no session");
    assert!(!browser.cookies.contains_key(LOGIN), "the login is over");
    assert!(text(&browser.get("/").await).contains("Rita Reader"));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_not_signed_in_sees_nothing() {
    let world = world().await;
    let mut browser = world.browser();
    for path in ["/", "/orders", "/orders/shop/1", "/parked", "/dead-letters", "/stock", "/audit", "/nowhere"]
    {
        let answer = browser.get(path).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        assert!(location(&answer).starts_with("/signed-out?to=%2F"), "{path}: {answer:?}");
        let api = browser.get(&format!("/api{path}")).await;
        assert_eq!(api.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(browser.post_only("/replay", &[("order", "shop/1")]).await.status(), StatusCode::SEE_OTHER);
    let made_up = "0".repeat(64);
    browser.cookies.insert(SESSION.into(), made_up);
    assert_eq!(browser.get("/orders").await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test(start_paused = true)]
async fn a_login_is_good_once_for_its_own_browser_and_for_ten_minutes() {
    let world = world().await;
    let mut browser = world.browser();
    let address = browser.begin("/").await;
    let back = browser.at_provider(&address, "rita").await;

    // Somebody else's browser, with the address that the first one was sent back with.
    let mut other = world.browser();
    assert_eq!(other.get(&back).await.status(), StatusCode::FORBIDDEN);
    other.begin("/").await;
    assert_eq!(other.get(&back).await.status(), StatusCode::FORBIDDEN, "its state is another login's");
    assert!(!other.cookies.contains_key(SESSION));

    let login = browser.cookies[LOGIN].clone();
    assert_eq!(browser.get(&back).await.status(), StatusCode::SEE_OTHER);
    browser.cookies.insert(LOGIN.into(), login);
    assert_eq!(browser.get(&back).await.status(), StatusCode::FORBIDDEN, "used already");

    let mut late = world.browser();
    let address = late.begin("/").await;
    tokio::time::sleep(Duration::from_secs(601)).await;
    let back = late.at_provider(&address, "rita").await;
    assert_eq!(late.get(&back).await.status(), StatusCode::FORBIDDEN, "begun too long ago");
    assert!(!late.cookies.contains_key(SESSION));
}

#[tokio::test(start_paused = true)]
async fn a_code_is_of_no_use_without_the_verifier_it_was_asked_for_with() {
    let world = world().await;
    let (mut thief, mut victim) = (world.browser(), world.browser());
    let of_victim = victim.begin("/").await;
    let stolen = victim.at_provider(&of_victim, "anton").await;
    let code = world::between(&stolen, "code=", "&").unwrap();
    let own = thief.begin("/").await;
    let state = world::between(&format!("{own}&"), "state=", "&").unwrap();
    let answer = thief.get(&format!("/callback?code={code}&state={state}")).await;
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY, "the provider refuses the code");
    assert!(!thief.cookies.contains_key(SESSION));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_not_what_was_asked_for_signs_nobody_in() {
    let world = world().await;
    for twist in [
        Twist::AnothersNonce,
        Twist::AnothersAudience,
        Twist::AnotherIssuer,
        Twist::Expired,
        Twist::ForeignKey,
        Twist::Unsigned,
        Twist::SignedWithTheSecret,
        Twist::AnothersPayload,
    ] {
        world.provider.twist(twist);
        let mut browser = world.browser();
        let answer = browser.sign_in("anton").await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{twist:?}");
        assert!(!browser.cookies.contains_key(SESSION), "{twist:?}");
    }
    world.provider.twist(Twist::Nothing);
    world.signed_in("anton").await;
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_after_an_hour_though_the_ledger_still_has_it() {
    let world = world().await;
    let mut browser = world.signed_in("rita").await;
    tokio::time::sleep(Duration::from_secs(3599)).await;
    assert_eq!(browser.get("/").await.status(), StatusCode::OK);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(browser.get("/").await.status(), StatusCode::SEE_OTHER);
    assert!(world.stored().contains("session#"), "nothing was deleted yet");
}

#[tokio::test(start_paused = true)]
async fn whoever_signs_out_leaves_no_session_behind() {
    let world = world().await;
    let mut browser = world.signed_in("rita").await;
    let id = browser.cookies[SESSION].clone();
    let answer = browser.post("/sign-out", &[]).await;
    assert_eq!(location(&answer), "/signed-out");
    browser.cookies.insert(SESSION.into(), id);
    assert_eq!(browser.get("/").await.status(), StatusCode::SEE_OTHER, "the id is revoked");
    let acts: Vec<Act> = world.audit().await.iter().map(|entry| entry.act).collect();
    assert_eq!(acts, [Act::SignOut, Act::SignIn]);
}

#[tokio::test(start_paused = true)]
async fn whoever_has_no_right_is_refused_and_written_down() {
    let world = world().await;
    let mut browser = world.browser();
    let answer = browser.sign_in("nobody").await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(!browser.cookies.contains_key(SESSION));
    assert!(!world.stored().contains("session#"), "there is no session that could be used");
    let entry = world.audit().await.remove(0);
    assert_eq!((entry.subject.as_str(), entry.act), ("nobody", Act::Refused));
}

#[tokio::test(start_paused = true)]
async fn a_cookie_that_comes_twice_is_nobodys() {
    let world = world().await;
    let mut browser = world.signed_in("rita").await;
    let id = browser.cookies.remove(SESSION).unwrap();
    browser.cookies.insert(SESSION.into(), format!("{id}; {SESSION}={id}"));
    assert_eq!(browser.get("/").await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_sessions_are_ended_at_once() {
    let world = world().await;
    let (mut rita, mut anton) = (world.signed_in("rita").await, world.signed_in("anton").await);
    assert_eq!(end_sessions(&world.platform, Some("rita")).await.unwrap(), 1);
    assert_eq!(rita.get("/").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(anton.get("/").await.status(), StatusCode::OK);
    assert_eq!(end_sessions(&world.platform, None).await.unwrap(), 1);
    assert_eq!(anton.get("/").await.status(), StatusCode::SEE_OTHER);
}
