//! Attacks with HTTP requests.

mod garbage;
mod heads;
mod pipelines;
mod smuggling;
