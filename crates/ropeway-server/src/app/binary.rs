//! Binary data inside serde values.
//!
//! In Socket.IO's packets binary data is an attachment, and a placeholder stands in the JSON. serde has no way to hand
//! something past the format, so the attachments of the value at hand are noted for the thread while it is read or
//! written.

use std::cell::RefCell;
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
    /// Collects while a value is written by [`detaching`].
    static DETACHED: RefCell<Option<Vec<Bytes>>> = const { RefCell::new(None) };
    /// What placeholders refer to while a value is read by [`attaching`].
    static ATTACHED: RefCell<Vec<Bytes>> = const { RefCell::new(Vec::new()) };
}

/// Writes a value, and returns the attachments that its placeholders refer to.
pub(super) fn detaching<T>(write: impl FnOnce() -> T) -> (T, Vec<Bytes>) {
    let outer = DETACHED.replace(Some(Vec::new()));
    let restore = Restore(outer);
    let written = write();
    let attachments = DETACHED.take().unwrap_or_default();
    drop(restore);
    (written, attachments)
}

/// Puts back what was there, also when the value panics.
struct Restore(Option<Vec<Bytes>>);

impl Drop for Restore {
    fn drop(&mut self) {
        DETACHED.set(self.0.take());
    }
}

/// Reads a value whose placeholders refer to these attachments.
pub(super) fn attaching<T>(attachments: &[Bytes], read: impl FnOnce() -> T) -> T {
    if attachments.is_empty() {
        return read();
    }
    ATTACHED.with_borrow_mut(|attached| attachments.clone_into(attached));
    let read = read();
    ATTACHED.take();
    read
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
    DETACHED.with_borrow_mut(|detached| {
        let detached = detached.as_mut()?;
        detached.push(bytes.clone());
        Some(detached.len() - 1)
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
