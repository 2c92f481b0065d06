//! Which message is waited for.

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use serde_json_path::JsonPath;

use super::template::{Template, Variables};

/// What a message has to fulfil: everything that is given. Without anything every message fits.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Matcher {
    /// A part of the text.
    contains: Option<Template>,
    /// A regular expression somewhere in the text.
    #[serde(default, deserialize_with = "regex")]
    regex: Option<Regex>,
    /// A JSON path (RFC 9535) that finds something.
    json: Option<JsonPath>,
    /// What the path has to find.
    equals: Option<toml::Value>,
}

impl Matcher {
    pub(crate) fn fits(&self, text: &str, variables: &Variables) -> bool {
        let contains = self.contains.as_ref().is_none_or(|part| text.contains(&part.render(variables)));
        let matches = self.regex.as_ref().is_none_or(|regex| regex.is_match(text));
        contains && matches && self.json.as_ref().is_none_or(|path| self.finds(path, text))
    }

    fn finds(&self, path: &JsonPath, text: &str) -> bool {
        let Ok(value) = serde_json::from_str::<Value>(text) else { return false };
        let mut found = path.query(&value).into_iter();
        match &self.equals {
            Some(wanted) => found.any(|value| is_same(value, wanted)),
            None => found.next().is_some(),
        }
    }
}

fn is_same(value: &Value, wanted: &toml::Value) -> bool {
    serde_json::to_value(wanted).is_ok_and(|wanted| wanted == *value)
}

fn regex<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Regex>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Regex::new(&text).map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(matcher: &str, text: &str) -> bool {
        let matcher: Matcher = toml::from_str(matcher).unwrap();
        matcher.fits(text, &Variables { user: 4, iteration: 0 })
    }

    #[test]
    fn everything_that_is_given_has_to_fit() {
        assert!(fits("", "anything"));
        assert!(fits("contains = 'user {user}'", "hello user 4"));
        assert!(!fits("contains = 'a'\nregex = '^b'", "a b"));
        assert!(fits("regex = '[0-9]+$'", "n 12"));
        assert!(fits("json = '$.type'\nequals = 'joined'", r#"{"type":"joined"}"#));
        assert!(!fits("json = '$.type'\nequals = 'joined'", r#"{"type":"left"}"#));
        assert!(fits("json = '$.a[*]'\nequals = 2", r#"{"a":[1,2]}"#));
        assert!(!fits("json = '$.type'", "no json"));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["regex = '('", "json = 'type'", "containing = 'a'"] {
            assert!(toml::from_str::<Matcher>(text).is_err(), "{text}");
        }
    }
}
