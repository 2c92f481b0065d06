//! The server under abuse: members of a room in `ropeway serve`, first left alone and then while others attack.
//!
//! Each attack has a server of its own. Its members live in this process on the core of the load; the attackers are a process
//! of their own on the same core, as nice as can be, so that they take the server's time rather than the members'.

mod attackers;
mod members;
mod offender;

use std::time::Duration;

use anyhow::{Context, ensure};
use clap::ValueEnum;

pub(crate) use attackers::{Attack, attack};
use members::{Figures, Members};
use offender::Offender;

use crate::options::Options;
use crate::report::print_table;
use crate::servers::compile;
use crate::servers::process::Running;

/// Before anything is measured, and between the beginning of an attack and measuring.
const SETTLING: Duration = Duration::from_millis(500);
/// Measured without an attack.
const QUIET: Duration = Duration::from_secs(3);
/// Measured under attack.
const ATTACKED: Duration = Duration::from_secs(4);

/// What came of one attack.
struct Outcome {
    quiet: Figures,
    attacked: Figures,
    /// Events that a member never got.
    lost: u64,
    /// What the attackers did, in their unit, in the whole time of the attack.
    done: u64,
}

/// All attacks that are wanted, one after the other.
pub(crate) fn abuse(options: &Options) -> anyhow::Result<()> {
    let binary = compile::ropeway(options)?;
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/src/abuse/server.toml");
    let words = [&binary.display().to_string(), "serve", "--log", "warn", "--config", config];
    let words = words.map(String::from);
    let mut lines = Vec::new();
    for &attack in Attack::value_variants().iter().filter(|attack| options.wants(attack.name())) {
        eprintln!("abuse: {}", attack.name());
        let server = Running::spawn(options.cores(), &words)?;
        let outcome = endure(&server, attack).with_context(|| attack.name())?;
        server.terminate()?;
        lines.push(line(attack, &outcome));
    }
    ensure!(!lines.is_empty(), "no such case");
    print_table(
        "Abuse: 100 members of a room, 100 events a second, 10,000 deliveries a second",
        &HEADER,
        &lines,
    );
    Ok(())
}

fn endure(server: &Running, attack: Attack) -> anyhow::Result<Outcome> {
    let mut members = Members::join(server)?;
    members.live(SETTLING)?;
    let quiet = members.live(QUIET)?;
    let offender = Offender::start(attack, server.address)?;
    members.live(SETTLING)?;
    let attacked = members.live(ATTACKED)?;
    let done = offender.stop()?;
    Ok(Outcome { quiet, attacked, lost: members.lost()?, done })
}

const HEADER: [&str; 10] = [
    "attack",
    "what the attackers did",
    "p50 quiet, ms",
    "p50 attacked, ms",
    "p99 quiet, ms",
    "p99 attacked, ms",
    "p99 attacked / quiet",
    "lost",
    "RSS quiet / peak, MiB",
    "server CPU quiet / attacked, s/s",
];

fn line(attack: Attack, outcome: &Outcome) -> Vec<String> {
    let Outcome { quiet, attacked, lost, done } = outcome;
    let milliseconds = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1e3);
    let [quiet_p99, attacked_p99] = [quiet, attacked].map(|figures| figures.quantile(0.99));
    let mib = |bytes: u64| format!("{:.1}", bytes as f64 / f64::from(1 << 20));
    vec![
        attack.title().into(),
        attack.came(*done),
        milliseconds(quiet.quantile(0.5)),
        milliseconds(attacked.quantile(0.5)),
        milliseconds(quiet_p99),
        milliseconds(attacked_p99),
        format!("{:.1}", attacked_p99.as_secs_f64() / quiet_p99.as_secs_f64()),
        lost.to_string(),
        format!("{} / {}", mib(quiet.resident), mib(attacked.resident)),
        format!("{:.2} / {:.2}", quiet.cpu_share(), attacked.cpu_share()),
    ]
}
