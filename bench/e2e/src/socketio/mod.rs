//! Socket.IO over its WebSocket transport: acknowledgements, a room, idle connections.

use std::net::TcpStream;

use anyhow::{Context, ensure};

use crate::cases::{SOCKETIO, SOCKETIO_IDLE, Shape, SocketIoCase};
use crate::load::{Load, Sample, Stop};
use crate::memory::{settled, sleep};
use crate::options::Options;
use crate::report::{Spread, print_cpu, print_rows, print_table};
use crate::servers::Job;
use crate::servers::process::Running;
use crate::throughput::{Built, binaries, rounds, stop};

mod link;
mod packets;
mod work;

use link::Link;
use work::{Acks, Idle, Room};

/// All cases for all servers that speak it.
pub(crate) fn socketio(options: &Options) -> anyhow::Result<()> {
    let binaries = binaries(options, Job::SocketIo, |_| true)?;
    ensure!(
        SOCKETIO.iter().any(|case| options.wants(case.name)) || options.wants(SOCKETIO_IDLE),
        "no such case"
    );
    let (mut acks, mut rooms) = (Vec::new(), Vec::new());
    for case in SOCKETIO.iter().filter(|case| options.wants(case.name)) {
        let rows = rounds(options, &binaries, case.title, |built| run(options, built, case))?;
        match case.shape {
            Shape::Acks => acks.push((case.title, rows)),
            Shape::Room => rooms.push((case.title, rows)),
        }
    }
    let all: Vec<_> = acks.iter().chain(&rooms).map(|(title, rows)| (*title, rows.as_slice())).collect();
    print_cpu("Socket.IO: server CPU, us a message or a delivery", &all);
    for (tables, unit) in [(&acks, "message"), (&rooms, "delivery")] {
        if !tables.is_empty() {
            print_rows(&format!("Socket.IO by {unit}"), unit, tables);
        }
    }
    if options.wants(SOCKETIO_IDLE) {
        idle(options, &binaries)?;
    }
    Ok(())
}

fn run(options: &Options, built: &Built, case: &SocketIoCase) -> anyhow::Result<Sample> {
    let server = Running::start(options, (built.0, &built.1), Job::SocketIo, false, &[])?;
    run_on(&server, case, stop(options))
}

/// One run of a case against a server that is there.
pub(crate) fn run_on(server: &Running, case: &SocketIoCase, stop: Stop) -> anyhow::Result<Sample> {
    let (streams, links) = connect(server, case.connections)?;
    let mut load = Load::new(streams)?;
    let payload = payloads::binary(case.bytes);
    match case.shape {
        Shape::Acks => load.run(server, &mut Acks::new(links, &payload, case.outstanding), stop),
        Shape::Room => load.run(server, &mut Room::new(links, &payload, case.outstanding), stop),
    }
}

fn connect(server: &Running, count: usize) -> anyhow::Result<(Vec<TcpStream>, Vec<Link>)> {
    let one = |index| Link::open(server).with_context(|| format!("connection {index}"));
    (0..count).map(one).collect()
}

/// Fewer than the memory of bare WebSockets takes: the reference would need minutes.
const IDLE_CONNECTIONS: usize = 5_000;

fn idle(options: &Options, binaries: &[Built]) -> anyhow::Result<()> {
    let count = options.connections.min(IDLE_CONNECTIONS);
    let mut bytes = vec![Vec::new(); binaries.len()];
    for round in 1..=options.rounds.min(3) {
        eprintln!("Socket.IO, idle: round {round}");
        for (built, bytes) in binaries.iter().zip(&mut bytes) {
            bytes.push(idle_bytes(options, built, count).with_context(|| built.0.name())?);
        }
    }
    let line = |(built, bytes): (&Built, Vec<f64>)| {
        vec!["idle".into(), built.0.to_string(), Spread::of(bytes.into_iter()).with(0)]
    };
    let lines: Vec<Vec<String>> = binaries.iter().zip(bytes).map(line).collect();
    let title = format!("Socket.IO: resident bytes per idle connection, {count} connections");
    print_table(&title, &["case", "server", "bytes per connection"], &lines);
    Ok(())
}

fn idle_bytes(options: &Options, built: &Built, count: usize) -> anyhow::Result<f64> {
    let server = Running::start(options, (built.0, &built.1), Job::SocketIo, false, &[])?;
    let before = settled(&server, sleep)?;
    let (streams, links) = connect(&server, count)?;
    let (mut load, mut work) = (Load::new(streams)?, Idle::new(links));
    let after = settled(&server, |time| load.attend(&mut work, time))?;
    Ok((after as f64 - before as f64) / count as f64)
}
