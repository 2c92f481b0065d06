//! The process of the attackers, as the one that measures sees it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, ensure};

use super::attackers::{Attack, READY};

/// A running attack; dropped, it ends.
pub(crate) struct Offender {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Offender {
    /// Returns when the attack begins. The child inherits the core of this thread.
    pub(crate) fn start(attack: Attack, target: SocketAddr) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["attack", attack.name(), &target.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let said = BufReader::new(child.stdout.take().context("no standard output")?);
        let mut offender = Self { child, said };
        ensure!(offender.hear()? == READY, "the attackers did not get ready");
        Ok(offender)
    }

    /// Ends it and returns how much was done.
    pub(crate) fn stop(mut self) -> anyhow::Result<u64> {
        drop(self.child.stdin.take());
        let done = self.hear()?.parse().context("the attackers did not say what they did")?;
        ensure!(self.child.wait()?.success(), "the attackers failed");
        Ok(done)
    }

    fn hear(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.said.read_line(&mut line)?;
        Ok(line.trim_end().into())
    }
}

impl Drop for Offender {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
