//! `ropeway connect` from the outside: in pipes and on a terminal, with peers that behave and peers that do not.

mod curl;
mod endings;
mod network;
mod npm;
pub(crate) mod peer;
mod pipe;
pub(crate) mod run;
pub(crate) mod screen;
mod socketio;
mod terminal;
