//! What the RFCs ask for and what other implementations got wrong. Wire bytes are literals; `support::Setup` masks them
//! for a server, and feeds them whole, cut at every byte and byte by byte.

mod close;
mod control;
mod deflate;
mod framing;
mod limits;
mod messages;
mod prepared;
mod timers;
