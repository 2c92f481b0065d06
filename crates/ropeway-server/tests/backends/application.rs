//! The application behind the server: HTTP by hand, which records what it is asked and answers as a test wants.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::raw::SOON;

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// `METHOD target`
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What the application answers.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Status(u16, String),
    /// A redirect to another path of the application.
    Elsewhere,
    /// Something that is no HTTP.
    Noise,
    /// Nothing, until the other side gives up.
    Nothing,
    /// 200 with `{}`, a moment after two were under way at one time.
    Slowly,
}

impl Answer {
    pub(crate) fn ok(body: impl Into<String>) -> Self {
        Self::Status(200, body.into())
    }
}

/// A running application; it ends when dropped.
pub(crate) struct Application {
    pub(crate) address: SocketAddr,
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

struct Desk {
    /// The last one stays.
    answers: Mutex<Vec<Answer>>,
    asked: Mutex<Vec<Asked>>,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    has_ended: AtomicBool,
}

impl Application {
    /// Answers with each of `answers` in turn, and with the last one from then on.
    pub(crate) fn start(answers: &[Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answers = answers.iter().rev().cloned().collect();
        let desk = Arc::new(Desk {
            answers: Mutex::new(answers),
            asked: Mutex::default(),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
            has_ended: AtomicBool::new(false),
        });
        let of_thread = Arc::clone(&desk);
        let thread = thread::spawn(move || serve(&listener, &of_thread));
        Self { address, desk, thread: Some(thread) }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.desk.asked.lock().unwrap().clone()
    }

    /// The most requests that it had at one time.
    pub(crate) fn most_under_way(&self) -> usize {
        self.desk.most_under_way.load(Ordering::SeqCst)
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        self.desk.has_ended.store(true, Ordering::SeqCst);
        // It may have ended of itself.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, desk: &Arc<Desk>) {
    for stream in listener.incoming() {
        if desk.has_ended.load(Ordering::SeqCst) {
            return;
        }
        let (stream, desk) = (stream.unwrap(), Arc::clone(desk));
        thread::spawn(move || desk.handle(stream));
    }
}

impl Desk {
    /// One request; whoever asks may be gone at any time.
    fn handle(&self, mut stream: TcpStream) {
        let Some(asked) = read(&stream) else { return };
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_under_way.fetch_max(now, Ordering::SeqCst);
        self.asked.lock().unwrap().push(asked);
        let answer = self.next();
        if matches!(answer, Answer::Slowly) {
            let deadline = Instant::now() + SOON;
            while self.most_under_way.load(Ordering::SeqCst) < 2 && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(1));
            }
            // Nothing is asserted on its length: it lets others come in the meantime, if they may.
            thread::sleep(Duration::from_millis(100));
        }
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        let _ = match answer {
            Answer::Status(status, body) => stream.write_all(head(status, "", &body).as_bytes()),
            Answer::Elsewhere => stream.write_all(head(302, "location: /elsewhere\r\n", "").as_bytes()),
            Answer::Noise => stream.write_all(b"\x00\x01 no HTTP \xff\r\n\r\n"),
            Answer::Nothing => stream.read_to_end(&mut Vec::new()).map(drop),
            Answer::Slowly => stream.write_all(head(200, "", "{}").as_bytes()),
        };
    }

    fn next(&self) -> Answer {
        let mut answers = self.answers.lock().unwrap();
        if answers.len() > 1 { answers.pop().unwrap() } else { answers[0].clone() }
    }
}

fn head(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} -\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    lines.read_line(&mut line).ok()?;
    let line = line.strip_suffix(" HTTP/1.1\r\n")?.to_owned();
    let mut asked = Asked { line, headers: Vec::new(), body: Vec::new() };
    loop {
        let mut header = String::new();
        lines.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        asked.headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
    asked.body = vec![0; length];
    lines.read_exact(&mut asked.body).ok()?;
    Some(asked)
}
