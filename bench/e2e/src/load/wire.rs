//! The client's side of RFC 6455, as little as the load needs.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use crate::servers::Deflate;

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
const PONG: u8 = 10;

/// The example key of RFC 6455 section 1.3, and its answer.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// What the server agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub(crate) client_no_takeover: bool,
    pub(crate) server_no_takeover: bool,
    pub(crate) client_window_bits: u8,
}

/// Connects and upgrades; blocking, the stream comes back blocking.
pub(crate) fn connect(
    address: SocketAddr,
    path: &str,
    deflate: Deflate,
) -> anyhow::Result<(TcpStream, Option<Agreed>)> {
    let mut stream = tcp(address)?;
    let agreed = upgrade(&mut stream, path, deflate)?;
    Ok((stream, agreed))
}

/// The head of a handshake.
pub(crate) fn request(path: &str, address: SocketAddr, deflate: Deflate) -> String {
    let offer =
        deflate.offer().map(|offer| format!("Sec-WebSocket-Extensions: {offer}\r\n")).unwrap_or_default();
    format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{offer}\r\n"
    )
}

/// Upgrades a connection.
pub(crate) fn upgrade(
    stream: &mut TcpStream,
    path: &str,
    deflate: Deflate,
) -> anyhow::Result<Option<Agreed>> {
    stream.write_all(request(path, stream.peer_addr()?, deflate).as_bytes())?;
    let answer = read_head(stream).context("no answer to the handshake")?;
    ensure!(answer.starts_with("HTTP/1.1 101 "), "not upgraded: {answer}");
    ensure!(header(&answer, "sec-websocket-accept") == Some(ACCEPT), "wrong Sec-WebSocket-Accept: {answer}");
    let agreed = header(&answer, "sec-websocket-extensions").map(agreed).transpose()?;
    ensure!(agreed.is_some() == (deflate != Deflate::Off), "permessage-deflate not as asked for: {answer}");
    Ok(agreed)
}

/// Connects without a handshake.
pub(crate) fn tcp(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(address).context("cannot connect")?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    Ok(stream)
}

/// Byte by byte, so that nothing behind the head is taken.
fn read_head(stream: &mut TcpStream) -> anyhow::Result<String> {
    let mut head = Vec::with_capacity(256);
    let mut peeked = [0; 1024];
    while !head.ends_with(b"\r\n\r\n") {
        let n = stream.peek(&mut peeked)?;
        ensure!(n > 0, "the connection ended");
        let end = peeked[..n].windows(4).position(|four| four == b"\r\n\r\n").map_or(1, |at| at + 4);
        let from = head.len();
        head.resize(from + end, 0);
        stream.read_exact(&mut head[from..])?;
    }
    Ok(String::from_utf8(head)?)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn agreed(extension: &str) -> anyhow::Result<Agreed> {
    let mut parameters = extension.split(';').map(str::trim);
    ensure!(parameters.next() == Some("permessage-deflate"), "unknown extension {extension}");
    let mut agreed = Agreed { client_no_takeover: false, server_no_takeover: false, client_window_bits: 15 };
    for parameter in parameters {
        match parameter.split_once('=').unwrap_or((parameter, "")) {
            ("client_no_context_takeover", _) => agreed.client_no_takeover = true,
            ("server_no_context_takeover", _) => agreed.server_no_takeover = true,
            ("client_max_window_bits", bits) => agreed.client_window_bits = bits.parse()?,
            ("server_max_window_bits", _) => {}
            (other, _) => bail!("unknown parameter {other}"),
        }
    }
    Ok(agreed)
}

/// Appends the header of a masked, final frame. `rsv1`: the payload is deflated.
pub(crate) fn put_header(out: &mut Vec<u8>, opcode: u8, rsv1: bool, len: usize, mask: [u8; 4]) {
    out.push(0x80 | u8::from(rsv1) << 6 | opcode);
    match len {
        0..126 => out.push(0x80 | len as u8),
        126..0x1_0000 => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&mask);
}

/// Appends a whole masked frame.
pub(crate) fn put_frame(out: &mut Vec<u8>, opcode: u8, rsv1: bool, payload: &[u8], mask: [u8; 4]) {
    put_header(out, opcode, rsv1, payload.len(), mask);
    let from = out.len();
    out.extend_from_slice(payload);
    apply_mask(&mut out[from..], mask);
}

/// Applies the mask from its first byte on.
pub(crate) fn apply_mask(bytes: &mut [u8], mask: [u8; 4]) {
    let wide = u64::from_ne_bytes([mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3]]);
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

/// A piece of a data message, in order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// A message begins.
    Begin { opcode: u8, deflated: bool },
    /// Some of its payload.
    Data(&'a [u8]),
    /// It is complete.
    End,
}

/// Decodes what a server sends, as it comes, without collecting it.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    header: Vec<u8>,
    left: u64,
    in_payload: bool,
    in_message: bool,
    control: Vec<u8>,
}

impl Decoder {
    /// Calls `sink` for each piece in `bytes`; a ping is answered into `out`.
    pub(crate) fn decode(
        &mut self,
        mut bytes: &[u8],
        out: &mut Vec<u8>,
        mut sink: impl FnMut(Piece<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        loop {
            if !self.in_payload {
                let Some(rest) = self.take_header(bytes)? else { return Ok(()) };
                bytes = rest;
                self.begin_frame(&mut sink)?;
            }
            let n = usize::try_from(self.left)?.min(bytes.len());
            let (payload, rest) = bytes.split_at(n);
            self.left -= n as u64;
            bytes = rest;
            if self.opcode() >= CLOSE {
                self.control.extend_from_slice(payload);
            } else if n > 0 {
                sink(Piece::Data(payload))?;
            }
            if self.left > 0 {
                return Ok(());
            }
            self.end_frame(out, &mut sink)?;
        }
    }

    /// The bytes behind a complete header, or `None` when it is not complete yet.
    fn take_header<'a>(&mut self, bytes: &'a [u8]) -> anyhow::Result<Option<&'a [u8]>> {
        let had = self.header.len();
        self.header.extend_from_slice(&bytes[..bytes.len().min(10 - had)]);
        let &[_, second, ..] = self.header.as_slice() else { return Ok(None) };
        ensure!(second & 0x80 == 0, "the server masks");
        let len = match second {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        if self.header.len() < len {
            return Ok(None);
        }
        self.header.truncate(len);
        self.left = match len {
            2 => u64::from(second),
            _ => self.header[2..].iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)),
        };
        self.in_payload = true;
        Ok(Some(&bytes[len - had..]))
    }

    fn opcode(&self) -> u8 {
        self.header[0] & 15
    }

    fn begin_frame(&mut self, sink: &mut impl FnMut(Piece<'_>) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let opcode = self.opcode();
        if opcode >= CLOSE {
            return Ok(());
        }
        ensure!((opcode == 0) == self.in_message, "a fragment out of order");
        if opcode != 0 {
            sink(Piece::Begin { opcode, deflated: self.header[0] & 0x40 != 0 })?;
        }
        self.in_message = true;
        Ok(())
    }

    fn end_frame(
        &mut self,
        out: &mut Vec<u8>,
        sink: &mut impl FnMut(Piece<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (opcode, fin) = (self.opcode(), self.header[0] & 0x80 != 0);
        match opcode {
            PING => put_frame(out, PONG, false, &self.control, [7, 1, 9, 3]),
            PONG => {}
            CLOSE => bail!("the server closed: {:?}", String::from_utf8_lossy(&self.control)),
            _ if fin => {
                self.in_message = false;
                sink(Piece::End)?;
            }
            _ => {}
        }
        self.control.clear();
        self.header.clear();
        self.in_payload = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two messages and a ping, cut at every byte.
    #[test]
    fn pieces_do_not_depend_on_how_the_bytes_are_cut() {
        let stream = b"\x01\x01a\x89\x01p\x80\x02bc\x82\x7e\x00\x7eXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX";
        for cut in 0..stream.len() {
            let (mut decoder, mut out, mut messages) = (Decoder::default(), Vec::new(), Vec::new());
            for part in [&stream[..cut], &stream[cut..]] {
                decoder
                    .decode(part, &mut out, |piece| {
                        match piece {
                            Piece::Begin { opcode, .. } => messages.push((opcode, Vec::new(), false)),
                            Piece::Data(data) => messages.last_mut().unwrap().1.extend_from_slice(data),
                            Piece::End => messages.last_mut().unwrap().2 = true,
                        }
                        Ok(())
                    })
                    .unwrap();
            }
            assert_eq!(
                messages,
                [(TEXT, b"abc".to_vec(), true), (BINARY, vec![b'X'; 126], true)],
                "cut at {cut}"
            );
            assert_eq!(out[..2], [0x8a, 0x81]);
        }
    }
}
