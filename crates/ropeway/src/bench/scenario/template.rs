//! Texts with `{user}`, `{iteration}` and `{random}` in them.

use std::fmt;

use serde::Deserialize;

/// A text in which variables are replaced each time that it is used. `{{` stands for `{`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    User,
    Iteration,
    Random,
}

/// Values of the variables.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Variables {
    /// The number of the user, from 0 on.
    pub(crate) user: usize,
    /// How often this user has gone through its steps, from 0 on.
    pub(crate) iteration: u64,
}

impl Template {
    pub(crate) fn render(&self, variables: &Variables) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::User => out.push_str(&variables.user.to_string()),
                Part::Iteration => out.push_str(&variables.iteration.to_string()),
                Part::Random => out.push_str(&format!("{:016x}", rand::random::<u64>())),
            }
        }
        out
    }
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find('{') {
            plain.push_str(&rest[..at]);
            rest = &rest[at..];
            match variable(rest) {
                Some((part, len)) => {
                    parts.extend((!plain.is_empty()).then(|| Part::Text(std::mem::take(&mut plain))));
                    parts.push(part);
                    rest = &rest[len..];
                }
                None => {
                    plain.push('{');
                    rest = rest.strip_prefix("{{").unwrap_or(&rest[1..]);
                }
            }
        }
        plain.push_str(rest);
        parts.extend((!plain.is_empty()).then_some(Part::Text(plain)));
        Ok(Self(parts))
    }
}

/// What stands at the beginning of a text, and its length. Other braces, as JSON has them, are text.
fn variable(text: &str) -> Option<(Part, usize)> {
    let names = [("{user}", Part::User), ("{iteration}", Part::Iteration), ("{random}", Part::Random)];
    names.into_iter().find(|(name, _)| text.starts_with(name)).map(|(name, part)| (part, name.len()))
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::User => f.write_str("{user}"),
            Part::Iteration => f.write_str("{iteration}"),
            Part::Random => f.write_str("{random}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str) -> String {
        let template = Template::try_from(text.to_owned()).unwrap();
        template.render(&Variables { user: 7, iteration: 3 })
    }

    #[test]
    fn variables_are_replaced_and_json_is_left_alone() {
        assert_eq!(rendered(r#"{"id":"{user}-{iteration}","a":{}}"#), r#"{"id":"7-3","a":{}}"#);
        assert_eq!(rendered("{{user} {other} {"), "{user} {other} {");
        assert_ne!(rendered("{random}"), rendered("{random}"));
    }
}
