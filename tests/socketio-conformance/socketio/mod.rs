//! Socket.IO: the demands of `docs/socket.io-protocol/v5-current.md`.

use crate::case::{Case, Place};

mod acknowledgements;
mod binary;
mod bundles;
mod connect;
mod disconnect;
mod events;
mod msgpack;
mod recovery;
mod rooms;

/// All cases, in the order of the document.
pub(crate) const CASES: &[&[Case]] = &[
    connect::CASES,
    events::CASES,
    binary::CASES,
    acknowledgements::CASES,
    disconnect::CASES,
    rooms::CASES,
    msgpack::CASES,
    recovery::CASES,
    bundles::CASES,
];

const fn v5(section: &'static str) -> Place {
    Place("Socket.IO v5", section)
}
