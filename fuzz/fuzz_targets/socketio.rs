#![no_main]

#[path = "../../crates/ropeway-socketio/tests/codec/fuzzed/socketio.rs"]
mod socketio;

libfuzzer_sys::fuzz_target!(|input: &[u8]| socketio::run(input));
