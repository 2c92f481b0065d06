#![no_main]

#[path = "../../crates/ropeway-proto/tests/handshake/fuzzed/handshake.rs"]
mod handshake;

libfuzzer_sys::fuzz_target!(|input: &[u8]| handshake::run(input));
