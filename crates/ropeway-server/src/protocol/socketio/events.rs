//! The reserved events of namespaces without an application: what the native protocol has messages for.

use ropeway_hub::{Error, Payload, Socket};
use serde::Deserialize;
use serde_json::value::RawValue;
use tracing::debug;

use crate::protocol::messages::push_error;
use crate::protocol::request::{Fields, Request};
use crate::protocol::requests::{Requests, answer};

/// An event of a client.
pub(super) struct Incoming<'a> {
    /// The number of the acknowledgement that the client waits for.
    pub(super) id: Option<u64>,
    pub(super) name: &'a str,
    /// The arguments, a list.
    pub(super) data: Payload<'a>,
}

/// Hands an event to the application's handlers, which answer whenever they like: a client waits as long as it wants to.
/// An event that none of them is for is answered by the application.
pub(super) fn dispatch(event: &Incoming<'_>, socket: &Socket) {
    let number = event.id.map(Number::new);
    let id = number.as_ref().map(Number::as_str);
    if let Err(error) = socket.dispatch_untimed(event.name, event.data, id) {
        debug!(%error, event = event.name, "an event is not handled");
    }
}

/// Carries out a reserved event, or hands the event to whoever handles it. What is no request is returned: the object
/// of an error.
pub(super) fn carry_out(
    event: &Incoming<'_>,
    socket: &Socket,
    requests: &mut Requests,
) -> Result<(), String> {
    let number = event.id.map(Number::new);
    let id = number.as_ref().map(Number::as_str);
    if !matches!(event.name, "join" | "leave" | "publish" | "presence" | "history") {
        answer(socket, id, socket.dispatch_untimed(event.name, event.data, id));
        return Ok(());
    }
    match read(event) {
        Ok(Some(request)) => {
            requests.carry_out(socket, id, &request, event.data.attachments);
            Ok(())
        }
        Ok(None) => {
            answer(socket, id, Err(Error::NoHandler));
            Ok(())
        }
        Err(message) => {
            let mut object = String::new();
            push_error(&mut object, None, "bad_message", &message, false);
            Err(object)
        }
    }
}

/// The request is an object with the fields of the native message, or its main fields in a row.
fn read<'a>(event: &Incoming<'a>) -> Result<Option<Request<'a>>, String> {
    let mut arguments = Arguments(event.data.text);
    let first = arguments.next().ok_or("an argument is missing: an object, or the name of a room")?;
    let request = if first.get().starts_with('{') {
        Fields::read(first.get())?.request(event.name)?
    } else {
        Fields::in_a_row(first, arguments.next(), arguments.next()).request(event.name)?
    };
    match &request {
        Some(request) if request.is_question() && event.id.is_none() => {
            Err(format!("`{}` is a question: it needs a callback", event.name))
        }
        Some(Request::Publish { event, .. }) if ropeway_socketio::is_reserved(event) => {
            Err(format!("`{event}` is a name that clients of Socket.IO keep for themselves"))
        }
        _ => Ok(request),
    }
}

/// The values of a list of JSON values with commas between them.
struct Arguments<'a>(&'a str);

impl<'a> Iterator for Arguments<'a> {
    type Item = &'a RawValue;

    fn next(&mut self) -> Option<&'a RawValue> {
        let rest = self.0.trim_ascii_start();
        // It reads one value and looks no further. What came through the decoder is valid.
        let value = <&RawValue>::deserialize(&mut serde_json::Deserializer::from_str(rest)).ok()?;
        let rest = rest.get(value.get().len()..)?.trim_ascii_start();
        self.0 = rest.strip_prefix(',').unwrap_or(rest);
        Some(value)
    }
}

/// A number as text, without memory of its own: the hub knows requests by texts.
struct Number {
    digits: [u8; 20],
    start: usize,
}

impl Number {
    fn new(mut number: u64) -> Self {
        let (mut digits, mut start) = ([b'0'; 20], 20);
        while number > 0 || start == 20 {
            start -= 1;
            digits[start] += (number % 10) as u8;
            number /= 10;
        }
        Self { digits, start }
    }

    fn as_str(&self) -> &str {
        // It is ASCII, so it is never the empty text.
        std::str::from_utf8(&self.digits[self.start..]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_ever() {
        for number in [0, 1, 9, 10, 1234567890, u64::MAX] {
            assert_eq!(Number::new(number).as_str(), number.to_string());
        }
    }

    #[test]
    fn arguments_are_taken_one_by_one() {
        let all = |text| Arguments(text).map(RawValue::get).collect::<Vec<_>>();
        assert_eq!(
            all(r#" "a,b" , {"c":[1,2]} ,null,-1.5e3 "#),
            [r#""a,b""#, r#"{"c":[1,2]}"#, "null", "-1.5e3"]
        );
        assert!(all("").is_empty() && all(" ").is_empty());
    }
}
