//! What is signed here is verified here, with each algorithm, by its own key and by no other.

use ropeway_jwt::{
    Algorithm, KeySet, Kind, SigningError, SigningKey, TokenError, generate_pkcs8, generate_secret,
};

use crate::support::{CLAIMS, all_keys, judge, keys, refusal, signing, token};

#[test]
fn every_algorithm_verifies_what_it_signed() {
    for algorithm in Algorithm::ALL {
        let claims = judge(&token(algorithm, CLAIMS), &keys(algorithm.kind())).unwrap();
        assert_eq!(claims.subject(), Some("ada"), "{algorithm}");
        assert!(judge(&token(algorithm, CLAIMS), &all_keys()).is_ok(), "{algorithm}");
    }
}

/// The header says one algorithm, the signature is that of another with the same key.
#[test]
fn no_algorithm_verifies_what_another_one_signed() {
    for [said, used] in pairs() {
        let forged = crate::support::signed(used, &format!(r#"{{"alg":"{said}"}}"#), CLAIMS);
        assert_eq!(refusal(&forged, &all_keys()), TokenError::Signature, "{said} by {used}");
    }
}

fn pairs() -> impl Iterator<Item = [Algorithm; 2]> {
    let all = Algorithm::ALL;
    all.into_iter().flat_map(move |said| all.map(|used| [said, used])).filter(|[said, used]| said != used)
}

#[test]
fn a_key_is_of_one_kind() {
    let kinds = [Kind::Secret, Kind::Rsa, Kind::P256, Kind::P384, Kind::P521, Kind::Ed25519];
    for (algorithm, kind) in
        Algorithm::ALL.into_iter().flat_map(|algorithm| kinds.map(|kind| (algorithm, kind)))
    {
        if algorithm.kind() != kind {
            assert_eq!(refusal(&token(algorithm, CLAIMS), &keys(kind)), TokenError::Algorithm);
            assert_eq!(signing(kind).sign(algorithm, b"").unwrap_err(), SigningError::Misfit);
        }
    }
}

/// Also where it is asked by itself, not as one of a set.
#[test]
fn a_key_verifies_nothing_of_another_kind() {
    let secret = signing(Kind::Secret);
    let signature = secret.sign(Algorithm::Hs256, b"message").unwrap();
    for algorithm in Algorithm::ALL {
        let verifies = secret.public().verify(algorithm, b"message", &signature);
        assert_eq!(verifies, algorithm == Algorithm::Hs256, "{algorithm}");
    }
}

#[test]
fn only_allowed_algorithms_are() {
    let rules = ropeway_jwt::Rules { algorithms: vec![Algorithm::Ps256], ..Default::default() };
    let verify = |algorithm| {
        let token = token(algorithm, CLAIMS);
        let unverified = ropeway_jwt::Unverified::parse(&token).unwrap();
        unverified.verify(&keys(Kind::Rsa), &rules, crate::support::at(crate::support::NOW)).map(drop)
    };
    assert_eq!(verify(Algorithm::Ps256), Ok(()));
    assert_eq!(verify(Algorithm::Rs256), Err(TokenError::Algorithm));
}

#[test]
fn new_keys_work_and_differ() {
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa] {
        let kind = algorithm.kind();
        let [one, other] = [(); 2].map(|()| SigningKey::from_pkcs8(&generate_pkcs8(kind).unwrap()).unwrap());
        assert_eq!((one.public().kind(), one.usual_algorithm()), (kind, algorithm));
        let token = one.token(algorithm, Some("k\"1"), CLAIMS).unwrap();
        assert!(judge(&token, &KeySet::of([one.public().clone()])).is_ok());
        assert_eq!(refusal(&token, &KeySet::of([other.public().clone()])), TokenError::Signature);
    }
    assert_eq!(generate_pkcs8(Kind::Rsa).unwrap_err(), SigningError::Misfit);
}

#[test]
fn new_secrets_are_as_long_as_their_hash() {
    for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
        let secret = generate_secret(algorithm).unwrap().unwrap();
        assert!(SigningKey::from_secret(secret.as_bytes()).unwrap().public().fits(algorithm));
        assert_ne!(generate_secret(algorithm).unwrap().unwrap(), secret);
    }
    assert_eq!(generate_secret(Algorithm::Es256).unwrap(), None);
}
