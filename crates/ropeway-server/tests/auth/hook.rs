//! A server whose hook knows some tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use ropeway_server::Builder;
use ropeway_server::app::App;
use ropeway_server::auth::{Applicant, Identity, Refusal, Rights};
use ropeway_server::config::Pattern;

use crate::guarded;
use crate::running::Running;

/// Longer than a machine under load takes from a request to its answer.
const A_WHILE: Duration = Duration::from_secs(3600);

pub(crate) fn server(settings: &[(&'static str, &str)]) -> Running {
    Running::build(builder(settings))
}

pub(crate) fn with_app(settings: &[(&'static str, &str)], app: App) -> Running {
    Running::build(builder(settings).app(app))
}

fn builder(settings: &[(&'static str, &str)]) -> Builder {
    guarded::builder(settings).authenticate(known)
}

/// A token that ends soon, after [`SHORT_MS`]; not before a machine under load has let its client in.
pub(crate) const SHORT: &str = "ada-for-3";
pub(crate) const SHORT_MS: u64 = 3000;

/// Tries with a token of three seconds, of six and so on, until the attempt is done before its end also on a machine
/// under load. Gives the token too.
pub(crate) fn before_the_end<T>(mut attempt: impl FnMut(&str) -> Option<T>) -> (T, String) {
    let tokens = [3, 6, 12, 24].map(|seconds| format!("ada-for-{seconds}"));
    let done = tokens.into_iter().find_map(|token| Some((attempt(&token)?, token)));
    done.unwrap_or_else(|| panic!("24 seconds are enough for a few messages"))
}

/// The same, and how often its hook has been asked about tokens.
pub(crate) fn counting(settings: &[(&'static str, &str)]) -> (Running, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let book = asked.clone();
    let builder = builder(settings).authenticate(move |applicant: Applicant| {
        book.fetch_add(usize::from(applicant.token().is_some()), Ordering::Relaxed);
        known(applicant)
    });
    (Running::build(builder), asked)
}

async fn known(applicant: Applicant) -> Result<Identity, Refusal> {
    let Some(token) = applicant.token() else {
        let is_guest = applicant.handshake().query("guest").is_some();
        return if is_guest { Ok(Identity::nameless()) } else { Err(Refusal::missing()) };
    };
    let list = |names: &[&str]| Some(names.iter().filter_map(|name| Pattern::new(name)).collect());
    let rights = |join, publish| Rights { namespaces: None, join, publish };
    let ada = Identity::user("ada");
    let token = token.reveal();
    if token.starts_with("slow ") {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    match token.trim_start_matches("slow ") {
        "ada" => Ok(ada),
        "eve" => Ok(Identity::user("eve")),
        "nameless" => Ok(Identity::nameless()),
        "narrow" => Ok(ada.with_rights(rights(list(&["open:a"]), list(&[])))),
        "granted" => Ok(ada.with_rights(rights(list(&["granted:*"]), list(&["granted:b"])))),
        "desk" => Ok(ada.with_rooms(["closed:desk", "open:desk"])),
        "other desk" => Ok(ada.with_rooms(["closed:other", "open:desk"])),
        "lasting" => Ok(ada.with_expiry(SystemTime::now() + A_WHILE)),
        "past" => Ok(ada.with_expiry(SystemTime::now() - Duration::from_secs(1))),
        "bad name" => Ok(Identity::user("")),
        "elsewhere" => Ok(ada.with_rights(Rights { namespaces: list(&["/other"]), ..Rights::default() })),
        "banned" => Err(Refusal::forbidden("banned")),
        "down" => Err(Refusal::unavailable("the book of tokens is closed")),
        "never" => std::future::pending().await,
        token => match token.strip_prefix("ada-for-").and_then(|seconds| seconds.parse().ok()) {
            Some(seconds) => Ok(ada.with_expiry(SystemTime::now() + Duration::from_secs(seconds))),
            None => Err(Refusal::unauthorized("no such token")),
        },
    }
}
