//! Servers for one test: what they do with a connection is a closure.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use tokio::net::TcpSocket;
use tungstenite::{Message, WebSocket};

use crate::server::SOON;

/// A server of TCP on a free port. Its thread ends with the test.
pub(crate) struct Peer<T> {
    pub(crate) address: SocketAddr,
    said: Receiver<T>,
}

impl<T: Send + 'static> Peer<T> {
    /// Serves one connection after the other; what the closure returns can be awaited.
    pub(crate) fn start(mut serve: impl FnMut(TcpStream) -> T + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, said) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                stream.set_read_timeout(Some(SOON)).unwrap();
                if tell.send(serve(stream)).is_err() {
                    return;
                }
            }
        });
        Self { address, said }
    }

    /// The next thing that the closure returned.
    pub(crate) fn said(&self) -> T {
        self.said.recv_timeout(SOON).unwrap()
    }

    pub(crate) fn ws(&self) -> String {
        format!("ws://{}/", self.address)
    }
}

/// A port on which nobody listens, nor can while this is held.
pub(crate) struct Nobody {
    address: SocketAddr,
    _socket: TcpSocket,
}

impl Nobody {
    pub(crate) fn start() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        Self { address: socket.local_addr().unwrap(), _socket: socket }
    }

    pub(crate) fn ws(&self) -> String {
        format!("ws://{}/", self.address)
    }
}

/// A server that does this with each WebSocket.
pub(crate) fn websocket<T: Send + 'static>(
    mut serve: impl FnMut(WebSocket<TcpStream>) -> T + Send + 'static,
) -> Peer<T> {
    Peer::start(move |stream| serve(tungstenite::accept(stream).unwrap()))
}

/// Sends messages back until the end; gives the code of the close frame.
pub(crate) fn echo<S: Read + Write>(mut socket: WebSocket<S>) -> Option<u16> {
    let mut code = None;
    while let Ok(message) = socket.read() {
        match message {
            Message::Text(_) | Message::Binary(_) => socket.send(message).unwrap(),
            Message::Close(frame) => code = frame.map(|frame| frame.code.into()),
            _ => {}
        }
    }
    code
}

/// Answers the handshake by hand, sends bytes, and reads until the other side ends the stream.
pub(crate) fn frames(bytes: &'static [u8]) -> Peer<()> {
    Peer::start(move |stream| {
        let mut socket = tungstenite::accept(stream).unwrap();
        let stream = socket.get_mut();
        stream.write_all(bytes).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    })
}

/// Copies both ways until one side ends.
pub(crate) fn splice(a: TcpStream, b: TcpStream) {
    let (mut a_out, mut b_out) = (a.try_clone().unwrap(), b.try_clone().unwrap());
    let (mut a_in, mut b_in) = (a, b);
    for stream in [&a_in, &b_in] {
        stream.set_read_timeout(None).unwrap();
    }
    thread::spawn(move || {
        let _ = std::io::copy(&mut b_in, &mut a_out);
        let _ = a_out.shutdown(std::net::Shutdown::Write);
    });
    let _ = std::io::copy(&mut a_in, &mut b_out);
    let _ = b_out.shutdown(std::net::Shutdown::Write);
}
