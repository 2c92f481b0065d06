//! Upgrades on hyper 1.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use ropeway_proto::Config;
use ropeway_proto::handshake::Negotiated;
use ropeway_proto::handshake::server::{self, Refusal};
use tokio::net::TcpStream;

use super::Acceptor;
use crate::websocket::{Stream, WebSocket};

/// The connection broke before hyper could hand it over, or the server is not set up for upgrades.
#[derive(Debug, thiserror::Error)]
#[error("the connection was not handed over: {0}")]
pub struct UpgradeError(#[from] hyper::Error);

/// A connection that is there once the response has been sent.
///
/// Await it in a task of its own. It is small, but the task that then serves the connection is best another one, so that
/// it holds nothing but the connection.
#[derive(Debug)]
#[must_use = "the response promises a WebSocket: await this in a task"]
pub struct Upgrade {
    upgrade: OnUpgrade,
    /// Taken when the connection is made.
    negotiated: Negotiated,
    config: Arc<Config>,
}

impl Acceptor {
    /// Judges a request that hyper received. Send the response, which may get more headers, and await the [`Upgrade`]
    /// apart. The connection must be served with upgrades (`serve_connection_with_upgrades`).
    ///
    /// # Errors
    /// A [`Refusal`] to answer with.
    ///
    /// ```no_run
    /// # use hyper::body::Incoming;
    /// # use ropeway_ws::{Event, server::{Acceptor, Refusal}};
    /// fn answer(mut request: http::Request<Incoming>, acceptor: &Acceptor) -> http::Response<String> {
    ///     match acceptor.upgrade(&mut request) {
    ///         Ok((response, upgrade)) => {
    ///             tokio::spawn(async move {
    ///                 let Ok(mut socket) = upgrade.await else { return };
    ///                 while let Some(Ok(message)) = socket.next().await {
    ///                     println!("{message:?}");
    ///                 }
    ///             });
    ///             response.map(|()| String::new())
    ///         }
    ///         Err(refusal) => refusal.into_response(),
    ///     }
    /// }
    /// ```
    pub fn upgrade<B>(&self, request: &mut Request<B>) -> Result<(Response<()>, Upgrade), Refusal> {
        let accepted = server::accept(request, &self.options)?;
        let upgrade = hyper::upgrade::on(request);
        let config = Arc::clone(&self.config);
        Ok((accepted.response, Upgrade { upgrade, negotiated: accepted.negotiated, config }))
    }
}

impl Future for Upgrade {
    type Output = Result<WebSocket, UpgradeError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let upgraded = ready!(Pin::new(&mut self.upgrade).poll(cx))?;
        let (stream, received) = unwrap(upgraded);
        let negotiated = std::mem::take(&mut self.negotiated);
        let config = Arc::clone(&self.config);
        Poll::Ready(Ok(WebSocket::server(stream, negotiated, config, received)))
    }
}

/// The stream below hyper's, and what hyper has read of it: plain TCP comes out as such, the rest stays behind hyper.
fn unwrap(upgraded: Upgraded) -> (Stream, Vec<u8>) {
    let upgraded = match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => return (parts.io.into_inner().into(), parts.read_buf.into()),
        Err(upgraded) => upgraded,
    };
    // The server of hyper-util that knows several versions, which is axum's, has a stream of its own around it.
    match auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded) {
        Ok(parts) => (parts.io.into_inner().into(), parts.read_buf.into()),
        Err(upgraded) => (Stream::new(TokioIo::new(upgraded)), Vec::new()),
    }
}
