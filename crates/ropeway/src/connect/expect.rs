//! What a message has to be like.

use std::str::FromStr;

use regex::Regex;
use serde_json::Value;
use serde_json_path::JsonPath;

/// A JSON path (RFC 9535).
#[derive(Clone, Debug)]
pub(crate) struct Path(JsonPath);

/// `--expect`: a regular expression, a JSON path that finds something, or one that finds a value.
#[derive(Clone, Debug)]
pub(crate) enum Expectation {
    Text(Regex),
    Json(Path, Option<Value>),
}

impl Path {
    /// All that the path finds; nothing in what is not JSON.
    pub(crate) fn find(&self, text: &str) -> Vec<Value> {
        let Ok(value) = serde_json::from_str(text) else { return Vec::new() };
        self.0.query(&value).iter().map(|&found| found.clone()).collect()
    }
}

impl FromStr for Path {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = JsonPath::parse(text).map_err(|error| format!("it is no JSON path: {error}"))?;
        Ok(Self(path))
    }
}

impl Expectation {
    pub(crate) fn is_met(&self, text: &str) -> bool {
        match self {
            Self::Text(regex) => regex.is_match(text),
            Self::Json(path, None) => !path.find(text).is_empty(),
            Self::Json(path, Some(value)) => path.find(text).contains(value),
        }
    }

    /// `path=value`, cut at the first `=` that leaves a path before it: paths have filters with `==`.
    fn json(text: &str) -> Option<Self> {
        if let Ok(path) = text.parse() {
            return Some(Self::Json(path, None));
        }
        text.match_indices('=').find_map(|(at, _)| {
            let path = text[..at].parse().ok()?;
            let value = &text[at + 1..];
            Some(Self::Json(path, Some(serde_json::from_str(value).unwrap_or_else(|_| value.into()))))
        })
    }
}

/// What begins with `$` and what paths go on with is a JSON path, all else a regular expression.
impl FromStr for Expectation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("$.") || text.starts_with("$[") || text.starts_with("$=") {
            return Self::json(text).ok_or_else(|| "it is no JSON path, such as `$.type=welcome`".to_owned());
        }
        let regex = Regex::new(text).map_err(|error| format!("it is no regular expression: {error}"))?;
        Ok(Self::Text(regex))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_met(expectation: &str, text: &str) -> bool {
        expectation.parse::<Expectation>().unwrap().is_met(text)
    }

    #[test]
    fn regular_expressions() {
        assert!(is_met("^h.llo$", "hello") && !is_met("^h.llo$", "hello!"));
        assert!("(".parse::<Expectation>().is_err());
    }

    #[test]
    fn json_paths() {
        let text = r#"{"type":"event","data":{"n":3,"tags":["a","b"],"ok":true}}"#;
        for expectation in ["$.type=event", "$.data.n=3", "$.data.tags[*]=b", "$.data.ok=true", "$.data"] {
            assert!(is_met(expectation, text), "{expectation}");
        }
        for expectation in ["$.type=other", "$.data.n=4", "$.data.n=\"3\"", "$.nothing"] {
            assert!(!is_met(expectation, text), "{expectation}");
        }
        assert!(is_met("$.data.tags[?@=='b']=b", text) && is_met("$=3", "3"));
        assert!(!is_met("$.type", "no JSON") && "$.[=1".parse::<Expectation>().is_err());
    }
}
