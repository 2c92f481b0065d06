//! Two halves in two tasks.

mod support;

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use ropeway_ws::{CloseCode, CloseFrame, Config, Error, Message};
use support::{echo, pair, server_and_wire, text_frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn both_halves_work_at_the_same_time_over_a_narrow_pipe() {
    let (client, server) = pair(Config::default(), 100);
    let (mut client_in, mut client_out) = client.split();
    let (mut server_in, mut server_out) = server.split();
    let echo = tokio::spawn(async move {
        while let Some(Ok(message)) = server_in.next().await {
            server_out.send(message).await.unwrap();
        }
        server_in.outcome().unwrap()
    });
    let sender = tokio::spawn(async move {
        for i in 0..500 {
            client_out.send(format!("{i} {}", "x".repeat(i))).await.unwrap();
        }
        client_out
    });
    for i in 0..500 {
        let message = client_in.next().await.unwrap().unwrap();
        assert_eq!(message, Message::from(format!("{i} {}", "x".repeat(i))));
    }
    let mut client_out = sender.await.unwrap();
    client_out.close(Some(CloseFrame::new(CloseCode::NORMAL, "done"))).await;
    assert!(client_in.next().await.is_none());
    assert_eq!(echo.await.unwrap().reason, "done");
    assert!(matches!(client_out.send("late").await, Err(Error::Closed)));
}

#[tokio::test(start_paused = true)]
async fn a_waiting_reader_is_woken_for_its_deadline_when_the_writer_closes() {
    let (server, mut wire) = server_and_wire(Config::default(), 4096);
    let (mut reader, mut writer) = server.split();
    let reading = tokio::spawn(async move { reader.next().await.is_some_and(|result| result.is_err()) });
    tokio::time::sleep(Duration::from_secs(1)).await;
    writer.close(None).await;
    let mut frame = [0; 2];
    wire.read_exact(&mut frame).await.unwrap();
    assert_eq!(&frame, b"\x88\x00");
    // The peer never answers.
    assert!(reading.await.unwrap(), "ended by the deadline");
}

#[tokio::test]
async fn a_reader_alone_goes_on_to_receive_and_to_answer() {
    let (server, mut wire) = server_and_wire(Config::default(), 4096);
    let (mut reader, writer) = server.split();
    drop(writer);
    wire.write_all(b"\x89\x81\0\0\0\0p").await.unwrap();
    wire.write_all(&text_frame("still here")).await.unwrap();
    assert_eq!(reader.next().await.unwrap().unwrap(), Message::from("still here"));
    wire.write_all(&[0x88, 0x82, 0, 0, 0, 0, 3, 0xe8]).await.unwrap();
    assert!(reader.next().await.is_none());
    assert!(reader.outcome().unwrap().clean);
    let mut answers = Vec::new();
    wire.read_to_end(&mut answers).await.unwrap();
    assert_eq!(answers, b"\x8a\x01p\x88\x02\x03\xe8");
}

#[tokio::test]
async fn a_writer_alone_goes_on_to_send() {
    let (server, mut wire) = server_and_wire(Config::default(), 4096);
    let (reader, mut writer) = server.split();
    drop(reader);
    writer.send("still here").await.unwrap();
    writer.close(None).await;
    assert!(matches!(writer.send("late").await, Err(Error::Closed)));
    drop(writer);
    let mut sent = Vec::new();
    wire.read_to_end(&mut sent).await.unwrap();
    assert_eq!(sent, b"\x81\x0astill here\x88\x00");
}

#[tokio::test]
async fn the_stream_goes_with_the_second_half() {
    for reader_first in [true, false] {
        let (server, mut wire) = server_and_wire(Config::default(), 4096);
        let (reader, writer) = server.split();
        let (first, second): (Box<dyn Send>, Box<dyn Send>) = if reader_first {
            (Box::new(reader), Box::new(writer))
        } else {
            (Box::new(writer), Box::new(reader))
        };
        drop(first);
        let waiting = tokio::time::timeout(Duration::from_millis(50), wire.read_u8()).await;
        assert!(waiting.is_err(), "the stream is still open");
        drop(second);
        assert_eq!(wire.read(&mut [0]).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_waiting_writer_is_woken_when_the_connection_ends() {
    let (server, wire) = server_and_wire(Config::default(), 16);
    let (mut reader, mut writer) = server.split();
    writer.send(vec![0; 1 << 20]).await.unwrap();
    let waiting = tokio::spawn(async move { writer.send("one more").await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished(), "much is queued");
    drop(wire);
    assert!(reader.next().await.unwrap().is_err());
    assert!(matches!(waiting.await.unwrap(), Err(Error::Closed)));
}

#[tokio::test]
async fn the_halves_are_a_stream_and_a_sink() {
    let (client, server) = pair(Config::default(), 64);
    let (reader, mut writer) = client.split();
    let echo = tokio::spawn(echo(server));
    let texts = ["one", "two", "three"].map(Message::from);
    let mut messages = futures_util::stream::iter(texts.clone().map(Ok));
    writer.send_all(&mut messages).await.unwrap();
    SinkExt::close(&mut writer).await.unwrap();
    let received: Vec<_> = reader.map(Result::unwrap).collect().await;
    assert_eq!(received, texts);
    assert!(echo.await.unwrap().clean);
}
