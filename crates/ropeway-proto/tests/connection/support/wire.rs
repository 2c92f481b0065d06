//! Frames as bytes, made and read without the code under test.

/// Masks one frame that is written as a server would send it. It may be cut short, and its header may be wrong.
pub(crate) fn masked(frame: &[u8]) -> Vec<u8> {
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let [first, second, ..] = *frame else { return frame.to_vec() };
    let header_len = 2 + extended_len(second);
    let (header, payload) = frame.split_at(header_len.min(frame.len()));
    let mut bytes = vec![first, second | 0x80];
    bytes.extend_from_slice(&header[2..]);
    if frame.len() >= header_len {
        bytes.extend_from_slice(&KEY);
    }
    bytes.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

/// Removes the masks of whole frames.
pub(crate) fn unmasked(mut bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        assert_ne!(second & 0x80, 0, "a client sent an unmasked frame");
        let extended = extended_len(*second);
        let (extension, rest) = rest.split_at(extended);
        let (key, rest) = rest.split_at(4);
        let (payload, rest) = rest.split_at(payload_len(second & 0x7f, extension));
        plain.extend_from_slice(&[*first, second & 0x7f]);
        plain.extend_from_slice(extension);
        plain.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes = rest;
    }
    plain
}

/// One frame as a server sends it, of at most 65,535 bytes.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(len as u8),
        len => {
            frame.push(126);
            frame.extend_from_slice(&u16::try_from(len).unwrap().to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

pub(crate) fn close(code: u16, reason: &str) -> Vec<u8> {
    frame(0x88, &[&code.to_be_bytes(), reason.as_bytes()].concat())
}

fn extended_len(second: u8) -> usize {
    match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    }
}

fn payload_len(short: u8, extension: &[u8]) -> usize {
    match extension {
        [] => short.into(),
        bytes => bytes.iter().fold(0, |len, byte| len << 8 | usize::from(*byte)),
    }
}
