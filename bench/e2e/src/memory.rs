//! Memory of idle connections: resident bytes of the server with them, less those without, per connection.

use std::time::Duration;

use anyhow::{Context, ensure};

use crate::load::{Load, Stop};
use crate::load::{native, wire};
use crate::options::{Members, Options};
use crate::report::{Spread, print_table};
use crate::servers::compile;
use crate::servers::process::Running;
use crate::servers::{Deflate, Job, Server};
use crate::throughput::{Built, binaries, connect, connect_deflate};

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
        native::join(&mut stream, &room).with_context(|| format!("member {index}"))?;
        streams.push(stream);
    }
    // What others' joins brought is read, so that nothing waits in the server.
    streams.iter_mut().try_for_each(native::drain)?;
    let bytes = (settled(&server, sleep)? as f64 - before as f64) / options.connections as f64;
    let title = format!("Memory: {} members of rooms of {}", options.connections, how.room_size);
    print_table(
        &title,
        &["server", "bytes per member"],
        &[vec!["ropeway serve".into(), format!("{bytes:.0}")]],
    );
    Ok(())
}
