//! One order's story in words.

use std::fmt::Write as _;

use crossdock_operations::{Story, stage_name as name};
use crossdock_platform::{Subject, fulfilment::ReleaseState, work::Work};
use serde::Serialize;

/// The story for people.
#[must_use]
pub(super) fn text(story: &Story) -> String {
    let state = &story.state;
    let mut text = format!("{}  {}\n", state.order, state.number.as_deref().unwrap_or("-"));
    if let Some(applied) = &state.applied {
        let cancelled = if applied.cancelled { ", cancelled" } else { "" };
        let odoo = format!("{} (id {}) {}{cancelled}", applied.name, applied.odoo_id, applied.total);
        line(&mut text, "Odoo", &odoo);
    }
    work(&mut text, &state.work);
    if let Some(fulfilment) = &story.fulfilment {
        head(&mut text, &Subject::Fulfilment(fulfilment.order.clone()));
        for release in &fulfilment.releases {
            line(&mut text, "asked", &of_release(release));
        }
        work(&mut text, &fulfilment.work);
    }
    for shipment in &story.shipments {
        head(&mut text, &Subject::Shipment(shipment.key.clone()));
        let parcels = shipment.content.iter().flat_map(|content| &content.parcels);
        for parcel in parcels {
            let tracking = parcel.tracking.as_deref().unwrap_or("without a number");
            line(&mut text, "parcel", &format!("{} {tracking}", parcel.carrier));
        }
        work(&mut text, &shipment.work);
    }
    if let Some(billing) = &story.billing {
        head(&mut text, &Subject::Billing(billing.order.clone()));
        for invoice in &billing.invoices {
            line(&mut text, "Odoo", &format!("account.move {invoice}"));
        }
        work(&mut text, &billing.work);
    }
    text.trim_end().to_owned()
}

fn head(text: &mut String, subject: &Subject) {
    let _ = writeln!(text, "\n{subject}");
}

fn line(text: &mut String, what: &str, said: &str) {
    let _ = writeln!(text, "{what:8} {said}");
}

/// What a warehouse was asked to ship, how far that is, and how much of it has left.
fn of_release(release: &ReleaseState) -> String {
    let lines = release.lines.iter();
    let lines: Vec<String> =
        lines.map(|line| format!("{} of {} {}", line.shipped, line.quantity, line.sku)).collect();
    format!("{}: {}, shipped {}", release.key, name(&release.stage), lines.join(", "))
}

/// Stage, next look, reasons and log.
fn work<S: Serialize>(text: &mut String, work: &Work<S>) {
    line(text, "stage", &name(&work.stage));
    if let Some(due) = work.due_at {
        line(text, "due", &due.to_string());
    }
    for reason in &work.reasons {
        line(text, "reason", &format!("{}: {}", reason.code.code(), reason.detail));
        line(text, "", &format!("-> {}", reason.code.remedy()));
    }
    for event in &work.log {
        let _ = writeln!(text, "{}  {}", event.at.strftime("%Y-%m-%d %H:%M:%S"), event.what);
    }
}

#[cfg(test)]
mod tests {
    use crossdock_core::{
        Clock, Entropy, OrderKey, ReleaseKey, Sku,
        reason::{Reason, ReasonCode},
        shipment::{self, Parcel, ShippedLine},
    };
    use crossdock_platform::{
        Change, OrderBook,
        embedded::Embedded,
        fulfilment::{Billing, Follows, Fulfilment},
        orders::{Stage, State},
    };
    use jiff::Timestamp;
    use rust_decimal::Decimal;
    use serde_json::json;

    use super::*;

    /// An order of which two of five pieces have shipped, and whose invoice is parked.
    async fn told() -> Story {
        let platform = Embedded::memory(Clock::System, Entropy::seeded(1)).unwrap();
        let book = OrderBook::new(platform, Default::default());
        let order: OrderKey = "shop/1".parse().unwrap();
        let release: ReleaseKey = "east/WH/OUT/00042".parse().unwrap();
        let sku = Sku::new("CD-1").unwrap();
        let now = Timestamp::UNIX_EPOCH;
        book.change::<State, _>(&order, |state| {
            state.number = Some("#1001".into());
            state.work.finish_in(Stage::Done, now, "confirmed in Odoo");
            Change::Write(())
        })
        .await
        .unwrap();
        book.change::<Fulfilment, _>(&order, |fulfilment| {
            let lines = json!([{ "line": "7", "sku": sku, "quantity": "5", "shipped": "0" }]);
            let asked =
                json!({ "key": release, "transfer": 3, "stage": "open", "remote": null, "lines": lines });
            fulfilment.releases.push(serde_json::from_value(asked).unwrap());
            Change::Write(())
        })
        .await
        .unwrap();
        let parcel = Parcel { carrier: "UPS".into(), tracking: Some("1Z42".into()), url: None };
        let shipped = shipment::Shipment {
            key: "east/SH-1".parse().unwrap(),
            reference: release.reference.clone(),
            shipped_at: now,
            lines: vec![ShippedLine { line: None, sku, quantity: Decimal::TWO, lots: Vec::new() }],
            parcels: vec![parcel],
            closes: false,
        };
        let follows = Follows { announce: false, invoice: true };
        book.record_shipment(&order, 9, &shipped, &[3], None, follows).await.unwrap();
        book.change::<Billing, _>(&order, |billing| {
            let reason = Reason::new(ReasonCode::InvoiceRefused, "the invoice: no account");
            billing.work.park(vec![reason], "config", now);
            Change::Write(())
        })
        .await
        .unwrap();
        Story::of(&book, &order).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn people_read_what_was_asked_what_left_and_what_a_person_has_to_do() {
        let text = super::text(&told().await);
        let parts: Vec<&str> = text.split("\n\n").collect();
        let heads: Vec<&str> = parts.iter().filter_map(|part| part.lines().next()).collect();
        assert_eq!(heads, ["shop/1  #1001", "release of shop/1", "shipment east/SH-1", "invoice of shop/1"]);
        assert!(parts[1].contains("asked    east/WH/OUT/00042: open, shipped 2 of 5 CD-1"), "{text}");
        assert!(parts[2].contains("parcel   UPS 1Z42"), "{text}");
        assert!(parts[3].contains("invoice_refused: the invoice: no account"), "{text}");
        assert!(parts[3].contains(ReasonCode::InvoiceRefused.remedy()), "{text}");
    }

    #[tokio::test]
    async fn programs_find_the_other_documents_beside_the_orders_own_fields() {
        let json = told().await.json().unwrap();
        assert_eq!((&json["order"], &json["stage"]), (&"shop/1".into(), &"done".into()));
        assert_eq!(json["fulfilment"]["releases"][0]["key"], "east/WH/OUT/00042");
        assert_eq!(json["shipments"][0]["key"], "east/SH-1");
        assert_eq!(json["billing"]["stage"], "parked");
    }
}
