//! Memory of idle connections: resident bytes of the server with them, less those without, per connection.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::cli::{Members, Options};
use crate::compile;
use crate::load::{Load, Stop};
use crate::process::Running;
use crate::report::{Spread, print_table};
use crate::servers::{Deflate, Job, Server};
use crate::throughput::{Built, binaries, connect, connect_deflate};
use crate::wire;

/// What idles.
#[derive(Clone, Copy, Debug)]
enum Case {
    /// Connected, and nothing said.
    Idle,
    /// After one echoed message of 1 KiB JSON with permessage-deflate and takeover.
    Deflate,
}

/// Both cases for all servers.
pub(crate) fn idle(options: &Options) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    for (name, case) in [("idle", Case::Idle), ("idle-deflate", Case::Deflate)] {
        if options.wants(name) {
            lines.extend(measure_all(options, name, case)?);
        }
    }
    ensure!(!lines.is_empty(), "no such case");
    let title = format!("Memory: resident bytes per idle connection, {} connections", options.connections);
    print_table(&title, &["case", "server", "bytes per connection"], &lines);
    Ok(())
}

fn measure_all(options: &Options, name: &str, case: Case) -> anyhow::Result<Vec<Vec<String>>> {
    let able = |server: Server| match case {
        Case::Idle => true,
        Case::Deflate => server.deflates(),
    };
    let mut lines = Vec::new();
    for built in binaries(options, Job::Echo(Deflate::Off), able)? {
        eprintln!("memory: {name}: {}", built.0);
        let bytes: anyhow::Result<Vec<f64>> =
            (0..options.rounds.min(3)).map(|_| measure(options, &built, case)).collect();
        let bytes = bytes.with_context(|| format!("{}: {name}", built.0))?;
        lines.push(vec![name.into(), built.0.to_string(), Spread::of(bytes.into_iter()).with(0)]);
    }
    Ok(lines)
}

fn measure(options: &Options, built: &Built, case: Case) -> anyhow::Result<f64> {
    let deflate = match case {
        Case::Idle => Deflate::Off,
        Case::Deflate => Deflate::Takeover,
    };
    let server = Running::start(options, (built.0, &built.1), Job::Echo(deflate), true, &[])?;
    let before = settled(&server, sleep)?;
    // Held until the end of this function: they idle while the server is read.
    let (_streams, _load) = match case {
        Case::Idle => (connect(&server, built.0, options.connections)?, None),
        Case::Deflate => (Vec::new(), Some(connect_and_echo(&server, options.connections)?)),
    };
    Ok((settled(&server, sleep)? as f64 - before as f64) / options.connections as f64)
}

fn connect_and_echo(server: &Running, count: usize) -> anyhow::Result<Load> {
    let (mut load, mut work) = connect_deflate(server, Deflate::Takeover, count)?;
    let count = count as u64;
    load.run(server, &mut work, Stop::Count { sent: count, received: count })?;
    Ok(load)
}

/// Resident bytes once they have not changed for a while, in which `wait` is called again and again.
pub(crate) fn settled(
    server: &Running,
    mut wait: impl FnMut(Duration) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let (mut last, mut same) = (0, 0);
    for _ in 0..100 {
        wait(Duration::from_millis(200))?;
        let now = server.resident()?;
        same = if now == last { same + 1 } else { 0 };
        last = now;
        if same == 4 {
            break;
        }
    }
    Ok(last)
}

/// Waits and does nothing.
pub(crate) fn sleep(time: Duration) -> anyhow::Result<()> {
    std::thread::sleep(time);
    Ok(())
}

/// Idle members of rooms in `ropeway serve`.
pub(crate) fn members(options: &Options, how: &Members) -> anyhow::Result<()> {
    let binary = compile::ropeway(options)?;
    let mut words = vec![binary.display().to_string(), "serve".into()];
    words.extend(how.serve.iter().cloned());
    let server = Running::spawn(options.cores(), &words)?;
    let before = settled(&server, sleep)?;
    let mut streams = Vec::with_capacity(options.connections);
    for index in 0..options.connections {
        let room = format!("{}{}", how.prefix, index / how.room_size);
        let mut stream = wire::connect(server.address, "/ws", Deflate::Off)?.0;
        join(&mut stream, &room).with_context(|| format!("member {index}"))?;
        streams.push(stream);
    }
    // What others' joins brought is read, so that nothing waits in the server.
    streams.iter_mut().try_for_each(drain)?;
    let bytes = (settled(&server, sleep)? as f64 - before as f64) / options.connections as f64;
    let title = format!("Memory: {} members of rooms of {}", options.connections, how.room_size);
    print_table(
        &title,
        &["server", "bytes per member"],
        &[vec!["ropeway serve".into(), format!("{bytes:.0}")]],
    );
    Ok(())
}

/// Makes a connection a member of `room`, in the native protocol.
pub(crate) fn join(stream: &mut TcpStream, room: &str) -> anyhow::Result<()> {
    let mut frame = Vec::new();
    wire::put_frame(
        &mut frame,
        wire::TEXT,
        false,
        format!(r#"{{"type":"join","room":"{room}","id":"1"}}"#).as_bytes(),
        [1, 2, 3, 4],
    );
    stream.write_all(&frame)?;
    let mut seen = Vec::new();
    let mut chunk = [0; 4096];
    while !contains(&seen, br#""joined""#) {
        ensure!(!contains(&seen, br#""error""#), "refused: {}", String::from_utf8_lossy(&seen));
        let n = stream.read(&mut chunk)?;
        ensure!(n > 0, "the server ended the connection: {}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&chunk[..n]);
    }
    Ok(())
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

/// Throws away what has come; the stream is nonblocking from then on.
pub(crate) fn drain(stream: &mut TcpStream) -> anyhow::Result<()> {
    stream.set_nonblocking(true)?;
    let mut chunk = [0; 65536];
    while stream.read(&mut chunk).is_ok_and(|n| n > 0) {}
    Ok(())
}
