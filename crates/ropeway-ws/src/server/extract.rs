//! The extractor for axum 0.8.

use std::future::Future;

use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::response::Response;
use http::request::Parts;

use super::Acceptor;
use crate::websocket::WebSocket;

/// Extracts what is needed to turn an axum request into a WebSocket.
///
/// ```
/// use axum::{Router, extract::State, response::Response, routing::any};
/// use ropeway_ws::{Config, Event, server::{Acceptor, WebSocketUpgrade}};
///
/// async fn echo(upgrade: WebSocketUpgrade, State(acceptor): State<Acceptor>) -> Response {
///     upgrade.on_upgrade(&acceptor, |mut socket| async move {
///         socket
///             .serve(|event, outgoing| {
///                 if let Event::Message(message) = event {
///                     let _ = outgoing.send(message);
///                 }
///             })
///             .await;
///     })
/// }
///
/// let app: Router = Router::new().route("/echo", any(echo)).with_state(Acceptor::new(Config::default()));
/// ```
#[derive(Debug)]
pub struct WebSocketUpgrade(http::Request<()>);

impl<S: Sync> FromRequestParts<S> for WebSocketUpgrade {
    type Rejection = std::convert::Infallible;

    /// Never fails: whether the request opens a WebSocket is judged by [`on_upgrade`](Self::on_upgrade).
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let mut request = http::Request::new(());
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = parts.uri.clone();
        *request.version_mut() = parts.version;
        *request.headers_mut() = parts.headers.clone();
        if let Some(upgrade) = parts.extensions.remove::<hyper::upgrade::OnUpgrade>() {
            request.extensions_mut().insert(upgrade);
        }
        Ok(Self(request))
    }
}

impl WebSocketUpgrade {
    /// The response: 101 and `handler` in a task of its own with the connection, or the refusal.
    pub fn on_upgrade<F, Fut>(mut self, acceptor: &Acceptor, handler: F) -> Response
    where
        F: FnOnce(WebSocket) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        match acceptor.upgrade(&mut self.0) {
            Ok((response, upgrade)) => {
                tokio::spawn(async move {
                    // A client that left before its response has nobody to tell.
                    if let Ok(socket) = upgrade.await {
                        tokio::spawn(handler(socket));
                    }
                });
                response.map(|()| Body::empty())
            }
            Err(refusal) => refusal.into_response(),
        }
    }
}
