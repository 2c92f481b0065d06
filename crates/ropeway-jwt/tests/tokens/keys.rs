//! Which keys are taken, in which forms, and which are too weak.

use ropeway_jwt::{Algorithm, KeyError, SigningKey, VerifyingKey};

use crate::support::{CLAIMS, P256, PUBLIC, RSA, SECRET, judge, keys, token};

const RSA_1024: &str = include_str!("../keys/rsa-1024-public.pem");
const SECP256K1: &str = include_str!("../keys/secp256k1-public.pem");
const CERTIFICATE: &str = include_str!("../keys/p256-certificate.pem");

fn refusal(pem: &str) -> KeyError {
    VerifyingKey::from_pem(pem).unwrap_err()
}

/// The bytes between the lines of PEM.
fn der(pem: &str) -> Vec<u8> {
    use rustls_pki_types::pem::PemObject as _;
    rustls_pki_types::SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}

#[test]
fn weak_and_unknown_keys_are_refused() {
    assert_eq!(refusal(RSA_1024), KeyError::RsaSize);
    assert_eq!(refusal(SECP256K1), KeyError::Unsupported);
    assert_eq!(refusal(CERTIFICATE), KeyError::Certificate);
    assert_eq!(refusal(RSA), KeyError::Private);
    assert_eq!(refusal(&format!("{}{P256}", PUBLIC[0])), KeyError::Private);
    assert_eq!(refusal(""), KeyError::Unreadable);
    assert_eq!(refusal(&PUBLIC[0].replacen("MII", "MIH", 1)), KeyError::Unreadable);
}

/// X.690 section 10.1, and nothing beside the key.
#[test]
fn der_has_one_form() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let read = |der: &[u8]| {
        let lines = STANDARD.encode(der);
        VerifyingKey::from_pem(&format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"))
    };
    // That of Ed25519: a sequence of 42 bytes, in which the bit string begins at the tenth byte.
    let good = der(PUBLIC[PUBLIC.len() - 1]);
    assert_eq!(good[..2], [0x30, 42]);
    assert!(read(&good).is_ok());
    let long_length = [&[0x30, 0x81, 42], &good[2..]].concat();
    let something_behind = [&good[..], &[0]].concat();
    let something_inside = [&[0x30, 43], &good[2..], &[0]].concat();
    let spare_bits = [&good[..11], &[1], &good[12..]].concat();
    for odd in [long_length, something_behind, something_inside, spare_bits] {
        assert_eq!(read(&odd).unwrap_err(), KeyError::Unreadable, "{odd:x?}");
    }
}

#[test]
fn several_public_keys_may_stand_in_one_text() {
    assert_eq!(VerifyingKey::from_pem(&PUBLIC.concat()).unwrap().len(), PUBLIC.len());
    assert_eq!(refusal(&[PUBLIC[0], RSA_1024].concat()), KeyError::RsaSize, "one bad key is one too many");
}

#[test]
fn secrets_have_as_many_bytes_as_their_hash() {
    assert_eq!(VerifyingKey::from_secret(&SECRET[..31]), Err(KeyError::ShortSecret));
    for (length, fitting) in [(32, 1), (47, 1), (48, 2), (63, 2), (64, 3)] {
        let key = VerifyingKey::from_secret(&SECRET[..length]).unwrap();
        assert_eq!(Algorithm::ALL.into_iter().filter(|algorithm| key.fits(*algorithm)).count(), fitting);
        let signed =
            SigningKey::from_secret(&SECRET[..length]).unwrap().token(Algorithm::Hs512, None, CLAIMS);
        assert_eq!(signed.is_ok(), fitting == 3);
    }
}

/// The key confusion of CVE-2015-9235 begins with a public key that is taken for a secret.
#[test]
fn a_public_key_is_no_secret() {
    for pem in PUBLIC.into_iter().chain([RSA_1024, SECP256K1, CERTIFICATE]) {
        assert_eq!(VerifyingKey::from_secret(pem.as_bytes()), Err(KeyError::PemAsSecret));
        assert_eq!(VerifyingKey::from_secret(format!("\n {pem}").as_bytes()), Err(KeyError::PemAsSecret));
    }
    for pem in PUBLIC.into_iter().chain([RSA_1024, SECP256K1]) {
        assert_eq!(VerifyingKey::from_secret(&der(pem)), Err(KeyError::PublicAsSecret));
        let lines: String = pem.lines().filter(|line| !line.starts_with("---")).collect();
        assert_eq!(VerifyingKey::from_secret(lines.as_bytes()), Err(KeyError::PublicAsSecret));
    }
}

#[test]
fn private_keys_come_in_the_forms_of_openssl() {
    for (pem, algorithm) in [
        (include_str!("../keys/rsa-pkcs1.pem"), Algorithm::Rs256),
        (include_str!("../keys/p256-sec1.pem"), Algorithm::Es256),
        (include_str!("../keys/p384-sec1.pem"), Algorithm::Es384),
        (include_str!("../keys/p521-sec1.pem"), Algorithm::Es512),
    ] {
        let token = SigningKey::from_pem(pem).unwrap().token(algorithm, None, CLAIMS).unwrap();
        assert!(judge(&token, &keys(algorithm.kind())).is_ok(), "{algorithm}");
    }
    assert!(matches!(SigningKey::from_pem(PUBLIC[0]), Err(KeyError::Unreadable)));
    assert!(matches!(SigningKey::from_pem(""), Err(KeyError::Unreadable)));
}

#[test]
fn a_key_is_not_shown() {
    let secret = SigningKey::from_secret(SECRET).unwrap();
    assert_eq!(format!("{secret:?} {:?}", secret.public()), "SigningKey(Secret) VerifyingKey(Secret)");
    assert!(secret.public().to_jwk().is_none() && secret.public().thumbprint().is_none());
    assert!(!token(Algorithm::Hs256, CLAIMS).contains("sixty"));
}
