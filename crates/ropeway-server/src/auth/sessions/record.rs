//! What a store says of a session.

use std::time::SystemTime;

use serde_json::Value;

use super::Failure;
use crate::auth::{Grant, Identity};

/// The form of the records of a store.
pub(super) struct Record {
    /// Where another program's record holds the user; else a record is a grant.
    user_path: Option<String>,
}

impl Record {
    pub(super) fn new(user_path: Option<&str>) -> Self {
        Self { user_path: user_path.map(str::to_owned) }
    }

    /// The identity of a record; nothing for the session of somebody who is not logged in.
    pub(super) fn read(&self, bytes: &[u8], now: SystemTime) -> Result<Option<Identity>, Failure> {
        let text = std::str::from_utf8(bytes).map_err(|_| Failure("a record is not UTF-8".to_owned()))?;
        match &self.user_path {
            Some(path) => user_at(path, text),
            None => {
                let grant = Grant::lenient(text).and_then(|grant| grant.into_identity(now));
                grant.map(Some).map_err(|error| Failure(format!("a record is no grant: {error}")))
            }
        }
    }
}

/// A number is a user as well: ids of databases are such.
fn user_at(path: &str, text: &str) -> Result<Option<Identity>, Failure> {
    // The message of serde_json may quote what stands there.
    let record: Value = serde_json::from_str(text).map_err(|_| Failure("a record is no JSON".to_owned()))?;
    match record.pointer(path) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(user)) => Ok(Some(Identity::user(user))),
        Some(Value::Number(user)) => Ok(Some(Identity::user(&user.to_string()))),
        Some(_) => Err(Failure(format!("`{path}` of a record is neither a text nor a number"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: Option<&str>, text: &str) -> Result<Option<Identity>, Failure> {
        Record::new(path).read(text.as_bytes(), SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn a_record_is_a_grant() {
        let ada = read(None, r#"{"user":"ada","join":["a"],"cookie":{}}"#).unwrap().unwrap();
        assert_eq!((ada.name(), ada.rights().may_join("b")), (Some("ada"), Some(false)));
        assert!(read(None, "[]").is_err() && read(None, r#"{"join":"a"}"#).is_err());
    }

    #[test]
    fn the_user_of_other_records_is_found() {
        let read = |text| read(Some("/passport/user"), text);
        let name = |text| read(text).unwrap().map(|identity| identity.name().unwrap().to_owned());
        assert_eq!(name(r#"{"passport":{"user":"ada"}}"#).as_deref(), Some("ada"));
        assert_eq!(name(r#"{"passport":{"user":17}}"#).as_deref(), Some("17"));
        assert_eq!(name(r#"{"passport":{}}"#), None);
        assert_eq!(name(r#"{"passport":{"user":null}}"#), None);
        assert!(read(r#"{"passport":{"user":{}}}"#).is_err() && read("php:serialized").is_err());
    }
}
