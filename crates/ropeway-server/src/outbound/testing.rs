//! A service for tests: answers by a script, over plain TCP, and counts.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How the service answers a request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// These bytes, then the end of the connection.
    Bytes(String),
    /// Nothing, for ever.
    Stall,
    /// A body of a gibibyte, as far as the other side reads it.
    Gibibyte,
    /// The end of the connection.
    Break,
}

impl Answer {
    pub(crate) fn status(status: &str, body: &str) -> Self {
        let length = body.len();
        Self::Bytes(format!(
            "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        ))
    }

    pub(crate) fn ok(body: &str) -> Self {
        Self::status("200 OK", body)
    }
}

/// Ends when it is dropped.
pub(crate) struct Service {
    address: std::net::SocketAddr,
    answer: Arc<Mutex<Answer>>,
    requests: Arc<AtomicUsize>,
    /// Accepts; each connection has a task of its own, which ends with the runtime of the test.
    task: JoinHandle<()>,
}

impl Service {
    pub(crate) async fn answering(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (answer, requests) = (Arc::new(Mutex::new(answer)), Arc::new(AtomicUsize::new(0)));
        let (script, count) = (Arc::clone(&answer), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&count)));
            }
        });
        Self { address, answer, requests, task }
    }

    pub(crate) fn url(&self, path: &str) -> http::Uri {
        format!("http://{}{path}", self.address).parse().unwrap()
    }

    /// From now on.
    pub(crate) fn answer(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// Requests so far.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Waits for as many requests.
    pub(crate) async fn asked(&self, times: usize) {
        while self.requests() < times {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Mutex<Answer>>, count: Arc<AtomicUsize>) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    count.fetch_add(1, Ordering::SeqCst);
    let answer = script.lock().unwrap().clone();
    match answer {
        Answer::Bytes(bytes) => stream.write_all(bytes.as_bytes()).await?,
        Answer::Stall => std::future::pending().await,
        Answer::Break => {}
        Answer::Gibibyte => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n").await?;
            while stream.write_all(&[b' '; 4096]).await.is_ok() {}
        }
    }
    stream.shutdown().await
}
