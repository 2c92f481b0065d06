use std::time::UNIX_EPOCH;

use ropeway_jwt::{Algorithm, SigningKey};

use super::*;

const SECRET: &str = "a secret of thirty-two bytes, at least";

fn verifier() -> Verifier {
    let jwt = config::Jwt { secret: config::JwtSecret::new(SECRET), ..config::Jwt::default() };
    Verifier::new(&jwt, &[]).unwrap().unwrap()
}

fn token(claims: &str) -> String {
    SigningKey::from_secret(SECRET.as_bytes()).unwrap().token(Algorithm::Hs256, None, claims).unwrap()
}

#[tokio::test]
async fn a_token_says_who_it_is_and_what_one_may() {
    let claims = r#"{"sub":"ada","exp":99999999999,"ropeway":{"join":["a:*"],"rooms":["a:1"],"new":1}}"#;
    let identity = verifier().judge(&token(claims)).await.unwrap();
    assert_eq!(identity.name(), Some("ada"));
    assert_eq!(identity.rooms(), [Arc::from("a:1")]);
    let end = UNIX_EPOCH + std::time::Duration::from_secs(99_999_999_999 + 5);
    assert_eq!(identity.expires(), Some(end));
}

#[tokio::test]
async fn what_is_no_user_is_refused() {
    for claims in [
        r#"{"exp":99999999999}"#,
        r#"{"sub":"","exp":99999999999}"#,
        r#"{"sub":"a\nb","exp":99999999999}"#,
        r#"{"sub":7,"exp":99999999999}"#,
        r#"{"sub":"ada","exp":99999999999,"ropeway":7}"#,
        r#"{"sub":"ada"}"#,
    ] {
        let refusal = verifier().judge(&token(claims)).await.unwrap_err();
        assert_eq!(refusal.code(), "unauthorized", "{claims}");
    }
}

/// The claim `ropeway` cannot make another user of `sub`, nor more time of `exp`.
#[tokio::test]
async fn what_a_user_may_does_not_say_who_it_is() {
    let claims = r#"{"sub":"ada","exp":99999999999,"ropeway":{"user":"eve","expires_at":90000000000}}"#;
    let identity = verifier().judge(&token(claims)).await.unwrap();
    assert_eq!(identity.name(), Some("ada"));
    let end = |seconds| Some(UNIX_EPOCH + std::time::Duration::from_secs(seconds));
    assert_eq!(identity.expires(), end(90_000_000_000));
    let claims = r#"{"sub":"ada","exp":90000000000,"ropeway":{"expires_at":99999999999}}"#;
    assert_eq!(verifier().judge(&token(claims)).await.unwrap().expires(), end(90_000_000_005));
}

#[tokio::test]
async fn the_rules_are_those_of_the_configuration() {
    let verdict = async |settings: &str, claims: &str| {
        let file = format!("[jwt]\nsecret = '{SECRET}'\n{settings}");
        let jwt = config::Sources::new().file("test", &file).load().unwrap().jwt;
        let judged = Verifier::new(&jwt, &[]).unwrap().unwrap().judge(&token(claims)).await;
        judged.map_or_else(|refusal| refusal.to_string(), |_| "good".to_owned())
    };
    let claims = r#"{"sub":"ada","exp":99999999999,"iss":"i","aud":"a"}"#;
    for (settings, expected) in [
        ("", "good"),
        ("issuer = 'i'", "good"),
        ("issuer = 'o'", "the token's issuer is not the expected one"),
        ("audience = ['a']", "good"),
        ("audience = ['o']", "the token is not for this audience"),
        ("algorithms = ['HS256']", "good"),
    ] {
        assert_eq!(verdict(settings, claims).await, expected, "{settings}");
    }
    assert_eq!(verdict("require_expiry = false", r#"{"sub":"ada"}"#).await, "good");
}

/// A secret of this length would do for HS384, which alone is asked for.
#[tokio::test]
async fn only_the_algorithms_of_the_configuration_are_believed() {
    let secret = "a secret of forty-eight bytes is enough for HS384, and for more";
    let key = SigningKey::from_secret(secret.as_bytes()).unwrap();
    let file = format!("[jwt]\nsecret = '{secret}'\nalgorithms = ['HS384']");
    let jwt = config::Sources::new().file("test", &file).load().unwrap().jwt;
    let verifier = Verifier::new(&jwt, &[]).unwrap().unwrap();
    for (algorithm, good) in [(Algorithm::Hs384, true), (Algorithm::Hs256, false)] {
        let token = key.token(algorithm, None, r#"{"sub":"ada","exp":99999999999}"#).unwrap();
        assert_eq!(verifier.judge(&token).await.is_ok(), good, "{algorithm}");
    }
}

#[tokio::test]
async fn what_is_over_is_told_apart() {
    let refusal = verifier().judge(&token(r#"{"sub":"ada","exp":1}"#)).await.unwrap_err();
    assert_eq!(refusal.code(), "token_expired");
}
