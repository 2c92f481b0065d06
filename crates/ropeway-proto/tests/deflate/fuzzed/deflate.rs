//! Messages from any bytes, and any bytes as messages.

use std::convert::Infallible;

use ropeway_proto::Role;
use ropeway_proto::deflate::{Config, Deflater, InflateError, Inflater, Params};

/// The most that a message under test may inflate to.
const LIMIT: usize = 256 * 1024;

/// The first two bytes choose parameters and the size of the pieces. The rest is a message that a peer sent,
/// twice, and then a message to send, twice.
pub(crate) fn run(input: &[u8]) {
    let [kind, piece, message @ ..] = input else { return };
    let params = Params {
        server_no_context_takeover: kind & 1 != 0,
        server_max_window_bits: 8 + (kind >> 5),
        ..Params::default()
    };
    receive(&params, message, usize::from(*piece) + 1);
    send(&params, message, usize::from(*piece) + 1);
}

/// It does not matter in which pieces a message comes.
fn receive(params: &Params, message: &[u8], piece: usize) {
    let mut whole = Inflater::new(params, Role::Client);
    let mut split = Inflater::new(params, Role::Client);
    for _ in 0..2 {
        let at_once = inflate(&mut whole, [message].into_iter());
        let in_pieces = inflate(&mut split, message.chunks(piece));
        match (at_once, in_pieces) {
            (Ok(at_once), Ok(in_pieces)) => assert!(at_once == in_pieces),
            // Which of its faults is found first may depend on the pieces.
            (Err(_), Err(_)) => return,
            (at_once, in_pieces) => panic!("{:?} and {:?}", at_once.err(), in_pieces.err()),
        }
    }
}

/// What is compressed comes out the same.
fn send(params: &Params, message: &[u8], piece: usize) {
    let mut config = Config::default();
    config.level = piece as u8;
    let Some(mut deflater) = Deflater::new(params, Role::Server, &config) else { return };
    let mut inflater = Inflater::new(params, Role::Client);
    for _ in 0..2 {
        let mut wire = Vec::new();
        deflater.compress(message, &mut wire).unwrap_or_else(|error| panic!("{error}"));
        deflater.commit(message);
        let plain = inflate(&mut inflater, wire.chunks(piece));
        assert!(plain.as_deref() == Ok(message));
    }
}

fn inflate<'a>(
    inflater: &mut Inflater,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Result<Vec<u8>, InflateError<Infallible>> {
    let mut plain = Vec::new();
    let mut sink = |bytes: &[u8]| {
        plain.extend_from_slice(bytes);
        assert!(plain.len() <= LIMIT);
        Ok(())
    };
    for piece in pieces {
        inflater.push(piece, false, LIMIT, &mut sink)?;
    }
    inflater.push(&[], true, LIMIT, &mut sink)?;
    Ok(plain)
}
