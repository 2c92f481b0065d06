//! Tokens that somebody made who has not the key.

use ring::hmac;
use ropeway_jwt::{Algorithm, KeySet, Kind, SigningKey, TokenError, generate_pkcs8};

use crate::support::{
    CLAIMS, PUBLIC, all_keys, decode, encode, judge, keys, parts, refusal, signed, signing, token,
    with_signature,
};

/// A token without a key: with no signature, and with any.
fn unsigned(header: &str) -> [String; 3] {
    let message = format!("{}.{}", encode(header), encode(CLAIMS));
    ["", &encode([0; 32]), &encode([0x7f; 64])].map(|signature| format!("{message}.{signature}"))
}

/// CVE-2015-9235 and its many heirs.
#[test]
fn none_is_no_algorithm() {
    for name in
        ["none", "None", "nOnE", "NONE", "none ", " none", "n\\u006fne", "", "null", "HS256\\u0000", "hs256"]
    {
        for token in unsigned(&format!(r#"{{"alg":"{name}"}}"#)) {
            assert_eq!(refusal(&token, &all_keys()), TokenError::Algorithm, "{name}");
            assert_eq!(refusal(&token, &KeySet::default()), TokenError::Algorithm, "{name}");
        }
    }
    for token in unsigned(r#"{"typ":"JWT"}"#) {
        assert_eq!(refusal(&token, &all_keys()), TokenError::Malformed);
    }
}

#[test]
fn a_signature_is_needed() {
    for algorithm in Algorithm::ALL {
        for token in unsigned(&format!(r#"{{"alg":"{algorithm}"}}"#)) {
            assert_eq!(refusal(&token, &all_keys()), TokenError::Signature, "{algorithm}");
            assert_eq!(refusal(&token, &KeySet::default()), TokenError::UnknownKey, "{algorithm}");
        }
    }
}

/// The public key is known to everybody: whoever takes it for a secret believes everybody.
#[test]
fn a_public_key_is_taken_for_no_secret() {
    for (pem, kind) in PUBLIC.into_iter().zip([Kind::Rsa, Kind::P256, Kind::P384, Kind::P521, Kind::Ed25519])
    {
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &body).unwrap();
        let jwk = serde_json::to_vec(&signing(kind).public().to_jwk()).unwrap();
        let guesses =
            [pem.as_bytes(), pem.trim_end().as_bytes(), body.as_bytes(), &der, &jwk, &der[der.len() - 32..]];
        for (guess, hash) in guesses.into_iter().flat_map(|guess| {
            [(guess, hmac::HMAC_SHA256), (guess, hmac::HMAC_SHA384), (guess, hmac::HMAC_SHA512)]
        }) {
            let name = match hash.digest_algorithm().output_len() {
                32 => "HS256",
                48 => "HS384",
                _ => "HS512",
            };
            let message = format!("{}.{}", encode(format!(r#"{{"alg":"{name}"}}"#)), encode(CLAIMS));
            let signature = hmac::sign(&hmac::Key::new(hash, guess), message.as_bytes());
            let forged = format!("{message}.{}", encode(signature));
            assert_eq!(refusal(&forged, &keys(kind)), TokenError::Algorithm);
            assert_eq!(refusal(&forged, &all_keys()), TokenError::Signature);
        }
    }
}

#[test]
fn what_was_signed_cannot_be_changed() {
    for algorithm in Algorithm::ALL {
        let good = token(algorithm, CLAIMS);
        let [header, claims, signature] = parts(&good);
        let other = encode(CLAIMS.replace("ada", "bob"));
        let typ = encode(format!(r#"{{"typ":"JWT","alg":"{algorithm}"}}"#));
        let forged = [format!("{header}.{other}.{signature}"), format!("{typ}.{claims}.{signature}")];
        for token in forged {
            assert_eq!(refusal(&token, &all_keys()), TokenError::Signature, "{algorithm}");
        }
    }
}

#[test]
fn a_part_of_a_signature_is_none() {
    for algorithm in Algorithm::ALL {
        let good = token(algorithm, CLAIMS);
        let signature = decode(parts(&good)[2]);
        let zeros = vec![0; signature.len()];
        let longer = [&*signature, &[0]].concat();
        let padded = [&[0], &*signature].concat();
        let half = &signature[..signature.len() / 2];
        for signature in [
            &[][..],
            &signature[..1],
            half,
            &signature[..signature.len() - 1],
            &signature[1..],
            &zeros,
            &longer,
            &padded,
        ] {
            assert_eq!(
                refusal(&with_signature(&good, signature), &all_keys()),
                TokenError::Signature,
                "{algorithm}"
            );
        }
    }
}

#[test]
fn another_key_of_the_kind_is_another_key() {
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa] {
        let kind = algorithm.kind();
        let other = SigningKey::from_pkcs8(&generate_pkcs8(kind).unwrap()).unwrap();
        assert_eq!(
            refusal(&other.token(algorithm, None, CLAIMS).unwrap(), &keys(kind)),
            TokenError::Signature
        );
    }
    let other = SigningKey::from_secret(&[7; 64]).unwrap().token(Algorithm::Hs256, None, CLAIMS).unwrap();
    assert_eq!(refusal(&other, &keys(Kind::Secret)), TokenError::Signature);
}

/// RFC 7518 section 3.4 wants r and s side by side; ASN.1 is what other protocols have.
#[test]
fn ecdsa_signatures_have_no_asn1() {
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512] {
        let good = token(algorithm, CLAIMS);
        let signature = decode(parts(&good)[2]);
        let (r, s) = signature.split_at(signature.len() / 2);
        let numbers = [integer(r), integer(s)].concat();
        let asn1 = match numbers.len() {
            length @ 128.. => [&[0x30, 0x81, length as u8], &*numbers].concat(),
            length => [&[0x30, length as u8], &*numbers].concat(),
        };
        assert!(judge(&good, &all_keys()).is_ok());
        assert_eq!(refusal(&with_signature(&good, &asn1), &all_keys()), TokenError::Signature, "{algorithm}");
    }
}

/// An INTEGER of DER.
fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = &number[zeros..];
    let sign: &[u8] = if number[0] >= 0x80 { &[0] } else { &[] };
    [&[2, (sign.len() + number.len()) as u8], sign, number].concat()
}

/// CVE-2022-21449: with r or s zero, or the order of the curve, which is zero modulo itself, the equation always holds.
#[test]
fn r_and_s_are_not_zero() {
    const P256: &str = "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE";
    const P384: &str = "________________________________x2NNgfQ3Ld9YGg2ySLCneuzsGWrMxSlz";
    const P521: &str =
        "Af__________________________________________-lGGh4O_L5Zrf8wBSPcJpdA7tcm4iZxHrrtvtx6ROGQJ";
    for (algorithm, order) in [(Algorithm::Es256, P256), (Algorithm::Es384, P384), (Algorithm::Es512, P521)] {
        let order = decode(order);
        let good = token(algorithm, CLAIMS);
        let signature = decode(parts(&good)[2]);
        let (r, s) = signature.split_at(order.len());
        assert_eq!(r.len(), s.len());
        let zero = vec![0; order.len()];
        for bad in [&zero, &order] {
            for forged in [[bad, bad], [r, bad], [bad, s]] as [[&[u8]; 2]; 3] {
                let forged = with_signature(&good, &forged.concat());
                assert_eq!(refusal(&forged, &keys(algorithm.kind())), TokenError::Signature, "{algorithm}");
            }
        }
    }
}

/// RFC 8032 section 5.1.7: an S that is not below the order of the group would make a second signature of the first.
#[test]
fn eddsa_signatures_are_not_malleable() {
    // 2^252 + 27742317777372353535851937790883648493, little-endian.
    let order = decode("7dP1XBpjEljWnPei3vneFAAAAAAAAAAAAAAAAAAAABA");
    let good = token(Algorithm::EdDsa, CLAIMS);
    let mut signature = decode(parts(&good)[2]);
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    assert_eq!(refusal(&with_signature(&good, &signature), &all_keys()), TokenError::Signature);
}

/// RFC 7515 section 4.1.11. None is understood, so none may be critical.
#[test]
fn critical_extensions_are_refused() {
    for crit in [r#"["exp"]"#, r#"["b64"]"#, "[]", "null", "7", r#""alg""#] {
        let header = format!(r#"{{"alg":"HS256","b64":false,"crit":{crit}}}"#);
        assert_eq!(
            refusal(&signed(Algorithm::Hs256, &header, CLAIMS), &all_keys()),
            TokenError::Critical,
            "{crit}"
        );
    }
}

/// CVE-2018-0114: a token that brings its own key along is signed with that key, and believed by nobody.
#[test]
fn keys_that_a_token_brings_along_are_not_used() {
    let thief = SigningKey::from_pkcs8(&generate_pkcs8(Kind::P256).unwrap()).unwrap();
    let jwk = serde_json::to_string(&thief.public().to_jwk()).unwrap();
    for member in [
        format!(r#""jwk":{jwk}"#),
        r#""jku":"https://thief.example/jwks.json""#.to_owned(),
        r#""x5u":"https://thief.example/chain.pem""#.to_owned(),
        r#""x5c":["MIIB"]"#.to_owned(),
        r#""kid":"../../../dev/null""#.to_owned(),
        r#""kid":"' UNION SELECT 'secret""#.to_owned(),
    ] {
        let header = format!(r#"{{"alg":"ES256",{member}}}"#);
        let message = format!("{}.{}", encode(&header), encode(CLAIMS));
        let signature = thief.sign(Algorithm::Es256, message.as_bytes()).unwrap();
        let forged = format!("{message}.{}", encode(signature));
        assert_eq!(refusal(&forged, &all_keys()), TokenError::Signature, "{member}");
        // They are no reason to refuse either: some issuers name their key like that.
        assert!(judge(&signed(Algorithm::Es256, &header, CLAIMS), &all_keys()).is_ok(), "{member}");
    }
}

/// Claims are not looked at before the signature: they are no oracle for whoever has no key.
#[test]
fn the_signature_comes_before_the_claims() {
    for claims in ["no JSON", r#"{"exp":1}"#, r#"{"exp":"x"}"#] {
        let forged = with_signature(&token(Algorithm::Es256, claims), &[1; 64]);
        assert_eq!(refusal(&forged, &all_keys()), TokenError::Signature);
    }
}

#[test]
fn errors_show_nothing_of_the_token() {
    let forged = with_signature(&token(Algorithm::Es256, CLAIMS), &[1; 64]);
    let error = refusal(&forged, &all_keys());
    assert_eq!(format!("{error} {error:?}"), "the token's signature is not valid Signature");
}
