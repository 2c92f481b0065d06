//! Echo, deflate and fan-out in time: servers in turns, several rounds, each against bare TCP of its round.

use std::collections::HashMap;
use std::net::TcpStream;
use std::path::PathBuf;

use anyhow::{Context, ensure};

use crate::cases::{DEFLATE, DeflateCase, ECHO, EchoCase, FANOUT, FANOUT_BYTES, FanoutCase};
use crate::load::deflate::DeflateEcho;
use crate::load::echo::{Echo, Framing};
use crate::load::fanout::Fanout;
use crate::load::wire;
use crate::load::{Load, Sample, Stop};
use crate::options::Options;
use crate::report::{Row, Spread, print_relative, print_rows};
use crate::servers::compile;
use crate::servers::process::Running;
use crate::servers::{Deflate, Job, Server};

/// Echo without compression.
pub(crate) fn echo(options: &Options) -> anyhow::Result<()> {
    let binaries = binaries(options, Job::Echo(Deflate::Off), |_| true)?;
    let mut tables = Vec::new();
    for case in ECHO.iter().filter(|case| options.wants(case.name)) {
        tables.push((
            case.title,
            rounds(options, &binaries, case.title, |server| run_echo(options, server, case))?,
        ));
    }
    ensure!(!tables.is_empty(), "no such case");
    print_relative("Echo: server CPU per message, relative to bare TCP", &tables);
    print_rows("Echo", "message", &tables);
    Ok(())
}

/// Echo with compression.
pub(crate) fn deflate(options: &Options) -> anyhow::Result<()> {
    // Bare TCP says nothing here: what is measured is the compressor.
    let binaries = binaries(options, Job::Echo(Deflate::Takeover), Server::deflates)?;
    let mut tables = Vec::new();
    for case in DEFLATE.iter().filter(|case| options.wants(case.name)) {
        tables.push((
            case.title,
            rounds(options, &binaries, case.title, |server| run_deflate(options, server, case))?,
        ));
    }
    ensure!(!tables.is_empty(), "no such case");
    print_rows("permessage-deflate", "message", &tables);
    Ok(())
}

/// Broadcast.
pub(crate) fn fanout(options: &Options) -> anyhow::Result<()> {
    let binaries = binaries(options, Job::Broadcast, Server::broadcasts)?;
    let mut tables = Vec::new();
    for case in FANOUT.iter().filter(|case| options.wants(case.name)) {
        tables.push((
            case.title,
            rounds(options, &binaries, case.title, |server| run_fanout(options, server, case))?,
        ));
    }
    ensure!(!tables.is_empty(), "no such case");
    print_relative("Fan-out: server CPU per delivery, relative to bare TCP", &tables);
    print_rows("Fan-out", "delivery", &tables);
    Ok(())
}

/// A server and its binary.
pub(crate) type Built = (Server, PathBuf);

/// Builds what was asked for and can do the job; bare TCP comes first where it can.
pub(crate) fn binaries(
    options: &Options,
    job: Job,
    able: impl Fn(Server) -> bool,
) -> anyhow::Result<Vec<Built>> {
    let mut built = Vec::new();
    for server in Server::ALL {
        let wanted = server == Server::Tcp || options.peers.contains(&server);
        if wanted && server.speaks(job) && able(server) {
            built.extend(compile::server_for(options, server, job)?.map(|path| (server, path)));
        }
    }
    Ok(built)
}

/// Rounds of a case in which the servers take turns.
pub(crate) fn rounds(
    options: &Options,
    binaries: &[Built],
    title: &str,
    run: impl Fn(&Built) -> anyhow::Result<Sample>,
) -> anyhow::Result<Vec<Row>> {
    let mut samples: HashMap<Server, Vec<Sample>> = HashMap::new();
    for round in 1..=options.rounds {
        eprintln!("{title}: round {round} of {}", options.rounds);
        for built in binaries {
            let sample = run(built).with_context(|| format!("{}: {title}", built.0))?;
            samples.entry(built.0).or_default().push(sample);
        }
    }
    let bare: Option<Vec<f64>> = samples.get(&Server::Tcp).map(|bare| bare.iter().map(cpu_micros).collect());
    let rows = binaries.iter().map(|(server, _)| row(*server, &samples[server], bare.as_deref()));
    Ok(rows.collect())
}

fn row(server: Server, samples: &[Sample], bare: Option<&[f64]>) -> Row {
    let relative =
        bare.map(|bare| Spread::of(samples.iter().zip(bare).map(|(sample, bare)| cpu_micros(sample) / bare)));
    Row {
        server,
        per_second: Spread::of(
            samples.iter().map(|sample| sample.messages as f64 / sample.wall.as_secs_f64()),
        ),
        cpu_micros: Spread::of(samples.iter().map(cpu_micros)),
        cpu_share: Spread::of(
            samples.iter().map(|sample| sample.cpu.as_secs_f64() / sample.wall.as_secs_f64()),
        ),
        bytes: Spread::of(samples.iter().map(|sample| sample.bytes as f64 / sample.messages as f64)),
        relative,
    }
}

fn cpu_micros(sample: &Sample) -> f64 {
    sample.cpu.as_secs_f64() * 1e6 / sample.messages as f64
}

/// As the options have it.
pub(crate) fn stop(options: &Options) -> Stop {
    Stop::After { warm_up: options.warm_up(), measured: options.measured() }
}

fn run_echo(options: &Options, built: &Built, case: &EchoCase) -> anyhow::Result<Sample> {
    let server = Running::start(options, (built.0, &built.1), Job::Echo(Deflate::Off), false, &[])?;
    run_echo_on(&server, built.0, case, stop(options))
}

/// One run of an echo case against a server that is there.
pub(crate) fn run_echo_on(
    server: &Running,
    kind: Server,
    case: &EchoCase,
    stop: Stop,
) -> anyhow::Result<Sample> {
    let mut load = Load::new(connect(server, kind, case.connections)?)?;
    let payload = case.payload.bytes();
    let mut work =
        Echo::new(framing(kind), case.payload.opcode(), &payload, case.connections, case.outstanding);
    load.run(server, &mut work, stop)
}

fn run_deflate(options: &Options, built: &Built, case: &DeflateCase) -> anyhow::Result<Sample> {
    let server = Running::start(options, (built.0, &built.1), Job::Echo(case.deflate), false, &[])?;
    let (mut load, mut work) = connect_deflate(&server, case.deflate, case.connections)?;
    load.run(&server, &mut work, stop(options))
}

/// Connections with permessage-deflate and the load for them.
pub(crate) fn connect_deflate(
    server: &Running,
    deflate: Deflate,
    count: usize,
) -> anyhow::Result<(Load, DeflateEcho)> {
    let mut streams = Vec::with_capacity(count);
    let mut agreed = Vec::with_capacity(count);
    for _ in 0..count {
        let (stream, parameters) = wire::connect(server.address, "/", deflate)?;
        streams.push(stream);
        agreed.extend(parameters);
    }
    if agreed.first().is_some_and(|agreed| agreed.server_no_takeover && deflate == Deflate::Takeover) {
        eprintln!("  (this server does not take its context over)");
    }
    Ok((Load::new(streams)?, DeflateEcho::new(&agreed)))
}

fn run_fanout(options: &Options, built: &Built, case: &FanoutCase) -> anyhow::Result<Sample> {
    let server = Running::start(options, (built.0, &built.1), Job::Broadcast, false, &[])?;
    let mut load = Load::new(connect(&server, built.0, case.connections)?)?;
    let payload = payloads::binary(FANOUT_BYTES);
    let mut work = Fanout::new(framing(built.0), &payload, case.connections, case.outstanding);
    load.run(&server, &mut work, stop(options))
}

/// Plain connections, upgraded unless the server is bare TCP.
pub(crate) fn connect(server: &Running, kind: Server, count: usize) -> anyhow::Result<Vec<TcpStream>> {
    let one = |_| match framing(kind) {
        Framing::Raw => wire::tcp(server.address),
        Framing::WebSocket => Ok(wire::connect(server.address, "/", Deflate::Off)?.0),
    };
    (0..count).map(one).collect()
}

fn framing(kind: Server) -> Framing {
    if kind == Server::Tcp { Framing::Raw } else { Framing::WebSocket }
}
