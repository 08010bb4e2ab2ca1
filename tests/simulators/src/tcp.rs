//! Any peer over TCP.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
};
use crossdock_http::peer::{Broken, Peer};
use http::{StatusCode, Uri, header, uri};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::{net::TcpListener, task::JoinHandle};

/// Far beyond any real request, so that a runaway client is told instead of filling the memory.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Serves a peer on `address`; gives the address that it really has.
///
/// # Errors
/// When the address is taken.
pub async fn serve(
    peer: Arc<dyn Peer>,
    address: SocketAddr,
) -> std::io::Result<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let app = Router::new().fallback(answer).with_state(peer);
    // The server ends with its task; an error here has nobody left to hear it.
    let task = tokio::spawn(async move { drop(axum::serve(listener, app).await) });
    Ok((address, task))
}

async fn answer(State(peer): State<Arc<dyn Peer>>, request: Request) -> Response {
    let (mut head, body) = request.into_parts();
    let body = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return empty(StatusCode::PAYLOAD_TOO_LARGE),
        // The client is gone.
        Err(_) => return empty(StatusCode::BAD_REQUEST),
    };
    let host =
        head.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost").to_owned();
    let mut parts = uri::Parts::from(head.uri.clone());
    parts.scheme = Some(uri::Scheme::HTTP);
    parts.authority = host.parse().ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        head.uri = uri;
    }
    match peer.call(http::Request::from_parts(head, body)).await {
        Ok(response) => response.map(Body::from),
        // What a broken connection comes closest to here.
        Err(Broken::Refused | Broken::Reset) => empty(StatusCode::BAD_GATEWAY),
    }
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
