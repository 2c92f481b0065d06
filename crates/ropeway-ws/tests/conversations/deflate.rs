//! permessage-deflate, negotiated by our client with our server in every combination.

use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use ropeway_ws::client::Connect;
use ropeway_ws::deflate::{Config as Deflate, Params};
use ropeway_ws::server::Acceptor;
use ropeway_ws::{Compress, Config, Message, WebSocket};

use crate::support::echo_server;

fn with(deflate: Deflate) -> Config {
    Config { deflate: Some(deflate), ..Config::default() }
}

fn deflate(send_takeover: bool, receive_takeover: bool, bits: u8) -> Deflate {
    let mut deflate = Deflate::default();
    deflate.send_takeover = send_takeover;
    deflate.receive_takeover = receive_takeover;
    deflate.receive_window_bits = bits;
    deflate.send_history_bits = bits;
    deflate
}

/// All that one side can want.
fn wishes() -> impl Iterator<Item = Deflate> + Clone {
    [8, 9, 12, 15].into_iter().flat_map(|bits| {
        [(true, true), (true, false), (false, true), (false, false)]
            .into_iter()
            .map(move |(send, receive)| deflate(send, receive, bits))
    })
}

async fn connected(client: Deflate, server: Deflate) -> WebSocket {
    let url = echo_server(Acceptor::new(with(server))).await;
    Connect::new(&url).unwrap().config(with(client)).open().await.unwrap().0
}

/// Messages that look like each other, noise, and noise that comes again, of all sizes.
fn conversation(seed: u64) -> Vec<Message<'static>> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut noise = vec![0; 40_000];
    random.fill_bytes(&mut noise);
    (0..40)
        .map(|i| match i % 4 {
            0 => Message::from(format!(
                r#"{{"type":"event","room":"attic","n":{i},"text":"é{}"}}"#,
                "ha".repeat(i * 9)
            )),
            1 => Message::from(noise[..random.random_range(0..noise.len())].to_vec()),
            2 => Message::from(noise[random.random_range(0..noise.len())..].to_vec()),
            _ => Message::from("x".repeat(random.random_range(0..70_000))),
        })
        .collect()
}

/// What both ends must have agreed on, whatever else they may have.
fn check(params: &Params, client: &Deflate, server: &Deflate) {
    let from_server = client.receive_takeover && server.send_takeover;
    let from_client = client.send_takeover && server.receive_takeover;
    assert!(from_server || params.server_no_context_takeover, "{params:?}");
    assert!(from_client || params.client_no_context_takeover, "{params:?}");
    if !params.client_no_context_takeover {
        assert!(params.client_max_window_bits <= server.receive_window_bits, "{params:?}");
    }
    // A server with zlib cannot compress with 8 bits, and then does as it likes.
    if !params.server_no_context_takeover && client.receive_window_bits > 8 {
        assert!(params.server_max_window_bits <= client.receive_window_bits, "{params:?}");
    }
}

#[tokio::test]
async fn all_combinations_carry_long_conversations() {
    for (i, client) in wishes().enumerate() {
        for server in wishes() {
            let mut socket = connected(client.clone(), server.clone()).await;
            let params = socket.connection().deflate_params().expect("agreed").clone();
            check(&params, &client, &server);
            // A part of the conversation each, all of it over all.
            for message in conversation(i as u64).into_iter().skip(i % 4 * 10).take(12) {
                socket.outgoing().send(message.clone()).unwrap();
                let echoed = socket.next().await.unwrap().unwrap();
                assert!(echoed == message, "{params:?}: a message of {} bytes", message.len());
            }
        }
    }
}

#[tokio::test]
async fn a_long_conversation_stays_in_step() {
    for bits in [9, 15] {
        let mut socket = connected(deflate(true, true, bits), deflate(true, true, bits)).await;
        for (i, message) in (0..5).flat_map(conversation).enumerate() {
            // Messages in between that are not compressed are no part of the history.
            let compress = if i % 7 == 0 { Compress::Never } else { Compress::Auto };
            socket.outgoing().send_with(message.clone(), compress).unwrap();
            assert!(socket.next().await.unwrap().unwrap() == message, "message {i}");
        }
        assert!(socket.close(None).await.clean);
    }
}

/// What is queued for a message after the same was sent before.
async fn size_of_repetition(client: Deflate) -> usize {
    let mut socket = connected(client, Deflate::default()).await;
    let mut text = String::new();
    let mut random = StdRng::seed_from_u64(7);
    text.extend((0..2000).map(|_| char::from(random.random_range(b'a'..=b'z'))));
    socket.send(text.clone()).await.unwrap();
    socket.next().await.unwrap().unwrap();
    socket.outgoing().send(text).unwrap();
    socket.queued()
}

#[tokio::test]
async fn takeover_refers_to_what_was_said_before() {
    let kept = size_of_repetition(Deflate::default()).await;
    let forgotten = size_of_repetition(Deflate::without_takeover()).await;
    assert!(kept < 60, "{kept}");
    assert!((1000..2000).contains(&forgotten), "{forgotten}");
}

#[tokio::test]
async fn without_a_wish_of_either_side_nothing_is_compressed() {
    for (client, server) in
        [(with(Deflate::default()), Config::default()), (Config::default(), with(Deflate::default()))]
    {
        let url = echo_server(Acceptor::new(server)).await;
        let (mut socket, _) = Connect::new(&url).unwrap().config(client).open().await.unwrap();
        assert_eq!(socket.connection().deflate_params(), None);
        socket.outgoing().send("a".repeat(1000)).unwrap();
        assert!(socket.queued() > 1000);
        assert_eq!(socket.next().await.unwrap().unwrap().len(), 1000);
    }
}

/// One bomb is one message: inflated size counts against the limit, and the peer is told.
#[tokio::test]
async fn a_bomb_is_stopped_at_the_limit() {
    let small = Config { max_message: 10_000, ..with(Deflate::default()) };
    let url = echo_server(Acceptor::new(small)).await;
    let (mut socket, _) = Connect::new(&url).unwrap().config(with(Deflate::default())).open().await.unwrap();
    socket.outgoing().send(vec![0; 1_000_000]).unwrap();
    assert!(socket.queued() < 2000, "{}", socket.queued());
    assert!(socket.next().await.is_none(), "closed by the server");
    assert_eq!(socket.outcome().unwrap().code, 1009);
}
