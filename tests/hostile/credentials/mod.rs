//! Attacks by clients that say they are somebody, or say nothing.

mod idlers;
mod tickets;
mod token;
mod tokens;
