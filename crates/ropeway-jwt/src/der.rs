//! The little of DER (X.690) that public keys need.

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
