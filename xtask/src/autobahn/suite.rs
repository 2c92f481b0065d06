//! Running `wstest`: as a client that torments a server, or as a server that torments a client.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::cases::CaseSet;
use super::report::Report;
use super::subject::{Role, Subject};
use crate::{artefacts, process};

/// All cases take about 20 minutes with a slow peer; beyond this something hangs.
const ENOUGH: Duration = Duration::from_secs(60 * 60);
/// How long the suite may take to listen.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// Puts a subject through the suite and reads the report.
pub(super) fn run(wstest: &Path, subject: &Subject, cases: CaseSet) -> Result<Report> {
    let folder = empty_folder(subject.name)?;
    match &subject.role {
        Role::Client(program) => torment_client(wstest, program, subject.name, &folder, cases)?,
        _ => torment_server(wstest, subject, &folder, cases)?,
    }
    Report::read(subject.name, &folder, cases)
}

fn torment_server(wstest: &Path, subject: &Subject, folder: &Path, cases: CaseSet) -> Result<()> {
    let (server, url) = subject.role.serve()?;
    let servers = json!({ "servers": [{ "agent": subject.name, "url": url }] });
    process::run_within(ENOUGH, &mut suite(wstest, "fuzzingclient", folder, servers, cases)?)?;
    drop(server);
    Ok(())
}

fn torment_client(wstest: &Path, client: &Path, name: &str, folder: &Path, cases: CaseSet) -> Result<()> {
    let address = free_address()?;
    let url = format!("ws://{address}");
    let mut command = suite(wstest, "fuzzingserver", folder, json!({ "url": url }), cases)?;
    let _suite = process::Guard::start(command.args(["-u", "0"]))?;
    wait_for_listener(address)?;
    let mut client = Command::new(client);
    process::run_within(ENOUGH, client.args([url.as_str(), name]).stdout(log(folder, "client.log")?))
}

/// A `wstest` command with its specification written; what it prints goes to a file beside the report.
fn suite(wstest: &Path, mode: &str, folder: &Path, peer: Value, cases: CaseSet) -> Result<Command> {
    let mut spec = json!({
        "outdir": folder, "cases": cases.patterns(), "exclude-cases": [], "exclude-agent-cases": {},
        "options": { "failByDrop": false },
    });
    if let (Value::Object(spec), Value::Object(peer)) = (&mut spec, peer) {
        spec.extend(peer);
    }
    let file = folder.join("spec.json");
    fs::write(&file, spec.to_string()).with_context(|| format!("cannot write {}", file.display()))?;
    let mut command = Command::new(wstest);
    command.args(["-m", mode, "-s"]).arg(file);
    command.stdout(log(folder, "wstest.log")?).stderr(log(folder, "wstest.err")?);
    Ok(command)
}

fn empty_folder(name: &str) -> Result<PathBuf> {
    let folder = artefacts().join("autobahn").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

fn log(folder: &Path, name: &str) -> Result<Stdio> {
    Ok(File::create(folder.join(name)).with_context(|| format!("cannot write {name}"))?.into())
}

/// `wstest` cannot choose a port itself and tell us, so one is looked for that is free now.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn wait_for_listener(address: SocketAddr) -> Result<()> {
    let deadline = Instant::now() + READY_WITHIN;
    while TcpStream::connect(address).is_err() {
        ensure!(Instant::now() < deadline, "the suite does not listen at {address}");
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
