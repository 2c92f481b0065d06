//! Frame headers from any bytes.

use ropeway_proto::frame::{Header, MAX_HEADER_LEN};

/// A header that is accepted is in the one valid form: written again it is the same bytes.
pub(crate) fn run(input: &[u8]) {
    let Ok(Some((header, len))) = Header::decode(input) else { return };
    let mut encoded = Vec::new();
    header.encode(&mut encoded);
    assert_eq!(encoded, input[..len]);
    assert!(len <= MAX_HEADER_LEN);
    assert!((0..len).all(|cut| Header::decode(&input[..cut]) == Ok(None)), "it needs its last byte");
}
