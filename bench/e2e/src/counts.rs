//! What does not scatter: user instructions and system calls per message.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::cases::{COUNTED, EchoCase, SOCKETIO, SocketIoCase};
use crate::load::Stop;
use crate::options::Options;
use crate::report::print_table;
use crate::servers::process::Running;
use crate::servers::{Deflate, Job, Server};
use crate::socketio;
use crate::throughput::{Built, binaries, run_echo_on};

/// What is counted.
#[derive(Clone, Copy, Debug)]
enum Case {
    Echo(&'static EchoCase),
    /// Counted by acknowledgement or delivery.
    SocketIo(&'static SocketIoCase),
}

impl Case {
    fn all() -> impl Iterator<Item = Self> {
        COUNTED.iter().map(Self::Echo).chain(SOCKETIO.iter().map(Self::SocketIo))
    }

    fn name(self) -> &'static str {
        match self {
            Case::Echo(case) => case.name,
            Case::SocketIo(case) => case.name,
        }
    }

    fn title(self) -> String {
        match self {
            Case::Echo(case) => case.title.to_owned(),
            Case::SocketIo(case) => format!("Socket.IO: {}", case.title),
        }
    }

    fn job(self) -> Job {
        match self {
            Case::Echo(_) => Job::Echo(Deflate::Off),
            Case::SocketIo(_) => Job::SocketIo,
        }
    }

    /// Exactly as many messages, all of which come back.
    fn run(self, server: &Running, kind: Server, messages: u64) -> anyhow::Result<()> {
        let stop = Stop::Count { sent: messages, received: messages };
        match self {
            Case::Echo(case) => run_echo_on(server, kind, case, stop)?,
            Case::SocketIo(case) => socketio::run_on(server, case, stop)?,
        };
        Ok(())
    }
}

/// Message counts whose difference makes the slope: start, handshakes and the first growth of buffers cancel.
const SLOPE: (u64, u64) = (5_000, 15_000);

/// Has glibc copy and fill with ordinary instructions: callgrind counts a `rep movsb` or `rep stosb` as one for every byte.
const PLAIN_COPIES: &str = "GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=0x7fffffff:glibc.cpu.x86_rep_stosb_threshold=0x7fffffff";

/// User instructions, counted by callgrind.
pub(crate) fn instructions(options: &Options) -> anyhow::Result<()> {
    let keep = options.keep.clone();
    let folder = keep
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("ropeway-e2e-{}", std::process::id())));
    fs::create_dir_all(&folder)?;
    let count = |built: &Built, case: Case| Ok(vec![slope(options, built, case, &folder)?.round()]);
    // Node makes its code while it runs: callgrind would count the making.
    let able = |server| server != Server::SocketioNode;
    let result =
        table(options, "User instructions per message (callgrind)", &["instructions"], 0, able, count);
    if keep.is_none() {
        fs::remove_dir_all(&folder)?;
    }
    result
}

fn slope(options: &Options, built: &Built, case: Case, folder: &Path) -> anyhow::Result<f64> {
    let low = callgrind(options, built, case, SLOPE.0, folder)?;
    let high = callgrind(options, built, case, SLOPE.1, folder)?;
    Ok((high as f64 - low as f64) / (SLOPE.1 - SLOPE.0) as f64)
}

fn callgrind(
    options: &Options,
    built: &Built,
    case: Case,
    messages: u64,
    folder: &Path,
) -> anyhow::Result<u64> {
    let profile = folder.join(format!("callgrind.{}.{}.{messages}", built.0, case.name()));
    let wrapper =
        ["env", PLAIN_COPIES, "valgrind", "-q", "--tool=callgrind", &out_file(&profile)].map(String::from);
    let server = Running::start(options, (built.0, &built.1), case.job(), false, &wrapper)?;
    case.run(&server, built.0, messages)?;
    server.terminate()?;
    let text = fs::read_to_string(&profile).context("callgrind left no profile")?;
    let total =
        text.lines().find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
    Ok(total.context("the profile has no total")?.trim().parse()?)
}

fn out_file(profile: &Path) -> String {
    format!("--callgrind-out-file={}", profile.display())
}

/// System calls, counted from outside while a fixed number of messages passes.
pub(crate) fn syscalls(options: &Options) -> anyhow::Result<()> {
    let tool = Tool::find()?;
    let title = format!("System calls per message ({})", tool.name());
    let names = ["all", "reads", "writes", "waits"];
    table(options, &title, &names, 3, |_| true, |built, case| count_calls(options, tool, built, case))
}

fn count_calls(options: &Options, tool: Tool, built: &Built, case: Case) -> anyhow::Result<Vec<f64>> {
    const MESSAGES: u64 = 20_000;
    let server = Running::start(options, (built.0, &built.1), case.job(), false, &[])?;
    let file = std::env::temp_dir().join(format!("ropeway-e2e-calls-{}", std::process::id()));
    // Connections are made and the first messages pass before the counting starts; both runs have their own.
    case.run(&server, built.0, 1_000)?;
    let low = tool.count(&server, &file, || case.run(&server, built.0, MESSAGES))?;
    let high = tool.count(&server, &file, || case.run(&server, built.0, 3 * MESSAGES))?;
    fs::remove_file(&file)?;
    Ok(high.iter().zip(&low).map(|(high, low)| (high - low) / (2 * MESSAGES) as f64).collect())
}

/// Runs `count` for every case and server. `columns` names what it returns.
fn table(
    options: &Options,
    title: &str,
    columns: &[&str],
    digits: usize,
    able: impl Fn(Server) -> bool,
    count: impl Fn(&Built, Case) -> anyhow::Result<Vec<f64>>,
) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    for case in Case::all().filter(|case| options.wants(case.name())) {
        // Cargo has nothing to do the second time.
        for built in &binaries(options, case.job(), &able)? {
            let values = count(built, case).with_context(|| format!("{}: {}", built.0, case.title()))?;
            eprintln!("{}: {}: {values:.digits$?}", case.title(), built.0);
            let mut line = vec![case.title(), built.0.to_string()];
            line.extend(values.iter().map(|value| format!("{value:.digits$}")));
            lines.push(line);
        }
    }
    ensure!(!lines.is_empty(), "no such case");
    print_table(title, &[&["case", "server"], columns].concat(), &lines);
    Ok(())
}

/// Who counts system calls.
#[derive(Clone, Copy, Debug)]
enum Tool {
    /// Counts in the kernel and disturbs little.
    Perf,
    /// Stops the server at every call: batches come out larger than they are.
    Strace,
}

const READS: [&str; 4] = ["read", "recvfrom", "readv", "recvmsg"];
const WRITES: [&str; 4] = ["write", "sendto", "writev", "sendmsg"];
const WAITS: [&str; 3] = ["epoll_wait", "epoll_pwait", "epoll_pwait2"];

impl Tool {
    fn find() -> anyhow::Result<Self> {
        let works = |program: &str, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        if works("perf", &["stat", "-e", "raw_syscalls:sys_enter", "true"]) {
            return Ok(Tool::Perf);
        }
        ensure!(works("strace", &["-c", "true"]), "neither perf with tracepoints nor strace works here");
        Ok(Tool::Strace)
    }

    fn name(self) -> &'static str {
        match self {
            Tool::Perf => "perf stat",
            Tool::Strace => "strace -c",
        }
    }

    /// All calls, reads, writes and waits of `server` while `run` runs.
    fn count(
        self,
        server: &Running,
        file: &PathBuf,
        run: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<[f64; 4]> {
        let pid = server.pid().to_string();
        let mut command = match self {
            Tool::Perf => {
                let mut events = vec!["raw_syscalls:sys_enter".to_owned()];
                events.extend(
                    [&READS[..], &WRITES, &WAITS]
                        .concat()
                        .iter()
                        .map(|name| format!("syscalls:sys_enter_{name}")),
                );
                let mut command = Command::new("perf");
                command.args(["stat", "-x", ",", "-e", &events.join(","), "-p", &pid, "-o"]).arg(file);
                command
            }
            Tool::Strace => {
                let mut command = Command::new("strace");
                command.args(["-c", "-f", "-p", &pid, "-o"]).arg(file);
                command
            }
        };
        let mut tool = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        // Neither says in a way worth parsing when it has attached.
        std::thread::sleep(Duration::from_millis(400));
        let outcome = run();
        interrupt(&mut tool)?;
        outcome?;
        self.parse(&fs::read_to_string(file)?)
    }

    fn parse(self, text: &str) -> anyhow::Result<[f64; 4]> {
        let mut sums = [0.0; 4];
        for line in text.lines() {
            let Some((name, calls)) = self.parse_line(line) else { continue };
            if name == "total" {
                sums[0] = calls;
            }
            for (sum, group) in sums[1..].iter_mut().zip([&READS[..], &WRITES, &WAITS]) {
                *sum += if group.contains(&name) { calls } else { 0.0 };
            }
        }
        if sums[0] == 0.0 {
            bail!("{} counted nothing: {text}", self.name());
        }
        Ok(sums)
    }

    fn parse_line(self, line: &str) -> Option<(&str, f64)> {
        match self {
            Tool::Perf => {
                let mut fields = line.split(',');
                let calls = fields.next()?.parse().ok()?;
                let event = fields.nth(1)?;
                Some((event.strip_prefix("syscalls:sys_enter_").unwrap_or("total"), calls))
            }
            // % time, seconds, usecs/call, calls, errors (may be absent), syscall
            Tool::Strace => {
                let fields: Vec<&str> = line.split_whitespace().collect();
                Some((fields.last()?, fields.get(3)?.parse().ok()?))
            }
        }
    }
}

fn interrupt(tool: &mut Child) -> anyhow::Result<()> {
    if let Some(pid) = Pid::from_raw(i32::try_from(tool.id())?) {
        kill_process(pid, Signal::INT)?;
    }
    tool.wait()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perf_lines() {
        let text = "# started\n\n30,,raw_syscalls:sys_enter,1,100.00,,\n9,,syscalls:sys_enter_recvfrom,1,100.00,,\n8,,syscalls:sys_enter_writev,1,100.00,,\n<not supported>,,x,,\n";
        assert_eq!(Tool::Perf.parse(text).unwrap(), [30.0, 9.0, 8.0, 0.0]);
    }

    #[test]
    fn strace_lines() {
        let text = "% time     seconds  usecs/call     calls    errors syscall\n------ ----------- ----------- --------- --------- ----------------\n 50.00    0.1           1        10         2 recvfrom\n 50.00    0.1           1        11           sendto\n 0.00    0.1           1        3           epoll_wait\n------ ----------- ----------- --------- --------- ----------------\n100.00    0.2           1        24         2 total\n";
        assert_eq!(Tool::Strace.parse(text).unwrap(), [24.0, 10.0, 11.0, 3.0]);
    }

    #[test]
    fn nothing_counted_is_an_error() {
        assert!(Tool::Perf.parse("0,,raw_syscalls:sys_enter,1,100.00,,\n").is_err());
    }
}
