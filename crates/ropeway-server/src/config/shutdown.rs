//! `[shutdown]`: how the server ends.

use std::time::Duration;

use super::value::{Form, Raw, Value, any_duration};

/// `[shutdown]`: readiness is turned off, after `grace` nothing is accepted any more, then the connections are closed
/// one after the other, and `timeout` after the beginning the rest is dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shutdown {
    /// For so long `/readyz` says 503 while connections are still accepted, so that load balancers can turn away.
    pub grace: Duration,
    /// Over how long the closing of the connections is spread; see [`Shutdown::pace`].
    pub spread: Option<Duration>,
    /// Connections that are closed in a second, instead of `spread`.
    pub rate: Option<usize>,
    /// From the beginning, `grace` included, to the moment at which what is still open is dropped.
    pub timeout: Duration,
    /// What the connections are closed with.
    pub code: ShutdownCode,
    /// Over how long the clients are told to come back, each at a random moment of it.
    pub reconnect_spread: Duration,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self {
            grace: Duration::ZERO,
            spread: None,
            rate: None,
            timeout: Duration::from_secs(10),
            code: ShutdownCode::GoingAway,
            reconnect_spread: Duration::from_secs(5),
        }
    }
}

impl Shutdown {
    /// How fast connections are closed: over a second, where nothing is said.
    pub fn pace(&self) -> Pace {
        match self.rate {
            Some(rate) => Pace::Rate(rate),
            None => Pace::Over(self.spread.unwrap_or(Duration::from_secs(1))),
        }
    }
}

/// How fast connections are closed, at equal distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// All in this time.
    Over(Duration),
    /// So many in a second.
    Rate(usize),
}

/// The close code of a shutdown (RFC 6455 section 7.4.1 and the registry of IANA).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShutdownCode {
    /// 1001, going away.
    GoingAway,
    /// 1012, service restart.
    Restart,
}

impl ShutdownCode {
    /// 1001 or 1012.
    pub fn code(self) -> u16 {
        match self {
            Self::GoingAway => 1001,
            Self::Restart => 1012,
        }
    }
}

/// A number, without quotes in TOML.
impl Value for ShutdownCode {
    const ALLOWED: &'static str = "1001 (going away) or 1012 (service restart)";

    fn read(raw: Raw<'_>) -> Option<Self> {
        match usize::read(raw)? {
            1001 => Some(Self::GoingAway),
            1012 => Some(Self::Restart),
            _ => None,
        }
    }

    fn write(&self) -> Option<String> {
        Some(self.code().to_string())
    }
}

/// A time that may be none at all.
pub(super) const TIME: Form<Duration> = Form {
    read: |raw| any_duration(raw).ok_or("a time with a unit (ms, s, m, h, d), such as \"500ms\" or \"0s\""),
    write: |time| time.write().ok_or(""),
};

pub(super) const OPTIONAL_TIME: Form<Option<Duration>> = Form {
    read: |raw| (TIME.read)(raw).map(Some),
    write: |time| time.as_ref().and_then(Value::write).ok_or("\"1s\""),
};

pub(super) const OPTIONAL_COUNT: Form<Option<usize>> = Form {
    read: |raw| usize::read(raw).map(Some).ok_or(usize::ALLOWED),
    write: |count| count.as_ref().and_then(Value::write).ok_or("1000"),
};

/// Values of `[shutdown]` that are allowed, but not together: what is wrong and what to do about it.
pub(super) fn problems(shutdown: &Shutdown) -> Vec<(String, String)> {
    [both(shutdown), too_short(shutdown)].into_iter().flatten().collect()
}

type Problem = Option<(String, String)>;

fn both(shutdown: &Shutdown) -> Problem {
    (shutdown.spread.is_some() && shutdown.rate.is_some()).then(|| {
        let what = "`shutdown.spread` and `shutdown.rate` are two ways to say the same".to_owned();
        (what, "leave one of them out".to_owned())
    })
}

/// With a rate the time that closing takes is known only when it begins; there has to be some.
fn too_short(shutdown: &Shutdown) -> Problem {
    let (needed, named) = match shutdown.pace() {
        Pace::Over(spread) => {
            (shutdown.grace + spread, "`shutdown.grace` and `shutdown.spread` together are")
        }
        Pace::Rate(_) => (shutdown.grace + Duration::from_secs(1), "a second after `shutdown.grace` is"),
    };
    (needed > shutdown.timeout).then(|| {
        let what = format!("{named} longer than `shutdown.timeout`");
        (what, "connections would be dropped before they are closed".to_owned())
    })
}
