//! Attacks by members of rooms, with messages of the native protocol.

mod joins;
mod json;
mod publishing;
mod rates;
mod slow_readers;
