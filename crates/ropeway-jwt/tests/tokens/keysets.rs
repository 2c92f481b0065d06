//! JSON Web Key Sets, and which of their keys a token is held against.

use ropeway_jwt::{Algorithm, KeySet, Kind, SetError, SigningKey, TokenError, generate_pkcs8};
use serde_json::{Value, json};

use crate::support::{CLAIMS, judge, keys, refusal, signing, token};

fn parse(keys: &Value) -> Result<KeySet, SetError> {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes())
}

/// The JWK of a key with some members changed; `null` takes one away.
fn jwk(key: &SigningKey, changes: Value) -> Value {
    let mut jwk = serde_json::to_value(key.public().to_jwk()).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        jwk[name] = value.clone();
    }
    jwk.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    jwk
}

fn other() -> SigningKey {
    SigningKey::from_pkcs8(&generate_pkcs8(Kind::P256).unwrap()).unwrap()
}

#[test]
fn what_is_written_is_read() {
    for kind in [Kind::Rsa, Kind::P256, Kind::P384, Kind::P521, Kind::Ed25519] {
        let key = signing(kind);
        let set = parse(&json!([jwk(&key, json!({}))])).unwrap();
        let kid = key.public().thumbprint().unwrap();
        let algorithm = key.usual_algorithm();
        assert!(judge(&key.token(algorithm, Some(&kid), CLAIMS).unwrap(), &set).is_ok(), "{kind:?}");
        let other = key.token(algorithm, Some("another"), CLAIMS).unwrap();
        assert_eq!(refusal(&other, &set), TokenError::UnknownKey);
    }
}

#[test]
fn a_kid_names_the_key() {
    let (one, two) = (other(), other());
    let set = parse(&json!([jwk(&one, json!({ "kid": "1" })), jwk(&two, json!({ "kid": "2" }))])).unwrap();
    let by = |key: &SigningKey, kid| judge(&key.token(Algorithm::Es256, kid, CLAIMS).unwrap(), &set).err();
    assert_eq!([by(&one, Some("1")), by(&two, Some("2"))], [None, None]);
    assert_eq!([by(&one, None), by(&two, None)], [None, None], "all are tried");
    assert_eq!(by(&one, Some("2")), Some(TokenError::Signature));
    assert_eq!(by(&one, Some("3")), Some(TokenError::UnknownKey));
    assert_eq!(by(&other(), None), Some(TokenError::Signature));
}

/// Each costs time, and whoever has no key can make all be tried.
#[test]
fn so_many_keys_are_tried() {
    let all: Vec<_> = (0..9).map(|_| other()).collect();
    let set = KeySet::of(all.iter().map(|key| key.public().clone()));
    let by = |key: &SigningKey| judge(&key.token(Algorithm::Es256, None, CLAIMS).unwrap(), &set).err();
    assert_eq!([by(&all[7]), by(&all[8])], [None, Some(TokenError::Signature)]);
}

#[test]
fn a_key_is_for_its_algorithm_alone() {
    let set = parse(&json!([jwk(&signing(Kind::Rsa), json!({ "alg": "PS256", "kid": null }))])).unwrap();
    assert!(judge(&token(Algorithm::Ps256, CLAIMS), &set).is_ok());
    assert_eq!(refusal(&token(Algorithm::Rs256, CLAIMS), &set), TokenError::Algorithm);
    assert!(judge(&token(Algorithm::Rs256, CLAIMS), &keys(Kind::Rsa)).is_ok());
}

/// RFC 7517 section 5: what is not understood is left out.
#[test]
fn keys_for_other_things_are_left_out() {
    let key = other();
    let left_out = [
        json!({ "use": "enc" }),
        json!({ "key_ops": ["encrypt"] }),
        json!({ "alg": "ES256K" }),
        json!({ "alg": "none" }),
        json!({ "alg": "HS256", "x": "AAAA" }),
        json!({ "crv": "P-521" }),
        json!({ "crv": "secp256k1" }),
        json!({ "crv": "P-384" }),
        json!({ "x": "AAAA" }),
        json!({ "y": null }),
        json!({ "kty": "RSA" }),
        json!({ "kty": "rsa" }),
        json!({ "kty": null }),
        json!({ "kid": 7 }),
    ];
    for changes in left_out {
        assert_eq!(parse(&json!([jwk(&key, changes.clone())])).unwrap_err(), SetError::Empty, "{changes}");
        let set = parse(&json!([jwk(&key, changes), jwk(&key, json!({}))])).unwrap();
        assert_eq!((set.len(), set.ignored()), (1, 1));
    }
    let weak = json!({ "kty": "RSA", "n": "A".repeat(171), "e": "AQAB" });
    assert_eq!(parse(&json!([weak, 7, "key", null])).unwrap_err(), SetError::Empty);
}

#[test]
fn rsa_exponents_are_odd_and_not_one() {
    for e in ["", "AQ", "Ag", "AQAA", "AAAA", "AQAAAAAB"] {
        let weak = jwk(&signing(Kind::Rsa), json!({ "e": e }));
        assert_eq!(parse(&json!([weak])).unwrap_err(), SetError::Empty, "{e:?}");
    }
}

#[test]
fn rsa_keys_have_a_bound() {
    let with = |bytes: usize| {
        let n = crate::support::encode(vec![0xff; bytes]);
        parse(&json!([jwk(&signing(Kind::Rsa), json!({ "n": n }))])).map(drop)
    };
    assert_eq!(
        [with(255), with(256), with(1024), with(1025)],
        [Err(SetError::Empty), Ok(()), Ok(()), Err(SetError::Empty)]
    );
}

/// Whoever can read the set could make tokens.
#[test]
fn secrets_do_not_stand_in_key_sets() {
    let oct = json!({ "kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T", "alg": "HS256" });
    let private = jwk(&other(), json!({ "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI" }));
    for secret in [oct, private] {
        assert_eq!(parse(&json!([jwk(&other(), json!({})), secret])).unwrap_err(), SetError::Secret);
    }
}

#[test]
fn garbage_is_no_key_set() {
    for text in ["", "null", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, "<html>", "\u{0}"] {
        assert_eq!(KeySet::parse(text.as_bytes()).unwrap_err(), SetError::Unreadable, "{text}");
    }
    assert_eq!(parse(&json!([])).unwrap_err(), SetError::Empty);
    assert_eq!(KeySet::parse(b"\xff\xfe").unwrap_err(), SetError::Unreadable);
}

#[test]
fn a_set_has_a_bound() {
    let key = jwk(&other(), json!({}));
    assert_eq!(parse(&json!(vec![&key; KeySet::MAX])).unwrap().len(), KeySet::MAX);
    assert_eq!(parse(&json!(vec![&key; KeySet::MAX + 1])).unwrap_err(), SetError::TooMany);
}
