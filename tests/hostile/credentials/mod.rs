//! Attacks by clients that say they are somebody, or say nothing.

mod connects;
mod idlers;
mod tickets;
mod token;
mod tokens;
