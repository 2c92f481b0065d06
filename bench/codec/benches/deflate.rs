//! permessage-deflate of 1 KiB JSON: pooled state with a dictionary against state that a connection keeps.
//!
//! tungstenite, fastwebsockets and tokio-websockets have none; sockudo-ws has, and bare flate2 (zlib-rs) is the floor.
#![allow(missing_docs, reason = "what criterion's macros make has none")]
#![allow(clippy::unwrap_used, reason = "a failure ends the benchmark")]

use std::convert::Infallible;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use ropeway_proto::Role;
use ropeway_proto::deflate::{Config, Deflater, Inflater, Params};
use sockudo_ws::DeflateWindowBits;
use sockudo_ws::deflate::{DeflateDecoder, DeflateEncoder};

const LIMIT: usize = 1 << 20;
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

fn compress(criterion: &mut Criterion) {
    for takeover in [false, true] {
        let mut group = criterion.benchmark_group(format!("deflate/compress/{}", name(takeover)));
        let mut documents = cycle(payloads::documents());
        let mut ours = Deflater::new(&params(takeover), Role::Server, &config(takeover)).unwrap();
        let mut out = Vec::new();
        group.bench_function("ropeway", |b| {
            b.iter(|| {
                let document = documents();
                out.clear();
                ours.compress(&document, &mut out).unwrap();
                ours.commit(&document);
                black_box(&out);
            });
        });
        let mut theirs = DeflateEncoder::new(DeflateWindowBits::Bits15, !takeover, 6, 0);
        group.bench_function("sockudo", |b| b.iter(|| black_box(theirs.compress(&documents()).unwrap())));
        let mut bare = Compress::new(Compression::new(6), false);
        group.bench_function("flate2", |b| {
            b.iter(|| bare_compress(&mut bare, &documents(), takeover, &mut out));
        });
    }
}

fn decompress(criterion: &mut Criterion) {
    for takeover in [false, true] {
        let mut group = criterion.benchmark_group(format!("deflate/decompress/{}", name(takeover)));
        // The whole set is one history: it starts again with an independent message.
        let deflated = deflated(takeover);
        let mut ours = Inflater::new(&params(takeover), Role::Server);
        group.bench_function("ropeway", |b| {
            let mut plain = Vec::new();
            b.iter(|| {
                for message in &deflated {
                    plain.clear();
                    let mut sink = |bytes: &[u8]| {
                        plain.extend_from_slice(bytes);
                        Ok::<(), Infallible>(())
                    };
                    ours.push(message, true, LIMIT, &mut sink).unwrap();
                    black_box(&plain);
                }
            });
        });
        let mut theirs = DeflateDecoder::new(DeflateWindowBits::Bits15, !takeover);
        group.bench_function("sockudo", |b| {
            b.iter(|| {
                deflated
                    .iter()
                    .for_each(|message| drop(black_box(theirs.decompress(message, LIMIT).unwrap())));
            });
        });
        let mut bare = Decompress::new(false);
        group.bench_function("flate2", |b| {
            b.iter(|| deflated.iter().for_each(|message| bare_decompress(&mut bare, message, takeover)));
        });
    }
}

fn name(takeover: bool) -> &'static str {
    if takeover { "takeover" } else { "no-takeover" }
}

fn params(takeover: bool) -> Params {
    Params {
        server_no_context_takeover: !takeover,
        client_no_context_takeover: !takeover,
        ..Params::default()
    }
}

fn config(takeover: bool) -> Config {
    if takeover { Config::default() } else { Config::without_takeover() }
}

/// The documents one after the other, for ever.
fn cycle(documents: Vec<Vec<u8>>) -> impl FnMut() -> Vec<u8> {
    let mut next = 0;
    move || {
        next = (next + 1) % documents.len();
        documents[next].clone()
    }
}

/// All documents, compressed. With takeover they refer back through one window of 32 KiB.
fn deflated(takeover: bool) -> Vec<Vec<u8>> {
    let mut compress = Compress::new(Compression::new(6), false);
    let one = |document: &Vec<u8>| {
        let mut out = Vec::new();
        bare_compress(&mut compress, document, takeover, &mut out);
        out.truncate(out.len() - TAIL.len());
        out
    };
    payloads::documents().iter().map(one).collect()
}

fn bare_compress(compress: &mut Compress, document: &[u8], takeover: bool, out: &mut Vec<u8>) {
    out.clear();
    out.reserve(4096);
    compress.compress_vec(document, out, FlushCompress::Sync).unwrap();
    if !takeover {
        compress.reset();
    }
    black_box(out);
}

fn bare_decompress(decompress: &mut Decompress, message: &[u8], takeover: bool) {
    let mut plain = Vec::with_capacity(4096);
    decompress.decompress_vec(message, &mut plain, FlushDecompress::Sync).unwrap();
    decompress.decompress_vec(&TAIL, &mut plain, FlushDecompress::Sync).unwrap();
    if !takeover {
        decompress.reset(false);
    }
    black_box(plain);
}

criterion_group!(benches, compress, decompress);
criterion_main!(benches);
