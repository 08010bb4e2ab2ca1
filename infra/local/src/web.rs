//! The receiver as a web server.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, HttpBody as _},
    extract::{Request, State},
    response::Response,
};
use bytes::Bytes;
use crossdock_platform::Platform;
use http::StatusCode;
use http_body_util::{BodyExt as _, Limited};
use tokio::{net::TcpListener, task::JoinHandle};
use webhook_receiver::{BODY_LIMIT, WebhookReceiver};

use crate::chain::Chain;

/// Whoever sends a body slower than this is cut off.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves `POST /hooks/{channel}` on `address`; gives the address that it really has.
///
/// # Errors
/// When the address is taken.
pub async fn serve<P: Platform>(
    chain: Arc<Chain<P>>,
    address: SocketAddr,
) -> std::io::Result<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let app = Router::new().fallback(hook::<P>).with_state(chain);
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, app).await {
            tracing::error!(error = %error, "the web server stopped");
        }
    });
    Ok((address, task))
}

async fn hook<P: Platform>(State(chain): State<Arc<Chain<P>>>, request: Request) -> Response {
    answer(&chain.receiver, request).await
}

async fn answer<P: Platform>(receiver: &WebhookReceiver<P>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    // Nobody has to send what is refused by its length already.
    if body.size_hint().lower() > BODY_LIMIT as u64 {
        return empty(StatusCode::PAYLOAD_TOO_LARGE);
    }
    // One byte more than the limit is read at most, and the receiver refuses it.
    let read = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, BODY_LIMIT + 1).collect()).await;
    let body = match read {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            return empty(StatusCode::PAYLOAD_TOO_LARGE);
        }
        Ok(Err(_)) => return empty(StatusCode::BAD_REQUEST),
        Err(_) => return empty(StatusCode::REQUEST_TIMEOUT),
    };
    receiver.handle(http::Request::from_parts(head, body)).await.map(Body::from)
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::from(Bytes::new()));
    *response.status_mut() = status;
    response
}
