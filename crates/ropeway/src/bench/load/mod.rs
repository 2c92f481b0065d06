//! The load: threads, each with a runtime of its own and a share of the connections.

mod crowd;
mod delivery;
mod dialect;
mod echo;
mod exchange;
mod flights;
mod job;
mod member;
mod open;
mod pacer;
mod payload;
mod schedule;
mod stage;
mod thread;
mod user;
mod worker;

pub(crate) use dialect::{Dialect, Protocol};
pub(crate) use exchange::Exchange;
pub(crate) use job::{Fanout, Job, Load, Pace, Share};
pub(crate) use payload::Payload;
pub(crate) use stage::Stage;
pub(crate) use thread::run;
pub(crate) use worker::Worker;
