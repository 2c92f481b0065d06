//! A member of the room that everybody publishes to.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ropeway_ws::{CloseCode, CloseFrame, Event, Message, Outgoing, Received, Traffic, WebSocket};

use super::delivery::{Seen, TAG_LEN, Tag};
use super::dialect::Reaction;
use super::job::Fanout;
use super::schedule::Schedule;
use super::stage::{Stage, Watch};
use super::worker::{Unsettled, Worker};
use crate::bench::measure::{Tally, now};

/// Hears what is published, and publishes if it is one of the publishers.
pub(super) struct Member {
    socket: WebSocket,
    worker: Arc<Worker>,
    fanout: Arc<Fanout>,
    /// There for publishers.
    publisher: Option<(u16, Schedule)>,
    is_joined: bool,
    /// Until it has joined.
    unsettled: Option<Unsettled>,
    /// Reads nothing once it has joined.
    is_slow: bool,
    /// Until the run is over.
    seen: Option<Seen>,
    watch: Watch,
    counted: Traffic,
}

impl Member {
    pub(super) fn new(
        mut socket: WebSocket,
        worker: Arc<Worker>,
        fanout: Arc<Fanout>,
        index: usize,
        unsettled: Option<Unsettled>,
    ) -> Self {
        worker.opened();
        if let Some(greeting) = fanout.dialect.greeting() {
            // It fails only when the connection is closing, which is seen at once.
            let _ = socket.outgoing().send(greeting);
        }
        let is_publisher = index < usize::from(fanout.publishers);
        let publisher = is_publisher.then(|| {
            let count = usize::from(fanout.publishers);
            (index as u16, Schedule::new(fanout.rate, count, index))
        });
        Self {
            unsettled: unsettled.filter(|_| !fanout.dialect.is_ready_at_once()),
            is_joined: fanout.dialect.is_ready_at_once(),
            is_slow: index >= fanout.readers(worker.load.connections),
            publisher,
            fanout,
            worker,
            socket,
            seen: Some(Seen::default()),
            watch: Watch::default(),
            counted: Traffic::default(),
        }
    }

    fn publish(&mut self, cx: &Context<'_>) {
        let Some((publisher, schedule)) = &mut self.publisher else { return };
        let progress = &self.worker.progress;
        if !self.is_joined || !progress.has_reached(Stage::Running) || progress.has_reached(Stage::Finishing)
        {
            return;
        }
        let (publisher, fanout, worker) = (*publisher, &self.fanout, &self.worker);
        let mut outgoing = self.socket.outgoing();
        schedule.run(worker, cx, &mut outgoing, |due, outgoing| {
            let now = now();
            let number = fanout.count_up(publisher);
            let tag = Tag { publisher, number, due, late: now.saturating_sub(due) };
            let mut tally = worker.tally();
            tally.latency.lag.record(tag.late);
            say(fanout, &tag, outgoing, &mut tally);
        });
    }

    fn receive(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        let worker = &self.worker;
        let mut tally = worker.tally();
        let (fanout, is_slow) = (&self.fanout, self.is_slow);
        let mut seen = self.seen.as_mut().filter(|_| !is_slow);
        let mut joins = false;
        let received = self.socket.poll_receive(cx, |event, outgoing| {
            if let Event::Message(message) = event {
                match Tag::find(message.as_bytes()) {
                    // What one that does not read finds in the end says nothing, nor does what comes after the end.
                    Some(tag) => {
                        if let Some(seen) = seen.as_deref_mut() {
                            deliver(&tag, message.len(), seen, &mut tally);
                        }
                    }
                    None => {
                        let reaction = react(fanout, &message);
                        joins |= worker.react(reaction, &mut tally, outgoing);
                    }
                }
            }
            ControlFlow::Continue(())
        });
        if joins {
            self.is_joined = true;
            self.unsettled = None;
        }
        tally.messages.count_wire(&mut self.counted, self.socket.traffic());
        received
    }

    fn close(&mut self) -> bool {
        let begins = self.worker.progress.has_reached(Stage::Closing) && self.socket.is_open();
        if begins {
            // Now rather than at the end of the connection, for which the server may take its time.
            self.count_missing();
            self.socket.outgoing().close(Some(CloseFrame::new(CloseCode::NORMAL, "")));
        }
        begins
    }

    fn account(&mut self) {
        self.watch.leave(&self.worker.progress);
        self.worker.count_end(&self.socket);
        if self.worker.is_over() {
            self.count_missing();
        }
        self.worker.closed();
    }

    /// Counts once what has not come.
    fn count_missing(&mut self) {
        if let Some(seen) = self.seen.take().filter(|_| !self.is_slow) {
            let (fanout, mut tally) = (&self.fanout, self.worker.tally());
            seen.finish(|publisher| fanout.published(publisher), fanout.publishers, &mut tally.messages);
        }
    }
}

impl Future for Member {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.watch.join(&this.worker.progress, cx);
        loop {
            if this.is_slow && this.is_joined && !this.worker.is_over() {
                return Poll::Pending;
            }
            this.publish(cx);
            if this.receive(cx).is_ready() {
                this.account();
                return Poll::Ready(());
            }
            if !this.close() {
                return Poll::Pending;
            }
        }
    }
}

fn say(fanout: &Fanout, tag: &Tag, outgoing: &mut Outgoing<'_>, tally: &mut Tally) {
    let (mut data, mut message) = (DATA.take(), MESSAGE.take());
    data.clear();
    tag.write(&mut data);
    data.extend(std::iter::repeat_n('.', fanout.size.saturating_sub(TAG_LEN)));
    fanout.dialect.publish(&data, &mut message);
    // It fails only when the connection is closing; then it is missed by all subscribers.
    let _ = outgoing.send(message.as_str());
    tally.messages.sent += 1;
    tally.messages.bytes_sent += message.len() as u64;
    DATA.set(data);
    MESSAGE.set(message);
}

fn deliver(tag: &Tag, len: usize, seen: &mut Seen, tally: &mut Tally) {
    tally.messages.received += 1;
    tally.messages.bytes_received += len as u64;
    if seen.note(tag, &mut tally.messages) {
        tally.messages.matched += 1;
        tally.latency.record(tag.due, tag.due + tag.late, now());
    }
}

/// What the protocol asks for.
fn react(fanout: &Fanout, message: &Message<'_>) -> Reaction {
    match message {
        Message::Text(text) => fanout.dialect.react(text),
        Message::Binary(_) => Reaction::None,
    }
}

thread_local! {
    /// Where messages are written, once for all connections of a thread.
    static DATA: Cell<String> = const { Cell::new(String::new()) };
    static MESSAGE: Cell<String> = const { Cell::new(String::new()) };
}
