//! What the README shows works.

use std::io::Write;
use std::process::{Command, Stdio};

const README: &str = include_str!("../../README.md");

/// The contents of the fenced blocks in a language.
fn blocks(language: &str) -> impl Iterator<Item = &'static str> {
    let parts = README.split("```").skip(1).step_by(2);
    parts.filter_map(move |part| part.strip_prefix(language)?.strip_prefix('\n'))
}

#[test]
fn its_configurations_are_right() {
    assert_eq!(blocks("toml").count(), 2);
    for block in blocks("toml") {
        let mut check = Command::new(env!("CARGO_BIN_EXE_ropeway"))
            .args(["config", "check", "/dev/stdin"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        check.stdin.take().unwrap().write_all(block.as_bytes()).unwrap();
        assert!(check.wait().unwrap().success(), "{block}");
    }
}
