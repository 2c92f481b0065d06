//! The Ropeway command.

fn main() {}
