//! What credentials allow.

use crate::config::Pattern;

/// What a client may do by its credentials. A list narrows: where there is one, only what it names is allowed, also in
/// rooms that the configuration opens to anyone. Without a list the configuration decides, and rooms that are open to
/// `granted` clients only stay closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// The namespaces that may be entered.
    pub namespaces: Option<Vec<Pattern>>,
    /// The rooms that may be joined.
    pub join: Option<Vec<Pattern>>,
    /// The rooms that may be published to, by members.
    pub publish: Option<Vec<Pattern>>,
}

impl Rights {
    /// Whether a namespace may be entered. The native protocol has the namespace `/`.
    pub fn may_enter(&self, namespace: &str) -> bool {
        names(self.namespaces.as_deref(), namespace).unwrap_or(true)
    }

    /// Whether a room may be joined; nothing where there is no list.
    pub fn may_join(&self, room: &str) -> Option<bool> {
        names(self.join.as_deref(), room)
    }

    /// Whether a room may be published to; nothing where there is no list.
    pub fn may_publish(&self, room: &str) -> Option<bool> {
        names(self.publish.as_deref(), room)
    }
}

fn names(list: Option<&[Pattern]>, name: &str) -> Option<bool> {
    list.map(|patterns| patterns.iter().any(|pattern| pattern.matches(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(patterns: &[&str]) -> Option<Vec<Pattern>> {
        Some(patterns.iter().filter_map(|pattern| Pattern::new(pattern)).collect())
    }

    #[test]
    fn a_list_narrows_and_its_absence_says_nothing() {
        let rights = Rights { join: list(&["news:*"]), publish: list(&[]), namespaces: list(&["/", "/a*"]) };
        assert_eq!((rights.may_join("news:1"), rights.may_join("chat")), (Some(true), Some(false)));
        assert_eq!(rights.may_publish("news:1"), Some(false), "an empty list names nothing");
        assert!(rights.may_enter("/") && rights.may_enter("/admin") && !rights.may_enter("/b"));
        let rights = Rights::default();
        assert_eq!((rights.may_join("news:1"), rights.may_publish("news:1")), (None, None));
        assert!(rights.may_enter("/b"));
    }
}
