//! Binary data inside serde values.
//!
//! In Socket.IO's packets binary data is an attachment, and a placeholder stands in the JSON. serde has no way to hand
//! something past the format, so the attachments of the value at hand are noted for the thread while it is read or
//! written.

use std::cell::{Cell, RefCell};
use std::mem;
use std::ops::Deref;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::Error as _;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes inside a value that is sent or received: a `Buffer` or `ArrayBuffer` in JavaScript, `{"base64":".."}` for
/// clients of the native protocol. At most ten in an event.
///
/// Outside of events, and wherever it is written as JSON by other means, it is `{"base64":".."}` too.
///
/// ```
/// use ropeway_server::app::Binary;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Picture {
///     name: String,
///     pixels: Binary,
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Binary(pub Bytes);

thread_local! {
    /// Whether a value is being written by [`detaching`].
    static IS_DETACHING: Cell<bool> = const { Cell::new(false) };
    /// What was found in it. Empty otherwise.
    static DETACHED: RefCell<Vec<Bytes>> = const { RefCell::new(Vec::new()) };
    /// What placeholders refer to while a value is read by [`attaching`].
    static ATTACHED: RefCell<Vec<Bytes>> = const { RefCell::new(Vec::new()) };
}

/// Writes a value, and returns the attachments that its placeholders refer to.
pub(super) fn detaching<T>(write: impl FnOnce() -> T) -> (T, Vec<Bytes>) {
    let outer = Detaching::begin();
    let written = write();
    let attachments = DETACHED.with_borrow_mut(|detached| match detached.is_empty() {
        true => Vec::new(),
        false => mem::take(detached),
    });
    drop(outer);
    (written, attachments)
}

/// What was being written before; it goes on when this is dropped, also when the value panics.
struct Detaching {
    /// There is one when the value itself sends something while it is written.
    outer: Option<Vec<Bytes>>,
}

impl Detaching {
    fn begin() -> Self {
        let was_detaching = IS_DETACHING.replace(true);
        Self { outer: was_detaching.then(|| DETACHED.take()) }
    }
}

impl Drop for Detaching {
    fn drop(&mut self) {
        match self.outer.take() {
            Some(outer) => DETACHED.set(outer),
            None => {
                IS_DETACHING.set(false);
                DETACHED.with_borrow_mut(Vec::clear);
            }
        }
    }
}

/// Reads a value whose placeholders refer to these attachments.
pub(super) fn attaching<T>(attachments: &[Bytes], read: impl FnOnce() -> T) -> T {
    if attachments.is_empty() {
        return read();
    }
    let _outer = Attached(ATTACHED.replace(attachments.to_vec()));
    read()
}

/// What was being read before; it goes on when this is dropped, also when the value panics.
struct Attached(Vec<Bytes>);

impl Drop for Attached {
    fn drop(&mut self) {
        ATTACHED.set(mem::take(&mut self.0));
    }
}

impl Serialize for Binary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match detach(&self.0) {
            Some(num) => {
                let mut placeholder = serializer.serialize_struct("Binary", 2)?;
                placeholder.serialize_field("_placeholder", &true)?;
                placeholder.serialize_field("num", &num)?;
                placeholder.end()
            }
            None => {
                let mut object = serializer.serialize_struct("Binary", 1)?;
                object.serialize_field("base64", &STANDARD.encode(&self.0))?;
                object.end()
            }
        }
    }
}

fn detach(bytes: &Bytes) -> Option<usize> {
    IS_DETACHING.get().then(|| {
        DETACHED.with_borrow_mut(|detached| {
            detached.push(bytes.clone());
            detached.len() - 1
        })
    })
}

/// What [`Binary`] may look like.
#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    _placeholder: bool,
    num: Option<usize>,
    base64: Option<String>,
}

impl<'de> Deserialize<'de> for Binary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Wire::deserialize(deserializer)? {
            Wire { base64: Some(text), .. } => {
                STANDARD.decode(text).map(Self::from).map_err(|_| D::Error::custom("not valid base64"))
            }
            Wire { _placeholder: true, num: Some(num), .. } => attached(num)
                .map(Self)
                .ok_or_else(|| D::Error::custom("a placeholder without its attachment")),
            _ => Err(D::Error::custom("not binary data")),
        }
    }
}

fn attached(num: usize) -> Option<Bytes> {
    ATTACHED.with_borrow(|attached| attached.get(num).cloned())
}

impl Deref for Binary {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Binary {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<Bytes> for Binary {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl From<&'static [u8]> for Binary {
    fn from(bytes: &'static [u8]) -> Self {
        Self(Bytes::from_static(bytes))
    }
}

impl AsRef<[u8]> for Binary {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn write(value: &impl Serialize) -> (String, Vec<Bytes>) {
        let (text, attachments) = detaching(|| serde_json::to_string(value));
        (text.unwrap(), attachments)
    }

    #[test]
    fn outside_of_events_it_is_base64() {
        let binary = Binary::from(vec![1, 2, 3]);
        assert_eq!(serde_json::to_string(&binary).unwrap(), r#"{"base64":"AQID"}"#);
        assert_eq!(serde_json::from_str::<Binary>(r#"{"base64":"AQID"}"#).unwrap(), binary);
    }

    #[test]
    fn inside_of_events_it_is_a_placeholder() {
        let (text, attachments) = write(&(1, Binary::from(vec![1]), [Binary::from(vec![2])]));
        let expected = r#"[1,{"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}]]"#;
        assert_eq!(text, expected);
        assert_eq!(attachments, [&[1][..], &[2]]);
        let read = attaching(&attachments, || serde_json::from_str::<(u8, Binary, [Binary; 1])>(&text));
        assert_eq!(read.unwrap().1, Binary::from(vec![1]));
        assert!(serde_json::from_str::<(u8, Binary, [Binary; 1])>(&text).is_err(), "they are gone");
    }

    /// A value that writes another one, and then panics.
    #[test]
    fn values_do_not_take_each_others_attachments() {
        struct Within(bool);

        impl Serialize for Within {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let (text, attachments) = write(&Binary::from(vec![9]));
                assert_eq!((text.as_str(), attachments.len()), (r#"{"_placeholder":true,"num":0}"#, 1));
                assert!(!self.0, "it panics");
                serializer.serialize_unit()
            }
        }

        let (_, attachments) = write(&(Binary::from(vec![1]), Within(false), Binary::from(vec![2])));
        assert_eq!(attachments, [&[1][..], &[2]]);
        let bad = (Binary::from(vec![1]), Within(true));
        assert!(catch_unwind(AssertUnwindSafe(|| write(&bad))).is_err());
        assert_eq!(write(&Binary::from(vec![3])).1, [&[3][..]]);
        outside_of_events_it_is_base64();
    }
}
