//! One attack from start to verdict.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};

use crate::http::{Connection, SOON, ask, ask_with};
use crate::log::Log;
use crate::members::{Members, Observed};
use crate::subject::{API_KEY, Subject};
use crate::tls::tunnel;

const MIB: usize = 1 << 20;

/// Lines that an operator sees at the default level, of a whole attack. A warning that a peer can cause at will is
/// written once a second at most.
const LOUD_LINES: usize = 40;

/// An attack and what it may cost the server. Anything beyond fails the test.
pub(crate) struct Attack {
    name: &'static str,
    settings: Vec<(&'static str, String)>,
    /// What the members show the server.
    token: Option<String>,
    /// What must stand in no log.
    secrets: Vec<String>,
    /// The server speaks TLS.
    is_tls: bool,
    /// What is resident at the worst, beyond what was before.
    memory: usize,
    /// Lines in the log at the level `trace`, beyond those of the well-behaved.
    lines: usize,
}

/// What an attack is aimed at.
pub(crate) struct Target<'a> {
    subject: &'a Subject,
    /// Where plain HTTP is spoken with it.
    plain: SocketAddr,
}

impl Attack {
    /// An attack that may cost 16 MiB and a thousand lines.
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            settings: Vec::new(),
            token: None,
            secrets: Vec::new(),
            is_tls: false,
            memory: 16 * MIB,
            lines: 1000,
        }
    }

    /// Sets a key of the configuration.
    pub(crate) fn set(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.settings.push((key, value.into()));
        self
    }

    /// Limits by address hold for all but the members, who come from 127.0.0.1.
    pub(crate) fn strict(self) -> Self {
        self.set("limits.exempt", "127.0.0.1/32")
    }

    /// Requests have less time than by default, for attacks that wait until it is over. It is still long enough for the
    /// well-behaved on a machine that is busy.
    pub(crate) fn hurried(self) -> Self {
        self.set("server.handshake_timeout", "5s")
    }

    /// The members show this token.
    pub(crate) fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self.secret(token)
    }

    /// Nobody may read this in any log.
    pub(crate) fn secret(mut self, secret: &str) -> Self {
        self.secrets.push(secret.to_owned());
        self
    }

    /// The server speaks TLS with a certificate of its own; the members come through a tunnel.
    pub(crate) fn tls(self) -> Self {
        let (certificate, key) = tunnel::certificate_files(self.name);
        Self { is_tls: true, ..self }.set("tls.certificate", certificate).set("tls.key", key)
    }

    pub(crate) fn memory(self, mebibytes: usize) -> Self {
        Self { memory: mebibytes * MIB, ..self }
    }

    pub(crate) fn lines(self, lines: usize) -> Self {
        Self { lines, ..self }
    }

    /// Starts a server and its well-behaved clients, runs the attack, and says what came of it.
    pub(crate) fn run(self, attack: impl AsyncFnOnce(&Target<'_>)) {
        let subject = Subject::start(self.name, &self.settings);
        self.secrets.iter().for_each(|secret| subject.log().secret(secret));
        let plain = if self.is_tls { tunnel::open(subject.address()) } else { subject.address() };
        let idle = subject.descriptors();
        let members = Members::start(plain, self.token.as_deref());
        let before = Snapshot::take(&subject);
        let started = Instant::now();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(attack(&Target { subject: &subject, plain }));
        // All that the attack holds is let go with its runtime.
        drop(runtime);
        let failed = members.have_failed();
        let observed = members.finish();
        assert!(!failed, "the members ended before the attack");
        let peak = subject.peak().saturating_sub(before.resident);
        all_gone(&subject, plain, idle);
        let log = subject.end();
        if self.is_tls {
            tunnel::remove_files(self.name);
        }
        let lines = Lines::of(&log, before.log_bytes);
        self.report(started.elapsed(), peak, &lines, &observed);
        assert!(peak <= self.memory, "{}: the server grew by {peak} bytes", self.name);
        lines.check(self.lines + observed.probes * Lines::PER_PROBE);
    }

    #[expect(clippy::print_stderr, reason = "figures that are reported and not judged")]
    fn report(&self, took: Duration, peak: usize, lines: &Lines, observed: &Observed) {
        eprintln!(
            "{:<28} {:>5.1} s  memory +{:>3} of {:>3} MiB  log {:>5} lines, {} loud  members p50 {:?} p99 {:?}  /healthz at most {:?}",
            self.name,
            took.as_secs_f64(),
            peak / MIB,
            self.memory / MIB,
            lines.all,
            lines.loud.len(),
            observed.quantile(0.5),
            observed.quantile(0.99),
            observed.slowest_probe,
        );
    }
}

impl Target<'_> {
    pub(crate) fn address(&self) -> SocketAddr {
        self.subject.address()
    }

    /// Connects from 127.0.0.`host`; the well-behaved come from 127.0.0.1.
    pub(crate) async fn stream(&self, host: u8) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind((Ipv4Addr::new(127, 0, 0, host), 0).into())?;
        socket.connect(self.address()).await
    }

    /// As [`Self::stream`] from 127.0.0.2, to speak HTTP.
    pub(crate) async fn connect(&self) -> Connection {
        Connection::over(self.stream(2).await.unwrap())
    }

    /// Notes what the server gave away in the attack and nobody may read in any log.
    pub(crate) fn secret(&self, secret: &str) {
        self.subject.log().secret(secret);
    }

    /// The server serves others at this moment.
    pub(crate) async fn serves_others(&self) {
        assert_eq!(ask(self.plain, "GET", "/healthz").await.status, 200);
    }
}

async fn connections(address: SocketAddr) -> u64 {
    let key = format!("Bearer {API_KEY}");
    let status = ask_with(address, "GET", "/api/status", &[("Authorization", &key)], b"").await;
    let status: Value = serde_json::from_slice(&status.body).unwrap();
    status["connections"].as_u64().unwrap()
}

/// Connections and descriptors return to what they were before anybody came.
fn all_gone(subject: &Subject, plain: SocketAddr, idle: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let deadline = Instant::now() + SOON;
    loop {
        let connections = runtime.block_on(connections(plain));
        let descriptors = subject.descriptors();
        if connections == 0 && descriptors <= idle {
            return;
        }
        let left = format!("{connections} connections and {descriptors} descriptors (idle: {idle}) are left");
        assert!(Instant::now() < deadline, "{left}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// What was before the attack.
struct Snapshot {
    resident: usize,
    log_bytes: usize,
}

impl Snapshot {
    fn take(subject: &Subject) -> Self {
        subject.forget_peak();
        Self { resident: subject.resident(), log_bytes: subject.log().text().len() }
    }
}

/// What an attack did to the log.
struct Lines {
    all: usize,
    /// Those of the levels INFO, WARN and ERROR.
    loud: Vec<String>,
    panics: Vec<String>,
}

impl Lines {
    /// A request leaves some lines at the level `trace`.
    const PER_PROBE: usize = 4;

    fn of(log: &Log, from: usize) -> Self {
        let text = log.text();
        let new = text.get(from..).unwrap_or_default();
        let picked =
            |is_wanted: fn(&&str) -> bool| new.lines().filter(is_wanted).map(str::to_owned).collect();
        Self {
            all: new.lines().count(),
            loud: picked(is_loud),
            panics: picked(|line| line.contains("panicked")),
        }
    }

    fn check(&self, bound: usize) {
        assert!(self.panics.is_empty(), "the server panicked: {:#?}", self.panics);
        assert!(
            self.loud.len() <= LOUD_LINES,
            "{} lines at the default level: {:#?}",
            self.loud.len(),
            &self.loud[..20]
        );
        assert!(self.all <= bound, "{} lines in the log, {bound} are allowed", self.all);
    }
}

/// The level is the second word, after the time.
fn is_loud(line: &&str) -> bool {
    matches!(line.split_whitespace().nth(1), Some("INFO" | "WARN" | "ERROR"))
}
