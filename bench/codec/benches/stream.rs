//! A stream of masked frames in memory to messages, as a server reads them: header, unmasking, and UTF-8 for text.
//!
//! Each library gets a copy of the stream, which it may unmask in place; making the copy is not timed. The
//! asynchronous libraries read it from memory and never wait.
#![allow(missing_docs, reason = "what criterion's macros make has none")]
#![allow(clippy::unwrap_used, reason = "a failure ends the benchmark")]

use std::hint::black_box;
use std::io::Cursor;
use std::sync::Arc;

use codec::masked_frames;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fastwebsockets::{FragmentCollector, WebSocket as FastWebSocket};
use futures_util::StreamExt;
use ropeway_proto::{Config, Connection, Event, Output};
use tokio_websockets::ServerBuilder;
use tungstenite::WebSocket;
use tungstenite::protocol::Role;

fn stream(criterion: &mut Criterion) {
    for (len, count) in [(20, 1000), (1024, 200), (16 * 1024, 16)] {
        bench(
            criterion,
            &format!("stream/binary/{len}"),
            masked_frames(false, &payloads::binary(len), count),
            count,
        );
        bench(
            criterion,
            &format!("stream/text/{len}"),
            masked_frames(true, &payloads::text(len), count),
            count,
        );
    }
}

type Run = fn(Vec<u8>) -> usize;

fn bench(criterion: &mut Criterion, name: &str, bytes: Vec<u8>, count: usize) {
    let libraries: [(&str, Run); 4] = [
        ("ropeway", ropeway),
        ("tungstenite", tungstenite),
        ("fastwebsockets", fastwebsockets),
        ("tokio-websockets", tokio_websockets),
    ];
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(count as u64));
    for (library, run) in libraries {
        assert_eq!(run(bytes.clone()), count, "{library} reads all messages");
        group.bench_function(library, |b| b.iter_batched(|| bytes.clone(), run, BatchSize::LargeInput));
    }
}

/// Reads of 64 KiB, as the sockets' readers do: a message may be cut.
fn ropeway(mut bytes: Vec<u8>) -> usize {
    let mut connection = Connection::server(Arc::new(Config::default()), None);
    let mut out = Output::default();
    let mut count = 0;
    for mut chunk in bytes.chunks_mut(64 * 1024) {
        while let Some(event) = connection.receive(&mut chunk, &mut out).unwrap() {
            if let Event::Message(message) = event {
                black_box(message.as_bytes());
                count += 1;
            }
        }
    }
    count
}

fn tungstenite(bytes: Vec<u8>) -> usize {
    let mut socket = WebSocket::from_raw_socket(Cursor::new(bytes), Role::Server, None);
    std::iter::from_fn(|| socket.read().ok().map(black_box)).count()
}

fn fastwebsockets(bytes: Vec<u8>) -> usize {
    let transport = tokio::io::join(Cursor::new(bytes), tokio::io::sink());
    let mut socket =
        FragmentCollector::new(FastWebSocket::after_handshake(transport, fastwebsockets::Role::Server));
    block_on(async {
        let mut count = 0;
        while let Ok(frame) = socket.read_frame().await {
            black_box(&frame.payload);
            count += 1;
        }
        count
    })
}

fn tokio_websockets(bytes: Vec<u8>) -> usize {
    let transport = tokio::io::join(Cursor::new(bytes), tokio::io::sink());
    let mut socket = ServerBuilder::new().serve(transport);
    block_on(async {
        let mut count = 0;
        while let Some(Ok(message)) = socket.next().await {
            black_box(message);
            count += 1;
        }
        count
    })
}

/// Nothing here ever waits, so that the first poll is the last.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    futures_util::FutureExt::now_or_never(future).unwrap()
}

criterion_group!(benches, stream);
criterion_main!(benches);
