//! Keys of a JWKS, from services that behave and that do not.

use std::time::Duration;

use ropeway_jwt::{Algorithm, Kind, SigningKey, generate_pkcs8};
use serde_json::json;

use super::*;
use crate::outbound::Settings;
use crate::outbound::testing::{Answer, Service};

const CLAIMS: &str = r#"{"sub":"ada","exp":99999999999}"#;

/// Long enough that no fetch follows by itself.
const NEVER: Duration = Duration::from_secs(100_000);

const FETCH: Settings =
    Settings { timeout: Duration::from_secs(20), retries: 0, in_flight: 2, max_body: 256 << 10 };

fn new_key() -> SigningKey {
    SigningKey::from_pkcs8(&generate_pkcs8(Kind::P256).unwrap()).unwrap()
}

fn jwks(keys: &[&SigningKey]) -> Answer {
    let keys: Vec<_> = keys.iter().map(|key| key.public().to_jwk()).collect();
    Answer::ok(&json!({ "keys": keys }).to_string())
}

fn token(key: &SigningKey) -> String {
    let kid = key.public().thumbprint().unwrap();
    key.token(Algorithm::Es256, Some(&kid), CLAIMS).unwrap()
}

/// With `pause` between fetches for the sake of unknown keys.
fn verifier(service: &Service, pause: Duration, fetch: Settings) -> Verifier {
    let pace = Pace { refresh: NEVER, pause, fetch };
    let remote = Remote::start(&service.url("/jwks.json"), &pace, &[]).unwrap();
    Verifier { keys: Keys::Remote(remote), rules: config::Jwt::default().rules() }
}

async fn code(verifier: &Verifier, key: &SigningKey) -> &'static str {
    code_of(verifier, &token(key)).await
}

async fn code_of(verifier: &Verifier, token: &str) -> &'static str {
    verifier.judge(token).await.map_or_else(|refusal| refusal.code(), |_| "known")
}

/// A token that does not say which key signed it.
fn nameless(key: &SigningKey) -> String {
    key.token(key.usual_algorithm(), None, CLAIMS).unwrap()
}

#[tokio::test]
async fn the_first_clients_wait_for_the_first_fetch() {
    let key = new_key();
    let service = Service::answering(jwks(&[&key])).await;
    let verifier = verifier(&service, NEVER, FETCH);
    let (one, other) = tokio::join!(code(&verifier, &key), code(&verifier, &key));
    assert_eq!((one, other, service.requests()), ("known", "known", 1));
}

#[tokio::test]
async fn an_unknown_key_is_fetched() {
    let (old, new) = (new_key(), new_key());
    let service = Service::answering(jwks(&[&old])).await;
    let verifier = verifier(&service, Duration::ZERO, FETCH);
    assert_eq!(code(&verifier, &old).await, "known");
    service.answer(jwks(&[&old, &new]));
    assert_eq!(code(&verifier, &new).await, "known");
    assert_eq!(code(&verifier, &old).await, "known");
    service.answer(jwks(&[&new]));
    assert_eq!(code(&verifier, &new_key()).await, "unauthorized");
    assert_eq!(code(&verifier, &old).await, "unauthorized", "a key that was withdrawn is no key");
}

#[tokio::test]
async fn a_new_key_is_fetched_for_tokens_that_do_not_name_it() {
    let (old, new, other_kind) = (new_key(), new_key(), generate_pkcs8(Kind::Ed25519).unwrap());
    let other_kind = SigningKey::from_pkcs8(&other_kind).unwrap();
    let service = Service::answering(jwks(&[&old])).await;
    let verifier = verifier(&service, Duration::ZERO, FETCH);
    assert_eq!(code_of(&verifier, &nameless(&old)).await, "known");
    for key in [&new, &other_kind] {
        service.answer(jwks(&[key]));
        assert_eq!(code_of(&verifier, &nameless(key)).await, "known");
    }
    assert_eq!(code_of(&verifier, &nameless(&old)).await, "unauthorized");
}

#[tokio::test]
async fn a_new_key_may_have_the_name_of_the_old_one() {
    let (old, new) = (new_key(), new_key());
    let named = |key: &SigningKey| {
        let mut jwk = serde_json::to_value(key.public().to_jwk()).unwrap();
        jwk["kid"] = json!("the key");
        Answer::ok(&json!({ "keys": [jwk] }).to_string())
    };
    let token = |key: &SigningKey| key.token(Algorithm::Es256, Some("the key"), CLAIMS).unwrap();
    let service = Service::answering(named(&old)).await;
    let verifier = verifier(&service, Duration::ZERO, FETCH);
    assert_eq!(code_of(&verifier, &token(&old)).await, "known");
    service.answer(named(&new));
    assert_eq!(code_of(&verifier, &token(&new)).await, "known");
}

/// Anybody can make a token that no key verifies.
#[tokio::test]
async fn floods_of_bad_tokens_make_one_fetch_in_a_while() {
    let key = new_key();
    let service = Service::answering(jwks(&[&key])).await;
    let verifier = verifier(&service, NEVER, FETCH);
    assert_eq!(code(&verifier, &key).await, "known");
    for forged in (0..20).map(|_| new_key()) {
        let stolen_name = key.public().thumbprint().unwrap();
        let stolen = forged.token(Algorithm::Es256, Some(&stolen_name), CLAIMS).unwrap();
        assert_eq!(code_of(&verifier, &nameless(&forged)).await, "unauthorized");
        assert_eq!(code_of(&verifier, &stolen).await, "unauthorized");
    }
    assert_eq!(service.requests(), 1);
    assert_eq!(code_of(&verifier, &nameless(&key)).await, "known");
}

/// A token that a key verified, or that no key of a set could, is no reason to fetch.
#[tokio::test]
async fn only_what_a_new_key_could_verify_makes_a_fetch() {
    let key = new_key();
    let service = Service::answering(jwks(&[&key])).await;
    let verifier = verifier(&service, Duration::ZERO, FETCH);
    assert_eq!(code(&verifier, &key).await, "known");
    let expired = key.token(Algorithm::Es256, None, r#"{"sub":"ada","exp":1}"#).unwrap();
    let secret = SigningKey::from_secret(&[7; 32]).unwrap().token(Algorithm::Hs256, None, CLAIMS).unwrap();
    assert_eq!(code_of(&verifier, &expired).await, "token_expired");
    assert_eq!(code_of(&verifier, &secret).await, "unauthorized");
    assert_eq!(service.requests(), 1);
}

/// Anybody can name a key that there is not.
#[tokio::test]
async fn unknown_keys_make_one_fetch_in_a_while() {
    let key = new_key();
    let service = Service::answering(jwks(&[&key])).await;
    let verifier = verifier(&service, NEVER, FETCH);
    assert_eq!(code(&verifier, &key).await, "known");
    let forged: Vec<_> = (0..20).map(|_| new_key()).collect();
    for key in &forged {
        assert_eq!(code(&verifier, key).await, "unauthorized");
    }
    assert_eq!(service.requests(), 1);
    assert_eq!(code(&verifier, &key).await, "known");
}

#[tokio::test]
async fn who_comes_at_once_is_served_by_one_fetch() {
    let (old, new) = (new_key(), new_key());
    let service = Service::answering(jwks(&[&old])).await;
    let verifier = verifier(&service, Duration::from_millis(1), FETCH);
    assert_eq!(code(&verifier, &old).await, "known");
    tokio::time::sleep(Duration::from_millis(2)).await;
    service.answer(jwks(&[&new]));
    let all = tokio::join!(code(&verifier, &new), code(&verifier, &new), code(&verifier, &new));
    assert_eq!((all, service.requests()), (("known", "known", "known"), 2));
}

#[tokio::test]
async fn nobody_is_let_in_before_there_are_keys() {
    let key = new_key();
    let oct = json!({ "keys": [{ "kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T" }] });
    for answer in [
        Answer::Break,
        Answer::Gibibyte,
        Answer::status("500 Internal Server Error", ""),
        Answer::status("302 Found", ""),
        Answer::status("500 Internal Server Error", &json!({ "keys": [key.public().to_jwk()] }).to_string()),
        Answer::ok("<html>"),
        Answer::ok(r#"{"keys":[]}"#),
        Answer::ok(&oct.to_string()),
    ] {
        let service = Service::answering(answer.clone()).await;
        let verifier = verifier(&service, NEVER, FETCH);
        assert_eq!(code(&verifier, &key).await, "unavailable", "{answer:?}");
        let refusal = verifier.judge(&token(&key)).await.unwrap_err();
        assert_eq!(refusal.status(), http::StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(service.requests(), 1);
    }
}

#[tokio::test]
async fn a_service_that_stalls_is_given_up() {
    let key = new_key();
    let service = Service::answering(Answer::Stall).await;
    let verifier = verifier(&service, NEVER, Settings { timeout: Duration::from_millis(50), ..FETCH });
    let (one, other) = tokio::join!(code(&verifier, &key), code(&verifier, &key));
    assert_eq!((one, other), ("unavailable", "unavailable"));
    assert!(service.requests() <= 1, "who waited does not ask again");
}

#[tokio::test]
async fn keys_outlive_a_service_that_fails() {
    let key = new_key();
    let service = Service::answering(jwks(&[&key])).await;
    let verifier = verifier(&service, Duration::ZERO, FETCH);
    assert_eq!(code(&verifier, &key).await, "known");
    for answer in [Answer::Break, Answer::ok("{}"), Answer::status("503 Service Unavailable", "")] {
        service.answer(answer);
        assert_eq!(code(&verifier, &new_key()).await, "unauthorized");
        assert_eq!(code(&verifier, &key).await, "known");
    }
    assert_eq!(service.requests(), 4);
}

/// Whose key is known waits for nobody.
#[tokio::test]
async fn a_stalling_fetch_holds_nobody_up_who_is_known() {
    let key = new_key();
    let service = Service::answering(jwks(&[&key])).await;
    let verifier = Arc::new(verifier(&service, Duration::ZERO, FETCH));
    assert_eq!(code(&verifier, &key).await, "known");
    service.answer(Answer::Stall);
    let waiting = tokio::spawn({
        let verifier = Arc::clone(&verifier);
        async move { code(&verifier, &new_key()).await }
    });
    service.asked(2).await;
    assert_eq!(code(&verifier, &key).await, "known");
    assert!(!waiting.is_finished());
    waiting.abort();
}
