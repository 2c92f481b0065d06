//! The little of DER (X.690) that keys need, and the names of their kinds in it (RFC 5280, RFC 8410).

/// Takes the contents of one element with `tag` off the front of `input`.
pub(crate) fn take<'a>(input: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (&found, rest) = input.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 | 0x82 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        // 64 KiB and more is no key.
        _ => return None,
    };
    // DER has one form for each length: the shortest.
    if first != shortest(length) {
        return None;
    }
    let (contents, rest) = rest.split_at_checked(length)?;
    *input = rest;
    (found == tag).then_some(contents)
}

/// The first byte of the shortest form of `length`.
fn shortest(length: usize) -> u8 {
    match u8::try_from(length) {
        Ok(length @ 0..=0x7f) => length,
        Ok(_) => 0x81,
        Err(_) => 0x82,
    }
}

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const SEQUENCE: u8 = 0x30;

/// An element with `tag` around `contents`.
pub(crate) fn wrap(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = u16::try_from(contents.len()).unwrap_or(u16::MAX).to_be_bytes();
    match length {
        [0, short @ 0..=0x7f] => out.push(short),
        [0, short] => out.extend([0x81, short]),
        long => out.extend([0x82, long[0], long[1]]),
    }
    out.extend(contents);
    out
}

/// An ECPrivateKey (RFC 5915) as PKCS #8.
pub(crate) fn pkcs8(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let parts = [wrap(INTEGER, &[0]), wrap(SEQUENCE, algorithm), wrap(OCTET_STRING, key)];
    wrap(SEQUENCE, &parts.concat())
}

/// `rsaEncryption` with NULL.
pub(crate) const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
/// `id-ecPublicKey` with `prime256v1`.
pub(crate) const EC_P256: &[u8] =
    b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
/// `id-ecPublicKey` with `secp384r1`.
pub(crate) const EC_P384: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22";
/// `id-ecPublicKey` with `secp521r1`.
pub(crate) const EC_P521: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23";
/// `id-Ed25519`.
pub(crate) const ED25519: &[u8] = b"\x06\x03\x2b\x65\x70";
