//! What a child process does: its part of the run, as its parent says.

use std::io::{BufRead, Write, stdin, stdout};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::news::{News, Order, Part};
use super::threads::Threads;
use crate::bench::live::descriptors;
use crate::bench::load::Load;
use crate::bench::measure::Tally;
use crate::failure::{Failure, Kind};

/// How often the parent is told what was counted.
const TICK: Duration = Duration::from_millis(200);

/// Makes a part of the load until the standard input ends, and tells of it on the standard output.
///
/// # Errors
/// The system refuses a thread.
pub(in crate::bench) fn serve(load: &Arc<Load>, workers: usize, part: Part) -> Result<(), Failure> {
    let mut threads = Threads::start(load, workers, part)?;
    let orders = listen()?;
    let mut last = Instant::now();
    loop {
        match orders.recv_timeout(TICK.saturating_sub(last.elapsed())) {
            Ok(order) => obey(&order, load, &threads),
            Err(RecvTimeoutError::Timeout) => {
                last = Instant::now();
                tell(load, &mut threads);
            }
            Err(RecvTimeoutError::Disconnected) => {
                tell(load, &mut threads);
                return Ok(());
            }
        }
    }
}

/// Orders, as they come; disconnected when the input ends.
fn listen() -> Result<Receiver<Order>, Failure> {
    let (sender, orders) = mpsc::channel();
    let read = move || {
        let lines = stdin().lock().lines().map_while(Result::ok);
        for order in lines.filter_map(|line| serde_json::from_str(&line).ok()) {
            if sender.send(order).is_err() {
                return;
            }
        }
    };
    let spawned = thread::Builder::new().name("orders".to_owned()).spawn(read);
    spawned.map_err(|error| Failure::new(Kind::System, "cannot start a thread", error))?;
    Ok(orders)
}

fn obey(order: &Order, load: &Load, threads: &Threads) {
    if let Some(fanout) = &load.fanout {
        fanout.hear_of(&order.published);
    }
    threads.advance(order.stage, order.at);
}

fn tell(load: &Load, threads: &mut Threads) {
    // First whether all are settled, so that those are among the open; then the open, so that whoever hears of none has heard
    // all that they counted.
    let (is_settled, open) = (threads.is_settled(), threads.open());
    // Before what was published: whoever hears that the run is over has heard of all.
    let is_over = threads.is_over();
    let published = load.fanout.as_ref().map_or_else(Vec::new, |fanout| fanout.all_published());
    let mut tally = Tally::default();
    threads.collect(&mut tally);
    let news = News {
        open,
        is_settled,
        is_over,
        failure: threads.failure(),
        published,
        descriptors: descriptors(),
        tally,
    };
    let text = serde_json::to_string(&news).unwrap_or_default();
    // It fails only when the parent has gone, and then the input ends.
    let _ = writeln!(stdout().lock(), "{text}");
}
