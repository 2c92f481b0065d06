//! Tokens that are forged, changed or over.

use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::json;

use super::token::{SECRET, claims, encoded, good, guarded, hs256, signed_part};
use crate::attack::{Attack, Target};
use crate::http::request;
use crate::websocket::UPGRADE;
use crate::wire::{close_code, text};

/// Every way by which a token may come in refuses this one.
async fn refused(target: &Target<'_>, token: &str) {
    let header = format!("Bearer {token}");
    let subprotocol = format!("ropeway.json, ropeway.token.{token}");
    let query = format!("/ws?token={token}");
    let polling = format!("/socket.io/?EIO=4&transport=polling&token={token}");
    let ways: [(&str, &[(&str, &str)]); 4] = [
        ("/ws", &[("Authorization", &header)]),
        ("/ws", &[("Sec-WebSocket-Protocol", &subprotocol)]),
        (&query, &[]),
        (&polling, &[]),
    ];
    for (path, headers) in ways {
        let mut connection = target.connect().await;
        let upgrade = if path.starts_with("/ws") { UPGRADE } else { &[] };
        connection.send(request("GET", path, &[upgrade, headers].concat(), b"")).await;
        let response = connection.response().await;
        assert_eq!(response.status, 401, "{path} {headers:?}");
    }
    let mut socket = target.websocket("/ws").await;
    socket.text(&json!({ "type": "auth", "token": token }).to_string()).await;
    assert_eq!(close_code(&mut socket).await, Some(4001), "{token}");
}

/// The header says that there is no signature, in every spelling, with and without one.
#[test]
fn tokens_without_an_algorithm_are_refused() {
    guarded("alg_none").lines(4000).run(async |target| {
        for none in ["none", "None", "NONE", "nOnE", "", "none ", "\u{0}none", "hs256", "HS256 "] {
            let header = json!({ "alg": none, "typ": "JWT" });
            let signed = signed_part(&header, &claims(3600));
            refused(target, &format!("{signed}.")).await;
            refused(target, &hs256(&header, &claims(3600), SECRET.as_bytes())).await;
            refused(target, &signed).await;
        }
        for header in [json!({}), json!({ "alg": null }), json!({ "alg": ["HS256"] }), json!({ "alg": 1 })] {
            refused(target, &hs256(&header, &claims(3600), SECRET.as_bytes())).await;
        }
        target.websocket(&format!("/ws?token={}", good())).await;
    });
}

#[test]
fn tokens_that_are_changed_or_over_are_refused() {
    guarded("changed_tokens").lines(4000).run(async |target| {
        let header = json!({ "alg": "HS256" });
        let token = good();
        let parts: Vec<&str> = token.split('.').collect();
        let admin = encoded(json!({ "sub": "admin", "exp": 4_000_000_000_u64 }).to_string());
        let over = hs256(&header, &claims(-60), SECRET.as_bytes());
        let endless = hs256(&header, &json!({ "sub": "ada" }), SECRET.as_bytes());
        let critical =
            hs256(&json!({ "alg": "HS256", "crit": ["x"], "x": 1 }), &claims(60), SECRET.as_bytes());
        for forged in [
            hs256(&header, &claims(3600), b"another secret, just as long as the right one is"),
            hs256(&header, &claims(3600), b""),
            format!("{}.{admin}.{}", parts[0], parts[2]),
            format!("{}.{}.{}", parts[0], parts[1], &parts[2][..20]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{token}.{}", parts[2]),
            "a".to_owned(),
            "..".to_owned(),
            over,
            endless,
            critical,
        ] {
            refused(target, &forged).await;
        }
    });
}

/// The public key is known to everybody: as a secret for HMAC it must be worth nothing.
#[test]
fn public_keys_are_no_secrets() {
    let keys = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let signing = Ed25519KeyPair::from_pkcs8_maybe_unchecked(keys.serialized_der()).unwrap();
    let signed = signed_part(&json!({ "alg": "EdDSA" }), &claims(3600));
    let good = format!("{signed}.{}", encoded(signing.sign(signed.as_bytes())));
    let pem = keys.public_key_pem();
    let attack = Attack::new("key_confusion").set("jwt.key", &*pem).token(&good).lines(4000);
    attack.run(async |target| {
        for algorithm in ["HS256", "EdDSA"] {
            let header = json!({ "alg": algorithm });
            for secret in [pem.as_bytes(), pem.trim().as_bytes(), signing.public_key().as_ref()] {
                refused(target, &hs256(&header, &claims(3600), secret)).await;
            }
        }
        // Keys that the token brings along.
        let jwk = json!({ "kty": "oct", "k": encoded("mine") });
        let own = json!({ "alg": "HS256", "jwk": jwk, "jku": "http://127.0.0.2/", "kid": "../../dev/null" });
        refused(target, &hs256(&own, &claims(3600), b"mine")).await;
    });
}

/// One wrong token is the last message of its connection; the right one is not verified a thousand times.
#[test]
fn floods_of_auth_end_with_the_first_that_is_wrong() {
    guarded("auth_flood").lines(4000).run(async |target| {
        let wrong =
            hs256(&json!({ "alg": "HS256" }), &claims(60), b"a secret of nobody in particular, long enough");
        let flood = text(&json!({ "type": "auth", "token": wrong }).to_string()).repeat(2000);
        for _ in 0..20 {
            let mut socket = target.websocket("/ws").await;
            socket.raw(&flood).await;
            assert_eq!(close_code(&mut socket).await, Some(4001));
        }
        for large in ["x".repeat(900 * 1024), format!("{}.{}.x", "a".repeat(300_000), "b".repeat(300_000))] {
            let mut socket = target.websocket("/ws").await;
            socket.text(&json!({ "type": "auth", "token": large }).to_string()).await;
            assert_eq!(close_code(&mut socket).await, Some(4001));
        }
        target.serves_others().await;
    });
}
