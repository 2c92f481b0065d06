#![no_main]

#[path = "../../crates/ropeway-jwt/tests/tokens/fuzzed/token.rs"]
mod token;

libfuzzer_sys::fuzz_target!(|input: &[u8]| token::run(input));
