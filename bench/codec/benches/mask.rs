//! Unmasking in place. tungstenite and tokio-websockets keep theirs private; they show in `stream`.
#![allow(missing_docs, reason = "what criterion's macros make has none")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ropeway_proto::mask::Key;

fn mask(criterion: &mut Criterion) {
    for len in [20, 125, 1024, 16 * 1024, 1024 * 1024] {
        let mut payload = payloads::binary(len);
        let mut group = criterion.benchmark_group(format!("mask/{len}"));
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function("ropeway", |b| {
            b.iter(|| Key::new(black_box([1, 2, 3, 4])).apply(black_box(&mut payload)));
        });
        group.bench_function("fastwebsockets", |b| {
            b.iter(|| fastwebsockets::unmask(black_box(&mut payload), black_box([1, 2, 3, 4])));
        });
    }
}

criterion_group!(benches, mask);
criterion_main!(benches);
