//! Releases whose transfer a person has closed in Odoo.

use crossdock_core::{difference::DifferenceKind, reason::ReasonCode};
use crossdock_platform::Subject;

use crate::{counts, reconciled, told_beside};

/// The warehouse has shipped and its call is lost; a person does the transfer by hand, or cancels it.
#[tokio::test(start_paused = true)]
async fn what_has_left_of_a_transfer_that_is_closed_in_odoo_is_found() {
    for press in ["button_validate", "action_cancel"] {
        let (flow, east, shops) = told_beside(|_| {}).await;
        let (_, reference) = shops.sell(&flow, &east, "shopify").await;
        let _lost = east.ship_rest(&reference);
        let transfer = flow.odoo.seed(|seed| seed.find("stock.picking", "name", &reference));
        flow.odoo.by_hand_press("stock.picking", press, transfer).unwrap();
        let missing =
            |run: &_| counts(run).into_iter().find(|(kind, ..)| *kind == DifferenceKind::ShipmentMissing);
        assert_eq!(
            missing(&reconciled(&flow, false).await),
            Some((DifferenceKind::ShipmentMissing, 1, 0)),
            "{press}"
        );
        assert_eq!(
            missing(&reconciled(&flow, true).await),
            Some((DifferenceKind::ShipmentMissing, 1, 1)),
            "{press}"
        );
        flow.rest().await;
        assert_eq!(
            missing(&reconciled(&flow, true).await),
            None,
            "{press}: {:?}",
            flow.parked_beside().await
        );
        // It does not fit what a person has made of the transfer: a person says what is right.
        let parked = flow.parked_beside().await;
        let unfit = |(subject, why): &(Subject, Vec<ReasonCode>)| {
            matches!(subject, Subject::Shipment(_)) && *why == [ReasonCode::ShippedTooMuch]
        };
        assert!(parked.iter().any(unfit), "{press}: {parked:?}");
    }
}
