//! `ropeway bench`: load for any WebSocket server, and what came of it.

mod load;
mod measure;
mod report;
mod run;

pub(crate) use report::Threshold;
pub(crate) use run::run;
