//! `ropeway bench`: load for any WebSocket server, and what came of it.

mod load;
mod measure;
mod run;

pub(crate) use run::run;
