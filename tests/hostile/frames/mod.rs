//! Attacks with WebSocket frames.

mod bombs;
mod controls;
mod fragments;
mod garbage;
mod headers;
mod lengths;
