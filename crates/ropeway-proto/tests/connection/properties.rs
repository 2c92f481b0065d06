//! What holds for any messages, any cuts and any bytes.

use proptest::collection::vec;
use proptest::prelude::*;
use ropeway_proto::deflate::{self, Params};
use ropeway_proto::{
    Cause, CloseCode, CloseFrame, Compress, Config, Event, Message, Outcome, Output, Prepared, Role,
    Violation,
};

use crate::fuzzed;
use crate::support::{BOTH, Delivery, Pair, Setup, feed};

/// One thing that one end does.
#[derive(Clone, Debug)]
enum Step {
    Send(Role, Message<'static>, Compress),
    SendPrepared(Role, Message<'static>),
    Ping(Role, Vec<u8>),
    Settle,
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Client), Just(Role::Server)]
}

/// Small and large, text and binary, what compresses and what does not.
fn message() -> impl Strategy<Value = Message<'static>> {
    let words = prop_oneof![Just("the quick brown fox "), Just("ropeway "), Just("κόσμε 🚡"), Just("\0")];
    prop_oneof![
        ".{0,40}".prop_map(Message::from),
        vec(words, 0..400).prop_map(|words| Message::from(words.concat())),
        vec(any::<u8>(), 0..300).prop_map(Message::from),
        (any::<u64>(), 0..70_000usize).prop_map(|(seed, len)| Message::from(scrambled(seed, len))),
        (any::<u8>(), 0..70_000usize).prop_map(|(byte, len)| Message::from(vec![byte; len])),
    ]
}

fn scrambled(seed: u64, len: usize) -> Vec<u8> {
    let mix =
        |i: usize| (i as u64).wrapping_add(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) as u8;
    (0..len).map(mix).collect()
}

fn step() -> impl Strategy<Value = Step> {
    let compress = prop_oneof![Just(Compress::Auto), Just(Compress::Never)];
    prop_oneof![
        6 => (role(), message(), compress).prop_map(|(role, message, how)| Step::Send(role, message, how)),
        2 => (role(), message()).prop_map(|(role, message)| Step::SendPrepared(role, message)),
        1 => (role(), vec(any::<u8>(), 0..=125)).prop_map(|(role, payload)| Step::Ping(role, payload)),
        2 => Just(Step::Settle),
    ]
}

fn params() -> impl Strategy<Value = Option<Params>> {
    let params =
        (any::<[bool; 2]>(), [8..=15u8, 8..=15u8]).prop_map(|([server, client], [ours, theirs])| Params {
            server_no_context_takeover: server,
            client_no_context_takeover: client,
            server_max_window_bits: ours,
            client_max_window_bits: theirs,
        });
    proptest::option::weighted(0.8, params)
}

fn config() -> impl Strategy<Value = Config> {
    (0..300usize, 1..=9u8, 8..=15u8, any::<bool>()).prop_map(|(threshold, level, bits, takeover)| {
        let mut deflate = deflate::Config::default();
        deflate.threshold = threshold;
        deflate.level = level;
        deflate.send_history_bits = bits;
        deflate.send_takeover = takeover;
        Config { deflate: Some(deflate), ..Config::default() }
    })
}

fn delivery() -> impl Strategy<Value = Delivery> {
    prop_oneof![1 => Just(Delivery::Whole), 4 => Just(Delivery::Random)]
}

fn take_step(pair: &mut Pair, step: Step, sent: &mut [Vec<Message<'static>>; 2]) {
    match step {
        Step::Send(role, message, how) => {
            let peer = pair.peer(role);
            peer.connection.send_with(message.clone(), how, &mut peer.out).unwrap();
            sent[role as usize].push(message);
        }
        Step::SendPrepared(role, message) => {
            let peer = pair.peer(role);
            peer.connection.send_prepared(&Prepared::new(message.clone()), &mut peer.out).unwrap();
            sent[role as usize].push(message);
        }
        Step::Ping(role, payload) => {
            let peer = pair.peer(role);
            peer.connection.ping(&payload, &mut peer.out).unwrap();
        }
        Step::Settle => pair.settle(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn messages_arrive_in_order_and_intact(
        steps in vec(step(), 0..12),
        params in params(),
        config in config(),
        delivery in delivery(),
        seed: u64,
    ) {
        let mut pair = Pair::new(config, params, delivery, seed);
        let mut sent = [vec![], vec![]];
        for step in steps {
            take_step(&mut pair, step, &mut sent);
        }
        let bye = Some(CloseFrame::new(CloseCode::GOING_AWAY, "done"));
        pair.client.connection.close(bye.clone(), &mut pair.client.out);
        pair.settle();
        prop_assert_eq!(&pair.client.violation, &None);
        prop_assert_eq!(&pair.server.violation, &None);
        prop_assert!(pair.server.messages() == sent[Role::Client as usize], "from the client");
        prop_assert!(pair.client.messages() == sent[Role::Server as usize], "from the server");
        prop_assert_eq!(pair.server.events.last(), Some(&Event::Close(bye)));
        prop_assert!([&pair.client, &pair.server].iter().all(|peer| peer.connection.outcome().unwrap().clean));
    }

    /// Whatever the cuts, the same bytes give the same events and the same end.
    #[test]
    fn cuts_change_nothing(
        messages in vec(message(), 1..5),
        flip in proptest::option::of((any::<prop::sample::Index>(), any::<u8>())),
        cuts in vec(1..2000usize, 1..50),
        params in params(),
    ) {
        for role in BOTH {
            let mut bytes = stream_for(role, &messages, params.clone());
            if let Some((index, mask)) = &flip {
                *index.get_mut(&mut bytes) ^= mask;
            }
            prop_assert_eq!(ends(role, params.clone(), &[&bytes]), ends(role, params.clone(), &cut(&bytes, &cuts)));
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..600)) {
        fuzzed::header::run(&bytes);
        fuzzed::stream::run(&bytes);
    }
}

/// What a peer of `role` receives when these messages are sent to it.
fn stream_for(role: Role, messages: &[Message<'static>], params: Option<Params>) -> Vec<u8> {
    let sender = if role == Role::Client { Role::Server } else { Role::Client };
    let setup = Setup::new(sender);
    let setup = if let Some(params) = params { setup.deflate(params) } else { setup };
    let (mut connection, mut out) = (setup.connection(), Output::default());
    for message in messages {
        connection.send(message.clone(), &mut out).unwrap();
    }
    out.take()
}

fn cut<'b>(mut bytes: &'b [u8], lens: &[usize]) -> Vec<&'b [u8]> {
    let mut pieces = Vec::new();
    for len in lens.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at(bytes.len().min(*len));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

/// What was received, and how it ended. Which of two faults in a damaged compressed message is found first depends on the
/// cuts.
fn ends(role: Role, params: Option<Params>, pieces: &[&[u8]]) -> (Vec<Event<'static>>, Option<Outcome>) {
    let compressed = params.is_some();
    let setup = Setup::new(role);
    let setup = if let Some(params) = params { setup.deflate(params) } else { setup };
    let (mut connection, mut out) = (setup.connection(), Output::default());
    let mut events = Vec::new();
    for piece in pieces {
        events.extend(feed(&mut connection, piece, &mut out).0);
    }
    let mut outcome = connection.outcome().cloned();
    if let Some(Outcome { cause: Cause::Violation(violation), code, reason, .. }) = &mut outcome
        && compressed
    {
        (*violation, *code, *reason) = (Violation::Inflate, 1007, String::new());
    }
    (events, outcome)
}
