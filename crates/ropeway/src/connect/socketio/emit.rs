//! Events as people type them.

use serde_json::value::RawValue;

/// An event of Socket.IO to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Emit {
    /// Nothing means the namespace that was connected to last.
    pub(crate) namespace: Option<String>,
    pub(crate) name: String,
    /// JSON values with commas between them.
    pub(crate) arguments: String,
    pub(crate) wants_ack: bool,
}

/// `name arguments` or `["name", arguments...]`. Arguments are JSON values with spaces or commas between them; what is not
/// JSON is one string.
///
/// # Errors
/// An empty line, and an array that does not begin with a name.
pub(crate) fn parse(line: &str, wants_ack: bool) -> Result<Emit, &'static str> {
    let line = line.trim();
    if line.starts_with('[') {
        return whole(line, wants_ack);
    }
    let (name, rest) = match serde_json::Deserializer::from_str(line).into_iter::<String>().next() {
        Some(Ok(name)) if line.starts_with('"') => {
            let len = quoted_len(line);
            (name, &line[len..])
        }
        _ => {
            let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            (name.to_owned(), rest)
        }
    };
    if name.is_empty() {
        return Err("an event needs a name: `message {\"text\":\"hi\"}`");
    }
    Ok(Emit { namespace: None, name, arguments: arguments(rest), wants_ack })
}

fn whole(line: &str, wants_ack: bool) -> Result<Emit, &'static str> {
    const FORM: &str = "an event as an array begins with its name: `[\"message\", {\"text\":\"hi\"}]`";
    let values: Vec<&RawValue> = serde_json::from_str(line).map_err(|_| FORM)?;
    let (name, rest) = values.split_first().ok_or(FORM)?;
    let name = serde_json::from_str(name.get()).map_err(|_| FORM)?;
    Ok(Emit { namespace: None, name, arguments: joined(rest), wants_ack })
}

/// Arguments as JSON with commas between them.
pub(crate) fn arguments(text: &str) -> String {
    let text = text.trim();
    let mut values = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        let Some(Ok(value)) = stream.next() else { return string(text) };
        let used = stream.byte_offset();
        values.push(value);
        rest = rest[used..].trim_start_matches(|c: char| c == ',' || c.is_whitespace());
    }
    joined(&values)
}

fn joined(values: &[&RawValue]) -> String {
    values.iter().map(|value| value.get()).collect::<Vec<_>>().join(",")
}

fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The bytes of the JSON string at the beginning.
fn quoted_len(line: &str) -> usize {
    let mut stream = serde_json::Deserializer::from_str(line).into_iter::<&RawValue>();
    let _ = stream.next();
    stream.byte_offset()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_in_the_ways_that_people_type_them() {
        let parsed = |line| parse(line, true).map(|emit| (emit.name, emit.arguments));
        let is = |name: &str, arguments: &str| Ok((name.to_owned(), arguments.to_owned()));
        assert_eq!(parsed("ping"), is("ping", ""));
        assert_eq!(parsed(r#"join {"room":"demo:x"}"#), is("join", r#"{"room":"demo:x"}"#));
        assert_eq!(parsed(r#"put 1, "a" [2] null"#), is("put", r#"1,"a",[2],null"#));
        assert_eq!(parsed("say hello world"), is("say", r#""hello world""#));
        assert_eq!(parsed(r#""two words" 1"#), is("two words", "1"));
        assert_eq!(parsed(r#"["put", 1, {"a": 2}]"#), is("put", r#"1,{"a": 2}"#));
        assert!(parsed("").is_err() && parsed("[1]").is_err() && parsed("[").is_err());
    }
}
