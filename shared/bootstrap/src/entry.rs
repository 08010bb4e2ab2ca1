//! The three entries: a batch of a queue, a request over HTTP, a schedule.

use std::{future::Future, process::ExitCode, sync::Arc, time::Duration};

use aws_lambda_events::{
    apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse},
    encodings::Body,
    sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use crossdock_core::{Clock, config};
use crossdock_http::Client;
use crossdock_platform::{Platform as _, Received};
use crossdock_runtime::{Hook, Parts, Scheduled, Step, Wire, give_back, run_batch, telemetry};
use http::{Request, StatusCode, header};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

use crate::{Here, StartError, held::Held, here};

/// Lambda gives the start ten seconds; what is not warm by then gets warm with the first batch.
const WARM_UP: Duration = Duration::from_secs(7);

/// A function that works through a queue.
pub fn worker<F: Step + Wire<Here>>() -> ExitCode {
    start(|held: Arc<Held<F>>| async move {
        let handler = service_fn(move |event: LambdaEvent<SqsEvent>| {
            let held = held.clone();
            async move { batch(&held, event).await }
        });
        lambda_runtime::run(handler).await
    })
}

/// A function that answers webhooks.
pub fn webhook<F: Hook + Wire<Here>>() -> ExitCode {
    start(|held: Arc<Held<F>>| async move {
        let handler = service_fn(move |event: LambdaEvent<ApiGatewayV2httpRequest>| {
            let held = held.clone();
            async move { answer(&held, event).await }
        });
        lambda_runtime::run(handler).await
    })
}

/// A function that a schedule starts. What the event says is of no interest: it runs.
pub fn schedule<F: Scheduled + Wire<Here>>() -> ExitCode {
    start(|held: Arc<Held<F>>| async move {
        let handler = service_fn(move |event: LambdaEvent<Value>| {
            let held = held.clone();
            async move {
                held.current().await?.run(here::deadline(event.context.deadline)).await?;
                Ok::<(), Error>(())
            }
        });
        lambda_runtime::run(handler).await
    })
}

/// A function that a schedule starts and that works through a queue. What is no batch of the queue is the schedule's.
pub fn scheduled_worker<F: Scheduled + Step + Wire<Here>>() -> ExitCode {
    start(|held: Arc<Held<F>>| async move {
        let handler = service_fn(move |event: LambdaEvent<Value>| {
            let held = held.clone();
            async move {
                let LambdaEvent { payload, context } = event;
                if payload.get("Records").is_some() {
                    let payload = serde_json::from_value(payload)?;
                    return batch(&held, LambdaEvent { payload, context }).await;
                }
                held.current().await?.run(here::deadline(context.deadline)).await?;
                Ok(SqsBatchResponse::default())
            }
        });
        lambda_runtime::run(handler).await
    })
}

/// Runs until Lambda ends the environment. A start that fails is logged with its causes; Lambda tries again.
fn start<F, R>(run: impl FnOnce(Arc<Held<F>>) -> R) -> ExitCode
where
    F: Wire<Here>,
    R: Future<Output = Result<(), Error>>,
{
    telemetry::init("info");
    match try_start(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            tracing::error!(error = %error, cause, "the function cannot start");
            ExitCode::FAILURE
        }
    }
}

/// What all have in common: platform, configuration, and a start that is warm.
fn try_start<F, R>(run: impl FnOnce(Arc<Held<F>>) -> R) -> Result<(), StartError>
where
    F: Wire<Here>,
    R: Future<Output = Result<(), Error>>,
{
    // One thread: a Lambda environment handles one event at a time.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(StartError::Runtime)?.block_on(async {
        let (platform, text) = here::connect().await?;
        let config = config::parse(&text).map_err(|errors| {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            StartError::Wrong(errors.join("; "))
        })?;
        let client = Client::network(Clock::System).measured(platform.metrics().clone());
        let held = Arc::new(Held::<F>::new(Parts { platform, config: Arc::new(config), client }));
        if tokio::time::timeout(WARM_UP, warm(&held)).await.is_err() {
            tracing::warn!("not warm in time");
        }
        run(held).await.map_err(|error| StartError::Lambda(error.to_string()))
    })
}

async fn warm<F: Wire<Here>>(held: &Held<F>) {
    let make = async {
        match held.current().await {
            Ok(function) => function.warm().await,
            // A secret may be put in at any time: the invocations try again.
            Err(error) => tracing::error!(error = %error, "the function is not ready yet"),
        }
    };
    tokio::join!(here::warm(&held.parts.platform), make);
}

async fn batch<F: Step + Wire<Here>>(
    held: &Held<F>,
    event: LambdaEvent<SqsEvent>,
) -> Result<SqsBatchResponse, Error> {
    let platform = &held.parts.platform;
    let records: Vec<Received> = event.payload.records.into_iter().map(record).collect::<Result<_, _>>()?;
    let failed = match held.current().await {
        Ok(function) => {
            run_batch(platform, &*function, &records, here::deadline(event.context.deadline)).await
        }
        Err(error) => {
            tracing::error!(error = %error, "the function is not ready: its batch goes back");
            for record in &records {
                give_back(platform, F::QUEUE, record).await;
            }
            records.into_iter().map(|record| record.message_id).collect()
        }
    };
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed.into_iter().map(failure).collect();
    Ok(response)
}

fn failure(message_id: String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = message_id;
    failure
}

/// An answer that names an empty or unknown id fails the whole batch on AWS, so a record without one is an
/// error at once.
///
/// # Errors
/// For a record that cannot be given back.
pub fn record(message: SqsMessage) -> Result<Received, Error> {
    let count = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
    Ok(Received {
        message_id: message.message_id.filter(|id| !id.is_empty()).ok_or("a record without an id")?,
        receipt: message.receipt_handle.ok_or("a record without a receipt")?,
        body: message.body.unwrap_or_default(),
        receive_count: count.unwrap_or(1),
    })
}

async fn answer<F: Hook + Wire<Here>>(
    held: &Held<F>,
    event: LambdaEvent<ApiGatewayV2httpRequest>,
) -> Result<ApiGatewayV2httpResponse, Error> {
    let Ok(request) = request(event.payload) else { return Ok(response(StatusCode::BAD_REQUEST)) };
    let function = held.current().await?;
    Ok(as_event(function.answer(request).await))
}

fn as_event(answer: http::Response<Bytes>) -> ApiGatewayV2httpResponse {
    let mut answered = response(answer.status());
    let (head, body) = answer.into_parts();
    answered.headers = head.headers;
    // Of headers that come more than once the event takes the last; cookies have a field of their own.
    let cookies = answered.headers.get_all(header::SET_COOKIE).iter();
    answered.cookies = cookies.filter_map(|cookie| cookie.to_str().ok().map(str::to_owned)).collect();
    answered.headers.remove(header::SET_COOKIE);
    // Our own answers are text or nothing.
    let body = String::from_utf8(body.to_vec()).unwrap_or_default();
    answered.body = Some(body).filter(|body| !body.is_empty()).map(Body::Text);
    answered
}

/// The request as the shop made it. A body that is no JSON or text comes in base64.
///
/// # Errors
/// For an event that is no request.
pub fn request(event: ApiGatewayV2httpRequest) -> Result<Request<Bytes>, Error> {
    let body = event.body.unwrap_or_default();
    let body = if event.is_base64_encoded { STANDARD.decode(body)? } else { body.into_bytes() };
    let path = event.raw_path.as_deref().unwrap_or("/");
    let uri = match event.raw_query_string.as_deref().filter(|query| !query.is_empty()) {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut request =
        Request::builder().method(event.request_context.http.method).uri(uri).body(Bytes::from(body))?;
    *request.headers_mut() = event.headers;
    // The event has them apart from the other headers.
    if let Some(cookies) = event.cookies.filter(|cookies| !cookies.is_empty()) {
        request.headers_mut().insert(header::COOKIE, cookies.join("; ").try_into()?);
    }
    Ok(request)
}

fn response(status: StatusCode) -> ApiGatewayV2httpResponse {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = status.as_u16().into();
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_in_base64_reaches_the_function_byte_for_byte() {
        let event = json!({
            "version": "2.0", "rawPath": "/hooks/shop", "headers": { "X-Shopify-Topic": "orders/create" },
            "requestContext": { "http": { "method": "POST", "path": "/prod/hooks/shop" }, "timeEpoch": 0 },
            "body": STANDARD.encode([0xff, 0x00, b'{']), "isBase64Encoded": true,
        });
        let request = request(serde_json::from_value(event).unwrap()).unwrap();
        assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/hooks/shop"));
        assert_eq!(request.headers()["x-shopify-topic"], "orders/create");
        assert_eq!(request.body().as_ref(), [0xff, 0x00, b'{']);
    }

    #[test]
    fn the_query_and_the_cookies_come_with_the_request() {
        let event = json!({
            "version": "2.0", "rawPath": "/callback", "rawQueryString": "code=a%2Fb&state=c",
            "cookies": ["one=1", "two=2"], "headers": {},
            "requestContext": { "http": { "method": "GET", "path": "/callback" }, "timeEpoch": 0 },
        });
        let request = request(serde_json::from_value(event).unwrap()).unwrap();
        assert_eq!(request.uri().query(), Some("code=a%2Fb&state=c"));
        assert_eq!(request.headers()["cookie"], "one=1; two=2");
    }

    #[test]
    fn each_cookie_that_is_set_has_an_entry_of_its_own() {
        let mut answer = http::Response::new(Bytes::from_static(b"<p>"));
        for cookie in ["a=1; Path=/", "b=2; Path=/"] {
            answer.headers_mut().append(header::SET_COOKIE, cookie.parse().unwrap());
        }
        let answered = as_event(answer);
        assert_eq!(answered.cookies, ["a=1; Path=/", "b=2; Path=/"]);
        assert!(!answered.headers.contains_key("set-cookie"));
        assert_eq!(answered.body, Some(Body::Text("<p>".into())));
    }

    fn event(path: &str, headers: &Value, body: &str, base64: bool) -> ApiGatewayV2httpRequest {
        serde_json::from_value(json!({
            "version": "2.0", "rawPath": path, "rawQueryString": "hmac=x", "headers": headers,
            "multiValueHeaders": { "x-shopify-hmac-sha256": ["other"] },
            "requestContext": { "http": { "method": "POST", "path": "/other" }, "timeEpoch": 0 },
            "body": body, "isBase64Encoded": base64,
        }))
        .unwrap()
    }

    #[test]
    fn a_header_sent_twice_comes_as_one_text_that_no_signature_is() {
        let event = event("/hooks/shop", &json!({ "X-Shopify-Hmac-SHA256": "AAAA,BBBB" }), "{}", false);
        let request = request(event).unwrap();
        let values: Vec<_> = request.headers().get_all("x-shopify-hmac-sha256").iter().collect();
        assert_eq!(values, ["AAAA,BBBB"]);
    }

    #[test]
    fn only_what_says_that_it_is_base64_is_read_as_such() {
        let text = STANDARD.encode("{}");
        let read = |base64| request(event("/hooks/shop", &json!({}), &text, base64));
        assert_eq!(read(false).unwrap().body().as_ref(), text.as_bytes());
        assert_eq!(read(true).unwrap().body().as_ref(), b"{}");
        assert!(request(event("/hooks/shop", &json!({}), "%%%", true)).is_err());
    }

    #[test]
    fn a_path_that_is_none_is_refused_and_one_with_dots_stays_as_it_is() {
        for path in ["/hooks/a b", "/hooks/a\nb", "hooks", "/hooks/\u{0}"] {
            let read = request(event(path, &json!({}), "{}", false));
            assert!(read.is_err() || read.unwrap().uri().path().is_empty(), "{path:?}");
        }
        for path in ["/hooks/../hooks/shop", "//hooks/shop", "/hooks/%2e%2e/shop"] {
            assert_eq!(request(event(path, &json!({}), "{}", false)).unwrap().uri().path(), path);
        }
    }

    #[test]
    fn a_record_without_an_id_is_an_error_of_the_whole_batch() {
        let message = |value| record(serde_json::from_value(value).unwrap());
        assert!(message(json!({ "receiptHandle": "r", "body": "{}" })).is_err());
        assert!(message(json!({ "messageId": "", "receiptHandle": "r", "body": "{}" })).is_err());
        let sound = json!({
            "messageId": "m", "receiptHandle": "r", "body": "{}",
            "attributes": { "ApproximateReceiveCount": "3" },
        });
        assert_eq!(message(sound).unwrap().receive_count, 3);
    }
}
