//! Calls of the server to other services: key sets, session endpoints, webhooks.
//!
//! A [`Client`] belongs to one URL, which the configuration names. It bounds everything that the other side could use
//! up: time, bytes, calls at one time. It follows no redirect and knows no proxy, so that a call goes where the
//! configuration says and nowhere else.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::debug;

mod backoff;
mod error;
pub(crate) mod tls;

pub(crate) use error::{Error, Reason};

/// Bounds on the calls of a [`Client`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// From the call to the last byte of the answer: waiting for a free place, all attempts and the pauses between
    /// them together.
    pub(crate) timeout: Duration,
    /// Attempts after the first.
    pub(crate) retries: u32,
    /// Calls under way at one time. One more waits, and fails with [`Reason::Busy`] at its timeout.
    pub(crate) in_flight: usize,
    /// Bytes of the body of an answer.
    pub(crate) max_body: usize,
}

/// One call. The URL is the client's.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) repeat: Repeat,
}

impl Call {
    /// A GET, which may always be repeated.
    pub(crate) fn get() -> Self {
        Self { method: Method::GET, headers: HeaderMap::new(), body: Bytes::new(), repeat: Repeat::Always }
    }

    /// A POST, which is repeated only when it was not sent; see [`Call::repeat`].
    pub(crate) fn post(headers: HeaderMap, body: Bytes) -> Self {
        Self { method: Method::POST, headers, body, repeat: Repeat::IfUnsent }
    }

    pub(crate) fn repeat(self, repeat: Repeat) -> Self {
        Self { repeat, ..self }
    }
}

/// After which failures a call may be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Only when no byte of the request can have been handled: nobody was reached.
    IfUnsent,
    /// Also when the connection broke, or the answer says that the service is unavailable (429, 5xx): for
    /// calls that change nothing, or that the service knows to be the same by an id in them.
    Always,
}

/// The client for one URL; made once, used by everybody.
pub(crate) struct Client {
    url: Uri,
    /// The URL for messages: without user, query and fragment.
    name: Arc<str>,
    /// Keeps connections that are idle, at most [`IDLE`] for [`IDLE_TIME`].
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// A place for each call under way; taken for its whole length.
    places: Semaphore,
    settings: Settings,
}

const IDLE: usize = 8;

/// Below the idle timeout of common servers and load balancers (Node.js 5 s is the exception).
const IDLE_TIME: Duration = Duration::from_secs(30);

impl Client {
    /// A client for `url`, which is `http` or `https`. `tls` is asked for only where the URL needs it; see
    /// [`tls::trusting`].
    pub(crate) fn new(url: Uri, tls: Arc<ClientConfig>, settings: Settings) -> Self {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        let connector =
            HttpsConnectorBuilder::new().with_tls_config((*tls).clone()).https_or_http().enable_http1();
        let pool = Pool::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_max_idle_per_host(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector.wrap_connector(http));
        Self { name: name(&url), url, pool, places: Semaphore::new(settings.in_flight), settings }
    }

    /// The URL without user, query and fragment, for logs.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Makes the call; an answer of any status is one, redirects too.
    ///
    /// # Errors
    /// See [`Reason`]. They name the service, and nothing of the query, the headers or the bodies.
    ///
    /// # Cancel safety
    /// Dropping the future breaks the call off; whether the service saw it is not known then.
    pub(crate) async fn call(&self, call: Call) -> Result<Response<Bytes>, Error> {
        let deadline = Instant::now() + self.settings.timeout;
        let place = timeout_at(deadline, self.places.acquire()).await;
        let _place = place.map_err(|_| self.failed(Reason::Busy))?;
        match timeout_at(deadline, self.attempts(&call)).await {
            Ok(answer) => answer.map_err(|reason| self.failed(reason)),
            Err(_) => Err(self.failed(Reason::Timeout(self.settings.timeout))),
        }
    }

    async fn attempts(&self, call: &Call) -> Result<Response<Bytes>, Reason> {
        let mut attempt = 0;
        loop {
            let answer = self.attempt(call).await;
            if attempt == self.settings.retries || !is_worth_repeating(&answer, call.repeat) {
                return answer;
            }
            let pause = backoff::pause(attempt);
            attempt += 1;
            debug!(service = &*self.name, attempt, ?pause, "a call is made again");
            sleep(pause).await;
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Response<Bytes>, Reason> {
        let mut request = Request::new(Full::new(call.body.clone()));
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = self.url.clone();
        *request.headers_mut() = call.headers.clone();
        let (head, body) = self.pool.request(request).await?.into_parts();
        Ok(Response::from_parts(head, self.whole(body).await?))
    }

    /// A service that sends more than it may is not read to its end: dropping the rest ends the connection.
    async fn whole(&self, body: Incoming) -> Result<Bytes, Reason> {
        let bound = self.settings.max_body;
        match Limited::new(body, bound).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(Reason::TooLarge(bound)),
            Err(error) => Err(Reason::Broken(error::with_causes(&*error))),
        }
    }

    fn failed(&self, reason: Reason) -> Error {
        Error { service: Arc::clone(&self.name), reason }
    }
}

fn name(url: &Uri) -> Arc<str> {
    let host = url.authority().map_or("", |authority| authority.as_str());
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{}://{host}{}", url.scheme_str().unwrap_or("http"), url.path()).into()
}

fn is_worth_repeating(answer: &Result<Response<Bytes>, Reason>, repeat: Repeat) -> bool {
    match (answer, repeat) {
        (Err(Reason::Unreachable(_)), _) => true,
        (Err(Reason::Broken(_)), Repeat::Always) => true,
        (Ok(answer), Repeat::Always) => {
            answer.status() == StatusCode::TOO_MANY_REQUESTS || answer.status().is_server_error()
        }
        _ => false,
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
