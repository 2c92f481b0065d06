//! `ropeway token`: tokens and keys, for trying things out, for scripts, and for whoever has no issuer yet.
//!
//! ```text
//!   source ──► create ──► the token             what the server would refuse is not made
//!     └──────► verify ──► describe, verdict     by the server's own rules
//!              keys   ──► files, JWKS
//! ```
//!
//! No failure tells a secret, a private key or a token.

mod claims;
mod create;
mod describe;
mod flags;
mod keys;
mod source;
mod verify;

use std::io::{ErrorKind, Write, stdout};

use self::flags::KeysCommand;
pub(crate) use self::flags::TokenCommand;
use crate::failure::{Failure, Kind};

pub(crate) fn run(command: &TokenCommand) -> Result<(), Failure> {
    match command {
        TokenCommand::Create(options) => create::run(options),
        TokenCommand::Verify(options) => verify::run(options),
        TokenCommand::Keys(KeysCommand::Generate { file, algorithm, force }) => {
            keys::generate(file, *algorithm, *force)
        }
        TokenCommand::Keys(KeysCommand::Jwks { files }) => keys::jwks(files),
    }
}

/// Data goes to standard output. Whoever closes the pipe has read what they wanted.
fn print(text: &str) -> Result<(), Failure> {
    match stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(Kind::Output, "cannot write to standard output", error))
        }
        _ => Ok(()),
    }
}
