//! A WebSocket server that does what a test says, frame by frame: nothing of ours is in it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use tungstenite::handshake::derive_accept_key;

/// A server with a thread for each connection. It goes on until the test ends.
pub(super) struct Odd {
    address: SocketAddr,
}

impl Odd {
    /// Calls `serve` for each connection whose handshake is done.
    pub(super) fn start(serve: impl Fn(Peer) + Send + Sync + 'static) -> Self {
        Self::raw(move |stream| {
            if let Ok(peer) = Peer::accept(stream) {
                serve(peer);
            }
        })
    }

    /// Calls `serve` for each stream.
    pub(super) fn raw(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let serve = Arc::new(serve);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(stream));
            }
        });
        Self { address }
    }

    /// Answers every message with what `answer` makes of it, in the order in which they came. It is made for each connection.
    pub(super) fn answering<A>(answer: impl Fn() -> A + Send + Sync + 'static) -> Self
    where
        A: FnMut(Vec<u8>) -> Vec<Vec<u8>>,
    {
        Self::start(move |mut peer| {
            let mut answer = answer();
            while let Some(message) = peer.next() {
                if answer(message).iter().try_for_each(|text| peer.writer().text(text)).is_err() {
                    return;
                }
            }
        })
    }

    pub(super) fn url(&self) -> String {
        format!("ws://{}/", self.address)
    }
}

/// One connection.
pub(super) struct Peer {
    stream: TcpStream,
}

impl Peer {
    fn accept(mut stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let key = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("sec-websocket-key").then(|| value.trim().to_owned())
        });
        let accept = derive_accept_key(key.unwrap_or_default().as_bytes());
        write!(
            stream,
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        )?;
        Ok(Self { stream })
    }

    /// The next text or binary message, of one frame as our clients send them. A close frame is answered, and is the end.
    pub(super) fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            let (opcode, payload) = self.frame().ok()?;
            match opcode {
                1 | 2 => return Some(payload),
                8 => {
                    let _ = self.writer().frame(8, &payload);
                    return None;
                }
                _ => {}
            }
        }
    }

    /// The other direction, to be held by somebody else.
    pub(super) fn writer(&self) -> Writer {
        Writer { stream: self.stream.try_clone().unwrap() }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.stream.peer_addr().unwrap()
    }

    fn frame(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head)?;
        let len = match head[1] & 0x7f {
            126 => {
                let mut len = [0; 2];
                self.stream.read_exact(&mut len)?;
                usize::from(u16::from_be_bytes(len))
            }
            127 => {
                let mut len = [0; 8];
                self.stream.read_exact(&mut len)?;
                u64::from_be_bytes(len) as usize
            }
            short => usize::from(short),
        };
        let mut mask = [0; 4];
        self.stream.read_exact(&mut mask)?;
        let mut payload = vec![0; len];
        self.stream.read_exact(&mut payload)?;
        payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        Ok((head[0] & 0x0f, payload))
    }
}

/// The stream ends, whoever else has a hold of it.
impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// The direction to the client.
pub(super) struct Writer {
    stream: TcpStream,
}

impl Writer {
    /// For what is no frame.
    pub(super) fn into_stream(self) -> TcpStream {
        self.stream
    }

    pub(super) fn text(&mut self, text: &[u8]) -> io::Result<()> {
        self.frame(1, text)
    }

    /// A frame with a payload of less than 64 KiB.
    pub(super) fn frame(&mut self, opcode: u8, payload: &[u8]) -> io::Result<()> {
        let mut frame = vec![0x80 | opcode];
        match payload.len() {
            short @ 0..126 => frame.push(short as u8),
            long => {
                frame.push(126);
                frame.extend_from_slice(&u16::try_from(long).unwrap().to_be_bytes());
            }
        }
        frame.extend_from_slice(payload);
        self.stream.write_all(&frame)
    }
}
