//! Masking (RFC 6455 section 5.3): every payload byte is XORed with one byte of a four-byte key.
//!
//! Masking is its own inverse. The loops work on fixed-size chunks so that the compiler turns them into vector
//! instructions without any unsafe code.

/// A masking key as it stands on the wire, rotated to the position in the payload that it applies to next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key([u8; 4]);

/// Bytes that one step of the wide loop covers: four 256-bit registers.
const BLOCK: usize = 128;

impl Key {
    /// A key as read from a frame header.
    pub fn new(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// The four bytes as they stand on the wire.
    pub fn to_bytes(self) -> [u8; 4] {
        self.0
    }

    /// The key for the bytes that follow `len` bytes of payload.
    #[must_use]
    pub fn advanced(self, len: usize) -> Self {
        let mut bytes = self.0;
        bytes.rotate_left(len % 4);
        Self(bytes)
    }

    /// Masks or unmasks `payload` in place.
    #[inline]
    pub fn apply(self, payload: &mut [u8]) {
        let (blocks, rest) = payload.as_chunks_mut::<BLOCK>();
        for block in blocks {
            self.apply_words(block.as_chunks_mut().0);
        }
        let (words, rest) = rest.as_chunks_mut();
        self.apply_words(words);
        let (keys, tail) = rest.as_chunks_mut();
        for quad in keys {
            *quad = (u32::from_ne_bytes(*quad) ^ u32::from_ne_bytes(self.0)).to_ne_bytes();
        }
        for (byte, key) in tail.iter_mut().zip(self.0) {
            *byte ^= key;
        }
    }

    /// Appends the masked form of `payload` to `out`, in one pass over both.
    pub fn append(self, payload: &[u8], out: &mut Vec<u8>) {
        out.reserve(payload.len());
        let (blocks, rest) = payload.as_chunks::<BLOCK>();
        for block in blocks {
            let mut masked = *block;
            self.apply_words(masked.as_chunks_mut().0);
            out.extend_from_slice(&masked);
        }
        let start = out.len();
        out.extend_from_slice(rest);
        self.apply(&mut out[start..]);
    }

    #[inline(always)]
    fn apply_words(self, words: &mut [[u8; 8]]) {
        let [a, b, c, d] = self.0;
        let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
        for word in words {
            *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of RFC 6455 section 5.3, byte by byte.
    fn by_definition(payload: &[u8], key: [u8; 4]) -> Vec<u8> {
        payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect()
    }

    #[test]
    fn every_length_and_alignment_follows_the_definition() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let bytes: Vec<u8> = (0..700u32).map(|i| (i * 7 + 3) as u8).collect();
        for start in 0..9 {
            for len in (0..300).chain([511, 512, 513, 690]) {
                let plain = &bytes[start..start + len];
                let expected = by_definition(plain, key);
                let mut in_place = bytes.clone();
                Key::new(key).apply(&mut in_place[start..start + len]);
                assert_eq!(&in_place[start..start + len], expected, "in place, {start}+{len}");
                let mut appended = b"before".to_vec();
                Key::new(key).append(plain, &mut appended);
                assert_eq!(&appended[6..], expected, "appended, {start}+{len}");
            }
        }
    }

    #[test]
    fn a_payload_masked_in_pieces_is_masked_as_one() {
        let key = Key::new([1, 2, 3, 4]);
        let bytes: Vec<u8> = (0..100).collect();
        for cut in 0..bytes.len() {
            let mut pieces = bytes.clone();
            let (front, back) = pieces.split_at_mut(cut);
            key.apply(front);
            key.advanced(cut).apply(back);
            assert_eq!(pieces, by_definition(&bytes, key.to_bytes()));
        }
    }
}
