//! The load tester itself: how much one core of `ropeway bench` does with every latency recorded, and what a connection weighs
//! in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::options::Options;
use crate::report::{Spread, print_table};
use crate::servers::compile;
use crate::servers::process::Running;
use crate::servers::{Deflate, Job, Server};

/// Connections of the echo cases.
const CONNECTIONS: &str = "100";

/// How long the connections of the memory case may take to be opened.
const OPENING: Duration = Duration::from_secs(120);

/// Echo with one and with sixteen messages under way, and idle connections; against our echo server on the other core.
pub(crate) fn generator(options: &Options) -> anyhow::Result<()> {
    let bench = compile::ropeway(options)?;
    let echo =
        compile::server_for(options, Server::Ropeway, Job::Echo(Deflate::Off))?.context("no echo server")?;
    let start = || Running::start(options, (Server::Ropeway, &echo), Job::Echo(Deflate::Off), false, &[]);
    let mut lines = Vec::new();
    for (name, depth) in [("20", "1"), ("20x16", "16")] {
        if options.wants(name) {
            eprintln!("generator: {name}");
            let runs = (0..options.rounds).map(|_| echoes(options, &bench, &start()?, depth));
            lines.push(line(name, &runs.collect::<anyhow::Result<Vec<_>>>()?));
        }
    }
    let header = ["case", "answered a second", "cores used", "a second and core"];
    if !lines.is_empty() {
        print_table("Generator: `ropeway bench`, 100 connections", &header, &lines);
    }
    if options.wants("idle") {
        let bytes = Spread::of([idle(options, &bench, &start()?)?].into_iter());
        let title = format!("Generator: {} idle connections", options.connections);
        print_table(&title, &["bytes a connection"], &[vec![bytes.with(0)]]);
    }
    Ok(())
}

/// Messages a second, and cores that they took.
struct Run {
    rate: f64,
    cores: f64,
}

fn line(name: &str, runs: &[Run]) -> Vec<String> {
    let spread = |figure: fn(&Run) -> f64| Spread::of(runs.iter().map(figure));
    vec![
        name.into(),
        spread(|run| run.rate).with(0),
        spread(|run| run.cores).with(2),
        spread(|run| run.rate / run.cores).with(0),
    ]
}

fn echoes(options: &Options, bench: &Path, server: &Running, depth: &str) -> anyhow::Result<Run> {
    let file = report_file();
    let mut command = bench_on(bench, server);
    command.args(["-c", CONNECTIONS, "--size", "20", "--depth", depth, "--json"]).arg(&file);
    command.args(["-d", &format!("{}ms", options.measured().as_millis())]);
    command.args(["--warmup", &format!("{}ms", options.warm_up().as_millis())]);
    let status = command.status()?;
    ensure!(status.success(), "`ropeway bench` ended with {status}");
    let report: Value = serde_json::from_str(&fs::read_to_string(&file)?)?;
    fs::remove_file(&file)?;
    let figure = |pointer: &str| report.pointer(pointer).and_then(Value::as_f64).context("no such figure");
    ensure!(report["errors"] == serde_json::json!({}), "errors: {}", report["errors"]);
    Ok(Run { rate: figure("/rates/matched")?, cores: figure("/generator_cpu")? })
}

/// Resident bytes a connection: those with all connections less those with ten, by the difference.
fn idle(options: &Options, bench: &Path, server: &Running) -> anyhow::Result<f64> {
    eprintln!("generator: idle");
    let few = held(bench, server, 10)?;
    let many = held(bench, server, options.connections)?;
    Ok((many as f64 - few as f64) / (options.connections - 10) as f64)
}

fn held(bench: &Path, server: &Running, connections: usize) -> anyhow::Result<u64> {
    let mut command = bench_on(bench, server);
    command.args(["-p", "idle", "-d", "10m", "-c", &connections.to_string()]);
    let child = Ended(command.spawn()?);
    let start = Instant::now();
    while fs::read_dir(format!("/proc/{}/fd", child.0.id()))?.count() < connections {
        ensure!(start.elapsed() < OPENING, "{connections} connections are not open in time");
        std::thread::sleep(Duration::from_millis(100));
    }
    // What the opening took is given back, and the first steps are counted.
    std::thread::sleep(Duration::from_secs(3));
    resident(&child.0)
}

fn resident(child: &Child) -> anyhow::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", child.id()))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Rss:")).context("no Rss")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}

/// This thread is on the core of the load, and so is its child.
fn bench_on(bench: &Path, server: &Running) -> Command {
    let mut command = Command::new(bench);
    command.args(["bench", &format!("ws://{}/", server.address), "--quiet", "--no-proxy"]);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn report_file() -> PathBuf {
    std::env::temp_dir().join(format!("ropeway-generator-{}.json", std::process::id()))
}

/// A child that is ended when this is dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // Both fail only for a child that is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
