//! `[jwt]`: what is refused before the server starts.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper may stop at the first surprise, as the tests that call it may"
)]

use ropeway_server::Server;
use ropeway_server::config::{Config, ConfigError, Sources};

const PUBLIC: &str = include_str!("../../ropeway-jwt/tests/keys/p256-public.pem");
const SECRET: &str = "a secret of thirty-two bytes, at least";

fn jwt(text: &str) -> Result<Config, ConfigError> {
    Sources::new().file("ropeway.toml", format!("[jwt]\n{text}")).load()
}

#[track_caller]
fn refused(text: &str) -> String {
    jwt(text).expect_err(text).to_string()
}

fn key(pem: &str) -> String {
    format!("key = '''{pem}'''")
}

#[test]
fn each_source_of_keys_is_taken() {
    assert!(jwt(&format!("secret = '{SECRET}'\nalgorithms = ['HS256']")).is_ok());
    assert!(jwt(&format!("{}\nalgorithms = ['ES256']", key(PUBLIC))).is_ok());
    assert!(jwt("key_file = 'keys.pem'\nalgorithms = ['RS256', 'EdDSA']").is_ok());
    assert!(jwt("jwks_url = 'https://issuer.example/jwks.json'\nissuer = 'i'\naudience = ['a']").is_ok());
}

#[test]
fn a_public_key_is_no_secret() {
    let message = refused(&format!("secret = '''{PUBLIC}'''"));
    assert!(message.contains("belongs into `jwt.key`") && message.contains("(this is PEM text"), "{message}");
    let lines: String = PUBLIC.lines().filter(|line| !line.starts_with('-')).collect();
    refused(&format!("secret = '{lines}'"));
    assert!(!message.contains(&lines[40..60]), "{message}");
}

#[test]
fn a_secret_is_long_enough() {
    let short = &SECRET[..31];
    let message = refused(&format!("secret = '{short}'"));
    assert!(message.contains("at least 32 bytes") && !message.contains(short), "{message}");
    let message = refused(&format!("secret = '{SECRET}'\nalgorithms = ['HS256', 'HS512']"));
    assert!(message.contains("HS512") && message.contains("64 bytes"), "{message}");
}

#[test]
fn algorithms_fit_the_keys() {
    for (keys, misfit) in [
        (key(PUBLIC), "HS256"),
        (key(PUBLIC), "RS256"),
        (key(PUBLIC), "ES384"),
        ("key_file = 'keys.pem'".to_owned(), "HS256"),
        ("jwks_url = 'https://issuer.example/'".to_owned(), "HS384"),
        (format!("secret = '{SECRET}'"), "ES256"),
    ] {
        let message = refused(&format!("{keys}\nalgorithms = ['{misfit}']"));
        assert!(message.contains(&format!("`jwt.algorithms` has {misfit}")), "{message}");
    }
    for unknown in ["none", "None", "hs256", "ES521", "ES256K"] {
        refused(&format!("{}\nalgorithms = ['{unknown}']", key(PUBLIC)));
    }
}

#[test]
fn keys_are_public_and_strong() {
    for pem in [
        include_str!("../../ropeway-jwt/tests/keys/p256.pem"),
        include_str!("../../ropeway-jwt/tests/keys/p256-certificate.pem"),
        include_str!("../../ropeway-jwt/tests/keys/rsa-1024-public.pem"),
        include_str!("../../ropeway-jwt/tests/keys/secp256k1-public.pem"),
        "",
    ] {
        refused(&key(pem));
    }
}

#[test]
fn there_is_one_source_of_keys() {
    let message = refused(&format!("secret = '{SECRET}'\n{}", key(PUBLIC)));
    assert!(message.contains("`jwt.secret`, `jwt.key` are given at once"), "{message}");
    refused("key_file = 'keys.pem'\njwks_url = 'https://issuer.example/'");
    let message = refused("issuer = 'https://issuer.example'");
    assert!(message.contains("no key"), "{message}");
}

/// Keys that come in the clear can be exchanged on the way, and then anybody can sign.
#[test]
fn keys_come_over_tls_or_from_this_machine() {
    for url in [
        "http://localhost:1/",
        "http://127.0.0.1/",
        "http://127.8.0.1/",
        "http://[::1]:1/k",
        "https://i.example/",
    ] {
        assert!(jwt(&format!("jwks_url = '{url}'")).is_ok(), "{url}");
    }
    for url in [
        "http://issuer.example/",
        "http://localhost.example/",
        "http://127.0.0.1.example/",
        "http://10.0.0.1/",
        "http://[::2]/",
        "http://user@localhost/",
        "https://user:password@issuer.example/",
        "ftp://localhost/",
        "file:///etc/keys",
        "/keys",
        "",
    ] {
        let message = refused(&format!("jwks_url = '{url}'"));
        assert!(message.contains("jwt.jwks_url"), "{message}");
    }
}

#[test]
fn the_leeway_is_short() {
    refused(&format!("secret = '{SECRET}'\nleeway = '601s'"));
}

#[tokio::test]
async fn a_key_file_is_read_before_the_server_starts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.pem");
    let bind = || async {
        let text = format!(
            "[server]\nlisten = '127.0.0.1:0'\n[jwt]\nkey_file = '{}'\nalgorithms = ['ES256']",
            path.display()
        );
        Server::bind(Sources::new().file("ropeway.toml", text).load().unwrap()).await.map(drop)
    };
    let missing = bind().await.unwrap_err().to_string();
    assert!(missing.contains("jwt.key_file"), "{missing}");
    std::fs::write(&path, include_str!("../../ropeway-jwt/tests/keys/rsa-public.pem")).unwrap();
    let misfit = bind().await.unwrap_err().to_string();
    assert!(misfit.contains("ES256 of `jwt.algorithms` does not fit its keys"), "{misfit}");
    std::fs::write(&path, PUBLIC).unwrap();
    bind().await.unwrap();
}
