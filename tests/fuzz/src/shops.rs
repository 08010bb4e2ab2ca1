//! What a shop's API answers. Input: one byte that chooses the call, then a script of answers.

use crossdock_channels::{Announced, Api, Fetched, Page};
use crossdock_core::{
    ChannelId, OrderId, PeerError,
    catalogue::{Edit, Edited, Field, Listing},
    config,
    shipment::{AnnouncedLine, Announcement, Parcel, ParcelNews, ParcelStatus},
    stock::{Change, Changed},
};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use secrecy::SecretString;
use serde_json::json;

use crate::{
    script::{self, HOST, TOKEN},
    sign::NOW,
    sound,
};

const CALLBACK: &str = "https://hooks.example.test/hooks/shop-main";

pub fn shopify(input: &[u8]) {
    // A token that must first be fetched, or one that lives for ever.
    let issued = input.first().is_some_and(u8::is_ascii_uppercase);
    let token = if issued { format!("client-id:{TOKEN}") } else { TOKEN.to_owned() };
    run("shopify", &token, input);
}

pub fn woocommerce(input: &[u8]) {
    run("woocommerce", &format!("ck_1:{TOKEN}"), input);
}

fn run(kind: &str, token: &str, input: &[u8]) {
    let Some((call, script)) = input.split_first() else { return };
    let config: config::Channel = serde_json::from_value(json!({
        "id": "shop-main", "kind": kind, "url": format!("https://{HOST}/"), "company": 1,
        "pricelists": { "EUR": 1 },
    }))
    .unwrap();
    script::run(async {
        let client = script::client(script, |_| None);
        let api = Api::new(client, &config, &SecretString::from(token.to_owned()));
        if let Err(error) = one(&api, call.to_ascii_lowercase()).await {
            script::told(&error);
        }
    });
}

async fn one(api: &Api, call: u8) -> Result<(), PeerError> {
    let secret = SecretString::from("to sign with".to_owned());
    match call {
        b'o' => fetched(&api.fetch_order(&OrderId::new("5001").unwrap()).await?),
        b's' => {
            api.subscriptions(CALLBACK).await?;
        }
        b'e' => {
            let changes = api.ensure_subscriptions(CALLBACK, Some(&secret)).await?;
            assert!((4..=6).contains(&changes.len()), "each topic is looked after: {changes:?}");
        }
        b'i' => {
            let info = api.check().await?;
            assert_eq!(info.currency.as_str().len(), 3);
        }
        b'a' => announce(api).await?,
        b'n' => {
            let said = announcement();
            let (status, detail) = (ParcelStatus::Delivered, Some("at the door".to_owned()));
            let news = ParcelNews { tracking: "1Z1".into(), status, at: NOW, detail };
            api.parcel_news(&said.order, &said.shipment, None, &news).await?;
            api.parcel_news(&said.order, &said.shipment, Some("44"), &news).await?;
        }
        b'p' => {
            let payments = api.payments(&OrderId::new("5001").unwrap()).await?;
            assert!(payments.iter().all(|one| one.amount.abs() <= Decimal::from(100_000_000_000_i64)));
        }
        b'k' => counted(api).await?,
        b'q' => set(api).await?,
        b'g' => shown(api).await?,
        b'w' => edited(api).await?,
        _ => changes(api).await?,
    }
    Ok(())
}

fn announcement() -> Announcement {
    let line = |id: &str, quantity: i64| AnnouncedLine {
        line: id.parse().unwrap(),
        sku: None,
        quantity: quantity.into(),
    };
    let parcel = Parcel { carrier: "UPS".into(), tracking: Some("1Z1".into()), url: None };
    Announcement {
        order: "5001".parse().unwrap(),
        shipment: "wh-east/SH-1".parse().unwrap(),
        others: vec!["43".into()],
        shipped_at: NOW,
        lines: vec![line("1", 2), line("2", 3)],
        parcels: vec![parcel],
        completes_order: true,
        notify_customer: true,
        location: Some("7".into()),
    }
}

/// Whatever the shop says of itself: what it was not told is a part of what was to be told.
async fn announce(api: &Api) -> Result<(), PeerError> {
    let said = announcement();
    let Announced { untold, .. } = api.announce(&said).await?;
    for left in untold {
        let whole = said.lines.iter().find(|line| line.line == left.line).expect("a line of ours");
        assert!(left.quantity > Decimal::ZERO && left.quantity <= whole.quantity, "{left:?}");
    }
    Ok(())
}

/// Whatever the shop lists, only what was asked for is found.
async fn counted(api: &Api) -> Result<(), PeerError> {
    let skus = ["CD-1", "CD-2", "1,5\""].map(|sku| sku.parse().unwrap());
    let found = api.items(&skus).await?;
    assert!(found.keys().all(|sku| skus.contains(sku)), "{found:?}");
    Ok(())
}

/// Whatever the shop lists, only what was asked for is found, and nothing that it cannot show is claimed of it.
async fn shown(api: &Api) -> Result<(), PeerError> {
    let skus = ["CD-1", "CD-2", "1,5\""].map(|sku| sku.parse().unwrap());
    let found = api.listings(&skus).await?;
    assert!(found.keys().all(|sku| skus.contains(sku)), "{found:?}");
    Ok(())
}

/// Whatever the shop says, each edit has an answer, and the shop's words are cut and clean.
async fn edited(api: &Api) -> Result<(), PeerError> {
    let to = Listing { price: Some(Decimal::new(1990, 2)), offered: true, ..Listing::default() };
    let edit = |sku: &str, handle: &str| Edit {
        sku: sku.parse().unwrap(),
        handle: handle.into(),
        fields: [Field::Price].into(),
        to: to.clone(),
    };
    let edits = [edit("CD-1", "1"), edit("CD-2", "9/2"), edit("CD-3", "9/3"), edit("CD-4", "8/4")];
    let answers = api.edit(&edits, &"EUR".parse().unwrap(), NOW, "key").await?;
    assert_eq!(answers.len(), edits.len());
    for answer in answers {
        if let Edited::Refused(why) = answer {
            assert!(!why.is_empty() && why.chars().count() <= 200 && !why.contains(TOKEN), "{why}");
            assert!(!why.chars().any(char::is_control), "a control character in {why:?}");
        }
    }
    Ok(())
}

/// Whatever the shop says, each change has an answer, and the shop's words are cut and clean.
async fn set(api: &Api) -> Result<(), PeerError> {
    let change = |sku: &str, handle: &str, location: &str, from| Change {
        sku: sku.parse().unwrap(),
        handle: handle.into(),
        location: location.into(),
        from,
        to: 3,
    };
    let changes = [
        change("CD-1", "1", "", Some(5)),
        change("CD-2", "9/2", "", Some(5)),
        change("CD-3", "3", "", Some(5)),
        change("CD-4", "4", "7", None),
    ];
    let answers = api.set_counts(&changes, NOW, "key").await?;
    assert_eq!(answers.len(), changes.len());
    for answer in answers {
        if let Changed::Refused(why) = answer {
            assert!(!why.is_empty() && why.chars().count() <= 200 && !why.contains(TOKEN), "{why}");
            assert!(!why.chars().any(char::is_control), "a control character in {why:?}");
        }
    }
    Ok(())
}

/// Reads on for some pages: what a page gives as its next one must be taken back.
async fn changes(api: &Api) -> Result<(), PeerError> {
    let from: Timestamp = NOW.checked_sub(SignedDuration::from_hours(24)).unwrap();
    let mut cursor = None;
    for _ in 0..4 {
        let answer = api.changed_since(from, NOW, cursor).await;
        if let Err(PeerError::Rejected { what, .. }) = &answer {
            assert!(!what.contains("a cursor that is not ours"), "our own cursor is refused");
        }
        let Page { orders, next, .. } = answer?;
        orders.iter().for_each(fetched);
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(())
}

fn fetched(fetched: &Fetched) {
    match fetched {
        Fetched::Order(order) => sound::order(order, &ChannelId::new("shop-main").unwrap()),
        Fetched::Unreadable { why, .. } => sound::told(why),
        Fetched::Gone => {}
    }
}
