//! Claims of tokens whose signature is good.

use std::time::{Duration, UNIX_EPOCH};

use ropeway_jwt::{Algorithm, Claims, KeySet, Kind, Rules, TokenError, Unverified};

use crate::support::{NOW, at, keys, token};

const LEEWAY: u64 = 5;

fn rules() -> Rules {
    Rules { leeway: Duration::from_secs(LEEWAY), ..Rules::default() }
}

fn verify(claims: &str, rules: &Rules) -> Result<Claims, TokenError> {
    let keys: KeySet = keys(Kind::Secret);
    Unverified::parse(&token(Algorithm::Hs256, claims)).unwrap().verify(&keys, rules, at(NOW))
}

fn fault(claims: &str, rules: &Rules) -> Option<TokenError> {
    verify(claims, rules).err()
}

#[test]
fn claims_are_an_object() {
    for claims in
        ["", "7", "null", "[]", r#""sub""#, r#"[{"sub":"ada","exp":1000100}]"#, r#"{"exp":1000100"#, "\u{0}"]
    {
        assert_eq!(fault(claims, &rules()), Some(TokenError::Malformed), "{claims}");
    }
}

#[test]
fn a_token_expires_within_the_leeway() {
    let exp = |seconds: u64| fault(&format!(r#"{{"exp":{seconds}}}"#), &rules());
    assert_eq!(exp(NOW + 1), None);
    assert_eq!(exp(NOW - LEEWAY + 1), None);
    assert_eq!(exp(NOW - LEEWAY), Some(TokenError::Expired(at(NOW - LEEWAY))));
    assert_eq!(exp(0), Some(TokenError::Expired(UNIX_EPOCH)));
    assert_eq!(fault(r#"{"exp":-0}"#, &rules()), Some(TokenError::Expired(UNIX_EPOCH)));
    assert_eq!(fault(r#"{"exp":-0.0}"#, &rules()), Some(TokenError::Expired(UNIX_EPOCH)));
}

#[test]
fn fractions_count() {
    assert_eq!(fault(r#"{"exp":1000000.5}"#, &Rules { leeway: Duration::ZERO, ..rules() }), None);
    assert_eq!(verify(r#"{"exp":1.0001e6}"#, &rules()).unwrap().expires(), Some(at(1_000_100)));
}

#[test]
fn times_are_numbers_that_are_dates() {
    for name in ["exp", "nbf", "iat"] {
        for value in
            [r#""1000100""#, "-1", "1e300", "253402300800", "1e999", "null", "true", "[1000100]", "{}", "NaN"]
        {
            let exp = if name == "exp" { "" } else { r#""exp":1000100,"# };
            let found = fault(&format!(r#"{{{exp}"{name}":{value}}}"#), &rules());
            let expected = if value == "NaN" { TokenError::Malformed } else { TokenError::Claim(name) };
            assert_eq!(found, Some(expected), "{name} {value}");
        }
    }
    assert_eq!(fault(r#"{"exp":253402300799}"#, &rules()), None);
}

#[test]
fn an_expiry_is_needed_where_it_is() {
    assert_eq!(fault("{}", &rules()), Some(TokenError::Claim("exp")));
    assert_eq!(fault("{}", &Rules { require_expiry: false, ..rules() }), None);
    let over = fault(r#"{"exp":1}"#, &Rules { require_expiry: false, ..rules() });
    assert_eq!(over, Some(TokenError::Expired(at(1))));
}

#[test]
fn a_token_may_be_for_later() {
    let nbf = |seconds: u64| fault(&format!(r#"{{"exp":2000000,"nbf":{seconds}}}"#), &rules());
    assert_eq!(nbf(NOW + LEEWAY), None);
    assert_eq!(nbf(NOW + LEEWAY + 1), Some(TokenError::NotYet(at(NOW + LEEWAY + 1))));
}

#[test]
fn no_leeway_is_too_long_to_reckon_with() {
    let rules = Rules { leeway: Duration::MAX, ..rules() };
    assert_eq!(fault(r#"{"exp":1,"nbf":253402300799}"#, &rules), None);
}

#[test]
fn the_issuer_is_the_expected_one() {
    let expecting = Rules { issuer: Some("https://a".to_owned()), ..rules() };
    let issuer = |text: &str| fault(&format!(r#"{{"exp":1000100,"iss":{text}}}"#), &expecting);
    assert_eq!(issuer(r#""https://a""#), None);
    for other in [r#""https://a/""#, r#""https://A""#, r#""https://""#, r#""""#] {
        assert_eq!(issuer(other), Some(TokenError::Issuer), "{other}");
    }
    for odd in [r#"["https://a"]"#, "null", "7"] {
        assert_eq!(issuer(odd), Some(TokenError::Claim("iss")), "{odd}");
    }
    assert_eq!(fault(r#"{"exp":1000100}"#, &expecting), Some(TokenError::Issuer));
    assert_eq!(fault(r#"{"exp":1000100,"iss":"anybody"}"#, &rules()), None);
}

#[test]
fn the_audience_names_us() {
    let expecting = Rules { audience: vec!["a".to_owned(), "b".to_owned()], ..rules() };
    let audience = |text: &str| fault(&format!(r#"{{"exp":1000100,"aud":{text}}}"#), &expecting);
    for good in [r#""a""#, r#""b""#, r#"["x","b"]"#] {
        assert_eq!(audience(good), None, "{good}");
    }
    for other in [r#""ab""#, r#""A""#, r#"["x"]"#, "[]", r#""""#] {
        assert_eq!(audience(other), Some(TokenError::Audience), "{other}");
    }
    for odd in ["7", "null", r#"{"a":1}"#, r#"["a",7]"#] {
        assert_eq!(audience(odd), Some(TokenError::Claim("aud")), "{odd}");
    }
    assert_eq!(fault(r#"{"exp":1000100}"#, &expecting), Some(TokenError::Audience));
    assert_eq!(fault(r#"{"exp":1000100,"aud":["x"]}"#, &rules()), None, "nobody asks");
}

#[test]
fn a_subject_is_a_text() {
    assert_eq!(
        verify(r#"{"exp":1000100,"sub":"žluť \ud83d\udc0e"}"#, &rules()).unwrap().subject(),
        Some("žluť 🐎")
    );
    for odd in ["7", "null", r#"["ada"]"#, r#""\ud800""#] {
        assert_eq!(
            fault(&format!(r#"{{"exp":1000100,"sub":{odd}}}"#), &rules()),
            Some(TokenError::Claim("sub"))
        );
    }
}
