//! How long a delivery takes: one publish to a room of many members, and every outbox drained.
//!
//! `cargo run --release -p ropeway-hub --example fanout -- [MEMBERS] [PUBLISHES]`

#![allow(clippy::print_stdout)] // prints its result

use std::hint::black_box;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ropeway_hub::{
    Access, Connection, Encoder, EncoderId, HistorySettings, Hub, Join, Outbound, Payload, Publish,
    RoomSettings, Socket,
};

struct Json;

impl Encoder for Json {
    fn id(&self) -> EncoderId {
        EncoderId(0)
    }

    fn encode(&self, _namespace: &str, message: &Outbound<'_>) -> Bytes {
        match message {
            Outbound::Event(event) => {
                format!(r#"{{"event":{:?},"data":{}}}"#, event.event, event.data.text).into()
            }
            _ => Bytes::new(),
        }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|text| text.parse().ok());
    let members = arguments.next().unwrap_or(1_000);
    let publishes = arguments.next().unwrap_or(2_000);
    let hub = Hub::builder(|_: &str, room: &str| {
        let history = (room == "kept").then(HistorySettings::default);
        Arc::new(RoomSettings { join: Access::Anyone, history, ..RoomSettings::default() })
    });
    let hub = hub.build();
    for room in ["plain", "kept"] {
        let mut peers: Vec<_> = (0..members).filter_map(|_| join(&hub, room)).collect();
        run(&hub, room, &mut peers, publishes / 10);
        let (push, drain) = run(&hub, room, &mut peers, publishes);
        let each = |time: Duration| time.as_nanos() as f64 / (peers.len() * publishes) as f64;
        println!("{room}: {:.0} ns to push, {:.0} ns to drain a delivery", each(push), each(drain));
    }
}

fn join(hub: &Hub, room: &str) -> Option<(Connection, Socket)> {
    let connection = hub.connect(Arc::new(Json));
    let socket = connection.open("/", "session", None, None).ok()?;
    let _ = socket.join(&Join { room, ..Join::default() });
    Some((connection, socket))
}

fn run(hub: &Hub, room: &str, peers: &mut [(Connection, Socket)], publishes: usize) -> (Duration, Duration) {
    let data = Payload::text(r#"{"text":"Hello, world!"}"#);
    let publish = Publish { room, event: "say", data, ..Publish::default() };
    let mut frames = Vec::new();
    let (mut push, mut drain) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..publishes {
        let start = Instant::now();
        let _ = hub.publish("/", &publish);
        let pushed = Instant::now();
        for (connection, _) in peers.iter_mut() {
            let mut cx = Context::from_waker(Waker::noop());
            while connection.poll_drain(&mut cx, &mut frames, usize::MAX).is_ready() {}
            black_box(&mut frames).clear();
        }
        push += pushed - start;
        drain += pushed.elapsed();
    }
    (push, drain)
}
