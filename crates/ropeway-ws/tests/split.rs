//! Two halves in two tasks.

mod support;

use std::time::Duration;

use ropeway_ws::{CloseCode, CloseFrame, Config, Error, Message};
use support::{pair, server_and_wire};
use tokio::io::AsyncReadExt;

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
