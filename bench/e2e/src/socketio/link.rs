//! One connection: Engine.IO 4 over WebSocket, connected to the namespace `/`.

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, bail, ensure};

use crate::load::wire::{self, Decoder, Piece, TEXT};
use crate::servers::Deflate;
use crate::servers::process::Running;

const PATH: &str = "/socket.io/?EIO=4&transport=websocket";

/// What is kept of a connection besides its stream.
#[derive(Debug, Default)]
pub(crate) struct Link {
    decoder: Decoder,
    /// The message that is being received.
    message: Vec<u8>,
}

impl Link {
    /// Connects, and waits until the server's handler for new sockets has run: it acknowledges what is sent.
    pub(crate) fn open(server: &Running) -> anyhow::Result<(TcpStream, Self)> {
        let (stream, _) = wire::connect(server.address, PATH, Deflate::Off)?;
        let mut opening = Opening { stream, link: Self::default() };
        opening.expect(b"0{")?;
        opening.send(b"40")?;
        opening.expect(b"40{")?;
        opening.send(br#"420["msg","ready"]"#)?;
        opening.expect(br#"430["ready"]"#)?;
        Ok((opening.stream, opening.link))
    }

    /// Calls `each` for every message in `bytes`; heartbeats are answered into `out`.
    pub(crate) fn receive(
        &mut self,
        bytes: &[u8],
        out: &mut Vec<u8>,
        mut each: impl FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (message, mut pongs) = (&mut self.message, 0);
        self.decoder.decode(bytes, out, |piece| {
            match piece {
                Piece::Begin { opcode, deflated } => {
                    ensure!(opcode == TEXT && !deflated, "a message of opcode {opcode}");
                    message.clear();
                }
                Piece::Data(data) => message.extend_from_slice(data),
                Piece::End if message == b"2" => pongs += 1,
                Piece::End => each(message)?,
            }
            Ok(())
        })?;
        for _ in 0..pongs {
            wire::put_frame(out, TEXT, false, b"3", MASK);
        }
        Ok(())
    }
}

/// For what is sent seldom.
const MASK: [u8; 4] = [7, 1, 9, 3];

/// A connection on the way to the namespace; blocking.
struct Opening {
    stream: TcpStream,
    link: Link,
}

impl Opening {
    fn send(&mut self, packet: &[u8]) -> anyhow::Result<()> {
        let mut frame = Vec::new();
        wire::put_frame(&mut frame, TEXT, false, packet, MASK);
        Ok(self.stream.write_all(&frame)?)
    }

    /// The next message must begin like this, and nothing may follow it.
    fn expect(&mut self, beginning: &[u8]) -> anyhow::Result<()> {
        let (mut chunk, mut out, mut seen) = ([0; 1024], Vec::new(), 0);
        while seen == 0 {
            let n = self.stream.read(&mut chunk).context("no answer")?;
            ensure!(n > 0, "the server ended the connection");
            self.link.receive(&chunk[..n], &mut out, |message| {
                seen += 1;
                if !message.starts_with(beginning) {
                    let [message, expected] = [message, beginning].map(String::from_utf8_lossy);
                    bail!("{message} instead of {expected}");
                }
                Ok(())
            })?;
        }
        ensure!(seen == 1, "more than was asked for");
        Ok(self.stream.write_all(&out)?)
    }
}
