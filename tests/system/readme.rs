//! What the README shows works.

use std::io::Write;
use std::process::{Command, Stdio};

const README: &str = include_str!("../../README.md");

/// The contents of the first fenced block in a language.
fn block(language: &str) -> &'static str {
    let (_, rest) = README.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn its_configuration_is_right() {
    let mut check = Command::new(env!("CARGO_BIN_EXE_ropeway"))
        .args(["config", "check", "/dev/stdin"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    check.stdin.take().unwrap().write_all(block("toml").as_bytes()).unwrap();
    assert!(check.wait().unwrap().success());
}
