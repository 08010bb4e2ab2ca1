//! What comes in.

use crossdock_core::{Entropy, hook::Refusal, shipment::Notice};
use simulators::shops::Signed;

use crate::target::Target;

/// A call that tells of something, and the secret of somebody else.
async fn call(target: &Target) -> Signed {
    target.warehouse.release(&target.release(1)).await.expect("it is taken in");
    let calls = target.floor().ship_rest("WH/OUT/00001");
    calls.into_iter().next().expect("it is told")
}

fn without(call: &Signed, unwanted: &str) -> Signed {
    let mut call = call.clone();
    call.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(unwanted));
    call
}

/// The headers that are not about the body's form.
fn signing(call: &Signed) -> Vec<String> {
    let names = call.headers.iter().map(|(name, _)| name.clone());
    names.filter(|name| name != "content-type" && !name.contains("message-id")).collect()
}

pub async fn only_the_right_signature_opens(target: &Target) {
    let good = call(target).await;
    let now = target.floor().clock().now();
    let open = |call: &Signed| target.receive_with(call, &[&target.secret], now);
    assert!(open(&good).is_ok());
    for name in signing(&good) {
        assert_eq!(open(&without(&good, &name)), Err(Refusal::Unauthorized), "without {name}");
        let mut twice = good.clone();
        let value = good.headers.iter().find(|(one, _)| *one == name).expect("it is there").1.clone();
        twice.headers.push((name.clone(), value.clone()));
        assert_eq!(open(&twice), Err(Refusal::Unauthorized), "{name} twice");
        let mut other = without(&good, &name);
        other.headers.push((name.clone(), format!("A{value}")));
        assert_eq!(open(&other), Err(Refusal::Unauthorized), "another {name}");
    }
    let mut longer = good.clone();
    longer.body = [good.body.as_ref(), b" "].concat().into();
    assert_eq!(open(&longer), Err(Refusal::Unauthorized), "one more byte");
    let other = target.other_secret();
    assert_eq!(
        target.receive_with(&good, &[&other], now),
        Err(Refusal::Unauthorized),
        "somebody else's secret"
    );
    for nothing in [&[][..], &[""], &["  "]] {
        assert_eq!(target.receive_with(&good, nothing, now), Err(Refusal::NotConfigured));
    }
}

pub async fn an_old_secret_counts_while_it_is_live(target: &Target) {
    let good = call(target).await;
    let now = target.floor().clock().now();
    let other = target.other_secret();
    assert!(target.receive_with(&good, &[&other, &target.secret], now).is_ok());
    assert!(target.receive_with(&good, &[&other, ""], now).is_err());
}

pub async fn an_old_call_is_refused_where_its_time_is_signed(target: &Target) {
    let good = call(target).await;
    let at = |seconds: i64| target.floor().clock().now() + jiff::SignedDuration::from_secs(seconds);
    let open = |seconds| target.receive_with(&good, &[&target.secret], at(seconds));
    if !target.traits.signs_time {
        // Told again for ever, it tells the same: nothing is done twice for it.
        assert_eq!(open(86_400), open(0));
        return;
    }
    assert!(open(300).is_ok() && open(-300).is_ok());
    assert_eq!((open(301), open(-301)), (Err(Refusal::Unauthorized), Err(Refusal::Unauthorized)));
}

pub async fn no_bytes_make_it_panic(target: &Target) {
    let good = call(target).await;
    let dice = Entropy::seeded(7);
    let now = target.floor().clock().now();
    let mut read = 0;
    for _ in 0..400 {
        let mut body = good.body.to_vec();
        for _ in 0..=dice.below(3) {
            let at = usize::try_from(dice.below(body.len() as u64)).expect("small");
            match dice.below(3) {
                0 => body[at] = u8::try_from(dice.below(256)).expect("a byte"),
                1 => drop(body.remove(at)),
                _ => body.insert(at, b"\"{}[],:0-9\xff"[usize::try_from(dice.below(11)).expect("small")]),
            }
        }
        let changed = Signed { headers: good.headers.clone(), body: body.into() };
        let answer = target.receive_with(&target.floor().again(&changed), &[&target.secret], now);
        // Signed and read: whatever it is, it quotes nothing and names nobody else's warehouse.
        match answer {
            Ok(Notice::Shipped { shipment }) => assert_eq!(shipment.key.warehouse, target.id),
            Ok(Notice::Unreadable { why }) => assert!(!why.contains("1Z"), "{why}"),
            Ok(_) | Err(Refusal::Invalid(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
        read += 1;
    }
    assert_eq!(read, 400);
}

pub async fn a_call_about_nothing_ships_nothing(target: &Target) {
    let told = call(target).await;
    // The same call at a warehouse where nobody has shipped anything.
    let other = Target::simulated(target.kind);
    let now = other.floor().clock().now();
    let notice = other.receive_with(&told, &[&other.secret], now).expect("it is signed");
    let Notice::AskHandle { handle } = notice else { return };
    assert_eq!(other.warehouse.resolve(&handle).await, Ok(Vec::new()));
    for bad in ["", "http://evil.test/labels?batch_id=1", "labels?batch_id=../shipments"] {
        assert!(other.warehouse.resolve(bad).await.is_err(), "{bad} is asked for");
    }
    let calls = other.floor().faults().calls();
    assert!(calls.iter().all(|call| !call.target.contains("..")), "{calls:?}");
}

pub async fn a_call_that_only_says_that_something_shipped_is_enough(target: &Target) {
    if !target.traits.thin {
        return;
    }
    assert_eq!(target.warehouse.resolve("recent").await, Ok(Vec::new()), "nothing has shipped");
    let told = call(target).await;
    let learnt = target.learn(&[told]).await;
    assert_eq!(learnt.len(), 1);
    assert_eq!(target.warehouse.resolve("recent").await, Ok(learnt));
    tokio::time::advance(std::time::Duration::from_secs(3 * 3600)).await;
    assert_eq!(target.warehouse.resolve("recent").await, Ok(Vec::new()), "that was long ago");
}
