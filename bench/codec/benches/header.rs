//! A frame header: decode and encode. fastwebsockets and tokio-websockets have no function for it alone.
#![allow(missing_docs, reason = "what criterion's macros make has none")]
#![allow(clippy::unwrap_used, reason = "a failure ends the benchmark")]

use std::hint::black_box;
use std::io::Cursor;

use criterion::{Criterion, criterion_group, criterion_main};
use ropeway_proto::frame::{Header, OpCode};
use ropeway_proto::mask::Key;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Data, OpCode as TungsteniteOpCode};

const LENS: [u64; 3] = [20, 1024, 1 << 20];

fn decode(criterion: &mut Criterion) {
    for len in LENS {
        let mut bytes = Vec::new();
        header(len).encode(&mut bytes);
        let mut group = criterion.benchmark_group(format!("header/decode/{len}"));
        group.bench_function("ropeway", |b| b.iter(|| Header::decode(black_box(&bytes)).unwrap()));
        group.bench_function("tungstenite", |b| {
            b.iter(|| FrameHeader::parse(&mut Cursor::new(black_box(&bytes))).unwrap());
        });
    }
}

fn encode(criterion: &mut Criterion) {
    for len in LENS {
        let mut out = Vec::with_capacity(64);
        let mut group = criterion.benchmark_group(format!("header/encode/{len}"));
        group.bench_function("ropeway", |b| {
            b.iter(|| {
                out.clear();
                black_box(header(len)).encode(black_box(&mut out));
            });
        });
        let other = FrameHeader {
            is_final: true,
            opcode: TungsteniteOpCode::Data(Data::Binary),
            mask: Some([1, 2, 3, 4]),
            ..FrameHeader::default()
        };
        group.bench_function("tungstenite", |b| {
            b.iter(|| {
                out.clear();
                black_box(&other).format(len, black_box(&mut out)).unwrap();
            });
        });
    }
}

fn header(payload_len: u64) -> Header {
    let mask = Some(Key::new([1, 2, 3, 4]));
    Header { fin: true, compressed: false, opcode: OpCode::Binary, mask, payload_len }
}

criterion_group!(benches, decode, encode);
criterion_main!(benches);
