//! What EasyPost sends, read by the product's adapter.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_carriers::receive;
use crossdock_core::{
    Clock,
    config::CarrierKind,
    shipment::{Notice, ParcelNews, ParcelStatus},
};
use http::{HeaderMap, HeaderName, StatusCode};
use jiff::Timestamp;
use simulators::{carriers::easypost::Easypost, shops::Signed};

const START: Timestamp = Timestamp::constant(1_795_500_000, 0);

fn read(signed: &Signed) -> ParcelNews {
    let mut headers = HeaderMap::new();
    for (name, value) in &signed.headers {
        headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    match receive(CarrierKind::Easypost, &headers, &signed.body, &["s3cret".to_owned().into()]).unwrap() {
        Notice::Parcels { mut news } => news.remove(0),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_sent_again_is_older_than_what_came_meanwhile() {
    let easypost = Easypost::new(Clock::tokio(START), "s3cret");
    let first = easypost.moves("1Z1", "in_transit", "departed_facility");
    let again = first.clone().answered(StatusCode::INTERNAL_SERVER_ERROR).unwrap();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let second = easypost.moves("1Z1", "delivered", "arrived_at_destination");
    let (old, new) = (read(&again.signed), read(&second.signed));
    assert_eq!(old, read(&first.signed));
    assert!(old.at < new.at);
    assert_eq!((old.status, new.status), (ParcelStatus::InTransit, ParcelStatus::Delivered));
    assert_eq!(second.answered(StatusCode::OK), None);
    // The simulator sends what must not leave the reader.
    assert!(String::from_utf8_lossy(&again.signed.body).contains("JANE ROE"));
    assert!(!format!("{old:?}{new:?}").contains("ROE"));
}
