//! UTF-8 that arrives in pieces: the text of a fragmented message, or of one frame over several reads.
//!
//! [`Text`] checks each piece as it comes and refuses the first byte that no valid text could have in its place
//! (RFC 6455 section 8.1), so that a peer learns of its fault before it has sent the rest. Each byte is checked once:
//! the checked pieces are appended to a `String`, which needs no second look at the end.

use thiserror::Error;

/// Bytes that are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("bytes that are not UTF-8")]
pub struct InvalidUtf8;

/// Text under construction.
#[derive(Debug, Default)]
pub(crate) struct Text {
    checked: String,
    /// The first bytes of a character whose rest has not arrived.
    split: [u8; 4],
    split_len: u8,
}

impl Text {
    /// Bytes that have arrived so far.
    pub(crate) fn len(&self) -> usize {
        self.checked.len() + usize::from(self.split_len)
    }

    /// Appends a piece.
    ///
    /// # Errors
    /// [`InvalidUtf8`] as soon as the text cannot become valid any more.
    pub(crate) fn push(&mut self, mut piece: &[u8]) -> Result<(), InvalidUtf8> {
        while self.split_len > 0 {
            let [byte, rest @ ..] = piece else { return Ok(()) };
            self.push_split(*byte)?;
            piece = rest;
        }
        match simdutf8::compat::from_utf8(piece) {
            Ok(text) => self.checked.push_str(text),
            Err(error) if error.error_len().is_some() => return Err(InvalidUtf8),
            Err(error) => {
                let (valid, start_of_character) = piece.split_at(error.valid_up_to());
                self.checked.push_str(check(valid)?);
                self.split[..start_of_character.len()].copy_from_slice(start_of_character);
                self.split_len = start_of_character.len() as u8;
            }
        }
        Ok(())
    }

    /// The whole text.
    ///
    /// # Errors
    /// [`InvalidUtf8`] when it ends inside a character.
    pub(crate) fn finish(self) -> Result<String, InvalidUtf8> {
        if self.split_len > 0 { Err(InvalidUtf8) } else { Ok(self.checked) }
    }

    /// Adds one byte to the character that was split between pieces.
    fn push_split(&mut self, byte: u8) -> Result<(), InvalidUtf8> {
        let len = usize::from(self.split_len) + 1;
        let Some(last) = self.split.get_mut(len - 1) else { return Err(InvalidUtf8) };
        *last = byte;
        match std::str::from_utf8(&self.split[..len]) {
            Ok(character) => {
                self.checked.push_str(character);
                self.split_len = 0;
                Ok(())
            }
            Err(error) if error.error_len().is_some() => Err(InvalidUtf8),
            Err(_) => {
                self.split_len = len as u8;
                Ok(())
            }
        }
    }
}

/// Checks text that has arrived as a whole.
#[inline]
pub(crate) fn check(bytes: &[u8]) -> Result<&str, InvalidUtf8> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| InvalidUtf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_pieces(pieces: &[&[u8]]) -> Result<String, InvalidUtf8> {
        let mut text = Text::default();
        for piece in pieces {
            text.push(piece)?;
        }
        text.finish()
    }

    #[test]
    fn text_split_at_every_byte_comes_out_whole() {
        let whole = "a κόσμε \u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff} 🚡 end";
        for first in 0..=whole.len() {
            for second in first..=whole.len() {
                let bytes = whole.as_bytes();
                let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                assert_eq!(in_pieces(&pieces).as_deref(), Ok(whole), "cut at {first} and {second}");
            }
        }
    }

    #[test]
    fn the_first_impossible_byte_is_refused_however_the_text_is_cut() {
        // Each ends with the byte that makes it impossible: overlong forms, surrogates, beyond U+10FFFF, stray bytes.
        let impossible: [&[u8]; 10] = [
            b"ok\x80",
            b"ok\xc0",
            b"ok\xc1",
            b"ok\xe0\x80",
            b"ok\xed\xa0",
            b"ok\xf0\x80",
            b"ok\xf4\x90",
            b"ok\xf5",
            b"ok\xff",
            b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0",
        ];
        for bytes in impossible {
            let good = &bytes[..bytes.len() - 1];
            for cut in 0..bytes.len() {
                let mut text = Text::default();
                text.push(&good[..cut.min(good.len())]).unwrap();
                text.push(&good[cut.min(good.len())..]).unwrap();
                assert_eq!(text.push(&bytes[good.len()..]), Err(InvalidUtf8), "{bytes:x?} cut at {cut}");
            }
        }
    }

    #[test]
    fn text_that_ends_inside_a_character_is_refused_at_the_end() {
        assert_eq!(in_pieces(&[b"caf\xc3"]), Err(InvalidUtf8));
        assert_eq!(in_pieces(&[b"\xf0\x9f", b"\x9a"]), Err(InvalidUtf8));
    }
}
