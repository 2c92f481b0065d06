//! Members of rooms, in the native protocol.

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::ensure;

use super::wire;

/// Makes a connection a member of `room`, in the native protocol.
pub(crate) fn join(stream: &mut TcpStream, room: &str) -> anyhow::Result<()> {
    let mut frame = Vec::new();
    wire::put_frame(
        &mut frame,
        wire::TEXT,
        false,
        format!(r#"{{"type":"join","room":"{room}","id":"1"}}"#).as_bytes(),
        [1, 2, 3, 4],
    );
    stream.write_all(&frame)?;
    let mut seen = Vec::new();
    let mut chunk = [0; 4096];
    while !contains(&seen, br#""joined""#) {
        ensure!(!contains(&seen, br#""error""#), "refused: {}", String::from_utf8_lossy(&seen));
        let n = stream.read(&mut chunk)?;
        ensure!(n > 0, "the server ended the connection: {}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&chunk[..n]);
    }
    Ok(())
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

/// Throws away what has come; the stream is nonblocking from then on.
pub(crate) fn drain(stream: &mut TcpStream) -> anyhow::Result<()> {
    stream.set_nonblocking(true)?;
    let mut chunk = [0; 65536];
    while stream.read(&mut chunk).is_ok_and(|n| n > 0) {}
    Ok(())
}
