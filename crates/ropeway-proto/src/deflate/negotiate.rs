//! The negotiation of RFC 7692 section 7.1, both roles.
use super::Params;

/// What a server answers to an offer it accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What is agreed.
    pub params: Params,
    /// The value of `Sec-WebSocket-Extensions` that says so.
    pub header: String,
}

/// Why a client cannot live with the server's answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NegotiationError {}
