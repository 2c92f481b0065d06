//! What is borrowed takes no memory.
//!
//! A test binary of its own, because it counts in the allocator.

use std::hint::black_box;

use allocation_counter::measure;
use ropeway_socketio::{Decoder, Packet};

#[test]
fn reading_packets_without_escapes_or_attachments_takes_no_memory() {
    let long = format!("2/chat,17[\"msg\",\"{}\",{{\"a\":[1,2.5,null]}}]", "é".repeat(1000));
    let mut decoder = Decoder::default();
    for text in ["0", "0{\"token\":\"x\"}", "1", "2[\"msg\",\"a message of 20 b\"]", &long, "37[\"ok\"]"] {
        let info = measure(|| {
            black_box(decoder.text(text).unwrap());
        });
        assert_eq!(info.count_total, 0, "{text}");
    }
}

#[test]
fn writing_an_event_takes_memory_once() {
    let text = format!("2/chat,17[\"msg\",\"{}\"]", "é".repeat(1000));
    let packet: Packet<'_> = Decoder::default().text(&text).unwrap().unwrap();
    let info = measure(|| {
        let mut out = String::new();
        packet.encode(&mut out);
        assert_eq!(out, text);
    });
    assert_eq!(info.count_total, 1);
}
