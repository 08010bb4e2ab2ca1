//! Sends the message of whatever is due once more: orders, releases, shipments, invoices, parcels.
//!
//! In: a schedule, each minute. Reads: the ledger's due index. Out: messages to every queue.
//!
//! A crash between store and send, a lease that was never released, a hold window, a peer that was down for
//! hours: all of them are the same case here. Safe to repeat: a message only names what it is about.

use crossdock_core::{
    config::Config,
    guard::{self, Guard},
    message::Message,
};
use crossdock_platform::{OrderBook, Platform, PlatformError, queue::send_all};
use crossdock_runtime::{Parts, Scheduled, Wire, WireError};
use jiff::Timestamp;

/// The most orders of one run: what is left over is due a minute later all the same.
const AT_MOST: usize = 2000;
/// How many messages are sent before the next states are read.
const CHUNK: usize = 100;

pub struct Waker<P> {
    pub book: OrderBook<P>,
}

impl<P: Platform> Wire<P> for Waker<P> {
    fn secrets(_: &Config) -> Vec<String> {
        Vec::new()
    }

    async fn wire(parts: &Parts<P>) -> Result<Self, WireError> {
        Ok(Self { book: OrderBook::new(parts.platform.clone(), parts.config.retention.clone()) })
    }
}

impl<P: Platform> Scheduled for Waker<P> {
    async fn run(&self, _deadline: Timestamp) -> Result<(), PlatformError> {
        let woken = self.wake_due().await?;
        if woken > 0 {
            tracing::info!(orders = woken, "woken");
        }
        Ok(())
    }
}

impl<P: Platform> Waker<P> {
    /// Wakes what is due; says how many.
    ///
    /// # Errors
    /// When the platform does not answer: the next run finds the rest.
    pub async fn wake_due(&self) -> Result<usize, PlatformError> {
        if !guard::stands(Guard::Waker) {
            return Ok(0);
        }
        let now = self.book.now();
        let due = self.book.due(now, AT_MOST).await?;
        let mut woken = 0;
        for part in due.chunks(CHUNK) {
            let mut messages: Vec<Message> = Vec::new();
            for subject in part {
                messages.extend(self.book.wake(subject, now).await?);
            }
            woken += messages.len();
            send_all(self.book.platform(), &messages).await?;
        }
        Ok(woken)
    }
}
