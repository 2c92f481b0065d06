#![no_main]

#[path = "../../crates/ropeway-proto/tests/connection/fuzzed/stream.rs"]
mod stream;

libfuzzer_sys::fuzz_target!(|input: &[u8]| stream::run(input));
