//! One connection: the socket, and what the socket would not take yet.

use std::io::{ErrorKind, Read, Result, Write};

use mio::net::TcpStream;

pub(crate) struct Link {
    stream: TcpStream,
    behind: Vec<u8>,
}

impl Link {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Link { stream, behind: Vec::new() }
    }

    pub(crate) fn is_behind(&self) -> bool {
        !self.behind.is_empty()
    }

    pub(crate) fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        self.stream.read(into)
    }

    /// Writes what the socket takes and keeps the rest.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let written = if self.is_behind() { 0 } else { write(&mut self.stream, bytes)? };
        self.behind.extend_from_slice(&bytes[written..]);
        Ok(())
    }

    pub(crate) fn flush(&mut self) -> Result<()> {
        if self.is_behind() {
            let written = write(&mut self.stream, &self.behind)?;
            self.behind.drain(..written);
        }
        Ok(())
    }
}

fn write(stream: &mut TcpStream, mut bytes: &[u8]) -> Result<usize> {
    let all = bytes.len();
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(all - bytes.len())
}
