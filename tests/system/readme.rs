//! What the README shows works.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use rcgen::generate_simple_self_signed;

const README: &str = include_str!("../../README.md");

/// The contents of the fenced blocks in a language.
fn blocks(language: &str) -> impl Iterator<Item = &'static str> {
    let parts = README.split("```").skip(1).step_by(2);
    parts.filter_map(move |part| part.strip_prefix(language)?.strip_prefix('\n'))
}

/// The configuration with its certificate where a test may write.
fn with_certificate(block: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    fs::create_dir_all(&folder).unwrap();
    let made = generate_simple_self_signed(["ws.example.org".to_owned()]).unwrap();
    fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    block.replace("/etc/ropeway/tls", folder.to_str().unwrap())
}

#[test]
fn its_configurations_are_right() {
    assert_eq!(blocks("toml").count(), 2);
    for block in blocks("toml").map(with_certificate) {
        let mut check = Command::new(env!("CARGO_BIN_EXE_ropeway"))
            .args(["config", "check", "/dev/stdin"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        check.stdin.take().unwrap().write_all(block.as_bytes()).unwrap();
        assert!(check.wait().unwrap().success(), "{block}");
    }
}
