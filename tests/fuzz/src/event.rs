//! What Lambda hands over: a request of the HTTP API, or records of a queue. Input: the event's JSON.

use aws_lambda_events::{apigw::ApiGatewayV2httpRequest, sqs::SqsEvent};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use crossdock_core::message::Message;

pub fn run(input: &[u8]) {
    if let Ok(event) = serde_json::from_slice::<ApiGatewayV2httpRequest>(input) {
        request(event);
    }
    if let Ok(event) = serde_json::from_slice::<SqsEvent>(input) {
        for message in event.records {
            let body = message.body.clone().unwrap_or_default();
            let Ok(record) = crossdock_bootstrap::record(message) else { continue };
            assert!(!record.message_id.is_empty(), "a record that cannot be given back");
            assert_eq!(record.body, body);
            let _ = serde_json::from_str::<Message>(&record.body);
        }
    }
}

fn request(event: ApiGatewayV2httpRequest) {
    let (text, packed, headers) =
        (event.body.clone().unwrap_or_default(), event.is_base64_encoded, event.headers.clone());
    let Ok(request) = crossdock_bootstrap::request(event) else { return };
    // The signature is over the bytes as the shop sent them.
    let expected = if packed { STANDARD.decode(text).unwrap() } else { text.into_bytes() };
    assert_eq!(request.body().as_ref(), expected);
    assert_eq!(request.headers(), &headers);
}
