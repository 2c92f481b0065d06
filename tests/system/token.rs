//! `ropeway token`, alone and with the server that takes its tokens.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use ropeway_jwt::{Algorithm, SigningKey};
use serde_json::{Value, json};

use crate::client::Client;
use crate::server::Server;

const SECRET: &str = "HUSH-of-the-tests-of-the-command";

/// A folder of its own for each test.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("token").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// `ropeway` in a folder, with a secret in the environment or without, and this on standard input.
fn ropeway(folder: &Path, secret: Option<&str>, input: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ropeway"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ROPEWAY_")) {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(folder).envs(secret.map(|secret| ("ROPEWAY_JWT_SECRET", secret)));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may end before it has read this.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn token(folder: &Path, secret: Option<&str>, arguments: &[&str]) -> Output {
    ropeway(folder, secret, "", &[&["token"], arguments].concat())
}

#[track_caller]
fn text(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn fails(output: &Output, status: i32, text: &str) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{errors}");
    assert!(errors.contains(text) && !errors.contains("HUSH"), "{errors}");
}

/// The user that the server takes the token for.
#[track_caller]
fn user(server: &Server, token: &str) -> Value {
    server.secret(token.trim());
    let mut client = Client::connect(server, "/ws");
    client.send_json(&json!({ "type": "auth", "token": token.trim() }));
    client.next_of_type("auth_ok")["user"].clone()
}

#[track_caller]
fn is_refused(server: &Server, token: &str) {
    server.secret(token);
    let error = Client::try_connect(server.address(), &format!("/ws?token={token}"))
        .err()
        .map(|error| error.to_string());
    assert!(error.as_ref().is_some_and(|error| error.contains("401")), "{error:?}");
}

#[test]
fn tokens_of_a_secret_let_their_user_in() {
    let here = folder("secret");
    for name in ["right", "wrong"] {
        let made = text(&token(&here, None, &["keys", "generate", "--algorithm", "HS512", name]));
        assert_eq!(made, "", "a secret is told to nobody");
    }
    let secret = fs::read_to_string(here.join("right")).unwrap();
    let server = Server::start_with("127.0.0.1:0", &[("ROPEWAY_JWT_SECRET", secret.trim())]);

    let made = text(&token(&here, None, &["create", "--sub", "ada", "--secret-file", "right"]));
    assert_eq!(user(&server, &made), "ada");
    let made = text(&token(&here, Some(secret.trim()), &["create", "--sub", "bob", "--algorithm", "HS384"]));
    assert_eq!(user(&server, &made), "bob");
    let made = ropeway(&here, None, &secret, &["token", "create", "--sub", "eve", "--secret-file", "-"]);
    assert_eq!(user(&server, &text(&made)), "eve");

    let forged = text(&token(&here, None, &["create", "--sub", "ada", "--secret-file", "wrong"]));
    is_refused(&server, forged.trim());
    let mut nobody = Client::connect(&server, "/ws");
    nobody.send_json(&json!({ "type": "join", "room": "demo:lobby" }));
    assert_eq!(nobody.until_close().map(|frame| u16::from(frame.code)), Some(4001));
}

#[test]
fn tokens_of_a_key_pair_let_their_user_in() {
    let here = folder("pair");
    for algorithm in ["EdDSA", "ES256", "ES384", "ES512"] {
        let public = token(&here, None, &["keys", "generate", algorithm, "--algorithm", algorithm]);
        let file = here.join("public.pem");
        fs::write(&file, text(&public)).unwrap();
        let server = Server::start_with("127.0.0.1:0", &[("ROPEWAY_JWT_KEY_FILE", file.to_str().unwrap())]);
        let made = text(&token(&here, None, &["create", "--sub", "ada", "--key", algorithm]));
        assert_eq!(user(&server, &made), "ada", "{algorithm}");
        is_refused(&server, "no.token.at-all");
    }
}

#[test]
fn rights_are_those_of_the_flags() {
    let here = folder("rights");
    let server = Server::start_with("127.0.0.1:0", &[("ROPEWAY_JWT_SECRET", SECRET)]);
    let flags =
        ["create", "--sub", "ada", "--join", "demo:a*", "--publish", "demo:b", "--room", "demo:at-once"];
    let made = text(&token(&here, Some(SECRET), &flags));
    server.secret(made.trim());
    let mut ada = Client::connect(&server, &format!("/ws?token={}", made.trim()));
    assert_eq!(ada.next_of_type("joined")["room"], "demo:at-once");
    ada.send_json(&json!({ "type": "join", "room": "demo:above" }));
    assert_eq!(ada.next_of_type("joined")["room"], "demo:above");
    ada.send_json(&json!({ "type": "join", "room": "demo:below", "id": "1" }));
    assert_eq!(ada.next_json()["code"], "forbidden");
}

#[test]
fn a_good_token_is_shown_with_its_times() {
    let here = folder("good");
    let flags = ["create", "--sub", "ada", "--expires-in", "2days", "--claim", "level=[3]", "--kid", "k1"];
    let made = text(&token(&here, Some(SECRET), &flags));
    let shown = text(&token(&here, Some(SECRET), &["verify", made.trim()]));
    for part in
        ["alg  \"HS256\"", "kid  \"k1\"", "level  [3]", "sub    \"ada\"", "(expires in 1day 23h", "is good\n"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let piped = text(&ropeway(&here, Some(SECRET), &made, &["token", "verify"]));
    assert!(piped.ends_with("the token is good\n"), "{piped}");
}

#[test]
fn bad_tokens_are_refused_with_77_and_the_reason() {
    let here = folder("bad");
    let key = SigningKey::from_secret(SECRET.as_bytes()).unwrap();
    let signed = |claims: &str| key.token(Algorithm::Hs256, None, claims).unwrap();
    let verify = |token_text: &str| token(&here, Some(SECRET), &["verify", token_text]);

    let expired = verify(&signed(r#"{"sub":"ada","exp":1000}"#));
    fails(&expired, 77, "the token has expired");
    assert!(String::from_utf8_lossy(&expired.stdout).contains("(expired 5"), "{expired:?}");
    fails(&verify(&signed(r#"{"sub":"ada","exp":99999999999,"nbf":99999999990}"#)), 77, "not valid yet: in ");
    fails(&verify(&signed(r#"{"sub":"ada"}"#)), 77, "`exp`");
    fails(&verify(&signed(r#"{"exp":99999999999}"#)), 77, "`sub`");

    let (ada, bob) = (r#"{"sub":"ada","exp":99999999999}"#, r#"{"sub":"bob","exp":99999999999}"#);
    let (ada, bob) = (signed(ada), signed(bob));
    let (ada, bob): (Vec<&str>, Vec<&str>) = (ada.split('.').collect(), bob.split('.').collect());
    let tampered = verify(&[ada[0], bob[1], ada[2]].join("."));
    fails(&tampered, 77, "signature is not valid");
    assert!(String::from_utf8_lossy(&tampered.stdout).contains("nobody has vouched for"), "{tampered:?}");
    // {"alg":"none"}
    fails(&verify(&format!("eyJhbGciOiJub25lIn0.{}.", ada[1])), 77, "algorithm is not allowed");
    fails(&verify("nonsense"), 77, "no JSON Web Token");
}

#[test]
fn a_configuration_gives_secret_issuer_and_audience() {
    let here = folder("configuration");
    let config = format!("[jwt]\nsecret = \"{SECRET}\"\nissuer = \"here\"\naudience = [\"one\", \"two\"]\n");
    fs::write(here.join("ropeway.toml"), config).unwrap();
    let made = text(&token(&here, None, &["create", "--sub", "ada", "--config", "ropeway.toml"]));
    let shown = text(&token(&here, None, &["verify", "-c", "ropeway.toml", made.trim()]));
    assert!(shown.contains("iss  \"here\"") && shown.contains("aud  \"one\""), "{shown}");

    for (flag, name) in
        [("--issuer", "the issuer must be here"), ("--audience", "the audience must be one or two")]
    {
        let foreign = ["create", "--sub", "ada", "-c", "ropeway.toml", flag, "foreign"];
        let made = text(&token(&here, None, &foreign));
        fails(&token(&here, None, &["verify", "-c", "ropeway.toml", made.trim()]), 77, name);
    }
}

#[test]
fn private_keys_are_for_their_owner_and_stay() {
    let here = folder("files");
    text(&token(&here, None, &["keys", "generate", "key.pem"]));
    let path = here.join("key.pem");
    let is_private = || fs::metadata(&path).unwrap().permissions().mode() & 0o777 == 0o600;
    let before = fs::read_to_string(&path).unwrap();
    assert!(is_private() && before.starts_with("-----BEGIN PRIVATE KEY-----\n"));

    fails(&token(&here, None, &["keys", "generate", "key.pem"]), 73, "hint: it stays as it is");
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    text(&token(&here, None, &["keys", "generate", "--force", "key.pem"]));
    assert!(is_private() && fs::read_to_string(&path).unwrap() != before);
    assert_eq!(fs::read_dir(&here).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn keys_for_rsa_come_from_elsewhere() {
    let here = folder("rsa");
    for algorithm in ["RS256", "PS512"] {
        let refused = token(&here, None, &["keys", "generate", "--algorithm", algorithm, "a key.pem"]);
        fails(&refused, 2, "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out 'a key.pem'");
    }
    assert_eq!(fs::read_dir(&here).unwrap().count(), 0);
}

#[test]
fn a_key_set_verifies_what_its_private_keys_sign() {
    let here = folder("set");
    let public = text(&token(&here, None, &["keys", "generate", "a.pem"]));
    fs::write(here.join("a.pub"), public).unwrap();
    text(&token(&here, None, &["keys", "generate", "--algorithm", "ES256", "b.pem"]));
    text(&token(&here, None, &["keys", "generate", "other.pem"]));
    let set = text(&token(&here, None, &["keys", "jwks", "a.pem", "a.pub", "b.pem"]));
    let keys: Value = serde_json::from_str(&set).unwrap();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2, "a key is in it once: {set}");
    assert!(!set.contains("\"d\""), "{set}");
    fs::write(here.join("set.json"), set).unwrap();

    let made = |key| text(&token(&here, None, &["create", "--sub", "ada", "--key", key]));
    for key in ["a.pem", "b.pem"] {
        text(&token(&here, None, &["verify", "--jwks", "set.json", made(key).trim()]));
    }
    let foreign = token(&here, None, &["verify", "--jwks", "set.json", made("other.pem").trim()]);
    fails(&foreign, 77, "a key that is not known");
    text(&token(&here, None, &["verify", "--key", "a.pub", made("a.pem").trim()]));
}

#[test]
fn no_failure_tells_a_secret() {
    let here = folder("failures");
    fs::write(here.join("short"), "HUSH-short").unwrap();
    fs::write(here.join("long"), SECRET).unwrap();
    let pem = "-----BEGIN PRIVATE KEY-----\nHUSHHUSHHUSHHUSHHUSHHUSH\n-----END PRIVATE KEY-----\n";
    fs::write(here.join("broken.pem"), pem).unwrap();
    fs::write(here.join("wrong.toml"), "[jwt]\nsecret = [\"HUSH-in-a-list\"]\n").unwrap();
    let create = |more: &[&str]| token(&here, None, &[&["create", "--sub", "ada"], more].concat());

    fails(&create(&[]), 2, "there is no key");
    fails(&create(&["--secret-file", "short"]), 66, "at least 32 bytes");
    fails(&create(&["--secret-file", "broken.pem"]), 66, "PEM text");
    fails(&create(&["--secret-file", "none"]), 66, "cannot read none");
    fails(&create(&["--key", "broken.pem"]), 66, "broken.pem cannot be used");
    fails(&create(&["--key", "long"]), 66, "--secret-file");
    fails(&create(&["--config", "wrong.toml"]), 78, "`jwt.secret`");
    fails(&create(&["--secret-file", "long", "--claim", "key=HUSH-claim"]), 2, "`key` is no JSON");
    fails(&create(&["--secret-file", "long", "--claim", "exp=1"]), 2, "`exp`");
    fails(&create(&["--secret-file", "long", "--algorithm", "HS512"]), 2, "at least 64 bytes");
    fails(&create(&["--secret-file", "long", "--not-before", "2h"]), 2, "expired by then");
    fails(&create(&["--secret-file", "long", "--join", ""]), 2, "1 to 256 bytes");
    fails(&token(&here, Some("HUSH-short"), &["create", "--sub", "ada"]), 78, "ROPEWAY_JWT_SECRET");
    fails(&token(&here, None, &["verify", "--secret-file", "long", "a.HUSH.b"]), 77, "no JSON Web Token");
    fails(&token(&here, None, &["verify", "--secret-file", "-"]), 2, "cannot be two things");
    fails(&token(&here, None, &["keys", "jwks", "long"]), 66, "long cannot be used");
}

#[test]
fn completions_and_manual_have_the_command() {
    let here = folder("manual");
    let script = text(&ropeway(&here, None, "", &["completions", "bash"]));
    assert!(script.contains("ropeway__subcmd__token") || script.contains("ropeway__token"), "{script}");
    assert!(script.contains("--secret-file") && script.contains("--jwks"));
    text(&ropeway(&here, None, "", &["man", "pages"]));
    let page = fs::read_to_string(here.join("pages/ropeway-token-create.1")).unwrap();
    assert!(page.contains("secret\\-file") && page.contains("list of processes"), "{page}");
    let page = fs::read_to_string(here.join("pages/ropeway-token-verify.1")).unwrap();
    assert!(page.contains("77   the token is not good"), "{page}");
}
