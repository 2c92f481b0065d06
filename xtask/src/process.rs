//! Running other programs: to their end, for their output, or as a server beside a test.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// How long a server may take until it has said where it listens.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// Runs a command to its end; what it prints goes where our own output goes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().with_context(|| cannot_start(command))?;
    ensure!(status.success(), "`{}` ended with {status}", shown(command));
    Ok(())
}

/// Like [`run`], but kills the command when it takes longer; standard output and error stay as they were set.
pub(crate) fn run_within(limit: Duration, command: &mut Command) -> Result<()> {
    let mut guard = Guard::start(command)?;
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = guard.child.try_wait()? {
            ensure!(status.success(), "`{}` ended with {status}", shown(command));
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "`{}` was killed after {} s", shown(command), limit.as_secs());
        thread::sleep(Duration::from_millis(20));
    }
}

/// Runs a command to its end and returns what it wrote to standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| cannot_start(command))?;
    ensure!(output.status.success(), "`{}` ended with {}", shown(command), output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program is there and works: the command ends with success, whatever it prints.
pub(crate) fn works(program: impl AsRef<OsStr>, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Where a program of the search path is.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// A running program that is killed when this is dropped.
pub(crate) struct Guard {
    child: Child,
}

impl Guard {
    /// Starts a program without standard input.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).spawn().with_context(|| cannot_start(command))?;
        Ok(Self { child })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Both fail only for a child that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that serves while a test runs. It is killed when this is dropped.
pub(crate) struct Server {
    /// Held for its drop.
    _running: Guard,
    address: SocketAddr,
}

impl Server {
    /// Starts a server and waits until it says, on standard output or error, at which loopback address it listens.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let mut running = Guard::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
        let address = announced_address(&mut running.child)
            .with_context(|| format!("`{}` did not become ready", shown(command)))?;
        Ok(Self { _running: running, address })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

fn announced_address(child: &mut Child) -> Result<SocketAddr> {
    let (lines, said) = mpsc::channel();
    forward_lines(child.stdout.take(), lines.clone());
    forward_lines(child.stderr.take(), lines);
    first_address(&said)
}

/// Reads a stream to its end on a thread of its own, so that the child never blocks on a full pipe.
fn forward_lines(stream: Option<impl Read + Send + 'static>, lines: Sender<String>) {
    let Some(stream) = stream else { return };
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            // Nobody listens once the address is known; the pipe is still to be emptied.
            let _ = lines.send(line);
        }
    });
}

fn first_address(said: &Receiver<String>) -> Result<SocketAddr> {
    let deadline = Instant::now() + READY_WITHIN;
    let mut seen = String::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(line) = said.recv_timeout(left) else { bail!("it named no address; it said:\n{seen}") };
        if let Some(address) = loopback_address(&line) {
            return Ok(address);
        }
        seen.push_str(&line);
        seen.push('\n');
    }
}

/// The first `127.0.0.1:PORT` in a line.
fn loopback_address(line: &str) -> Option<SocketAddr> {
    let rest = &line[line.find("127.0.0.1:")?..];
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':').unwrap_or(rest.len());
    rest[..end].trim_end_matches(['.', ':']).parse().ok().filter(|address: &SocketAddr| address.port() != 0)
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start `{}`", command.get_program().to_string_lossy())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_a_line() {
        let found = |line| loopback_address(line).map(|address| address.port());
        assert_eq!(found("listening on ws://127.0.0.1:4711/echo"), Some(4711));
        assert_eq!(found("\u{1b}[1mhttp://127.0.0.1:80\u{1b}[0m."), Some(80));
        assert_eq!(found("asked for 127.0.0.1:0"), None);
        assert_eq!(found("nothing here"), None);
    }

    #[test]
    fn a_server_that_ends_at_once_is_reported_with_what_it_said() {
        let error = Server::start(Command::new("sh").args(["-c", "echo no port left"])).err().unwrap();
        assert!(format!("{error:#}").contains("no port left"), "{error:#}");
    }

    #[test]
    fn a_server_is_ready_when_it_names_its_address() {
        let server =
            Server::start(Command::new("sh").args(["-c", "echo at 127.0.0.1:1234; exec sleep 60"])).unwrap();
        assert_eq!(server.address().port(), 1234);
    }
}
