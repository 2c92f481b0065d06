//! What is asked of the connections.

use anyhow::{bail, ensure};

use super::link::Link;
use super::packets::{Events, Expected};
use crate::load::fanout::Deliveries;
use crate::load::{Outbox, Workload};

/// `outstanding` events without their acknowledgement on every connection, at all times.
pub(crate) struct Acks {
    outstanding: usize,
    links: Vec<(Link, Events, Expected)>,
}

impl Acks {
    pub(crate) fn new(links: Vec<Link>, payload: &[u8], outstanding: usize) -> Self {
        let link = |(index, link)| (link, Events::with_ack(payload, index), Expected::acks(payload));
        Self { outstanding, links: links.into_iter().enumerate().map(link).collect() }
    }
}

impl Workload for Acks {
    fn begin(&mut self, out: &mut Outbox) -> anyhow::Result<()> {
        for (index, (_, events, _)) in self.links.iter_mut().enumerate() {
            for _ in 0..self.outstanding {
                events.send(index, out);
            }
        }
        Ok(())
    }

    fn receive(&mut self, index: usize, bytes: &[u8], out: &mut Outbox) -> anyhow::Result<()> {
        let (link, events, expected) = &mut self.links[index];
        for _ in 0..check(link, index, bytes, expected, out)? {
            out.count();
            events.send(index, out);
        }
        Ok(())
    }
}

/// One connection publishes, every connection gets it; `outstanding` publishes are not yet with everybody, at all times.
pub(crate) struct Room {
    publisher: Events,
    links: Vec<(Link, Expected)>,
    deliveries: Deliveries,
}

impl Room {
    pub(crate) fn new(links: Vec<Link>, payload: &[u8], outstanding: usize) -> Self {
        Self {
            publisher: Events::publishes(payload, 0),
            deliveries: Deliveries::new(links.len(), outstanding),
            links: links.into_iter().map(|link| (link, Expected::events(payload))).collect(),
        }
    }
}

impl Workload for Room {
    fn begin(&mut self, out: &mut Outbox) -> anyhow::Result<()> {
        for _ in 0..self.deliveries.outstanding() {
            self.publisher.send(0, out);
        }
        Ok(())
    }

    fn receive(&mut self, index: usize, bytes: &[u8], out: &mut Outbox) -> anyhow::Result<()> {
        let (link, expected) = &mut self.links[index];
        for _ in 0..check(link, index, bytes, expected, out)? {
            out.count();
            if self.deliveries.note(index) {
                self.publisher.send(0, out);
            }
        }
        Ok(())
    }
}

/// How many of the expected messages `bytes` complete.
fn check(
    link: &mut Link,
    index: usize,
    bytes: &[u8],
    expected: &mut Expected,
    out: &mut Outbox,
) -> anyhow::Result<usize> {
    let mut count = 0;
    answer(link, index, bytes, out, |message| {
        ensure!(expected.is_next(message), "not what was expected: {}", String::from_utf8_lossy(message));
        count += 1;
        Ok(())
    })?;
    Ok(count)
}

/// Connections that only answer heartbeats.
pub(crate) struct Idle {
    links: Vec<Link>,
}

impl Idle {
    pub(crate) fn new(links: Vec<Link>) -> Self {
        Self { links }
    }
}

impl Workload for Idle {
    fn begin(&mut self, _out: &mut Outbox) -> anyhow::Result<()> {
        Ok(())
    }

    fn receive(&mut self, index: usize, bytes: &[u8], out: &mut Outbox) -> anyhow::Result<()> {
        answer(&mut self.links[index], index, bytes, out, |message| {
            bail!("a message that nobody asked for: {}", String::from_utf8_lossy(message));
        })
    }
}

fn answer(
    link: &mut Link,
    index: usize,
    bytes: &[u8],
    out: &mut Outbox,
    each: impl FnMut(&[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut control = Vec::new();
    link.receive(bytes, &mut control, each)?;
    if !control.is_empty() {
        out.bytes(index).extend_from_slice(&control);
    }
    Ok(())
}
