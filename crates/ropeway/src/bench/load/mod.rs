//! The load: threads, each with a runtime of its own and a share of the connections.

mod echo;
mod flights;
mod open;
mod pacer;
mod payload;
mod stage;
mod worker;

pub(crate) use payload::Payload;
pub(crate) use stage::Stage;
pub(crate) use worker::{Load, Pace, Share, Worker};
