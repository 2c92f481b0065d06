#![no_main]

#[path = "../../crates/ropeway-proto/tests/connection/fuzzed/header.rs"]
mod header;

libfuzzer_sys::fuzz_target!(|input: &[u8]| header::run(input));
