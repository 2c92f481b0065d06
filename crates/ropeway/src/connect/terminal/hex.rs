//! Bytes for people and from people.

use std::fmt::Write;

const ROW: usize = 16;

/// So many bytes are shown; the rest is for `/save`.
const MOST: usize = 4096;

/// A row of 16 bytes a line, with their offset and what is ASCII of them; a short payload on one line.
pub(super) fn dump(bytes: &[u8]) -> String {
    if bytes.len() <= ROW {
        return row(bytes).trim_end().to_owned();
    }
    let mut dump = String::new();
    for (index, chunk) in bytes[..bytes.len().min(MOST)].chunks(ROW).enumerate() {
        let _ = writeln!(dump, "{:08x}  {:47}  {}", index * ROW, row(chunk), ascii(chunk));
    }
    if bytes.len() > MOST {
        let _ = write!(dump, "... {} bytes more", bytes.len() - MOST);
    }
    dump.trim_end().to_owned()
}

fn row(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

fn ascii(bytes: &[u8]) -> String {
    let shown = |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
    bytes.iter().map(shown).collect()
}

/// Hexadecimal digits with spaces, colons or nothing between them.
pub(super) fn parse(text: &str) -> Result<Vec<u8>, &'static str> {
    const FORM: &str = "it must be hexadecimal digits, two a byte, such as `de ad be ef`, or @ and a file";
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let digits: Vec<u8> = digits.bytes().filter(|byte| !matches!(byte, b' ' | b':' | b'_')).collect();
    if !digits.len().is_multiple_of(2) {
        return Err(FORM);
    }
    let nibble = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |pair: &[u8]| Some(nibble(&pair[0])? << 4 | nibble(&pair[1])?);
    digits.chunks(2).map(byte).collect::<Option<_>>().ok_or(FORM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dumps() {
        assert_eq!(dump(b""), "");
        assert_eq!(dump(&[0, 0x1b, 0xff]), "00 1b ff");
        let long = dump(b"0123456789abcdef\x1b[31m");
        let first = "00000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n";
        assert_eq!(long, format!("{first}00000010  {:47}  .[31m", "1b 5b 33 31 6d"));
        assert!(dump(&[0; 5000]).ends_with("\n... 904 bytes more"));
    }

    #[test]
    fn digits_are_read() {
        assert_eq!(parse("de ad:be_EF"), Ok(vec![0xde, 0xad, 0xbe, 0xef]));
        assert_eq!((parse(""), parse("0x00")), (Ok(vec![]), Ok(vec![0])));
        assert!(parse("f").is_err() && parse("gg").is_err() && parse("é").is_err());
    }
}
