//! The command as a person or a supervisor sees it: text, exit status, signals.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper may stop at the first surprise, as the tests that call it may"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tungstenite::protocol::frame::coding::CloseCode;

fn ropeway(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ropeway"));
    let ours = std::env::vars_os().map(|(name, _)| name);
    ours.filter(|name| name.to_string_lossy().starts_with("ROPEWAY_")).for_each(|name| {
        command.env_remove(name);
    });
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    ropeway(arguments).output().unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn fails(output: &Output, status: i32, text: &str) {
    let errors = errors(output);
    assert_eq!(output.status.code(), Some(status), "{errors}");
    assert!(errors.contains(text), "{errors}");
    assert!(output.stdout.is_empty());
}

/// A file in Cargo's folder for tests, which is not the same for two tests.
fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).unwrap();
    path
}

/// A server that is killed when the test ends.
struct Serving {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
    address: SocketAddr,
}

impl Serving {
    fn start(arguments: &[&str]) -> Self {
        let mut command = ropeway(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child =
            command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut serving = Self { child, stderr, said: String::new(), address };
        let line = serving.read_until(" listens on ");
        serving.address = line.trim_end().rsplit(' ').next().unwrap().parse().unwrap();
        serving.read_until("health");
        serving
    }

    /// Reads lines of standard error up to one that contains `text`.
    fn read_until(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.stderr.read_line(&mut line).unwrap(), 0, "no `{text}` in {}", self.said);
            self.said.push_str(&line);
            if line.contains(text) {
                return line;
            }
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// Waits for the end, and returns the exit status and what was printed.
    fn end(&mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + Duration::from_secs(20);
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            thread::sleep(Duration::from_millis(10));
        };
        let mut printed = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        self.stderr.read_to_string(&mut self.said).unwrap();
        (status.code(), printed)
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Both fail only for a child that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn config_init_prints_a_file_that_config_check_accepts() {
    let output = run(&["config", "init"]);
    assert!(output.status.success() && output.stderr.is_empty());
    let path = file("init.toml", std::str::from_utf8(&output.stdout).unwrap());
    let checked = run(&["config", "check", path.to_str().unwrap()]);
    assert!(checked.status.success() && checked.stdout.is_empty());
    assert!(
        errors(&checked).contains("init.toml is right\nnote: it has no room rule"),
        "{}",
        errors(&checked)
    );
}

#[test]
fn config_check_names_line_key_and_the_right_key() {
    let path =
        file("wrong.toml", "[server]\nlisten = \"127.0.0.1:8080\"\necko = true\n[heartbeat]\ninterval = 5\n");
    let output = run(&["config", "check", path.to_str().unwrap()]);
    fails(
        &output,
        78,
        "wrong.toml:3: there is no key `server.ecko`\n    hint: did you mean `server.echo`?\n",
    );
    fails(&output, 78, "wrong.toml:5: `heartbeat.interval` cannot be 5: it must be a time with a unit");
    assert!(errors(&output).starts_with("error: "));
}

/// It is not the port that is wrong.
#[test]
fn a_key_file_that_cannot_be_used_is_78() {
    let certificate = file("c.pem", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
    for (key_file, fault) in [
        ("no-such.pem", "the path begins at the folder in which the server is started"),
        (certificate.to_str().unwrap(), "`openssl x509 -in FILE -pubkey -noout` prints it"),
    ] {
        let text = format!("[server]\nlisten = \"127.0.0.1:0\"\n[jwt]\nkey_file = {key_file:?}\n");
        let path = file("keys.toml", &text);
        let path = path.to_str().unwrap();
        let named = format!("`jwt.key_file` {key_file:?} cannot be used: ");
        let (check, serve) = (run(&["config", "check", path]), run(&["serve", "--config", path]));
        assert!(errors(&check).contains("keys.toml is not right"), "{}", errors(&check));
        assert!(errors(&serve).contains("error: the configuration cannot be used"), "{}", errors(&serve));
        for output in [check, serve] {
            fails(&output, 78, &named);
            fails(&output, 78, fault);
        }
    }
}

#[test]
fn other_files_that_cannot_be_used_are_found_by_config_check() {
    for (text, fault) in [
        ("[tls]\ncertificate = \"no-such.pem\"\nkey = \"no-such.key\"\n", "no-such.pem"),
        ("[outbound]\nca = [\"no-authority.pem\"]\n", "no-authority.pem"),
    ] {
        let path = file("files.toml", text);
        let check = run(&["config", "check", path.to_str().unwrap()]);
        fails(&check, 78, "files.toml is not right");
        fails(&check, 78, fault);
    }
}

/// Secrets are better kept there.
#[test]
fn config_check_looks_into_the_environment() {
    let path = file("tickets.toml", "[tickets]\nenabled = true\n");
    let check = || {
        let mut check = Command::new(env!("CARGO_BIN_EXE_ropeway"));
        check.args(["config", "check", path.to_str().unwrap()]);
        check
    };
    fails(&check().env_remove("ROPEWAY_API_KEY").output().unwrap(), 78, "`tickets.enabled` needs `api.key`");
    let keyed = check().env("ROPEWAY_API_KEY", "a-key-of-the-environment").output().unwrap();
    assert!(keyed.status.success(), "{}", errors(&keyed));
}

#[test]
fn a_missing_file_is_66() {
    let output = run(&["serve", "--config", "no-such-file.toml"]);
    fails(&output, 66, "error: cannot read the configuration no-such-file.toml");
    fails(&output, 66, "hint: `ropeway config init > no-such-file.toml` makes one");
}

#[test]
fn wrong_usage_is_2() {
    fails(&run(&["serv"]), 2, "serve");
    fails(&run(&["serve", "--lisen", "x"]), 2, "--listen");
}

#[test]
fn help_documents_the_exit_status_and_the_layers() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    assert!(help.contains("Exit status:") && help.contains("78   the configuration is wrong"), "{help}");
    let help = String::from_utf8(run(&["serve", "--help"]).stdout).unwrap();
    assert!(help.contains("ROPEWAY_SERVER_LISTEN") && help.contains("--listen <ADDR:PORT>"), "{help}");
}

#[test]
fn development_defaults_refuse_other_addresses_than_loopback() {
    let output = run(&["serve", "--listen", "0.0.0.0:0"]);
    fails(&output, 78, "error: the configuration cannot be used");
    fails(&output, 78, "loopback only");
    fails(&output, 78, "hint: write a configuration with `ropeway config init > ropeway.toml`");
}

#[test]
fn a_wrong_variable_is_named() {
    let output = ropeway(&["serve"]).env("ROPEWAY_SERVER_LISTN", "127.0.0.1:0").output().unwrap();
    fails(&output, 78, "environment variable ROPEWAY_SERVER_LISTN: there is no such key");
    let output = ropeway(&["serve"]).env("ROPEWAY_LIMITS_MESSAGE", "1 megabyte").output().unwrap();
    fails(&output, 78, "`limits.message` cannot be \"1 megabyte\": it must be a size with a unit");
}

#[test]
fn a_used_port_is_69() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let output = run(&["serve", "--listen", &address]);
    fails(&output, 69, &format!("error: cannot listen on {address}"));
    fails(&output, 69, "hint: end the program that uses the port");
}

#[test]
fn it_says_what_it_serves_and_ends_with_0_on_sigterm() {
    let mut serving = Serving::start(&[]);
    assert!(serving.said.contains(&format!("chat page  http://{}/", serving.address)), "{}", serving.said);
    serving.read_until("Development defaults");
    assert!(
        serving.said.contains(&format!("Socket.IO  http://{}/socket.io/", serving.address)),
        "{}",
        serving.said
    );
    serving.read_until("API key");
    assert!(serving.get("/readyz").starts_with("HTTP/1.1 200 OK"));
    serving.signal("TERM");
    assert_eq!(serving.end(), (Some(0), String::new()));
}

#[test]
fn with_a_file_there_are_no_development_defaults() {
    let path = file("closed.toml", "");
    let mut serving = Serving::start(&["--config", path.to_str().unwrap()]);
    assert!(serving.get("/").starts_with("HTTP/1.1 404"));
    serving.signal("INT");
    assert_eq!(serving.end().0, Some(0));
    assert!(!serving.said.contains("Development") && !serving.said.contains("API"), "{}", serving.said);
}

#[test]
fn the_log_can_be_json() {
    let mut serving = Serving::start(&["--log-format", "json"]);
    serving.signal("TERM");
    assert_eq!(serving.end().0, Some(0));
    assert!(serving.said.contains("\"message\":\"shutting down\""), "{}", serving.said);
}

#[test]
fn open_connections_are_closed_with_1001_on_sigterm() {
    let mut serving = Serving::start(&[]);
    let connect = |path| tungstenite::connect(format!("ws://{}{path}", serving.address)).unwrap().0;
    let mut sockets: Vec<_> = ["/ws", "/ws", "/echo"].map(connect).into();
    sockets[0].read().unwrap();
    sockets[1].read().unwrap();
    serving.signal("TERM");
    // Those of the protocol are told when to come back.
    for socket in &mut sockets[..2] {
        assert!(socket.read().unwrap().to_text().unwrap().contains("\"type\":\"reconnect\""));
    }
    for socket in &mut sockets {
        let tungstenite::Message::Close(Some(close)) = socket.read().unwrap() else { panic!("a close") };
        assert_eq!(close.code, CloseCode::Away);
        assert!(matches!(socket.read(), Err(tungstenite::Error::ConnectionClosed)));
    }
    assert_eq!(serving.end(), (Some(0), String::new()));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut serving = Serving::start(&["--shutdown-timeout", "1h"]);
    // This peer never answers the close.
    let _deaf = tungstenite::connect(format!("ws://{}/echo", serving.address)).unwrap();
    serving.signal("TERM");
    serving.read_until("shutting down");
    serving.signal("TERM");
    assert_eq!(serving.end().0, Some(143));
}

#[test]
fn completions_and_manual_pages_come_from_the_flags() {
    for (shell, text) in
        [("bash", "_ropeway()"), ("zsh", "#compdef ropeway"), ("fish", "complete -c ropeway")]
    {
        let output = run(&["completions", shell]);
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success() && script.contains(text) && script.contains("ping-interval"),
            "{shell}"
        );
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("man");
    assert!(run(&["man", folder.to_str().unwrap()]).status.success());
    let page = fs::read_to_string(folder.join("ropeway-connect.1")).unwrap();
    for text in ["keep\\-open", "Exit status:", "77   the server refused", "unix\\-socket"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    fails(&run(&["man", "/dev/null/man"]), 73, "error: the manual cannot be written to /dev/null/man");
}

#[test]
fn connect_documents_its_exit_status() {
    let help = String::from_utf8(run(&["connect", "--help"]).stdout).unwrap();
    for status in [
        "60   TLS failed",
        "69   nobody is reached",
        "74   the connection ended",
        "75   a timeout",
        "77   the",
    ] {
        assert!(help.contains(status), "{status}: {help}");
    }
}
