//! Sends the message of whatever is due once more: orders, releases, shipments, reports, invoices, parcels,
//! publications, parts of a reconciliation.
//!
//! In: a schedule, each minute. Reads: the ledger's due index. Out: messages to every queue.
//!
//! A crash between store and send, a lease that was never released, a hold window, a peer that was down for
//! hours: all of them are the same case here. Safe to repeat: a message only names what it is about.

use crossdock_core::{
    About, Metric,
    config::Config,
    guard::{self, Guard},
    message::Message,
};
use crossdock_platform::{OrderBook, Platform, PlatformError, Subject, queue::send_all};
use crossdock_runtime::{Parts, Scheduled, Wire, WireError};
use jiff::Timestamp;

/// The most orders of one run: what is left over is due a minute later all the same.
const AT_MOST: usize = 2000;
/// How many messages are sent before the next states are read.
const CHUNK: usize = 100;
/// After so many failures in a row the platform itself is down, and the run ends.
const FAILURES: usize = 20;

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
    /// **Invariant:** one document that cannot be woken keeps no other one asleep.
    ///
    /// # Errors
    /// When the platform does not answer, or something could not be woken: the next run finds the rest.
    pub async fn wake_due(&self) -> Result<usize, PlatformError> {
        if !guard::stands(Guard::Waker) {
            return Ok(0);
        }
        let now = self.book.now();
        // What is not due yet comes after all that is, and is only counted.
        let ahead = self.book.due_at(Timestamp::MAX, AT_MOST).await?;
        let orders = ahead.iter().filter(|(subject, _)| matches!(subject, Subject::Order(_))).count();
        let metrics = self.book.platform().metrics();
        metrics.tell(now, &About::Nothing, &[(Metric::Backlog, orders as f64)]);
        let due: Vec<Subject> =
            ahead.into_iter().filter(|(_, at)| *at <= now).map(|(subject, _)| subject).collect();
        let (mut woken, mut failed, mut in_a_row) = (0, None, 0);
        for part in due.chunks(CHUNK) {
            let mut messages: Vec<Message> = Vec::new();
            for subject in part {
                if in_a_row >= FAILURES {
                    break;
                }
                match self.book.wake(subject, now).await {
                    Ok(message) => {
                        messages.extend(message);
                        in_a_row = 0;
                    }
                    Err(error) => {
                        tracing::warn!(about = %subject, error = %error, "not woken");
                        failed = Some(error);
                        in_a_row += 1;
                    }
                }
            }
            woken += messages.len();
            // What was woken is no longer due: its message must go out, whatever failed beside it.
            if let Err(error) = send_all(self.book.platform(), &messages).await {
                failed = Some(error);
            }
        }
        failed.map_or(Ok(woken), Err)
    }
}
