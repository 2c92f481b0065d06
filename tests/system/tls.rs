//! TLS that ends at `ropeway serve`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{CertificateParams, KeyPair, date_time_ymd, generate_simple_self_signed};

use crate::connect::run::{Done, Running, run};
use crate::server::{Server, serve};

/// An empty folder of one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// `ropeway connect` says a word to `/echo`, and trusts `authority`.
fn echo(server: &Server, authority: &Path) -> Done {
    let url = format!("wss://{}/echo", server.address());
    run(&["--ca", authority.to_str().unwrap(), "-n", "1", &url], "over TLS\n")
}

fn dev_tls(state: &Path) -> Server {
    let mut command = serve("127.0.0.1:0");
    command.arg("--dev-tls").env("XDG_STATE_HOME", state);
    let server = Server::start_command(command);
    note_key(&server, &state.join("ropeway/dev-tls/key.pem"));
    server
}

/// No line of the private key may stand in a log, either.
fn note_key(server: &Server, file: &Path) {
    let pem = fs::read_to_string(file).unwrap();
    pem.lines()
        .filter(|line| line.len() >= 16 && !line.starts_with("--"))
        .for_each(|line| server.secret(line));
}

#[test]
fn the_certificate_for_development_is_made_once_and_can_be_trusted() {
    let state = folder("dev-tls");
    let certificate = state.join("ropeway/dev-tls/cert.pem");
    let server = dev_tls(&state);
    let done = echo(&server, &certificate);
    assert_eq!((done.status, done.out.as_slice()), (Some(0), b"over TLS\n".as_slice()), "{}", done.err);
    let first = fs::read(&certificate).unwrap();
    drop(server);

    let again = dev_tls(&state);
    assert_eq!(fs::read(&certificate).unwrap(), first);
    assert_eq!(echo(&again, &certificate).status, Some(0));
}

#[test]
fn nobody_trusts_it_unasked() {
    let server = dev_tls(&folder("dev-tls-untrusted"));
    let done = run(&[&format!("wss://{}/echo", server.address())], "");
    assert_eq!(done.status, Some(60), "{}", done.err);
}

/// A certificate and its key in the files that the server has been told of.
fn write_pair(folder: &Path) {
    let pair = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(folder.join("key.pem"), pair.signing_key.serialize_pem()).unwrap();
    fs::write(folder.join("cert.pem"), pair.cert.pem()).unwrap();
}

fn with_certificate(folder: &Path) -> Command {
    let mut command = serve("127.0.0.1:0");
    command.env("ROPEWAY_TLS_CERTIFICATE", folder.join("cert.pem"));
    command.env("ROPEWAY_TLS_KEY", folder.join("key.pem"));
    // So that only the signal has the files read again.
    command.env("ROPEWAY_TLS_RELOAD_INTERVAL", "1h");
    command
}

#[test]
fn sighup_takes_the_new_certificate_and_leaves_connections_alone() {
    let folder = folder("sighup");
    write_pair(&folder);
    let old = folder.join("old.pem");
    fs::copy(folder.join("cert.pem"), &old).unwrap();
    let server = Server::start_command(with_certificate(&folder));
    note_key(&server, &folder.join("key.pem"));
    let url = format!("wss://{}/echo", server.address());
    let arguments = ["--ca", old.to_str().unwrap(), &url];
    let mut open = Running::start(crate::connect::run::connect(&arguments), b"before\n".to_vec(), false);
    open.until_printed("before");

    write_pair(&folder);
    note_key(&server, &folder.join("key.pem"));
    assert_eq!(echo(&server, &old).status, Some(0), "the files are not looked at by themselves");
    server.signal("HUP");
    let new = folder.join("cert.pem");
    crate::server::until(|| echo(&server, &new).status == Some(0), "the new certificate is served");
    assert_eq!(echo(&server, &old).status, Some(60));
    open.say("after\n");
    open.until_printed("after");
}

#[test]
fn a_certificate_out_of_its_time_is_told() {
    let folder = folder("out-of-time");
    let said = |from: i32, to: i32| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        fs::write(folder.join("cert.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
        let server = Server::start_command(with_certificate(&folder));
        note_key(&server, &folder.join("key.pem"));
        let log = server.log();
        ["the certificate has expired", "the certificate is not valid yet"].map(|text| log.contains(text))
    };
    assert_eq!(said(1990, 2000), [true, false]);
    assert_eq!(said(4000, 4090), [false, true]);
    assert_eq!(said(1990, 4090), [false, false]);
}

/// The one test that listens on all addresses, for as long as it takes to say so.
#[test]
fn credentials_in_the_clear_are_warned_of() {
    let file = folder("exposed").join("ropeway.toml");
    fs::write(&file, "").unwrap();
    let warns = |listen| {
        let mut command = serve(listen);
        command.arg("--config").arg(&file);
        Server::start_command(command).log().contains("credentials of clients cross the network unencrypted")
    };
    assert!(warns("0.0.0.0:0") && !warns("127.0.0.1:0"));
}

#[test]
fn a_certificate_of_its_own_making_does_not_replace_one_that_is_configured() {
    let folder = folder("dev-tls-and-tls");
    write_pair(&folder);
    let output = with_certificate(&folder).arg("--dev-tls").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("tls.certificate"));
}
