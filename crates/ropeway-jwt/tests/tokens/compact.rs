//! The compact form (RFC 7515 sections 3.1 and 7.1): one text for each token, and nothing beside it.

use ropeway_jwt::{Algorithm, MAX_TOKEN, TokenError, Unverified};

use crate::support::{CLAIMS, all_keys, judge, parts, refusal, signed, token};

fn parse(text: &str) -> Option<TokenError> {
    Unverified::parse(text).err()
}

#[test]
fn there_are_three_parts() {
    let good = token(Algorithm::Es256, CLAIMS);
    let [header, claims, signature] = parts(&good);
    for text in [
        String::new(),
        "..".to_owned(),
        header.to_owned(),
        format!("{header}.{claims}"),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{signature}"),
        format!("{header}..{claims}.{signature}"),
        format!(" {good}"),
        format!("{good}\n"),
        format!("Bearer {good}"),
    ] {
        assert_eq!(parse(&text), Some(TokenError::Malformed), "{text:?}");
    }
}

/// Another text for the same bytes would be another token to whoever keeps a list of tokens.
#[test]
fn base64url_has_one_form() {
    let good = token(Algorithm::Es256, CLAIMS);
    assert!(judge(&good, &all_keys()).is_ok());
    // 64 bytes end in a letter of which four bits are spare.
    let last = good.chars().last().unwrap();
    let spare = char::from(last as u8 + 1);
    let changed = [
        format!("{good}=="),
        format!("{good}="),
        format!("{}{spare}", &good[..good.len() - 1]),
        good.replacen('.', "=.", 1),
        format!("{}+/", &good[..good.len() - 2]),
        good.replacen("ey", "e\ny", 1),
        good.replacen("ey", "eý", 1),
    ];
    for text in changed {
        assert_eq!(parse(&text), Some(TokenError::Malformed), "{text:?}");
    }
}

#[test]
fn a_token_has_a_bound() {
    let with_text = |length: usize| {
        let claims = format!(r#"{{"sub":"ada","exp":1000100,"text":"{}"}}"#, "a".repeat(length));
        token(Algorithm::Hs256, &claims)
    };
    let room = (MAX_TOKEN - with_text(0).len()) / 4 * 3 - 3;
    assert!(judge(&with_text(room), &all_keys()).is_ok());
    assert_eq!(parse(&with_text(room + 6)), Some(TokenError::TooLong));
    assert_eq!(parse(&"a".repeat(100 << 20)), Some(TokenError::TooLong));
}

#[test]
fn the_header_is_an_object_with_an_algorithm() {
    for header in [
        "",
        "7",
        "null",
        r#""HS256""#,
        "[]",
        r#"[{"alg":"HS256"}]"#,
        "{}",
        r#"{"alg":null}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":"HS256""#,
        r#"{"alg":"HS256"} {}"#,
        r#"{"alg":"HS256","kid":7}"#,
        r#"{"alg":"HS256","kid":null}"#,
        "{\"alg\":\"HS256\",\"x\":\"\u{0}\"}",
        "\u{feff}{\"alg\":\"HS256\"}",
    ] {
        assert_eq!(parse(&signed(Algorithm::Hs256, header, CLAIMS)), Some(TokenError::Malformed), "{header}");
    }
    let kid = format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "k".repeat(257));
    assert_eq!(parse(&signed(Algorithm::Hs256, &kid, CLAIMS)), Some(TokenError::Malformed));
}

/// Two parsers must not see two tokens in one.
#[test]
fn no_member_is_there_twice() {
    for header in [
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","alg":"none"}"#,
        r#"{"alg":"HS256","\u0061lg":"HS256"}"#,
        r#"{"alg":"HS256","typ":"JWT","typ":"JWT"}"#,
    ] {
        assert_eq!(parse(&signed(Algorithm::Hs256, header, CLAIMS)), Some(TokenError::Malformed), "{header}");
    }
    for claims in [
        r#"{"sub":"ada","sub":"bob","exp":1000100}"#,
        r#"{"sub":"ada","exp":1,"exp":1000100}"#,
        r#"{"sub":"ada","exp":1000100,"s\u0075b":"bob"}"#,
    ] {
        assert_eq!(refusal(&token(Algorithm::Hs256, claims), &all_keys()), TokenError::Malformed, "{claims}");
    }
}

#[test]
fn objects_have_a_bounded_number_of_members() {
    let with = |members: usize| {
        let members: String = (0..members).map(|number| format!(r#","m{number}":0"#)).collect();
        token(Algorithm::Hs256, &format!(r#"{{"sub":"ada","exp":1000100{members}}}"#))
    };
    assert!(judge(&with(62), &all_keys()).is_ok());
    assert_eq!(refusal(&with(63), &all_keys()), TokenError::Malformed);
}

#[test]
fn depth_is_no_danger() {
    let claims = format!(r#"{{"sub":"ada","exp":1000100,"deep":{}0{}}}"#, "[".repeat(2800), "]".repeat(2800));
    assert!(
        judge(&token(Algorithm::Hs256, &claims), &all_keys())
            .is_ok_and(|claims| claims.find("deep").is_some())
    );
    let open = format!(r#"{{"sub":{}"#, "[".repeat(5000));
    assert_eq!(refusal(&token(Algorithm::Hs256, &open), &all_keys()), TokenError::Malformed);
    let subject = format!(r#"{{"sub":{}{}}}"#, "[".repeat(2000), "]".repeat(2000));
    assert_eq!(refusal(&token(Algorithm::Hs256, &subject), &all_keys()), TokenError::Claim("sub"));
}
