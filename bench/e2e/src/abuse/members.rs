//! Those who mean well: members of one room who take turns in publishing numbered events at a steady rhythm.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::load::native;
use crate::load::wire::{self, Decoder, Piece, TEXT};
use crate::load::{Load, Outbox, Workload};
use crate::servers::Deflate;
use crate::servers::process::Running;

const MEMBERS: usize = 100;
/// From one event to the next, whoever publishes it.
const RHYTHM: Duration = Duration::from_millis(10);
/// From one look at the server's memory to the next.
const GLANCE: Duration = Duration::from_millis(250);
/// An event that has not come this long after the attack is lost.
const PATIENCE: Duration = Duration::from_secs(5);

/// The members and the server that they are on.
pub(crate) struct Members<'a> {
    server: &'a Running,
    load: Load,
    room: Room,
}

/// What they saw of one stretch of time.
pub(crate) struct Figures {
    /// From writing to delivery, of all deliveries, sorted.
    latencies: Vec<Duration>,
    wall: Duration,
    cpu: Duration,
    /// The most that the server held, in bytes.
    pub(crate) resident: u64,
}

impl Figures {
    /// A quantile of the latencies, from 0 to 1.
    pub(crate) fn quantile(&self, quantile: f64) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get((last as f64 * quantile) as usize).copied().unwrap_or_default()
    }

    /// CPU seconds of the server in a second.
    pub(crate) fn cpu_share(&self) -> f64 {
        self.cpu.as_secs_f64() / self.wall.as_secs_f64()
    }
}

impl<'a> Members<'a> {
    pub(crate) fn join(server: &'a Running) -> anyhow::Result<Self> {
        let member = |_| {
            let mut stream = wire::connect(server.address, "/ws", Deflate::Off)?.0;
            native::join(&mut stream, "quiet:room")?;
            Ok(stream)
        };
        let streams: anyhow::Result<Vec<_>> = (0..MEMBERS).map(member).collect();
        Ok(Self { server, load: Load::new(streams?)?, room: Room::new() })
    }

    /// Publishes and listens for this time.
    pub(crate) fn live(&mut self, time: Duration) -> anyhow::Result<Figures> {
        let (start, cpu) = (Instant::now(), self.server.cpu()?);
        let (mut resident, mut glance) = (0, start);
        self.room.latencies.clear();
        let mut due = start;
        while due < start + time {
            self.load.attend(&mut self.room, due.saturating_duration_since(Instant::now()))?;
            self.publish()?;
            due += RHYTHM;
            if glance <= due {
                (resident, glance) = (resident.max(self.server.resident()?), due + GLANCE);
            }
        }
        self.load.attend(&mut self.room, RHYTHM)?;
        let mut latencies = std::mem::take(&mut self.room.latencies);
        latencies.sort_unstable();
        Ok(Figures {
            latencies,
            wall: start.elapsed(),
            cpu: self.server.cpu()?.saturating_sub(cpu),
            resident,
        })
    }

    fn publish(&mut self) -> anyhow::Result<()> {
        let number = self.room.published.len();
        let event = format!(r#"{{"type":"publish","room":"quiet:room","event":"n","data":{number}}}"#);
        self.room.published.push(Instant::now());
        self.load.send(number % MEMBERS, |out| {
            wire::put_frame(out, TEXT, false, event.as_bytes(), [3, 1, 4, 1]);
        })
    }

    /// Deliveries that did not come, after waiting for them.
    pub(crate) fn lost(&mut self) -> anyhow::Result<u64> {
        let start = Instant::now();
        while self.room.missing() > 0 && start.elapsed() < PATIENCE {
            self.load.attend(&mut self.room, RHYTHM)?;
        }
        Ok(self.room.missing())
    }
}

/// What was published and who got what.
struct Room {
    /// When, by the number of the event.
    published: Vec<Instant>,
    ears: Vec<Ear>,
    delivered: u64,
    latencies: Vec<Duration>,
}

/// One member's side of what comes.
#[derive(Default)]
struct Ear {
    decoder: Decoder,
    message: Vec<u8>,
    /// Which events have come, by their number.
    heard: Vec<bool>,
}

impl Room {
    fn new() -> Self {
        let ears = (0..MEMBERS).map(|_| Ear::default()).collect();
        Self { published: Vec::new(), ears, delivered: 0, latencies: Vec::new() }
    }

    fn missing(&self) -> u64 {
        (self.published.len() * MEMBERS) as u64 - self.delivered
    }
}

impl Workload for Room {
    fn begin(&mut self, _out: &mut Outbox) -> anyhow::Result<()> {
        Ok(())
    }

    fn receive(&mut self, link: usize, bytes: &[u8], out: &mut Outbox) -> anyhow::Result<()> {
        let Self { published, ears, delivered, latencies } = self;
        let Ear { decoder, message, heard } = &mut ears[link];
        let now = Instant::now();
        decoder.decode(bytes, out.bytes(link), |piece| {
            match piece {
                Piece::Begin { .. } => message.clear(),
                Piece::Data(data) => message.extend_from_slice(data),
                Piece::End => {
                    if let Some(number) = number(message)? {
                        hear(heard, number)?;
                        let at = published.get(number).context("an event that nobody published")?;
                        *delivered += 1;
                        latencies.push(now - *at);
                    }
                }
            }
            Ok(())
        })
    }
}

/// The number of an event; `None` for what is none.
fn number(message: &[u8]) -> anyhow::Result<Option<usize>> {
    let message: Value = serde_json::from_slice(message)?;
    ensure!(message["type"] != "error", "refused: {message}");
    let number = (message["type"] == "event").then(|| message["data"].as_u64());
    number.map(|number| Ok(usize::try_from(number.context("an event without a number")?)?)).transpose()
}

fn hear(heard: &mut Vec<bool>, number: usize) -> anyhow::Result<()> {
    if heard.len() <= number {
        heard.resize(number + 1, false);
    }
    ensure!(!std::mem::replace(&mut heard[number], true), "event {number} came twice");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_numbers_and_other_messages_have_none() {
        assert_eq!(number(br#"{"type":"event","event":"n","data":7}"#).unwrap(), Some(7));
        assert_eq!(number(br#"{"type":"presence","room":"r","joined":[]}"#).unwrap(), None);
        assert!(number(br#"{"type":"event","event":"n","data":"7"}"#).is_err());
        assert!(number(br#"{"type":"error","code":"forbidden"}"#).is_err());
    }

    #[test]
    fn what_is_not_heard_is_missing_and_what_is_heard_twice_is_an_error() {
        let mut room = Room::new();
        room.published.push(Instant::now());
        let mut event = br#"{"type":"event","event":"n","data":0}"#.to_vec();
        event.splice(0..0, [0x81, event.len() as u8]);
        let mut out = Outbox::for_links(MEMBERS);
        for link in 1..MEMBERS {
            room.receive(link, &event, &mut out).unwrap();
        }
        assert_eq!((room.missing(), room.latencies.len()), (1, MEMBERS - 1));
        assert!(room.receive(1, &event, &mut out).is_err());
    }
}
