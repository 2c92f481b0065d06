//! A child process, as its parent sees it.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::news::{News, Order, Part};
use crate::bench::load::Stage;
use crate::bench::measure::{Nanos, Tally};
use crate::failure::{Failure, Kind};

/// A child that does a part of the run. It is told to end by the end of its input, so it does not outlive its parent.
pub(in crate::bench) struct Process {
    child: Child,
    /// Gone when it is told to end.
    orders: Option<ChildStdin>,
    heard: Arc<Mutex<Heard>>,
    /// The thread that reads what the child says, until its output ends.
    reader: Option<JoinHandle<()>>,
}

/// All that a child has said. Locked for moments, by the reader and by whoever asks.
#[derive(Debug, Default)]
struct Heard {
    /// The newest; its tally has what nobody has collected yet.
    news: News,
    has_ended: bool,
}

impl Process {
    /// Starts a child with the command line of this process.
    ///
    /// # Errors
    /// The system refuses it.
    pub(super) fn start(part: Part) -> Result<Self, Failure> {
        let failed =
            |error| Failure::new(Kind::System, "cannot start a process for a part of the load", error);
        let mut child = command(part).and_then(|mut command| command.spawn()).map_err(failed)?;
        let heard = Arc::new(Mutex::new(Heard::default()));
        let reader = child.stdout.take().map(|output| {
            let heard = Arc::clone(&heard);
            thread::spawn(move || listen(output, &heard))
        });
        Ok(Self { orders: child.stdin.take(), child, heard, reader })
    }

    pub(super) fn advance(&mut self, stage: Stage, at: Nanos, published: &[u64]) {
        let order = Order { stage, at, published: published.to_vec() };
        let text = serde_json::to_string(&order).unwrap_or_default();
        if let Some(orders) = &mut self.orders {
            // It fails only when the child has ended, which the reader notes.
            let _ = writeln!(orders, "{text}").and_then(|()| orders.flush());
        }
    }

    pub(super) fn collect(&self, into: &mut Tally) {
        let mut heard = self.heard();
        into.add(&heard.news.tally);
        heard.news.tally.reset();
    }

    pub(super) fn open(&self) -> usize {
        self.heard().news.open
    }

    pub(super) fn is_settled(&self) -> bool {
        let heard = self.heard();
        heard.news.is_settled || heard.has_ended
    }

    pub(super) fn is_over(&self) -> bool {
        let heard = self.heard();
        heard.news.is_over || heard.has_ended
    }

    pub(super) fn failure(&self) -> Option<Failure> {
        let heard = self.heard();
        let gone = || Failure::new(Kind::System, "a process that makes the load has ended", "see above");
        heard.news.failure.clone().or_else(|| heard.has_ended.then(gone))
    }

    pub(super) fn published(&self) -> Vec<u64> {
        self.heard().news.published.clone()
    }

    pub(super) fn descriptors(&self) -> usize {
        self.heard().news.descriptors
    }

    /// Tells it to end, and waits until it has said its last.
    pub(super) fn end(&mut self) {
        self.orders = None;
        if let Some(reader) = self.reader.take() {
            // A panic there has been told already.
            let _ = reader.join();
        }
        // It fails only for a child that nobody knows any more.
        let _ = self.child.wait();
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In a group of its own, so that Ctrl-C reaches the parent alone, which then says what is to be done.
fn command(part: Part) -> std::io::Result<Command> {
    let mut arguments = env::args_os().skip(1);
    let mut command = Command::new(env::current_exe()?);
    command.args(arguments.next()).args(["--share", &part.to_string()]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
    Ok(command)
}

fn listen(output: ChildStdout, heard: &Mutex<Heard>) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        if let Ok(news) = serde_json::from_str::<News>(&line) {
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            let mut tally = std::mem::replace(&mut heard.news, news).tally;
            std::mem::swap(&mut tally, &mut heard.news.tally);
            heard.news.tally.add(&tally);
        }
    }
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    (heard.has_ended, heard.news.open) = (true, 0);
}
