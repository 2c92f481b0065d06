//! A single-threaded server that sends every message it gets to every connection, the sender included:
//! `cargo run --release --example broadcast -- --listen 127.0.0.1:9001`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to people")]

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use clap::Parser;
use ropeway_ws::server::{Acceptor, Listener, Origins, Pending};
use ropeway_ws::{Config, Event, Prepared, Received, WebSocket};

#[derive(Parser)]
struct Args {
    /// Where to listen; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:9001")]
    listen: SocketAddr,
}

/// A connection that has this many bytes waiting is closed: it does not read.
const MAX_OUTBOX: usize = 4 * 1024 * 1024;

/// All connections.
#[derive(Default)]
struct Room(Mutex<Vec<Arc<Outbox>>>);

/// What waits for one connection: frames made once for all.
#[derive(Default)]
struct Outbox(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    frames: Vec<Bytes>,
    len: usize,
    /// The task of the connection.
    waker: Option<Waker>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let args = Args::parse();
    let acceptor = Acceptor::new(Config::default()).origins(Origins::Any);
    let listener = Listener::bind(args.listen, acceptor).await?;
    println!("listening on {}", listener.local_addr()?);
    let room = Arc::new(Room::default());
    loop {
        match listener.accept().await {
            Ok(pending) => drop(tokio::spawn(join(pending, Arc::clone(&room)))),
            Err(error) => {
                eprintln!("cannot accept a connection: {error}");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

async fn join(pending: Pending, room: Arc<Room>) {
    let Ok((mut socket, _request)) = pending.handshake().await else { return };
    tokio::spawn(async move {
        let outbox = room.enter();
        poll_fn(|cx| poll_member(&mut socket, &room, &outbox, cx)).await;
        room.leave(&outbox);
    });
}

/// Publishes what the member says, and sends it what all say.
fn poll_member(socket: &mut WebSocket, room: &Room, outbox: &Outbox, cx: &mut Context<'_>) -> Poll<()> {
    loop {
        let received = socket.poll_receive(cx, |event, _| {
            if let Event::Message(message) = event {
                room.publish(&Prepared::new(message.into_owned()));
            }
            ControlFlow::Continue(())
        });
        let frames = outbox.take(cx);
        if received == Poll::Ready(Received::Ended) || outbox.is_full() {
            return Poll::Ready(());
        }
        if frames.is_empty() {
            return Poll::Pending;
        }
        for frame in frames {
            // It fails only when the connection is closing, which the next turn sees.
            let _ = socket.outgoing().send_encoded(frame);
        }
    }
}

impl Room {
    fn enter(&self) -> Arc<Outbox> {
        let outbox = Arc::new(Outbox::default());
        self.lock().push(Arc::clone(&outbox));
        outbox
    }

    fn leave(&self, outbox: &Arc<Outbox>) {
        self.lock().retain(|other| !Arc::ptr_eq(other, outbox));
    }

    fn publish(&self, message: &Prepared) {
        let frame = message.frame(None);
        for outbox in &*self.lock() {
            outbox.push(frame.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Outbox>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outbox {
    /// Queues a frame; the task is woken by the first of a batch.
    fn push(&self, frame: Bytes) {
        let mut waiting = self.lock();
        waiting.len += frame.len();
        waiting.frames.push(frame);
        if let Some(waker) = waiting.waker.take() {
            waker.wake();
        }
    }

    /// Takes what waits, or has the task woken when there is something.
    fn take(&self, cx: &Context<'_>) -> Vec<Bytes> {
        let mut waiting = self.lock();
        if waiting.frames.is_empty() {
            waiting.waker = Some(cx.waker().clone());
        }
        if waiting.len <= MAX_OUTBOX {
            waiting.len = 0;
        }
        std::mem::take(&mut waiting.frames)
    }

    fn is_full(&self) -> bool {
        self.lock().len > MAX_OUTBOX
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
