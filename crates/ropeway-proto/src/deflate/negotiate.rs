//! The negotiation of RFC 7692 section 7.1, both roles.

use std::fmt::Write;

use super::{Config, NAME, Params};
use crate::handshake::grammar::{Extension, Param};

/// What a server answers to an offer it accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What is agreed.
    pub params: Params,
    /// The element of `Sec-WebSocket-Extensions` that says so.
    pub header: String,
}

/// Why a client cannot accept the server's answer (RFC 7692 section 7.1: the connection fails).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NegotiationError {
    /// A parameter that RFC 7692 does not know, that comes twice, or whose value is not valid.
    #[error("the server answered permessage-deflate with a bad parameter (RFC 7692 section 7.1): {0}")]
    BadParameter(String),
    /// The server keeps its context though it was asked not to.
    #[error("the server did not agree to server_no_context_takeover (RFC 7692 section 7.1.1.1)")]
    TakeoverRefused,
}

impl Config {
    /// Server: accepts the first of the client's offers that can be met, if there is one.
    pub fn accept(&self, offers: &[Extension<'_>]) -> Option<Answer> {
        offers
            .iter()
            .filter(|offer| offer.name.eq_ignore_ascii_case(NAME))
            .filter_map(|offer| Elements::parse(offer).ok())
            .find_map(|offer| self.answer(&offer))
    }

    /// Client: what to say in `Sec-WebSocket-Extensions`.
    ///
    /// Where the server is asked for a smaller window, the same offer without that wish follows: not every
    /// server can shrink its window, and inflating copes with any.
    pub fn offer(&self) -> String {
        let mut rest = String::new();
        if !self.receive_takeover {
            rest.push_str("; server_no_context_takeover");
        }
        if !self.send_takeover {
            rest.push_str("; client_no_context_takeover");
        }
        rest.push_str("; client_max_window_bits");
        match self.receive_window() {
            bits @ 8..15 if self.receive_takeover => {
                format!("{NAME}; server_max_window_bits={bits}{rest}, {NAME}{rest}")
            }
            _ => format!("{NAME}{rest}"),
        }
    }

    /// Client: what the server's answer to [`offer`](Self::offer) means.
    ///
    /// # Errors
    ///
    /// [`NegotiationError`]: the connection fails.
    pub fn confirm(&self, answer: &Extension<'_>) -> Result<Params, NegotiationError> {
        let answer = Elements::parse(answer)?;
        if !self.receive_takeover && !answer.server_no_context_takeover {
            return Err(NegotiationError::TakeoverRefused);
        }
        let client_bits = match answer.client_max_window_bits {
            Some(Bits::Any) => return Err(bad("client_max_window_bits without a value")),
            bits => bits.map_or(15, Bits::value),
        };
        Ok(Params {
            server_no_context_takeover: answer.server_no_context_takeover,
            client_no_context_takeover: answer.client_no_context_takeover || !self.send_takeover,
            server_max_window_bits: answer.server_max_window_bits.unwrap_or(15),
            client_max_window_bits: client_bits,
        })
    }

    /// What to answer to `offer`; nothing if it asks for what we cannot do.
    fn answer(&self, offer: &Elements) -> Option<Answer> {
        // zlib cannot compress with a window of 256 bytes.
        if offer.server_max_window_bits == Some(8) {
            return None;
        }
        let bounded = self.receive_window() == 15 || offer.client_max_window_bits.is_some();
        let params = Params {
            server_no_context_takeover: offer.server_no_context_takeover || !self.send_takeover,
            client_no_context_takeover: offer.client_no_context_takeover
                || !self.receive_takeover
                || !bounded,
            server_max_window_bits: offer.server_max_window_bits.unwrap_or(15),
            client_max_window_bits: offer.client_max_window_bits.map_or(15, Bits::value),
        };
        Some(self.shrink(params, offer))
    }

    /// Asks the client for a smaller window where that saves memory, and writes the answer down.
    fn shrink(&self, mut params: Params, offer: &Elements) -> Answer {
        let mut header = NAME.to_owned();
        if params.server_no_context_takeover {
            header.push_str("; server_no_context_takeover");
        }
        if params.client_no_context_takeover {
            header.push_str("; client_no_context_takeover");
        }
        // RFC 7692 section 7.1.2.1: accepting the wish means repeating it.
        if let Some(bits) = offer.server_max_window_bits {
            let _ = write!(header, "; server_max_window_bits={bits}");
        }
        let wanted = self.receive_window();
        if !params.client_no_context_takeover && wanted < params.client_max_window_bits {
            params.client_max_window_bits = wanted;
            let _ = write!(header, "; client_max_window_bits={wanted}");
        }
        Answer { params, header }
    }
}

/// The four parameters as one offer or answer states them.
#[derive(Default)]
struct Elements {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    client_max_window_bits: Option<Bits>,
}

/// `client_max_window_bits` may come without a value in an offer (RFC 7692 section 7.1.2.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bits {
    Any,
    Of(u8),
}

impl Bits {
    fn value(self) -> u8 {
        match self {
            Self::Any => 15,
            Self::Of(bits) => bits,
        }
    }
}

impl Elements {
    /// Errors: an unknown parameter, one that comes twice, a value that is not valid (section 7.1).
    fn parse(extension: &Extension<'_>) -> Result<Self, NegotiationError> {
        let mut elements = Self::default();
        for param in &extension.params {
            elements.take(param)?;
        }
        Ok(elements)
    }

    fn take(&mut self, param: &Param<'_>) -> Result<(), NegotiationError> {
        let value = param.value.as_deref();
        let fresh = match param.name {
            "server_no_context_takeover" => set(&mut self.server_no_context_takeover, value),
            "client_no_context_takeover" => set(&mut self.client_no_context_takeover, value),
            "server_max_window_bits" => match value.and_then(window_bits) {
                Some(bits) => self.server_max_window_bits.replace(bits).is_none(),
                None => false,
            },
            "client_max_window_bits" => match value.map(window_bits) {
                Some(None) => false,
                Some(Some(bits)) => self.client_max_window_bits.replace(Bits::Of(bits)).is_none(),
                None => self.client_max_window_bits.replace(Bits::Any).is_none(),
            },
            _ => false,
        };
        if fresh { Ok(()) } else { Err(bad(param.name)) }
    }
}

/// Sets a flag that has no value and comes once.
fn set(flag: &mut bool, value: Option<&str>) -> bool {
    value.is_none() && !std::mem::replace(flag, true)
}

/// "a decimal integer value without leading zeroes between 8 to 15, inclusive" (section 7.1.2.1).
fn window_bits(value: &str) -> Option<u8> {
    match value {
        "8" => Some(8),
        "9" => Some(9),
        "10" => Some(10),
        "11" => Some(11),
        "12" => Some(12),
        "13" => Some(13),
        "14" => Some(14),
        "15" => Some(15),
        _ => None,
    }
}

fn bad(what: &str) -> NegotiationError {
    NegotiationError::BadParameter(what.to_owned())
}
