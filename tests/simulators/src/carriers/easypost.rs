//! EasyPost: trackers, and a signed event for each of their changes.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use crossdock_core::Clock;
use hmac::{Hmac, Mac as _};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::shops::Signed;

/// Failed deliveries of one event before it is given up.
const TRIES: u32 = 6;

#[derive(Debug, Clone)]
struct Tracker {
    number: usize,
    created_at: Timestamp,
    updated_at: Timestamp,
    status: String,
    details: Vec<Value>,
}

/// One event on its way. What is sent again is as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub signed: Signed,
    tries: u32,
}

/// An EasyPost account. Clones are the same account.
#[derive(Clone)]
pub struct Easypost {
    clock: Clock,
    secret: String,
    trackers: Arc<Mutex<BTreeMap<String, Tracker>>>,
}

impl Easypost {
    /// `secret` must be in the form NFKD already, as any plain ASCII text is.
    #[must_use]
    pub fn new(clock: Clock, secret: &str) -> Self {
        Self { clock, secret: secret.to_owned(), trackers: Arc::default() }
    }

    /// The carrier scans a parcel; the event that tells of it. The same status twice is two events.
    #[must_use]
    pub fn moves(&self, tracking: &str, status: &str, status_detail: &str) -> Event {
        let now = self.clock.now();
        let mut trackers = self.trackers.lock().unwrap_or_else(PoisonError::into_inner);
        let number = trackers.len() + 1;
        let tracker = trackers.entry(tracking.to_owned()).or_insert_with(|| Tracker {
            number,
            created_at: now,
            updated_at: now,
            status: "unknown".into(),
            details: Vec::new(),
        });
        let before = std::mem::replace(&mut tracker.status, status.to_owned());
        tracker.updated_at = now;
        tracker.details.push(json!({
            "object": "TrackingDetail", "message": "Left with JANE ROE", "description": "", "status": status,
            "status_detail": status_detail, "datetime": now.to_string(), "source": "UPS", "carrier_code": "",
            "tracking_location": {
                "object": "TrackingLocation", "city": "OAKLAND", "state": "CA", "country": "US", "zip": "94607",
            },
        }));
        let topic = if tracker.details.len() == 1 { "tracker.created" } else { "tracker.updated" };
        let event = json!({
            "description": topic, "mode": "production", "previous_attributes": { "status": before },
            "created_at": now.to_string(), "pending_urls": [], "completed_urls": [], "user_id": "user_1",
            "id": format!("evt_{:08}{:04}", tracker.number, tracker.details.len()), "object": "Event",
            "status": "pending", "result": shown(tracking, tracker, status_detail),
        });
        Event { signed: self.sign(event.to_string().into_bytes()), tries: 0 }
    }

    /// A body with its signature.
    #[must_use]
    pub fn sign(&self, body: Vec<u8>) -> Signed {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).expect("any key fits");
        mac.update(&body);
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let headers = vec![
            ("content-type".into(), "application/json".into()),
            ("user-agent".into(), "EasyPost Web Hooks 1.0".into()),
            ("x-hmac-signature".into(), format!("hmac-sha256-hex={hex}")),
        ];
        Signed { headers, body: body.into() }
    }
}

fn shown(tracking: &str, tracker: &Tracker, status_detail: &str) -> Value {
    let delivered = tracker.status == "delivered";
    json!({
        "id": format!("trk_{:032x}", tracker.number), "object": "Tracker", "mode": "production",
        "tracking_code": tracking, "status": tracker.status, "status_detail": status_detail,
        "created_at": tracker.created_at.to_string(), "updated_at": tracker.updated_at.to_string(),
        "signed_by": delivered.then_some("JANE ROE"), "weight": 17.6, "est_delivery_date": null,
        "shipment_id": null, "carrier": "UPS", "tracking_details": tracker.details, "fees": [],
        "carrier_detail": null, "public_url": "https://track.easypost.com/sample",
    })
}

impl Event {
    /// What becomes of the event after an answer: none once it is taken or given up, else the same once more.
    #[must_use]
    pub fn answered(mut self, status: StatusCode) -> Option<Self> {
        self.tries += 1;
        (!status.is_success() && self.tries < TRIES).then_some(self)
    }
}
