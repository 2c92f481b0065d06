//! The arguments of events and acknowledgements, from Rust values to JSON with attachments and back.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use ropeway_hub::Payload;
use serde::de::value::UnitDeserializer;
use serde::de::{DeserializeOwned, IgnoredAny, IntoDeserializer, SeqAccess, Visitor};
use serde::{Deserializer, Serialize};

use super::{Error, binary};

/// Clients accept no more attachments in a packet.
const MAX_ATTACHMENTS: usize = 10;

/// What can be sent as the arguments of an event or an acknowledgement.
///
/// Any serde value is one argument, unless it is of a type without contents, such as `()`, which is none.
/// [`Args((a, b))`](Args) is several. [`Raw`](super::Raw) is passed on as it came. [`Binary`](super::Binary) in a value
/// becomes an attachment.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent to a client",
    note = "derive `serde::Serialize` for it; several arguments are `Args((a, b))`"
)]
pub trait Arguments {
    /// As it is sent.
    #[doc(hidden)]
    fn encode(&self) -> Result<Encoded, Error>;
}

/// Several arguments.
///
/// As an extractor the first arguments of the event, up to eight; those that the client left out are `null`, so an
/// `Option` makes one optional, and those that it sent besides are ignored. For sending, all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Args<T>(pub T);

/// Arguments in the hub's form.
#[doc(hidden)]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// A JSON value or none, or with `list` any number of them, separated by commas.
    pub(crate) text: String,
    pub(crate) attachments: Vec<Bytes>,
    pub(crate) list: bool,
}

impl Encoded {
    pub(crate) fn as_payload(&self) -> Payload<'_> {
        Payload { text: &self.text, attachments: &self.attachments, list: self.list }
    }
}

impl<T: Serialize> Arguments for T {
    fn encode(&self) -> Result<Encoded, Error> {
        let mut encoded = encode(false, || serde_json::to_string(self))?;
        if size_of::<T>() == 0 && encoded.text == "null" {
            encoded.text.clear();
        }
        Ok(encoded)
    }
}

/// The arguments of an event of this name.
pub(super) fn encode_event(name: &str, arguments: &impl Arguments) -> Result<Encoded, Error> {
    if ropeway_socketio::is_reserved(name) {
        return Err(Error::ReservedName);
    }
    arguments.encode()
}

impl<T: WriteArgs> Arguments for Args<T> {
    fn encode(&self) -> Result<Encoded, Error> {
        encode(true, || self.0.write())
    }
}

fn encode(list: bool, write: impl FnOnce() -> serde_json::Result<String>) -> Result<Encoded, Error> {
    let (text, attachments) = binary::detaching(write);
    if attachments.len() > MAX_ATTACHMENTS {
        return Err(Error::Attachments { limit: MAX_ATTACHMENTS });
    }
    Ok(Encoded { text: text.map_err(Error::Encode)?, attachments, list })
}

/// The first of several JSON values separated by commas; nothing at all is taken for `null`.
pub(super) fn read_first<T: DeserializeOwned>(data: Payload<'_>) -> Result<T, serde_json::Error> {
    binary::attaching(data.attachments, || {
        if data.text.is_empty() {
            return missing(1);
        }
        T::deserialize(&mut serde_json::Deserializer::from_str(data.text))
    })
}

/// The first of several JSON values separated by commas.
pub(super) fn read_args<T: ReadArgs>(data: Payload<'_>) -> Result<T, serde_json::Error> {
    let array = format!("[{}]", data.text);
    binary::attaching(data.attachments, || T::read(&array))
}

/// What a client sent as `auth`. Nothing at all is `null` or, where that does not do, the empty object, so that an
/// `Option` is happy with it and of a struct a field that is missing is named.
pub(super) fn read_auth<T: DeserializeOwned>(auth: Payload<'_>) -> Result<T, serde_json::Error> {
    if auth.text.is_empty() {
        return missing(1).or_else(|_: serde_json::Error| serde_json::from_str("{}"));
    }
    read_first(auth)
}

/// An argument that is not there: an `Option` is happy with it.
fn missing<T: DeserializeOwned, E: serde::de::Error>(number: usize) -> Result<T, E> {
    let nothing: UnitDeserializer<E> = ().into_deserializer();
    T::deserialize(nothing).map_err(|_| E::custom(format_args!("argument {number} is missing")))
}

/// What an acknowledgement can be read as: any serde value, which is its first argument, [`Args`] for several, or
/// [`Raw`](super::Raw). One that is missing is `null`.
pub trait FromArguments: Sized + Send + 'static {
    /// From what the client sent.
    #[doc(hidden)]
    fn decode(data: Payload<'_>) -> Result<Self, serde_json::Error>;
}

impl<T: DeserializeOwned + Send + 'static> FromArguments for T {
    fn decode(data: Payload<'_>) -> Result<Self, serde_json::Error> {
        read_first(data)
    }
}

impl<T: ReadArgs + Send + 'static> FromArguments for Args<T> {
    fn decode(data: Payload<'_>) -> Result<Self, serde_json::Error> {
        read_args(data).map(Self)
    }
}

/// Tuples of up to eight values, and vectors, that can be sent.
pub trait WriteArgs {
    /// JSON values separated by commas.
    #[doc(hidden)]
    fn write(&self) -> serde_json::Result<String>;
}

/// Tuples of up to eight values, and vectors, that can be received.
pub trait ReadArgs: Sized {
    /// From a JSON array.
    #[doc(hidden)]
    fn read(array: &str) -> serde_json::Result<Self>;
}

/// Any number of them.
impl<T: Serialize> WriteArgs for Vec<T> {
    fn write(&self) -> serde_json::Result<String> {
        serde_json::to_string(self).map(without_brackets)
    }
}

/// All that there are.
impl<T: DeserializeOwned> ReadArgs for Vec<T> {
    fn read(array: &str) -> serde_json::Result<Self> {
        serde_json::from_str(array)
    }
}

fn without_brackets(mut array: String) -> String {
    array.pop();
    array.remove(0);
    array
}

struct Tuple<T>(PhantomData<T>);

macro_rules! tuples {
    ($($arg:ident $number:tt),*) => {
        impl<$($arg: Serialize),*> WriteArgs for ($($arg,)*) {
            fn write(&self) -> serde_json::Result<String> {
                serde_json::to_string(self).map(without_brackets)
            }
        }

        impl<$($arg: DeserializeOwned),*> ReadArgs for ($($arg,)*) {
            fn read(array: &str) -> serde_json::Result<Self> {
                serde_json::Deserializer::from_str(array).deserialize_seq(Tuple::<Self>(PhantomData))
            }
        }

        impl<'de, $($arg: DeserializeOwned),*> Visitor<'de> for Tuple<($($arg,)*)> {
            type Value = ($($arg,)*);

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("arguments")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
                let arguments = ($(match seq.next_element::<$arg>()? {
                    Some(argument) => argument,
                    None => missing($number + 1)?,
                },)*);
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(arguments)
            }
        }
    };
}

tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
