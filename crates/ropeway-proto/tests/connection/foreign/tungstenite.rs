use std::borrow::Cow;

use ropeway_proto::{CloseCode, CloseFrame, Event, Message, Role};
use tungstenite::Message as Theirs;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame as TheirClose, Frame};
use tungstenite::protocol::{Role as TheirRole, WebSocket};

use super::{Foreign, Pipe, talks};

#[test]
fn tungstenite_understands_us() {
    talks::<Tungstenite>();
}

struct Tungstenite {
    socket: WebSocket<Pipe>,
    fragment: usize,
}

impl Foreign for Tungstenite {
    fn new(role: Role, pipe: Pipe, fragment: usize) -> Self {
        let role = match role {
            Role::Client => TheirRole::Client,
            Role::Server => TheirRole::Server,
        };
        Self { socket: WebSocket::from_raw_socket(pipe, role, None), fragment }
    }

    fn say(&mut self, what: &Event<'_>) {
        match what {
            Event::Message(message) => self.say_in_fragments(message),
            Event::Ping(payload) => self.socket.send(Theirs::Ping(payload.to_vec().into())).unwrap(),
            Event::Pong(payload) => self.socket.send(Theirs::Pong(payload.to_vec().into())).unwrap(),
            Event::Close(frame) => self.socket.close(frame.as_ref().map(their_close)).unwrap(),
        }
    }

    fn hear(&mut self) -> Vec<Event<'static>> {
        let mut heard = Vec::new();
        loop {
            match self.socket.read() {
                Ok(message) => heard.push(our_event(message)),
                Err(tungstenite::Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed) => break,
                Err(error) => panic!("tungstenite does not understand: {error}"),
            }
        }
        heard
    }
}

impl Tungstenite {
    fn say_in_fragments(&mut self, message: &Message<'_>) {
        let mut opcode = if message.is_text() { Data::Text } else { Data::Binary };
        let mut rest = message.as_bytes();
        loop {
            let (piece, more) = rest.split_at(rest.len().min(self.fragment));
            let frame = Frame::message(piece.to_vec(), OpCode::Data(opcode), more.is_empty());
            self.socket.send(Theirs::Frame(frame)).unwrap();
            if more.is_empty() {
                return;
            }
            opcode = Data::Continue;
            rest = more;
        }
    }
}

fn their_close(frame: &CloseFrame) -> TheirClose {
    TheirClose { code: frame.code().get().into(), reason: frame.reason().into() }
}

fn our_event(message: Theirs) -> Event<'static> {
    match message {
        Theirs::Text(text) => Event::Message(Message::from(text.to_string())),
        Theirs::Binary(bytes) => Event::Message(Message::from(bytes.to_vec())),
        Theirs::Ping(payload) => Event::Ping(Cow::Owned(payload.to_vec())),
        Theirs::Pong(payload) => Event::Pong(Cow::Owned(payload.to_vec())),
        Theirs::Close(frame) => Event::Close(frame.map(|frame| {
            CloseFrame::new(CloseCode::new(frame.code.into()).unwrap(), frame.reason.to_string())
        })),
        Theirs::Frame(frame) => panic!("a raw frame: {frame}"),
    }
}
