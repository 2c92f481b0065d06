//! What is sent: payloads that are the same on every machine and in every benchmark.

/// JSON documents; more than fit in a window of 32 KiB, so that takeover finds likeness, not copies.
pub const DOCUMENTS: usize = 256;

/// Bytes without a pattern.
pub fn binary(len: usize) -> Vec<u8> {
    let mut random = Random(0x5eed);
    (0..len).map(|_| random.next() as u8).collect()
}

/// Text of exactly `len` bytes, most of it outside of ASCII, in characters of two to four bytes.
/// It starts with ASCII, where the stamp goes.
pub fn text(len: usize) -> Vec<u8> {
    const PHRASE: &str = "Привет, мир! Ελληνικά καὶ ἑτέρα, 日本語のテキスト、漢字 🚡🏔 žluťoučký kůň ";
    let mut text = "0".repeat(8);
    for character in PHRASE.chars().cycle() {
        if text.len() + character.len_utf8() > len {
            break;
        }
        text.push(character);
    }
    text.extend(std::iter::repeat_n('.', len - text.len()));
    text.into_bytes()
}

/// Chat-like JSON of about 1 KiB, each another. At zlib's level 6 one alone deflates to about 415 bytes, and to
/// about 275 with the ones before it in a window of 32 KiB.
pub fn documents() -> Vec<Vec<u8>> {
    let mut random = Random(0x1234_5678);
    (0..DOCUMENTS).map(|number| document(&mut random, number)).collect()
}

fn document(random: &mut Random, number: usize) -> Vec<u8> {
    let mut json = format!(
        r#"{{"type":"event","room":"{}","offset":{number},"user":"{}","data":["#,
        random.pick(&WORDS),
        random.pick(&WORDS),
    );
    while json.len() < 850 {
        json += &item(random);
        json.push(',');
    }
    json += r#"{"sign":""#;
    while json.len() < 1020 {
        json.push(char::from(b"0123456789abcdef"[random.below(16) as usize]));
    }
    json += r#""}]}"#;
    json.into_bytes()
}

fn item(random: &mut Random) -> String {
    format!(
        r#"{{"sku":"{:010x}","title":"{}","price":{}.{:02},"count":{},"tag":"{}"}}"#,
        random.next() >> 24,
        random.pick(&WORDS),
        random.below(1000),
        random.below(100),
        random.below(10),
        random.pick(&["new", "sale", "last"]),
    )
}

const WORDS: [&str; 24] = [
    "rope", "peak", "valley", "station", "gondola", "summit", "cable", "tower", "winter", "summer", "ticket",
    "morning", "evening", "cloudy", "platform", "wheel", "bridge", "river", "forest", "village", "coffee",
    "bread", "cheese", "camera",
];

/// xorshift64: no crate, the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 8) % end
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compress, Compression, FlushCompress};

    use super::*;

    #[test]
    fn text_is_utf8_of_the_asked_length() {
        for len in [16, 1023, 1024, 16384] {
            let text = text(len);
            assert_eq!(text.len(), len);
            assert!(String::from_utf8(text).is_ok());
        }
    }

    /// What the documentation of `documents` promises, and what makes results comparable with other runs.
    #[test]
    fn documents_deflate_as_documented() {
        let alone = deflated(15, true);
        let together = deflated(15, false);
        let small_window = deflated(12, false);
        println!("{alone} {together} {small_window}");
        assert!((405..435).contains(&alone), "{alone}");
        assert!((265..300).contains(&together), "{together}");
    }

    fn deflated(window_bits: u8, reset: bool) -> u64 {
        let mut compress = Compress::new_with_window_bits(Compression::new(6), false, window_bits);
        let mut total = 0;
        for document in documents() {
            assert_eq!(document.len(), 1024);
            let mut out = Vec::with_capacity(4096);
            compress.compress_vec(&document, &mut out, FlushCompress::Sync).unwrap();
            total += out.len() as u64 - 4;
            if reset {
                compress.reset();
            }
        }
        total / DOCUMENTS as u64
    }
}
