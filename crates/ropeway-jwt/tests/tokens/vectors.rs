//! The examples of the RFCs.

use ropeway_jwt::{Algorithm, Claims, KeySet, Rules, SigningKey, TokenError, Unverified, VerifyingKey};

use crate::support::{at, decode};

/// The claims of RFC 7515 appendix A.1 to A.3, which expire in 2011: `exp` is 1300819380.
fn joe(token: &str, keys: &KeySet) -> Claims {
    let rules = Rules { leeway: std::time::Duration::ZERO, ..Rules::default() };
    let token = Unverified::parse(token).unwrap();
    let claims = token.verify(keys, &rules, at(1_300_819_379)).unwrap();
    assert_eq!(claims.find("iss").unwrap().get(), r#""joe""#);
    assert_eq!(claims.find("http://example.com/is_root").unwrap().get(), "true");
    assert_eq!(
        token.verify(keys, &rules, at(1_300_819_380)).unwrap_err(),
        TokenError::Expired(at(1_300_819_380))
    );
    claims
}

/// RFC 7515 appendix A.1.
#[test]
fn hs256() {
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
        eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
        dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let key =
        decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
    let claims = joe(token, &KeySet::of([VerifyingKey::from_secret(&key).unwrap()]));
    assert_eq!(claims.subject(), None);
}

/// RFC 7515 appendix A.2.
#[test]
fn rs256() {
    let token = "eyJhbGciOiJSUzI1NiJ9.\
        eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
        cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t\
        1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jz\
        DwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe\
        77Rw";
    let jwks = r#"{"keys":[{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}]}"#;
    joe(token, &KeySet::parse(jwks.as_bytes()).unwrap());
}

/// RFC 7515 appendix A.3.
#[test]
fn es256() {
    let token = "eyJhbGciOiJFUzI1NiJ9.\
        eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
        DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let jwks = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
    joe(token, &KeySet::parse(jwks.as_bytes()).unwrap());
}

/// RFC 7515 appendix A.4. What is signed there is no JWT, but a word.
#[test]
fn es512() {
    let token = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.\
        AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2Y\
        BJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
    let jwks = r#"{"keys":[{"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}]}"#;
    let found = Unverified::parse(token).unwrap().authentic(&KeySet::parse(jwks.as_bytes()).unwrap(), &[]);
    assert_eq!(found.unwrap_err(), TokenError::Malformed, "the signature is good, the word no object");
}

/// RFC 6979 appendix A.2.7, with SHA-512.
#[test]
fn es512_is_deterministic() {
    let private =
        decode("APrQbapiujsl0vtAEz2nVyBd5n9bsAGP7oyG4baMfnXKqJbrMvH0fHCFWDam0W_MFGb22PvsZ9uJ7AwIsOmWuDU4");
    let info =
        b"\x30\x60\x02\x01\x00\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23\
        \x04\x49\x30\x47\x02\x01\x01\x04\x42";
    let key = SigningKey::from_pkcs8(&[&info[..], &private].concat()).unwrap();
    let signature = decode(
        "AMMo-vy9ed13hQNwxGMl2YfLUlVp-2PF07xTlQ5tTF8XTiWh7pAXtdRQYGrdFStTSTHX1OhFXMkfmxW_Bew243f6\
        AGF8znz1BkgGxGf2eNO0CA1vHMUK8myiCUFzCCgbaK8oJiPqpj5bXAcj2LjDf_B3exog-Myx3MxDmX8e4ORNpKZ6",
    );
    assert_eq!(key.sign(Algorithm::Es512, b"sample").unwrap(), signature);
    assert!(key.public().verify(Algorithm::Es512, b"sample", &signature));
}

/// RFC 8037 appendix A.1, A.3, A.4 and A.5. What is signed there is no JWT, but a sentence.
#[test]
fn eddsa() {
    let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let private = decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    let pkcs8 = [&b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"[..], &private].concat();
    let key = SigningKey::from_pkcs8(&pkcs8).unwrap();
    assert_eq!(key.sign(Algorithm::EdDsa, message).unwrap(), decode(signature));
    assert!(key.public().verify(Algorithm::EdDsa, message, &decode(signature)));
    assert_eq!(key.public().thumbprint().unwrap(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let jwk = serde_json::to_value(key.public().to_jwk()).unwrap();
    assert_eq!(jwk["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
}

/// RFC 7638 section 3.1.
#[test]
fn thumbprint() {
    let key = VerifyingKey::from_pem(include_str!("../keys/rfc7638-public.pem")).unwrap().remove(0);
    assert_eq!(key.thumbprint().unwrap(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}
