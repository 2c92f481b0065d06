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

#[tokio::test]
async fn what_is_over_is_told_apart() {
    let refusal = verifier().judge(&token(r#"{"sub":"ada","exp":1}"#)).await.unwrap_err();
    assert_eq!(refusal.code(), "token_expired");
}
