//! Socket.IO packets from and to text and MessagePack, and polling payloads into packets. Ours alone: the parsers of others either
//! make values of what they read or do not look at it.
#![allow(missing_docs, reason = "what criterion's macros make has none")]
#![allow(clippy::unwrap_used, reason = "a failure ends the benchmark")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ropeway_socketio::engine::{Version, payload};
use ropeway_socketio::{Decoder, Limits, encode, msgpack};

fn decode(criterion: &mut Criterion) {
    let document = String::from_utf8(payloads::documents().swap_remove(0)).unwrap();
    let mut group = criterion.benchmark_group("socketio/decode");
    for (name, text) in [
        ("event", r#"2["msg","00000001abcdefghijkl"]"#.to_owned()),
        ("event with ack", r#"21234["msg","00000001abcdefghijkl"]"#.to_owned()),
        ("event with ack in a namespace", r#"2/chat,1234["msg","00000001abcdefghijkl"]"#.to_owned()),
        ("event in a namespace", r#"2/chat,["msg","00000001abcdefghijkl"]"#.to_owned()),
        ("event of 1 KiB JSON", format!(r#"2["msg",{document}]"#)),
    ] {
        let mut decoder = Decoder::default();
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |b| b.iter(|| black_box(decoder.text(black_box(&text))).unwrap()));
    }
}

fn write(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("socketio/encode");
    let mut out = String::with_capacity(256);
    group.bench_function("ack", |b| {
        b.iter(|| {
            out.clear();
            encode::ack(&mut out, "/", black_box(1234), black_box("\"00000001abcdefghijkl\""), 0);
        });
    });
    group.bench_function("event", |b| {
        b.iter(|| {
            out.clear();
            encode::event(&mut out, "/", None, black_box("msg"), &[black_box("\"00000001abcdefghijkl\"")], 0);
        });
    });
}

fn message_pack(criterion: &mut Criterion) {
    let document = String::from_utf8(payloads::documents().swap_remove(0)).unwrap();
    let mut group = criterion.benchmark_group("socketio/msgpack");
    for (name, text) in [
        ("event", r#"2["msg","00000001abcdefghijkl"]"#.to_owned()),
        ("event of 1 KiB JSON", format!(r#"2["msg",{document}]"#)),
    ] {
        let packet = Decoder::default().text(&text).unwrap().unwrap().into_owned();
        let mut message = Vec::with_capacity(2048);
        group.bench_function(format!("encode/{name}"), |b| {
            b.iter(|| {
                message.clear();
                msgpack::encode(black_box(&packet), &mut message).unwrap();
            });
        });
        group.bench_function(format!("decode/{name}"), |b| {
            b.iter(|| msgpack::decode(black_box(&message), &Limits::default()).unwrap());
        });
    }
}

fn polling(criterion: &mut Criterion) {
    let packet = r#"42["msg","00000001abcdefghijkl"]"#;
    let body = [packet; 16].join("\x1e");
    let mut group = criterion.benchmark_group("socketio/payload");
    group.throughput(Throughput::Elements(16));
    group.bench_function("16 packets", |b| {
        b.iter(|| payload::decode(black_box(&body), Version::V4).filter(Result::is_ok).count());
    });
}

criterion_group!(benches, decode, write, message_pack, polling);
criterion_main!(benches);
