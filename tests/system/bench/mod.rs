//! `ropeway bench` against servers whose faults are known: what it reports has to be what they did.

mod counts;
mod failures;
mod figures;
mod generator;
mod live;
mod odd;
mod report;
mod scenarios;
mod strange;

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

/// What came of a run.
struct Done {
    status: ExitStatus,
    out: String,
    err: String,
    /// Null where there is none.
    report: Value,
}

impl Done {
    /// A figure by its JSON pointer, such as `/messages/lost`.
    #[track_caller]
    fn figure(&self, pointer: &str) -> f64 {
        let figure = self.report.pointer(pointer).and_then(Value::as_f64);
        figure.unwrap_or_else(|| panic!("no {pointer} in {}\n{}", self.report, self.err))
    }

    #[track_caller]
    fn count(&self, pointer: &str) -> u64 {
        self.figure(pointer) as u64
    }

    /// A time in milliseconds.
    #[track_caller]
    fn millis(&self, pointer: &str) -> f64 {
        self.figure(pointer) / 1e3
    }

    #[track_caller]
    fn succeeded(self) -> Self {
        assert_eq!(self.status.code(), Some(0), "{}\n{}", self.out, self.err);
        self
    }
}

/// `ropeway bench` with flags and without what the surroundings of the test may say.
fn bench(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ropeway"));
    let is_ours = |name: &std::ffi::OsString| name.to_string_lossy().starts_with("ROPEWAY_");
    std::env::vars_os().filter(|(name, _)| is_ours(name)).for_each(|(name, _)| {
        command.env_remove(name);
    });
    command.arg("bench").args(flags).arg("--no-proxy");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs to the end, and reads the report.
fn run(flags: &[&str]) -> Done {
    let file = file("json");
    let mut command = bench(flags);
    command.arg("--json").arg(&file);
    finish(command.spawn().unwrap(), &file)
}

/// Waits for the end of a run that writes its report to `file`.
fn finish(child: Child, file: &PathBuf) -> Done {
    let output = child.wait_with_output().unwrap();
    let report = fs::read_to_string(file).map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Done { status: output.status, out: text(output.stdout), err: text(output.stderr), report }
}

/// The path of a new file.
fn file(extension: &str) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("bench-{}-{number}.{extension}", std::process::id());
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// A new file with this in it.
fn file_with(extension: &str, text: &str) -> PathBuf {
    let path = file(extension);
    fs::write(&path, text).unwrap();
    path
}
