#![no_main]

#[path = "../../crates/ropeway-proto/tests/deflate/fuzzed/deflate.rs"]
mod deflate;

libfuzzer_sys::fuzz_target!(|input: &[u8]| deflate::run(input));
