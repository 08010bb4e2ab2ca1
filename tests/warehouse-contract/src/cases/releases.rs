//! Handing over.

use crossdock_core::{PeerError, Reference, shipment::Lot};
use crossdock_warehouses::FoundState;
use simulators::shops::{Fault, FaultKind};

use crate::target::{Target, decimal};

pub async fn a_release_is_taken_in_and_found(target: &Target) {
    let release = target.release(1);
    let accepted = target.warehouse.release(&release).await.expect("it is taken in");
    let found = target.warehouse.find(&release.key.reference).await.expect("an answer");
    let found = found.expect("it is there");
    assert_eq!((found.state, &found.id), (FoundState::Open, &accepted.id));
    let shipped = target.warehouse.shipments(&release.key.reference, accepted.id.as_deref()).await;
    assert_eq!(shipped, Ok(Vec::new()));
    // A real account is left as it was.
    if !target.has_floor() {
        target.warehouse.stop(&release.key.reference, accepted.id.as_deref()).await.expect("an answer");
    }
}

pub async fn what_was_never_sent_is_not_found(target: &Target) {
    let reference = target.reference(99_999);
    assert_eq!(target.warehouse.find(&reference).await, Ok(None));
    assert_eq!(target.warehouse.shipments(&reference, None).await, Ok(Vec::new()));
}

pub async fn everything_that_matters_arrives(target: &Target) {
    let mut release = target.release(1);
    if target.traits.prescribes_lots {
        let lots = ["SN-1", "SN-2"].map(|number| Lot { number: number.into(), quantity: decimal("1") });
        release.lines[0].lots = lots.into();
    }
    target.warehouse.release(&release).await.expect("it is taken in");
    let job = target.floor().job("WH/OUT/00001").expect("it is there under its reference");
    let lines: Vec<_> = job.lines.iter().map(|line| (line.sku.as_str(), line.ordered)).collect();
    assert_eq!(lines, [("SKU-001", decimal("2")), ("SKU-002", decimal("3"))]);
    assert!(job.lines[0].line.ends_with("71") && job.lines[1].line.ends_with("72"), "{:?}", job.lines);
    let body = job.body.to_string();
    for part in [
        "Müller & Søn",
        "100 Congress Avenue",
        "Suite 2000",
        "Austin",
        "78701",
        "TX",
        "US",
        "+1 512 555 0100",
        "zoe@example.test",
        "Alles Gute! 🎁",
        "back door",
        "PO-77",
        "#1",
    ] {
        assert!(body.contains(part), "{part} has not arrived: {body}");
    }
    if target.traits.prescribes_lots {
        assert!(body.contains("SN-2"), "the serials have not arrived: {body}");
    }
}

pub async fn after_a_lost_answer_it_is_found_and_there_once(target: &Target) {
    // Whatever a kind asks for first, it has by now.
    target.warehouse.find(&target.reference(2)).await.expect("an answer");
    let release = target.release(1);
    target.floor().faults().inject(Fault { times: 1, kind: FaultKind::Lost });
    let error = target.warehouse.release(&release).await.expect_err("the answer was lost");
    assert!(error.ambiguous(), "{error}");
    let found = target.warehouse.find(&release.key.reference).await.expect("an answer");
    assert_eq!(found.expect("it had arrived").state, FoundState::Open);
    assert_eq!((target.floor().jobs().len(), target.floor().doubles()), (1, 0));
}

pub async fn a_repeat_is_harmless_where_the_kind_says_so(target: &Target) {
    let release = target.release(1);
    let first = target.warehouse.release(&release).await.expect("it is taken in");
    let second = target.warehouse.release(&release).await;
    if target.traits.repeat_is_harmless {
        assert_eq!(second, Ok(first));
    }
    assert_eq!(target.floor().doubles(), usize::from(!target.traits.repeat_is_harmless));
}

pub async fn what_the_warehouse_does_not_know_is_rejected_with_its_reason(target: &Target) {
    target.floor().unknown_sku("SKU-002");
    let error = target.warehouse.release(&target.release(1)).await.expect_err("it has no such goods");
    let PeerError::Rejected { what, .. } = &error else { panic!("{error:?}") };
    assert!(what.contains("SKU-002"), "{what}");
    assert!(target.floor().jobs().is_empty(), "and nothing was taken in");
}

pub async fn a_refusal_does_not_say_whom_it_goes_to(target: &Target) {
    let mut release = target.release(1);
    // The simulators refuse this one, and say back the address.
    release.to.postcode = Some("00000".into());
    let error = target.warehouse.release(&release).await.expect_err("there is no such address");
    assert!(matches!(error, PeerError::Rejected { .. }), "{error:?}");
    let told = format!("{error:?} {error}");
    for part in ["Zoë", "Müller", "Congress", "Austin", "00000", "zoe@"] {
        assert!(!told.contains(part), "{told}");
    }
}

pub async fn long_names_and_all_scripts_arrive(target: &Target) {
    let mut release = target.release(1);
    release.to.name = "東京太郎 Ελένη Ωνάση".into();
    release.lines[0].name = "نعل 👟 ".repeat(40);
    release.delivery_note = Some("x".repeat(900));
    target.warehouse.release(&release).await.expect("it is taken in");
    let job = target.floor().job("WH/OUT/00001").expect("it is there");
    assert!(job.lines[0].name.contains("نعل 👟"), "{}", job.lines[0].name);
    let body = job.body.to_string();
    assert!(body.contains("東京太郎") && body.contains("Ωνάση"), "{body}");
}

pub async fn part_quantities_arrive_or_are_refused_before_anything_is_sent(target: &Target) {
    let mut release = target.release(1);
    release.lines[0].quantity = decimal("1.50");
    let before = target.floor().faults().calls().len();
    let answer = target.warehouse.release(&release).await;
    if !target.traits.whole_numbers {
        answer.expect("it is taken in");
        let job = target.floor().job("WH/OUT/00001").expect("it is there");
        assert_eq!(job.lines[0].ordered, decimal("1.5"));
        return;
    }
    let PeerError::Rejected { what, .. } = answer.expect_err("it ships whole numbers only") else {
        panic!("another failure")
    };
    assert!(what.contains("SKU-001") && what.contains("1.5"), "{what}");
    assert_eq!(target.floor().faults().calls().len(), before, "something was sent");
    // One and a half is no whole number; two, however it is written, is.
    release.lines[0].quantity = decimal("2.000");
    target.warehouse.release(&release).await.expect("it is taken in");
}

pub async fn lots_that_cannot_be_prescribed_are_refused_before_anything_is_sent(target: &Target) {
    let mut release = target.release(1);
    release.lines[0].lots = vec![Lot { number: "LOT-A".into(), quantity: decimal("2") }];
    let answer = target.warehouse.release(&release).await;
    if target.traits.prescribes_lots {
        answer.expect("it is taken in");
        return;
    }
    assert!(
        matches!(&answer, Err(PeerError::Rejected { what, .. }) if what.contains("SKU-001")),
        "{answer:?}"
    );
    assert!(target.floor().faults().calls().is_empty(), "something was sent");
}

pub async fn a_refusal_does_not_say_our_key(target: &Target) {
    let mut release = target.release(1);
    release.lines[0] = target.line("71", &target.api, "1");
    target.floor().unknown_sku(&target.api);
    let error = target.warehouse.release(&release).await.expect_err("it has no such goods");
    assert!(error.to_string().contains("[secret]"), "{error}");
    assert!(!format!("{error:?}").contains(&target.api), "{error:?}");
}

pub async fn what_was_called_off_is_not_taken_in_again(target: &Target) {
    if !target.traits.repeat_is_harmless {
        return;
    }
    let release = target.release(1);
    target.warehouse.release(&release).await.expect("it is taken in");
    let _ = target.floor().cancel("WH/OUT/00001", "called off by hand");
    let answer = target.warehouse.release(&release).await;
    assert!(matches!(answer, Err(PeerError::Rejected { .. })), "{answer:?}");
}

pub async fn two_under_one_reference_are_told(target: &Target) {
    if target.traits.repeat_is_harmless {
        return;
    }
    let release = target.release(1);
    for _ in 0..2 {
        target.warehouse.release(&release).await.expect("it is taken in");
    }
    let answer = target.warehouse.find(&release.key.reference).await;
    assert!(
        matches!(&answer, Err(PeerError::Rejected { what, .. }) if what.contains("2 orders")),
        "{answer:?}"
    );
}

pub async fn a_reference_arrives_whole_or_not_at_all(target: &Target) {
    let mut release = target.release(1);
    release.key.reference = Reference::new(format!("WH/OUT/{}", "4".repeat(57))).expect("the longest");
    let answer = target.warehouse.release(&release).await;
    match answer {
        Ok(_) => assert!(target.floor().job(release.key.reference.as_str()).is_some(), "it is cut off"),
        Err(PeerError::Rejected { .. }) => assert!(target.floor().faults().calls().is_empty(), "it was sent"),
        other => panic!("{other:?}"),
    }
    let up = Reference::new("..").expect("a reference");
    let found = target.warehouse.find(&up).await;
    assert!(matches!(found, Ok(None) | Err(PeerError::Rejected { .. })), "{found:?}");
    let calls = target.floor().faults().calls();
    assert!(calls.iter().all(|call| !call.target.contains("/..")), "a step up in the path");
}
