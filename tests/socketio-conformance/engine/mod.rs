//! Engine.IO: the demands of `docs/engine.io-protocol/v4-current.md` and `v3.md`.

use crate::case::{Case, Place};

mod close;
mod handshake;
mod heartbeat;
mod polling;
mod upgrade;
mod version3;
mod websocket;

/// All cases, in the order of the document.
pub(crate) const CASES: &[&[Case]] = &[
    handshake::CASES,
    polling::CASES,
    websocket::CASES,
    heartbeat::CASES,
    upgrade::CASES,
    close::CASES,
    version3::CASES,
];

const fn v4(section: &'static str) -> Place {
    Place("Engine.IO v4", section)
}

const fn v3(section: &'static str) -> Place {
    Place("Engine.IO v3", section)
}
