//! npm `jose` and this crate believe each other's tokens, and read each other's keys.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use ropeway_jwt::{Algorithm, KeySet, Kind, Rules, SigningKey, Unverified, VerifyingKey};
use serde_json::{Value, json};

const SECRET: &str = "sixty-four bytes, as HS512 wants them, are quite a lot of letters";

macro_rules! with_each_algorithm {
    ($($name:ident: $algorithm:ident,)*) => {$(
        #[test]
        #[ignore = "needs the npm package jose, which `cargo xtask test` installs"]
        fn $name() {
            converse(Algorithm::$algorithm);
        }
    )*};
}

with_each_algorithm! {
    hs256: Hs256,
    hs384: Hs384,
    hs512: Hs512,
    rs256: Rs256,
    rs384: Rs384,
    rs512: Rs512,
    ps256: Ps256,
    ps384: Ps384,
    ps512: Ps512,
    es256: Es256,
    es384: Es384,
    es512: Es512,
    eddsa: EdDsa,
}

fn converse(algorithm: Algorithm) {
    let key = match algorithm.kind() {
        Kind::Secret => SigningKey::from_secret(SECRET.as_bytes()).unwrap(),
        Kind::Rsa => SigningKey::from_pem(include_str!("../keys/rsa.pem")).unwrap(),
        Kind::P256 => SigningKey::from_pem(include_str!("../keys/p256.pem")).unwrap(),
        Kind::P384 => SigningKey::from_pem(include_str!("../keys/p384.pem")).unwrap(),
        Kind::P521 => SigningKey::from_pem(include_str!("../keys/p521.pem")).unwrap(),
        Kind::Ed25519 => SigningKey::from_pem(include_str!("../keys/ed25519.pem")).unwrap(),
    };
    let token = key.token(algorithm, Some("mine"), r#"{"sub":"ada","exp":9999999999}"#).unwrap();
    let theirs = jose(algorithm, &json!({ "secret": SECRET, "jwk": key.public().to_jwk(), "token": token }));
    for keys in keys_of(algorithm, &theirs) {
        let token = Unverified::parse(theirs["token"].as_str().unwrap()).unwrap();
        let claims = token.verify(&keys, &Rules::default(), SystemTime::now()).unwrap();
        assert_eq!((token.algorithm(), claims.subject()), (algorithm, Some("bob")));
        assert_eq!(claims.find("ropeway").unwrap().get(), r#"{"join":["a:*"]}"#);
    }
}

/// Their key, in each form that they gave.
fn keys_of(algorithm: Algorithm, theirs: &Value) -> Vec<KeySet> {
    if algorithm.kind() == Kind::Secret {
        let secret = theirs["secret"].as_str().unwrap();
        return vec![KeySet::of([VerifyingKey::from_secret(secret.as_bytes()).unwrap()])];
    }
    let jwks = json!({ "keys": [theirs["jwk"]] }).to_string();
    let pem = VerifyingKey::from_pem(theirs["pem"].as_str().unwrap()).unwrap();
    vec![KeySet::parse(jwks.as_bytes()).unwrap(), KeySet::of(pem)]
}

fn jose(algorithm: Algorithm, ours: &Value) -> Value {
    let script: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "..", "..", "tests", "peers", "jose.mjs"].iter().collect();
    let mut node = Command::new("node");
    let node = node.arg(script).arg(algorithm.name()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut node = node.spawn().unwrap();
    node.stdin.take().unwrap().write_all(ours.to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "{algorithm}: {}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}
