//! What nobody sends who means well: the server loses a connection at most.

use crate::case::{Case, Place};

mod memory;
mod packets;
mod requests;

pub(crate) const CASES: &[&[Case]] = &[requests::CASES, packets::CASES, memory::CASES];

const HOSTILE: Place = Place("Hostile input", "nothing a peer sends may harm others");
