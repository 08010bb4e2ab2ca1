//! The receiver and the console as web servers.

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, HttpBody as _},
    extract::{Request, State},
    response::Response,
};
use bytes::Bytes;
use crossdock_platform::Platform;
use crossdock_runtime::Hook;
use http::StatusCode;
use http_body_util::{BodyExt as _, Limited};
use tokio::{net::TcpListener, task::JoinHandle};
use webhook_receiver::BODY_LIMIT;

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
    Ok((address, serve_hook(chain, listener)))
}

/// Serves whatever answers requests.
pub fn serve_hook<H: Hook + 'static>(hook: Arc<H>, listener: TcpListener) -> JoinHandle<()> {
    let app = Router::new().fallback(answer::<H>).with_state(hook);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, app).await {
            tracing::error!(error = %error, "the web server stopped");
        }
    })
}

async fn answer<H: Hook + 'static>(State(hook): State<Arc<H>>, request: Request) -> Response {
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
    // A task of its own: as on AWS, whoever hangs up does not stop in the middle what was begun.
    let request = http::Request::from_parts(head, body);
    match tokio::spawn(async move { hook.answer(request).await }).await {
        Ok(response) => response.map(Body::from),
        Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// The chain answers webhooks with its receiver.
impl<P: Platform> Hook for Chain<P> {
    fn answer(&self, request: http::Request<Bytes>) -> impl Future<Output = http::Response<Bytes>> + Send {
        self.receiver.handle(request)
    }
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::from(Bytes::new()));
    *response.status_mut() = status;
    response
}
