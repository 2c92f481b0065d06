//! JSON as text.

/// JSON on one line: white space between its parts goes, all else stays as it came. `text` is JSON, which the caller
/// knows.
pub(crate) fn compact(text: &str) -> String {
    let mut compact = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let len = if first == '"' { string_len(rest) } else { first.len_utf8() };
        if !first.is_ascii_whitespace() {
            compact.push_str(&rest[..len]);
        }
        rest = &rest[len..];
    }
    compact
}

/// The bytes of the string that `rest` begins with, quotes included.
pub(crate) fn string_len(rest: &str) -> usize {
    let mut escaped = false;
    let end = rest.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_end
    });
    end.map_or(rest.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_space_between_the_parts_goes() {
        let text = "{\n \"a b\" : [ 1,\t2 ], \"c\\\" \": \" \\\\\" }";
        assert_eq!(compact(text), "{\"a b\":[1,2],\"c\\\" \":\" \\\\\"}");
    }
}
