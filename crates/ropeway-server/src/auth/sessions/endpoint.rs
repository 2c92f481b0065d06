//! Sessions that an endpoint of the application knows.

use std::io;
use std::time::Duration;

use http::header::{ACCEPT, COOKIE, HeaderValue};
use http::{StatusCode, Uri};
use rustls::pki_types::CertificateDer;

use super::{Failure, MAX_RECORD};
use crate::outbound::{Call, Client, Settings, tls};

/// Lookups at one time; others wait for their turn, as long as a lookup may take.
const IN_FLIGHT: usize = 256;

/// An endpoint that gets the cookie and says whose session it is.
pub(super) struct Endpoint {
    client: Client,
    cookie: String,
}

impl Endpoint {
    pub(super) fn new(
        url: Uri,
        cookie: &str,
        timeout: Duration,
        extra: &[CertificateDer<'static>],
    ) -> io::Result<Self> {
        let settings = Settings { timeout, retries: 1, in_flight: IN_FLIGHT, max_body: MAX_RECORD };
        let tls = tls::trusting(&url, extra)?;
        Ok(Self { client: Client::new(url, tls, settings), cookie: cookie.to_owned() })
    }

    /// The record of the session; nothing when there is no such session. Only this cookie is passed on, as it is.
    /// Cancel-safe.
    pub(super) async fn read(&self, value: &str) -> Result<Option<Vec<u8>>, Failure> {
        let mut call = Call::get();
        let cookie = HeaderValue::try_from(format!("{}={value}", self.cookie));
        let mut cookie = cookie.map_err(|_| Failure("the cookie is no header".to_owned()))?;
        cookie.set_sensitive(true);
        call.headers.insert(COOKIE, cookie);
        call.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let answer = self.client.call(call).await.map_err(|error| Failure(error.to_string()))?;
        match answer.status() {
            StatusCode::OK => Ok(Some(answer.into_body().into())),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Ok(None),
            status => Err(Failure(format!("{} answers {status}", self.client.name()))),
        }
    }
}
