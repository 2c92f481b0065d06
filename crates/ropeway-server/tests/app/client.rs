//! A Socket.IO client made of a WebSocket by a library that is not ours, and packets written out.

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};
use tungstenite::{Error, Message, WebSocket};

use crate::running::{Running, SOON};

pub(crate) struct Client {
    socket: WebSocket<TcpStream>,
    namespace: String,
    next_ack: u64,
    /// Packets that came while an acknowledgement was awaited.
    waiting: VecDeque<Packet>,
}

/// A packet, with its attachments put in place as `{"binary":[..]}`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Packet {
    Connect(Value),
    Disconnect,
    Event {
        name: String,
        arguments: Vec<Value>,
        ack: Option<u64>,
    },
    Ack {
        id: u64,
        arguments: Vec<Value>,
    },
    ConnectError(Value),
    /// The connection has ended.
    Closed,
}

impl Client {
    /// Enters a namespace.
    #[track_caller]
    pub(crate) fn connect(server: &Running, namespace: &str) -> Self {
        Self::to(server.address, namespace)
    }

    #[track_caller]
    pub(crate) fn to(address: SocketAddr, namespace: &str) -> Self {
        let mut client = Self::open_at(address);
        client.enter(namespace, None);
        match client.read() {
            Packet::Connect(_) => client,
            other => panic!("CONNECT instead of {other:?}"),
        }
    }

    /// Connects with `auth` and returns the first answer.
    #[track_caller]
    pub(crate) fn answer(server: &Running, namespace: &str, auth: &Value) -> (Self, Packet) {
        let mut client = Self::open(server);
        client.enter(namespace, Some(auth));
        let answer = client.read();
        (client, answer)
    }

    /// Has a session, and is in no namespace.
    pub(crate) fn open(server: &Running) -> Self {
        Self::open_at(server.address)
    }

    fn open_at(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket&colour=red");
        let (socket, _) = tungstenite::client(url, stream).unwrap();
        let mut client =
            Self { socket, namespace: "/".to_owned(), next_ack: 0, waiting: VecDeque::default() };
        let open = client.socket.read().unwrap().into_text().unwrap();
        assert!(open.starts_with("0{"), "{open}");
        client
    }

    pub(crate) fn enter(&mut self, namespace: &str, auth: Option<&Value>) {
        namespace.clone_into(&mut self.namespace);
        let auth = auth.map(Value::to_string).unwrap_or_default();
        self.send_raw(&format!("0{}{auth}", self.prefix()));
    }

    pub(crate) fn emit(&mut self, event: &str, arguments: &Value) {
        let array = array(event, arguments);
        self.send_raw(&format!("2{}{array}", self.prefix()));
    }

    /// Emits, and asks for an acknowledgement, of which this is the number.
    pub(crate) fn emit_asking(&mut self, event: &str, arguments: &Value) -> u64 {
        let id = self.next_ack;
        self.next_ack += 1;
        let array = array(event, arguments);
        self.send_raw(&format!("2{}{id}{array}", self.prefix()));
        id
    }

    /// Emits and waits for the acknowledgement; what else comes meanwhile is read later.
    #[track_caller]
    pub(crate) fn ask(&mut self, event: &str, arguments: &Value) -> Vec<Value> {
        let asked = self.emit_asking(event, arguments);
        self.acknowledgement(asked)
    }

    #[track_caller]
    pub(crate) fn acknowledgement(&mut self, asked: u64) -> Vec<Value> {
        let mut others = VecDeque::new();
        let arguments = loop {
            match self.read() {
                Packet::Ack { id, arguments } if id == asked => break arguments,
                Packet::Closed => panic!("closed instead of an acknowledgement"),
                other => others.push_back(other),
            }
        };
        others.append(&mut self.waiting);
        self.waiting = others;
        arguments
    }

    /// Emits with one attachment: `text` is the array with a placeholder.
    pub(crate) fn ask_binary(&mut self, text: &str, attachment: &[u8]) -> Vec<Value> {
        let id = self.next_ack;
        self.next_ack += 1;
        self.send_raw(&format!("51-{}{id}{text}", self.prefix()));
        self.socket.send(Message::binary(attachment.to_vec())).unwrap();
        self.acknowledgement(id)
    }

    pub(crate) fn acknowledge(&mut self, id: u64, arguments: &Value) {
        self.send_raw(&format!("3{}{id}{arguments}", self.prefix()));
    }

    pub(crate) fn leave(&mut self) {
        self.send_raw(&format!("1{}", self.prefix()));
    }

    /// The next packet.
    #[track_caller]
    pub(crate) fn read(&mut self) -> Packet {
        if let Some(packet) = self.waiting.pop_front() {
            return packet;
        }
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) if text.as_str() == "2" => self.send("3"),
                Ok(Message::Text(text)) => return self.parse(text.strip_prefix('4').unwrap()),
                Ok(Message::Close(_)) | Err(Error::ConnectionClosed | Error::Protocol(_)) => {
                    return Packet::Closed;
                }
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("a packet instead of {other:?}"),
            }
        }
    }

    /// The next packet, which is an event.
    #[track_caller]
    pub(crate) fn event(&mut self) -> (String, Value) {
        match self.read() {
            Packet::Event { name, arguments, ack: None } => (name, Value::Array(arguments)),
            other => panic!("an event instead of {other:?}"),
        }
    }

    /// The next packet, which is an event that wants an acknowledgement.
    #[track_caller]
    pub(crate) fn question(&mut self) -> (String, Value, u64) {
        match self.read() {
            Packet::Event { name, arguments, ack: Some(ack) } => (name, Value::Array(arguments), ack),
            other => panic!("a question instead of {other:?}"),
        }
    }

    /// As [`nothing_more`](Self::nothing_more), unless something is expected: then it waits to be read.
    #[track_caller]
    pub(crate) fn nothing_or(&mut self, something: bool) {
        self.ask("is this all?", &json!([]));
        assert_eq!(self.waiting.len(), usize::from(something), "{:?}", self.waiting);
    }

    /// Whatever was sent to this client before has come, and it was nothing.
    #[track_caller]
    pub(crate) fn nothing_more(&mut self) {
        let answer = self.ask("is this all?", &json!([]));
        assert_eq!(answer[0]["code"], "no_handler", "{answer:?}");
        assert_eq!(self.waiting, []);
    }

    fn parse(&mut self, text: &str) -> Packet {
        let (kind, rest) = text.split_at(1);
        let (count, rest) = match kind {
            "5" | "6" => rest.split_once('-').map(|(count, rest)| (count.parse().unwrap(), rest)).unwrap(),
            _ => (0, rest),
        };
        let rest = match rest.starts_with('/') {
            true => rest.split_once(',').map_or("", |(_, rest)| rest),
            false => rest,
        };
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (id, json) = rest.split_at(digits);
        let mut value = serde_json::from_str(json).unwrap_or(Value::Null);
        let attachments: Vec<Vec<u8>> = (0..count).map(|_| self.attachment()).collect();
        put(&mut value, &attachments);
        packet(kind, id.parse().ok(), value)
    }

    fn attachment(&mut self) -> Vec<u8> {
        match self.socket.read().unwrap() {
            Message::Binary(bytes) => bytes.to_vec(),
            other => panic!("an attachment instead of {other:?}"),
        }
    }

    fn prefix(&self) -> String {
        if self.namespace == "/" { String::new() } else { format!("{},", self.namespace) }
    }

    fn send_raw(&mut self, packet: &str) {
        self.send(&format!("4{packet}"));
    }

    fn send(&mut self, packet: &str) {
        self.socket.send(Message::text(packet)).unwrap();
    }
}

fn array(event: &str, arguments: &Value) -> Value {
    let mut array = vec![json!(event)];
    array.extend(arguments.as_array().unwrap().iter().cloned());
    Value::Array(array)
}

fn packet(kind: &str, id: Option<u64>, value: Value) -> Packet {
    let list = |value: Value| match value {
        Value::Array(list) => list,
        other => panic!("an array instead of {other}"),
    };
    match kind {
        "0" => Packet::Connect(value),
        "1" => Packet::Disconnect,
        "2" | "5" => {
            let mut arguments = list(value);
            let name = arguments.remove(0).as_str().unwrap().to_owned();
            Packet::Event { name, arguments, ack: id }
        }
        "3" | "6" => Packet::Ack { id: id.unwrap(), arguments: list(value) },
        "4" => Packet::ConnectError(value),
        other => panic!("unknown packet {other}"),
    }
}

fn put(value: &mut Value, attachments: &[Vec<u8>]) {
    match value {
        Value::Object(object) if object.contains_key("_placeholder") => {
            let num = object["num"].as_u64().unwrap() as usize;
            *value = json!({ "binary": attachments[num] });
        }
        Value::Object(object) => object.values_mut().for_each(|value| put(value, attachments)),
        Value::Array(array) => array.iter_mut().for_each(|value| put(value, attachments)),
        _ => {}
    }
}
