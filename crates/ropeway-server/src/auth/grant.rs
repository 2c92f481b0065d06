//! The one JSON form of an identity: in a token under the claim `ropeway`, in the record of a session, in a request for
//! a ticket, in the answer of the webhook.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Identity, Rights};
use crate::config::{Pattern, duration};

/// `{"user","namespaces","join","publish","rooms","expires_at"|"expires_in","data"}`, all of them optional. Fields that
/// it does not have are ignored, as tokens want it; [`Grant::strict`] refuses them.
#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Grant {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespaces: Option<Vec<Pattern>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) join: Option<Vec<Pattern>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) publish: Option<Vec<Pattern>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) rooms: Vec<Box<str>>,
    /// Seconds since the epoch of Unix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<u64>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "seconds",
        serialize_with = "in_seconds"
    )]
    pub(crate) expires_in: Option<Duration>,
    /// Any JSON value, for applications.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Box<RawValue>>,
}

/// What is wrong with a grant, naming the field; fit for whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct GrantError(String);

const FIELDS: [&str; 8] =
    ["user", "namespaces", "join", "publish", "rooms", "expires_at", "expires_in", "data"];

/// Bytes of a user's name.
const MAX_USER: usize = 256;

/// Entries of each list.
const MAX_ENTRIES: usize = 256;

impl Grant {
    /// Reads the text of an object that has no fields but these and those in `others`, which the caller reads himself.
    pub(crate) fn strict(text: &str, others: &[&str]) -> Result<Self, GrantError> {
        let names: BTreeMap<String, IgnoredAny> = serde_json::from_str(text).map_err(unreadable)?;
        match names.keys().find(|name| !FIELDS.contains(&name.as_str()) && !others.contains(&name.as_str())) {
            Some(name) => Err(GrantError(format!("there is no field `{name}`"))),
            None => Self::lenient(text),
        }
    }

    /// Reads the text of an object.
    pub(crate) fn lenient(text: &str) -> Result<Self, GrantError> {
        // serde would take a list for the values of the fields in order.
        if !text.trim_start().starts_with('{') {
            return Err(wrong("no JSON object"));
        }
        serde_json::from_str(text).map_err(unreadable)
    }

    /// The identity that is granted at `now`.
    pub(crate) fn into_identity(self, now: SystemTime) -> Result<Identity, GrantError> {
        self.check()?;
        let expires = match (self.expires_at, self.expires_in) {
            (Some(_), Some(_)) => return Err(wrong("`expires_at` and `expires_in` cannot both be given")),
            (Some(at), None) => Some(instant(UNIX_EPOCH, Duration::from_secs(at))?),
            (None, Some(time)) => Some(instant(now, time)?),
            (None, None) => None,
        };
        let rights = Rights { namespaces: self.namespaces, join: self.join, publish: self.publish };
        let identity = self.user.as_deref().map_or_else(Identity::nameless, Identity::user);
        let identity = identity.with_rights(rights).with_rooms(self.rooms.into_iter().map(Arc::<str>::from));
        let identity = expires.into_iter().fold(identity, Identity::with_expiry);
        Ok(self.data.into_iter().fold(identity, Identity::with_claims))
    }

    fn check(&self) -> Result<(), GrantError> {
        let lists = [
            ("namespaces", self.namespaces.as_ref().map_or(0, Vec::len)),
            ("join", self.join.as_ref().map_or(0, Vec::len)),
            ("publish", self.publish.as_ref().map_or(0, Vec::len)),
            ("rooms", self.rooms.len()),
        ];
        if let Some((name, _)) = lists.iter().find(|(_, len)| *len > MAX_ENTRIES) {
            return Err(GrantError(format!("`{name}` has more than {MAX_ENTRIES} entries")));
        }
        match &self.user {
            Some(user) if !is_user(user) => {
                Err(wrong("`user` must be 1 to 256 bytes without control characters"))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a name can be that of a user.
pub(crate) fn is_user(name: &str) -> bool {
    (1..=MAX_USER).contains(&name.len()) && !name.chars().any(char::is_control)
}

fn instant(from: SystemTime, after: Duration) -> Result<SystemTime, GrantError> {
    from.checked_add(after).ok_or_else(|| wrong("the time of expiry is out of reach"))
}

fn wrong(message: &str) -> GrantError {
    GrantError(message.to_owned())
}

/// The message of serde_json may quote a value, which may be a secret: only the place is told.
fn unreadable(error: serde_json::Error) -> GrantError {
    match error.classify() {
        serde_json::error::Category::Data => GrantError(error.to_string()),
        _ => GrantError(format!("no JSON object: line {}, column {}", error.line(), error.column())),
    }
}

/// `"30s"`, or a number of seconds.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Raw {
        Seconds(u64),
        Text(String),
    }
    match Option::<Raw>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Raw::Seconds(seconds)) => Ok(Some(Duration::from_secs(seconds))),
        Some(Raw::Text(text)) => match duration(&text) {
            Some(time) => Ok(Some(time)),
            None => Err(D::Error::custom("a time must be a number of seconds or such as \"30s\"")),
        },
    }
}

fn in_seconds<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.as_secs()).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn identity(text: &str) -> Identity {
        let now = UNIX_EPOCH + Duration::from_secs(1000);
        Grant::strict(text, &[]).and_then(|grant| grant.into_identity(now)).unwrap()
    }

    #[track_caller]
    fn refused(text: &str) -> String {
        let grant = Grant::strict(text, &["lifetime"]);
        grant.and_then(|grant| grant.into_identity(UNIX_EPOCH)).unwrap_err().to_string()
    }

    #[test]
    fn every_field_is_read() {
        let ada = identity(
            r#"{"user":"ada","namespaces":["/"],"join":["news:*"],"publish":[],"rooms":["a","b"],"expires_in":"30s","data":{"x":1}}"#,
        );
        assert_eq!(ada.name(), Some("ada"));
        assert_eq!(
            (ada.rights().may_join("news:1"), ada.rights().may_publish("news:1")),
            (Some(true), Some(false))
        );
        assert!(ada.rights().may_enter("/") && !ada.rights().may_enter("/x"));
        assert_eq!(ada.rooms(), ["a".into(), "b".into()] as [Arc<str>; 2]);
        assert_eq!(ada.expires(), Some(UNIX_EPOCH + Duration::from_secs(1030)));
        assert_eq!(ada.claims(), Some(r#"{"x":1}"#));
    }

    #[test]
    fn an_empty_one_is_nobody_in_particular() {
        let nobody = identity("{}");
        assert_eq!((nobody.name(), nobody.expires(), nobody.claims()), (None, None, None));
        assert_eq!(nobody.rights(), &Rights::default());
    }

    #[test]
    fn times_are_seconds() {
        assert_eq!(identity(r#"{"expires_in":5}"#).expires(), Some(UNIX_EPOCH + Duration::from_secs(1005)));
        assert_eq!(identity(r#"{"expires_at":5}"#).expires(), Some(UNIX_EPOCH + Duration::from_secs(5)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(refused(r#"{"usr":"ada"}"#), "there is no field `usr`");
        assert!(refused(r#"{"user":""}"#).contains("`user`"));
        assert!(refused(r#"{"user":"a\n"}"#).contains("`user`"));
        assert!(refused(r#"{"expires_in":1,"expires_at":1}"#).contains("both"));
        assert!(refused(r#"{"expires_in":"soon"}"#).contains("a number of seconds"));
        assert!(refused(r#"{"expires_at":18446744073709551615}"#).contains("out of reach"));
        assert!(refused(r#"{"join":[""]}"#).contains("1 to 256 bytes"));
        assert!(refused("{").contains("no JSON"));
        let many = format!(r#"{{"rooms":[{}"r"]}}"#, r#""r","#.repeat(256));
        assert!(refused(&many).contains("256"));
    }

    #[test]
    fn tokens_may_have_other_fields() {
        assert!(Grant::lenient(r#"{"user":"ada","role":"admin"}"#).is_ok());
        assert!(Grant::strict(r#"{"user":"ada","lifetime":"5s"}"#, &["lifetime"]).is_ok());
    }
}
