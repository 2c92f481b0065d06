//! Other people's WebSockets at the far end of a link in memory.

mod pipe;
mod talk;
mod tokio_websockets;
mod tungstenite;

use std::fmt;

use ropeway_proto::{CloseCode, CloseFrame, Event, Role, Side};

use crate::support::{BOTH, binary, ping, pong, text};
use pipe::Pipe;
use talk::Talk;

/// An implementation that is not ours.
trait Foreign {
    /// The far end of `pipe`. It cuts messages over `fragment` bytes into fragments, if it can.
    fn new(role: Role, pipe: Pipe, fragment: usize) -> Self;

    /// Says something, and flushes.
    fn say(&mut self, what: &Event<'_>);

    /// Reads all there is, answers what must be answered, and gives what it read.
    fn hear(&mut self) -> Vec<Event<'static>>;
}

/// Runs the same talks with one implementation.
fn talks<F: Foreign>() {
    for role in BOTH {
        for read_size in [1, 7, 1000, usize::MAX] {
            let new = |fragment| Talk::<F>::new(role, read_size, fragment);
            messages_both_ways(new(usize::MAX));
            fragments_become_messages(new(3));
            pings_are_answered(new(usize::MAX));
            for code in [1000, 1001, 1003, 1007, 1009, 1011, 3000, 4999] {
                let frame = CloseFrame::new(CloseCode::new(code).unwrap(), "the reason is café");
                we_close(new(usize::MAX), &frame);
                they_close(new(usize::MAX), &frame);
            }
        }
    }
}

fn messages_both_ways(mut talk: Talk<impl Foreign>) {
    let payload: Vec<u8> = (0..70_000u32).map(|i| (i * 31) as u8).collect();
    let long = "κόσμε 🚡 ".repeat(300);
    let binaries = [0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 128, 129, 1000, 65_535, 65_536, 70_000];
    let messages =
        binaries.iter().map(|len| binary(&payload[..*len])).chain(["", "a", "🚡", &long].map(text));
    let messages: Vec<_> = messages.collect();
    for message in &messages {
        talk.we_say(message);
        talk.they_say(message);
    }
    talk.settle();
    assert_same(&talk.they_heard, &messages);
    assert_same(&talk.we_heard, &messages);
}

fn fragments_become_messages(mut talk: Talk<impl Foreign>) {
    let messages = [text("κόσμε 🚡"), binary(b"0123456789"), text("ab"), binary(b"012")];
    for message in &messages {
        talk.they_say(message);
    }
    talk.settle();
    assert_same(&talk.we_heard, &messages);
}

fn pings_are_answered(mut talk: Talk<impl Foreign>) {
    for payload in [&b""[..], b"p", &[0xff; 125]] {
        talk.we_say(&ping(payload));
        talk.settle();
        assert_same(&talk.they_heard, &[ping(payload)]);
        assert_same(&talk.we_heard, &[pong(payload)]);
        talk.forget();
        talk.they_say(&ping(payload));
        talk.settle();
        assert_same(&talk.we_heard, &[ping(payload)]);
        assert_same(&talk.they_heard, &[pong(payload)]);
        talk.forget();
    }
}

fn we_close(mut talk: Talk<impl Foreign>, frame: &CloseFrame) {
    talk.we_say(&text("last"));
    talk.we_say(&Event::Close(Some(frame.clone())));
    talk.settle();
    assert_same(&talk.they_heard, &[text("last"), Event::Close(Some(frame.clone()))]);
    talk.assert_closed(Side::Us, frame);
}

fn they_close(mut talk: Talk<impl Foreign>, frame: &CloseFrame) {
    talk.they_say(&text("last"));
    talk.they_say(&Event::Close(Some(frame.clone())));
    talk.settle();
    assert_same(&talk.we_heard, &[text("last"), Event::Close(Some(frame.clone()))]);
    talk.assert_closed(Side::Peer, frame);
}

#[track_caller]
fn assert_same(heard: &[Event<'_>], said: &[Event<'_>]) {
    let brief =
        |events: &[Event<'_>]| events.iter().map(Brief).map(|brief| brief.to_string()).collect::<Vec<_>>();
    assert!(heard == said, "heard {:#?} of {:#?}", brief(heard), brief(said));
}

/// An event without 70,000 bytes of payload.
struct Brief<'e>(&'e Event<'e>);

impl fmt::Display for Brief<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Event::Message(message) if message.len() > 200 => write!(f, "{} bytes", message.len()),
            other => write!(f, "{other:?}"),
        }
    }
}
