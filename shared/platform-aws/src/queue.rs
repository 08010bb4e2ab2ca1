//! The queues on SQS: standard queues, whose delivery is at least once and in no order.

use std::time::Duration;

use aws_sdk_sqs::{
    operation::{
        change_message_visibility::ChangeMessageVisibilityError, delete_message::DeleteMessageError,
    },
    types::{
        BatchResultErrorEntry, MessageSystemAttributeName, MessageSystemAttributeNameForSends,
        MessageSystemAttributeValue, QueueAttributeName, SendMessageBatchRequestEntry,
    },
};
use crossdock_core::message::QueueName;
use crossdock_platform::{
    Outgoing, PlatformError, Queue, QueueAddress, Received, check,
    queue::{BATCH, Depth},
};

use crate::{
    Aws,
    errors::{failed, of_code},
};

const SERVICE: &str = "queue";
/// How long a dead letter that is being moved stays away from a second mover.
const MOVING: Duration = Duration::from_secs(60);
/// A queue counts as empty after so many receives in a row that found nothing: one receive asks only some
/// of its servers.
const EMPTY_RECEIVES: u32 = 3;

impl Queue for Aws {
    async fn send_batch(
        &self,
        queue: QueueName,
        batch: Vec<Outgoing>,
    ) -> Result<Vec<Result<(), PlatformError>>, PlatformError> {
        let mut answers = check::batch(&batch)?;
        let mut entries = Vec::new();
        let trace = (self.0.trace)();
        for (place, message) in batch.into_iter().enumerate().filter(|(place, _)| answers[*place].is_ok()) {
            entries.push(entry(place, message, trace.as_deref())?);
        }
        // SQS refuses a batch of none.
        if entries.is_empty() {
            return Ok(answers);
        }
        let url = self.url(QueueAddress::Work(queue))?;
        let request = self.0.sqs.send_message_batch().queue_url(url).set_entries(Some(entries));
        let answer = request.send().await.map_err(failed(SERVICE, queue.as_str()))?;
        // A 200 may hold failures: each entry has a fate of its own.
        for entry in answer.failed() {
            let place = entry.id.parse::<usize>().ok();
            if let Some(place) = place.and_then(|place| answers.get_mut(place)) {
                *place = Err(failed_entry(queue, entry));
            }
        }
        Ok(answers)
    }

    async fn receive(
        &self,
        from: QueueAddress,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Received>, PlatformError> {
        check::visibility(visibility)?;
        let max = max.min(BATCH);
        if max == 0 {
            return Ok(Vec::new());
        }
        let answer = self
            .0
            .sqs
            .receive_message()
            .queue_url(self.url(from)?)
            .max_number_of_messages(i32::try_from(max).unwrap_or(1))
            .visibility_timeout(seconds(visibility))
            .wait_time_seconds(0)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .send()
            .await
            .map_err(failed(SERVICE, from.name()))?;
        Ok(answer.messages.unwrap_or_default().into_iter().map(received).collect())
    }

    async fn delete_message(&self, from: QueueAddress, receipt: &str) -> Result<(), PlatformError> {
        let request = self.0.sqs.delete_message().queue_url(self.url(from)?).receipt_handle(receipt);
        match request.send().await {
            Ok(_) => Ok(()),
            // The message is visible again or gone: there is nothing to delete by this receipt.
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(DeleteMessageError::ReceiptHandleIsInvalid(_))
                ) =>
            {
                Ok(())
            }
            Err(error) => stale_or_failed(from, error),
        }
    }

    async fn change_visibility(
        &self,
        from: QueueAddress,
        receipt: &str,
        after: Duration,
    ) -> Result<(), PlatformError> {
        use ChangeMessageVisibilityError as E;
        check::visibility(after)?;
        let answer = self
            .0
            .sqs
            .change_message_visibility()
            .queue_url(self.url(from)?)
            .receipt_handle(receipt)
            .visibility_timeout(seconds(after))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(E::MessageNotInflight(_) | E::ReceiptHandleIsInvalid(_))
                ) =>
            {
                Ok(())
            }
            Err(error) => stale_or_failed(from, error),
        }
    }

    async fn depth(&self, of: QueueAddress) -> Result<Depth, PlatformError> {
        use QueueAttributeName as Name;
        let answer = self
            .0
            .sqs
            .get_queue_attributes()
            .queue_url(self.url(of)?)
            .attribute_names(Name::ApproximateNumberOfMessages)
            .attribute_names(Name::ApproximateNumberOfMessagesNotVisible)
            .attribute_names(Name::ApproximateNumberOfMessagesDelayed)
            .send()
            .await
            .map_err(failed(SERVICE, of.name()))?;
        let attributes = answer.attributes.unwrap_or_default();
        let number = |name| attributes.get(&name).and_then(|text| text.parse().ok()).unwrap_or_default();
        Ok(Depth {
            visible: number(Name::ApproximateNumberOfMessages),
            in_flight: number(Name::ApproximateNumberOfMessagesNotVisible),
            delayed: number(Name::ApproximateNumberOfMessagesDelayed),
        })
    }

    /// One by one rather than by `StartMessageMoveTask`: that only starts a task and cannot say how many it
    /// moved. A crash between send and delete leaves a duplicate, which every step bears.
    async fn redrive(&self, queue: QueueName) -> Result<u64, PlatformError> {
        let dead = QueueAddress::Dead(queue);
        let mut moved = 0;
        let mut empty = 0;
        while empty < EMPTY_RECEIVES {
            let letters = self.receive(dead, BATCH, MOVING).await?;
            empty = if letters.is_empty() { empty + 1 } else { 0 };
            let batch = letters.iter().map(|m| Outgoing { body: m.body.clone(), delay_s: 0 }).collect();
            for (letter, sent) in letters.iter().zip(self.send_batch(queue, batch).await?) {
                if let Err(error) = sent {
                    // It stays where it is; what was moved before stays moved.
                    self.change_visibility(dead, &letter.receipt, Duration::ZERO).await?;
                    return Err(error);
                }
                self.delete_message(dead, &letter.receipt).await?;
                moved += 1;
            }
        }
        Ok(moved)
    }
}

impl Aws {
    fn url(&self, queue: QueueAddress) -> Result<&str, PlatformError> {
        let settings = &self.0.settings;
        let url = match queue {
            QueueAddress::Work(name) => settings.queues.get(&name),
            QueueAddress::Dead(name) => settings.dead_letters.get(&name),
        };
        url.map(String::as_str).ok_or_else(|| PlatformError::Denied {
            service: SERVICE,
            what: format!("this function was given no address of {}", queue.name()),
        })
    }
}

/// One message of a batch. With the trace of the invocation that sends it, X-Ray shows whoever handles it as what
/// follows from that. The attribute does not count towards the message's size.
fn entry(
    place: usize,
    message: Outgoing,
    trace: Option<&str>,
) -> Result<SendMessageBatchRequestEntry, PlatformError> {
    let cannot = |_| refused("an entry that cannot be built");
    let mut entry = SendMessageBatchRequestEntry::builder()
        .id(place.to_string())
        .message_body(message.body)
        .delay_seconds(i32::try_from(message.delay_s).unwrap_or(i32::MAX));
    if let Some(trace) = trace {
        let value = MessageSystemAttributeValue::builder().data_type("String").string_value(trace);
        let value = value.build().map_err(cannot)?;
        entry = entry.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, value);
    }
    entry.build().map_err(cannot)
}

fn received(message: aws_sdk_sqs::types::Message) -> Received {
    let count = message
        .attributes
        .and_then(|all| all.get(&MessageSystemAttributeName::ApproximateReceiveCount)?.parse().ok());
    Received {
        message_id: message.message_id.unwrap_or_default(),
        receipt: message.receipt_handle.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        receive_count: count.unwrap_or(1),
    }
}

fn failed_entry(queue: QueueName, entry: &BatchResultErrorEntry) -> PlatformError {
    let what = || format!("{}: {}", queue.as_str(), entry.code);
    match of_code(SERVICE, &entry.code, what) {
        // A code that we do not know: SQS itself says whose fault it is.
        PlatformError::Unavailable { .. } if entry.sender_fault => refused(&what()),
        error => error,
    }
}

/// SQS also says `InvalidParameterValue` of a receipt that is too old; the receipt is all that can be wrong
/// in such a request.
fn stale_or_failed<E>(
    queue: QueueAddress,
    error: aws_sdk_sqs::error::SdkError<E, aws_sdk_sqs::config::http::HttpResponse>,
) -> Result<(), PlatformError>
where
    E: aws_sdk_sqs::error::ProvideErrorMetadata,
{
    match failed(SERVICE, queue.name())(error) {
        PlatformError::Refused { .. } => Ok(()),
        error => Err(error),
    }
}

fn refused(what: &str) -> PlatformError {
    PlatformError::Refused { service: SERVICE, what: what.to_owned() }
}

/// SQS counts in whole seconds. Rounded up: a message never comes back before its time.
fn seconds(duration: Duration) -> i32 {
    let whole = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i32::try_from(whole).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_carries_the_trace_of_the_invocation_that_sends_it_and_none_where_there_is_none() {
        let message = || Outgoing { body: "{}".into(), delay_s: 5 };
        let plain = entry(0, message(), None).unwrap();
        assert!(plain.message_system_attributes().is_none());
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let traced = entry(0, message(), Some(header)).unwrap();
        let attributes = traced.message_system_attributes().unwrap();
        let of = &attributes[&MessageSystemAttributeNameForSends::AwsTraceHeader];
        assert_eq!((of.data_type(), of.string_value()), ("String", Some(header)));
        assert_eq!((traced.message_body(), traced.delay_seconds()), ("{}", Some(5)));
    }
}
