//! Every future is dropped at each of its awaits, and nothing is lost or doubled.

mod support;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use ropeway_ws::{Config, Message, Negotiated, Prepared, Stream, WebSocket};
use support::{Stutter, pair};
// Polling by hand uses up the budget that tokio gives a task until it yields.
use tokio::task::yield_now;

/// Polls a future once and drops it.
fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Ends whose streams give one byte, then nothing, then one byte: a future that needs n bytes is dropped 2n times.
fn stuttering_pair() -> (WebSocket, WebSocket) {
    let (client, server) = tokio::io::duplex(16);
    let config = Arc::new(Config::default());
    (
        WebSocket::client(
            Stream::new(Stutter::new(client)),
            Negotiated::default(),
            config.clone(),
            Vec::new(),
        ),
        WebSocket::server(Stream::new(Stutter::new(server)), Negotiated::default(), config, Vec::new()),
    )
}

#[tokio::test]
async fn next_and_flush_dropped_at_every_await_lose_nothing() {
    let (mut client, mut server) = stuttering_pair();
    let texts: Vec<String> = (0..20).map(|i| format!("message {i} {}", "x".repeat(i * 7))).collect();
    for text in &texts {
        client.outgoing().send(text.clone()).unwrap();
    }
    let mut received = Vec::new();
    let mut polls = 0;
    while received.len() < texts.len() {
        polls += 1;
        assert!(polls < 100_000, "stuck after {} messages", received.len());
        let _ = poll_once(client.flush());
        yield_now().await;
        if let Some(message) = poll_once(server.next()) {
            received.push(message.unwrap().unwrap().as_text().unwrap().to_owned());
        }
    }
    assert_eq!(received, texts);
    assert!(polls > 1000, "the futures were hardly ever dropped: {polls}");
}

#[tokio::test]
async fn a_send_that_was_dropped_while_it_waited_sent_nothing() {
    let (mut client, mut server) = pair(Config { max_message: 4 << 20, ..Config::default() }, 64);
    // Fill the queue over its high water, so that the next send has to wait.
    poll_once(client.send(vec![1; 1 << 20])).expect("queued at once").unwrap();
    assert!(poll_once(client.send("dropped")).is_none());
    assert!(poll_once(client.send_prepared(&Prepared::new("dropped too"))).is_none());
    let reading = tokio::spawn(async move {
        let first = server.next().await.unwrap().unwrap();
        (first.len(), server.next().await.unwrap().unwrap())
    });
    client.flush().await.unwrap();
    client.send("kept").await.unwrap();
    assert_eq!(reading.await.unwrap(), (1 << 20, Message::from("kept")));
}

#[tokio::test]
async fn close_dropped_at_every_await_goes_on() {
    let (mut client, mut server) = stuttering_pair();
    let (mut outcome, mut ended) = (None, false);
    for _ in 0..10_000 {
        outcome = outcome.or_else(|| poll_once(client.close(None)));
        yield_now().await;
        ended = ended || poll_once(server.next()).is_some();
        if ended && outcome.is_some() {
            break;
        }
    }
    assert!(outcome.expect("closed").clean);
    assert!(server.outcome().unwrap().clean);
}

#[tokio::test]
async fn serve_dropped_at_every_await_hands_out_each_event_once() {
    let (mut client, mut server) = stuttering_pair();
    for i in 0..20 {
        client.outgoing().send(format!("{i}")).unwrap();
    }
    let mut seen = Vec::new();
    for _ in 0..10_000 {
        let _ = poll_once(client.flush());
        yield_now().await;
        let _ = poll_once(server.serve(|event, _| {
            if let ropeway_ws::Event::Message(message) = event {
                seen.push(message.as_text().unwrap().parse::<u32>().unwrap());
            }
        }));
    }
    assert_eq!(seen, (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn halves_whose_futures_are_dropped_at_every_await_lose_nothing() {
    let (client, server) = stuttering_pair();
    let (mut client, mut server) = (client.split(), server.split());
    let texts: Vec<String> = (0..20).map(|i| format!("message {i} {}", "x".repeat(i * 7))).collect();
    let (mut sent, mut echoed, mut back) = (texts.iter(), Vec::new(), Vec::new());
    let mut unsent = sent.next();
    let mut polls = 0;
    while back.len() < texts.len() {
        polls += 1;
        assert!(polls < 100_000, "stuck after {} messages", back.len());
        if let Some(text) = unsent
            && poll_once(client.1.send(text.as_str())).is_some()
        {
            unsent = sent.next();
        }
        let _ = (poll_once(client.1.flush()), poll_once(server.1.flush()));
        yield_now().await;
        if let Some(message) = poll_once(server.0.next()) {
            let message = message.unwrap().unwrap();
            echoed.push(message.as_text().unwrap().to_owned());
            poll_once(server.1.send(message)).expect("little is queued").unwrap();
        }
        if let Some(message) = poll_once(client.0.next()) {
            back.push(message.unwrap().unwrap().as_text().unwrap().to_owned());
        }
    }
    assert_eq!((&echoed, &back), (&texts, &texts));
    assert!(polls > 1000, "the futures were hardly ever dropped: {polls}");
}

#[tokio::test]
async fn a_send_of_a_half_that_was_dropped_while_it_waited_sent_nothing() {
    let (client, mut server) = pair(Config { max_message: 4 << 20, ..Config::default() }, 64);
    let (_reader, mut writer) = client.split();
    poll_once(writer.send(vec![1; 1 << 20])).expect("queued at once").unwrap();
    assert!(poll_once(writer.send("dropped")).is_none());
    assert!(poll_once(writer.send_prepared(&Prepared::new("dropped too"))).is_none());
    assert!(poll_once(writer.flush()).is_none());
    let reading = tokio::spawn(async move {
        let first = server.next().await.unwrap().unwrap();
        (first.len(), server.next().await.unwrap().unwrap())
    });
    writer.flush().await.unwrap();
    writer.send("kept").await.unwrap();
    assert_eq!(reading.await.unwrap(), (1 << 20, Message::from("kept")));
}

#[tokio::test]
async fn a_close_of_a_half_that_was_dropped_goes_on() {
    let (client, mut server) = stuttering_pair();
    let (mut reader, mut writer) = client.split();
    assert!(poll_once(writer.close(None)).is_none());
    drop(writer);
    let closing = tokio::spawn(async move {
        assert!(reader.next().await.is_none());
        reader.outcome().unwrap()
    });
    assert!(server.next().await.is_none());
    drop(server);
    assert!(closing.await.unwrap().clean);
}
