//! The gateway in front of the receivers, and the shops that post to it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use crossdock::chain::Chain;
use crossdock_core::Clock;
use futures_util::future::{Either, select};
use http::{Request, StatusCode};
use simulators::{
    scenario::{Channel, Delivery, Kind, Scenario},
    shops::Signed,
};

use crate::{
    Process,
    ports::Ports,
    trace::Trace,
    weather::{Fault, Weather},
};

/// The gateway answers in the function's place after this time; the function goes on.
const GATEWAY_TIMEOUT: Duration = Duration::from_secs(29);

/// Where one process takes webhooks.
pub struct Door {
    pub process: Process,
    pub chain: Arc<Chain<Ports>>,
}

/// The doors of all processes. Clones share them.
#[derive(Clone, Default)]
pub struct Front(Arc<Mutex<Vec<Door>>>);

impl Front {
    fn doors(&self) -> MutexGuard<'_, Vec<Door>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a door in place of the one with this number.
    pub fn open(&self, number: usize, door: Door) {
        let mut doors = self.doors();
        if number < doors.len() {
            doors[number] = door;
        } else {
            doors.push(door);
        }
    }

    /// The chain of a process that lives, and its process.
    pub fn any(&self, draw: u64) -> Option<(Process, Arc<Chain<Ports>>)> {
        let doors = self.doors();
        let alive: Vec<&Door> = doors.iter().filter(|door| !door.process.is_dead()).collect();
        let door = alive.get(usize::try_from(draw).unwrap_or(0) % alive.len().max(1))?;
        Some((door.process.clone(), door.chain.clone()))
    }

    /// Posts a request; none where the connection broke or nobody answered in time.
    pub async fn post(&self, request: Request<Bytes>, draw: u64) -> Option<StatusCode> {
        let (process, chain) = self.any(draw)?;
        // A task of its own: the function goes on when the gateway has given up.
        let answer = tokio::spawn(async move { chain.receiver.handle(request).await });
        let answer = tokio::time::timeout(GATEWAY_TIMEOUT, answer);
        match select(std::pin::pin!(answer), std::pin::pin!(process.death())).await {
            Either::Left((Ok(Ok(answer)), _)) => Some(answer.status()),
            Either::Left(_) | Either::Right(_) => None,
        }
    }
}

/// A shop with a webhook to deliver.
#[derive(Clone)]
pub struct Sender {
    pub front: Front,
    pub scenario: Arc<Scenario>,
    pub weather: Weather,
    pub trace: Trace,
    pub clock: Clock,
}

impl Sender {
    /// Delivers as that kind of shop does: Shopify tries again for a while, WooCommerce never, the portal
    /// until it is told that its order is stored.
    pub async fn deliver(self, delivery: Delivery) {
        let tries = match (delivery.channel, delivery.kind) {
            (_, Kind::Forged | Kind::Ping) => 1,
            (channel, _) if channel == Channel::Portal.id() => 200,
            (channel, _) if channel == Channel::Woo.id() => 1,
            _ => 8,
        };
        // What the portal does not get through does not exist: it cannot be asked.
        if tries < 200 && self.weather.strikes(Fault::WebhookLost) {
            return;
        }
        if self.weather.strikes(Fault::WebhookLate) {
            tokio::time::sleep(self.weather.seconds(5, 600)).await;
        }
        if self.weather.strikes(Fault::WebhookTwice) {
            let (again, delivery) = (self.clone(), delivery.clone());
            tokio::spawn(async move {
                tokio::time::sleep(again.weather.seconds(0, 400)).await;
                again.post(&delivery).await;
            });
        }
        for pause in pauses().take(tries) {
            if self.post(&delivery).await {
                return;
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Posts once; whether the shop takes the answer for the end of it.
    async fn post(&self, delivery: &Delivery) -> bool {
        let delivery = self.scenario.signed_at(delivery, self.clock.now());
        let what = format!("posts a webhook ({:?})", delivery.kind);
        self.knock(delivery.channel, &delivery.signed(), &what, &delivery.body).await
    }

    /// Posts once at a door; whether whoever does takes the answer for the end of it. `what` and `seen` are what
    /// the trace says of it.
    pub async fn knock(&self, door: &str, call: &Signed, what: &str, seen: &[u8]) -> bool {
        let Ok(request) = call.to(&format!("/hooks/{door}")) else { return true };
        let status = self.front.post(request, self.weather.below(2)).await;
        let said = status.map_or("nothing".to_owned(), |status| status.as_u16().to_string());
        self.trace.note(format_args!("{door}"), format_args!("{what} and is answered {said}"), seen);
        status.is_some_and(|status| !status.is_server_error())
    }
}

/// How long whoever was not heard waits before the next try: longer each time, up to five minutes.
pub fn pauses() -> impl Iterator<Item = Duration> {
    let longer = |pause: &Duration| Some((*pause * 2).min(Duration::from_secs(300)));
    std::iter::successors(Some(Duration::from_secs(5)), longer)
}
