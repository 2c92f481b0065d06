//! Hooks of the application into the server around it.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use http::HeaderMap;
use ropeway_hub::{BoxFuture, Reply};

use super::{App, Namespace};
use crate::Handshake;

/// A connection that was refused before it became one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionError {
    /// Engine.IO's number for it: 0 unknown transport, 1 unknown session, 2 bad handshake method, 3 bad request,
    /// 4 forbidden, 5 unsupported protocol version.
    pub code: u8,
    /// What the client is told.
    pub message: String,
}

/// At most one of each.
#[derive(Default)]
pub(super) struct Hooks {
    new_namespace: Hook<OnNamespace>,
    allow_request: Hook<AllowRequest>,
    initial_headers: Hook<InitialHeaders>,
    headers: Hook<Headers>,
    connection_error: Hook<OnConnectionError>,
}

type OnNamespace = dyn Fn(Namespace) + Send + Sync;
type AllowRequest = dyn Fn(Arc<Handshake>) -> BoxFuture<Result<(), String>> + Send + Sync;
type InitialHeaders = dyn Fn(&mut HeaderMap, &Handshake) + Send + Sync;
type Headers = dyn Fn(&mut HeaderMap) + Send + Sync;
type OnConnectionError = dyn Fn(&ConnectionError) + Send + Sync;

/// Set by the application, called by the server. Locked to be copied only.
struct Hook<F: ?Sized>(RwLock<Option<Arc<F>>>);

impl<F: ?Sized> Default for Hook<F> {
    fn default() -> Self {
        Self(RwLock::new(None))
    }
}

impl<F: ?Sized> Hook<F> {
    fn set(&self, hook: Arc<F>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(hook);
    }

    fn find(&self) -> Option<Arc<F>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl App {
    /// Calls `hook` with each namespace that comes to be because a client asked for one of a
    /// [pattern or function](App::namespace). One hook; a second call replaces the first.
    pub fn on_new_namespace(&self, hook: impl Fn(Namespace) + Send + Sync + 'static) -> &Self {
        self.0.hooks.new_namespace.set(Arc::new(hook));
        self
    }

    /// Asks `hook` whether a Socket.IO client may connect at all, before there is a session. The error is what the
    /// client is told (status 403, code 4). One hook; a second call replaces the first.
    pub fn allow_request<F, Fut>(&self, hook: F) -> &Self
    where
        F: Fn(Arc<Handshake>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.0.hooks.allow_request.set(Arc::new(move |handshake| Box::pin(hook(handshake))));
        self
    }

    /// Lets `hook` add headers to the first response of each Socket.IO session. One hook; a second call replaces the
    /// first.
    pub fn initial_headers(
        &self,
        hook: impl Fn(&mut HeaderMap, &Handshake) + Send + Sync + 'static,
    ) -> &Self {
        self.0.hooks.initial_headers.set(Arc::new(hook));
        self
    }

    /// Lets `hook` add headers to every response of Socket.IO's endpoint. One hook; a second call replaces the first.
    pub fn headers(&self, hook: impl Fn(&mut HeaderMap) + Send + Sync + 'static) -> &Self {
        self.0.hooks.headers.set(Arc::new(hook));
        self
    }

    /// Tells `hook` of each request that Socket.IO's endpoint refuses. One hook; a second call replaces the first.
    pub fn on_connection_error(&self, hook: impl Fn(&ConnectionError) + Send + Sync + 'static) -> &Self {
        self.0.hooks.connection_error.set(Arc::new(hook));
        self
    }

    /// Whether a session may begin. The reply is to be awaited before it does.
    pub(crate) fn allows(&self, handshake: &Arc<Handshake>) -> Reply<Result<(), String>> {
        match self.0.hooks.allow_request.find() {
            Some(hook) => Reply::Pending(hook(handshake.clone())),
            None => Reply::Ready(Ok(())),
        }
    }

    /// For the first response of a session.
    pub(crate) fn write_initial_headers(&self, headers: &mut HeaderMap, handshake: &Handshake) {
        if let Some(hook) = self.0.hooks.initial_headers.find() {
            hook(headers, handshake);
        }
    }

    /// For every response of the endpoint.
    pub(crate) fn write_headers(&self, headers: &mut HeaderMap) {
        if let Some(hook) = self.0.hooks.headers.find() {
            hook(headers);
        }
    }

    /// A request was refused.
    pub(crate) fn connection_failed(&self, code: u8, message: &str) {
        if let Some(hook) = self.0.hooks.connection_error.find() {
            hook(&ConnectionError { code, message: message.to_owned() });
        }
    }
}

impl Hooks {
    pub(super) fn new_namespace(&self, namespace: Namespace) {
        if let Some(hook) = self.new_namespace.find() {
            hook(namespace);
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hooks")
    }
}
