//! The clients that mean well: members of a room who publish numbered events at a steady rhythm while others attack.
//!
//! Each must get every event of every member once and in order. They live on a thread of their own, so that an attack
//! that keeps its own thread busy does not slow them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ropeway_ws::{Message, WebSocket};
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::http::{SOON, ask};

const MEMBERS: usize = 4;
const RHYTHM: Duration = Duration::from_millis(50);
/// A total that is not known yet.
const UNKNOWN: u64 = u64::MAX;

/// The well-behaved clients of one attack.
pub(crate) struct Members {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Observed>,
}

/// How they fared.
pub(crate) struct Observed {
    /// From publishing to delivery, sorted.
    latencies: Vec<Duration>,
    /// How often `/healthz` was asked.
    pub(crate) probes: usize,
    /// The longest that it took.
    pub(crate) slowest_probe: Duration,
}

/// What members have in common.
struct Common {
    url: String,
    address: SocketAddr,
    started: Instant,
    stop: Arc<AtomicBool>,
    /// How many events each has published, once it stopped.
    totals: [AtomicU64; MEMBERS],
    /// Nobody publishes before all have joined.
    joined: Barrier,
    /// Told once by each member that gets the events of all.
    running: mpsc::Sender<()>,
}

impl Members {
    /// Returns when all of them get events.
    pub(crate) fn start(address: SocketAddr, token: Option<&str>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (running, ready) = mpsc::channel();
        let query = token.map_or_else(String::new, |token| format!("?token={token}"));
        let common = Common {
            url: format!("ws://{address}/ws{query}"),
            address,
            started: Instant::now(),
            stop: stop.clone(),
            totals: [const { AtomicU64::new(UNKNOWN) }; MEMBERS],
            joined: Barrier::new(MEMBERS),
            running,
        };
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(observe(Arc::new(common)))
        });
        for _ in 0..MEMBERS {
            ready.recv_timeout(SOON).expect("the members did not get their own events");
        }
        Self { stop, thread }
    }

    /// Whether one has given up.
    pub(crate) fn have_failed(&self) -> bool {
        self.thread.is_finished()
    }

    /// Lets them stop and collect what is under way. Panics when one of them lost an event, got one twice or out of order.
    pub(crate) fn finish(self) -> Observed {
        self.stop.store(true, Ordering::Release);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Observed {
    /// A quantile of the latencies, from 0 to 1.
    pub(crate) fn quantile(&self, quantile: f64) -> Duration {
        let last = self.latencies.len() - 1;
        self.latencies[(last as f64 * quantile) as usize]
    }
}

async fn observe(common: Arc<Common>) -> Observed {
    let probe = tokio::spawn(probe(common.clone()));
    let mut members: JoinSet<_> = (0..MEMBERS).map(|me| Member::take_part(me, common.clone())).collect();
    let mut latencies = Vec::new();
    while let Some(member) = members.join_next().await {
        latencies.extend(member.unwrap());
    }
    latencies.sort_unstable();
    let (probes, slowest_probe) = probe.await.unwrap();
    Observed { latencies, probes, slowest_probe }
}

/// `/healthz` answers all the time. Returns how often and how late at most.
async fn probe(common: Arc<Common>) -> (usize, Duration) {
    let (mut probes, mut slowest) = (0, Duration::ZERO);
    while !common.stop.load(Ordering::Acquire) {
        let asked = Instant::now();
        assert_eq!(ask(common.address, "GET", "/healthz").await.status, 200);
        (probes, slowest) = (probes + 1, slowest.max(asked.elapsed()));
        sleep(Duration::from_millis(100)).await;
    }
    (probes, slowest)
}

struct Member {
    me: usize,
    socket: WebSocket,
    running: Option<mpsc::Sender<()>>,
    common: Arc<Common>,
    published: u64,
    /// The number that the next event of each member must have.
    expected: [u64; MEMBERS],
    latencies: Vec<Duration>,
}

impl Member {
    async fn take_part(me: usize, common: Arc<Common>) -> Vec<Duration> {
        let socket = ropeway_ws::connect(&common.url).await.unwrap();
        let mut member = Self {
            me,
            socket,
            running: Some(common.running.clone()),
            common,
            published: 0,
            expected: [0; MEMBERS],
            latencies: Vec::new(),
        };
        member.say(json!({ "type": "join", "room": "quiet:members", "id": "j" })).await;
        while member.hear().await["type"] != "joined" {}
        member.common.joined.wait().await;
        member.live().await;
        member.collect().await;
        member.latencies
    }

    /// Publishes and listens until told to stop.
    async fn live(&mut self) {
        let mut rhythm = interval(RHYTHM);
        rhythm.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.common.stop.load(Ordering::Acquire) {
            tokio::select! {
                message = self.socket.next() => self.take(message),
                _ = rhythm.tick() => self.publish().await,
            }
        }
    }

    /// Waits for what is under way.
    async fn collect(&mut self) {
        self.common.totals[self.me].store(self.published, Ordering::Release);
        let all = timeout(SOON, async {
            while !self.has_all() {
                let message = timeout(RHYTHM, self.socket.next()).await;
                if let Ok(message) = message {
                    self.take(message);
                }
            }
        });
        let in_time = all.await.is_ok();
        assert!(
            in_time,
            "member {} lost events: expected next {:?} of {:?}",
            self.me, self.expected, self.common.totals
        );
        self.socket.close(None).await;
    }

    fn has_all(&self) -> bool {
        self.expected
            .iter()
            .zip(&self.common.totals)
            .all(|(seen, total)| *seen == total.load(Ordering::Acquire))
    }

    async fn publish(&mut self) {
        let at = self.common.started.elapsed().as_micros() as u64;
        let data = json!({ "from": self.me, "number": self.published, "at": at });
        self.published += 1;
        self.say(json!({ "type": "publish", "room": "quiet:members", "event": "n", "data": data })).await;
    }

    async fn say(&mut self, message: Value) {
        self.socket.send(message.to_string()).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        let message = timeout(SOON, self.socket.next()).await.expect("the server is silent");
        self.parse(message)
    }

    fn parse(&self, message: Option<Result<Message<'static>, ropeway_ws::Error>>) -> Value {
        match message {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
            other => panic!("member {}: {other:?}, {:?}", self.me, self.socket.outcome()),
        }
    }

    fn take(&mut self, message: Option<Result<Message<'static>, ropeway_ws::Error>>) {
        let message = self.parse(message);
        assert_ne!(message["type"], "error", "{message}");
        if message["type"] == "event" {
            self.count(&message["data"]);
        }
    }

    fn count(&mut self, data: &Value) {
        let number = |field: &str| data[field].as_u64().unwrap();
        let (from, at) = (number("from") as usize, Duration::from_micros(number("at")));
        assert_eq!(number("number"), self.expected[from], "member {} hears member {from}", self.me);
        self.expected[from] += 1;
        self.latencies.push(self.common.started.elapsed().saturating_sub(at));
        if self.expected.iter().all(|expected| *expected > 0)
            && let Some(running) = self.running.take()
        {
            running.send(()).unwrap();
        }
    }
}
