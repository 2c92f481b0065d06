//! Wrong handlers do not compile, and the compiler says what is wrong.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

#[test]
fn a_handler_that_takes_or_returns_the_wrong_thing_is_explained() {
    let error = errors_of("app.namespace(\"/\").on(\"event\", |_: u32| ());");
    assert!(error.contains("is not a handler that can be called here"), "{error}");
    assert!(error.contains("each argument must implement `Extract<"), "{error}");
    let error = errors_of("app.namespace(\"/\").on(\"event\", || 5_u32);");
    assert!(error.contains("the return value must implement `Outcome<"), "{error}");
    let error = errors_of("app.namespace(\"/\").on_connect(|_: Data<u32>| ());");
    assert!(error.contains("not a handler for `Connected`"), "{error}");
}

#[test]
fn what_cannot_be_sent_is_explained() {
    let error = errors_of("struct Plain; let _ = app.of(\"/\").emit(\"event\", Plain);");
    assert!(error.contains("`Plain` cannot be sent to a client"), "{error}");
    let error = errors_of("let _ = app.of(\"/\").to(5).emit(\"event\", ());");
    assert!(error.contains("`{integer}` is not a name of a room, nor several"), "{error}");
}

#[test]
fn right_handlers_compile() {
    let errors = errors_of(
        "app.namespace(\"/\").on_connect(async |_: Socket| ()).on(\"a\", |d: Data<u32>| Reply(d.0)).on(\"b\", || ());",
    );
    assert_eq!(errors, "", "otherwise the other tests prove nothing");
}

/// What the compiler says to a function with this body.
fn errors_of(body: &str) -> String {
    let directory =
        env::temp_dir().join(format!("ropeway-compile-{}-{}", std::process::id(), length_hash(body)));
    fs::create_dir_all(&directory).unwrap();
    let source = directory.join("wrong.rs");
    let text = format!(
        "#![allow(unused_imports, dead_code)]\nuse ropeway_server::app::*;\npub fn body(app: App) {{ {body} }}\n"
    );
    fs::write(&source, text).unwrap();
    let output = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--out-dir"])
        .arg(&directory)
        .arg(format!("-Ldependency={}", dependencies().display()))
        .arg(format!("--extern=ropeway_server={}", library().display()))
        .arg(&source)
        .output()
        .unwrap();
    fs::remove_dir_all(&directory).unwrap();
    String::from_utf8(output.stderr).unwrap()
}

fn length_hash(text: &str) -> usize {
    text.bytes().fold(7, |hash, byte| hash.wrapping_mul(31).wrapping_add(usize::from(byte)))
}

/// Where this test lies lies what it was linked with.
fn dependencies() -> PathBuf {
    env::current_exe().unwrap().parent().unwrap().to_owned()
}

/// The library under test: the one that was built last.
fn library() -> PathBuf {
    let files = fs::read_dir(dependencies()).unwrap().map(|entry| entry.unwrap().path());
    let libraries = files.filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("libropeway_server-") && name.ends_with(".rlib")
    });
    libraries.max_by_key(|path| built(path)).unwrap()
}

fn built(path: &Path) -> SystemTime {
    path.metadata().unwrap().modified().unwrap()
}
