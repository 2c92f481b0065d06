//! The log of a server under test, kept at the level `trace` beside a list of the secrets that must not stand in it.
//!
//! Both lie in `.artefacts/logs/SUITE/`: `NAME.log`, and `NAME.secrets` with one secret a line. The last step of
//! `cargo xtask test` looks for all the secrets in all the logs.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take to say where it listens.
const READY: Duration = Duration::from_secs(20);

/// A log that a server is writing.
#[derive(Clone)]
pub(crate) struct Log {
    path: PathBuf,
}

impl Log {
    /// An empty log and an empty list.
    pub(crate) fn create(suite: &str, name: &str) -> Self {
        let folder = folder().join(suite);
        fs::create_dir_all(&folder).unwrap();
        let log = Self { path: folder.join(format!("{name}.log")) };
        File::create(&log.path).unwrap();
        File::create(log.list()).unwrap();
        log
    }

    /// What a server gets as its standard error.
    pub(crate) fn writer(&self) -> Stdio {
        self.file().into()
    }

    /// The log, to write behind what is in it.
    pub(crate) fn file(&self) -> File {
        OpenOptions::new().append(true).open(&self.path).unwrap()
    }

    /// Notes what nobody may read in any log: a token, a ticket, a cookie, a key. The signature of a token of three
    /// parts is noted by itself as well, since without it the rest is worth nothing.
    pub(crate) fn secret(&self, secret: &str) {
        let mut list = OpenOptions::new().append(true).open(self.list()).unwrap();
        let lines: String =
            [Some(secret), signature(secret)].into_iter().flatten().map(|s| format!("{s}\n")).collect();
        list.write_all(lines.as_bytes()).unwrap();
    }

    /// All that was written so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.path).unwrap()).into_owned()
    }

    /// The first address in the log of `server`, once it stands there.
    pub(crate) fn announced_address(&self, server: &mut Child) -> SocketAddr {
        let deadline = Instant::now() + READY;
        while Instant::now() < deadline && server.try_wait().unwrap().is_none() {
            let text = self.text();
            // The last line may be only half there.
            let whole = &text[..text.rfind('\n').unwrap_or(0)];
            if let Some(address) = whole.lines().find_map(address_in) {
                return address;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("the server named no address; it said: {}", self.text());
    }

    fn list(&self) -> PathBuf {
        self.path.with_extension("secrets")
    }
}

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", ".artefacts", "logs"].iter().collect()
}

fn signature(secret: &str) -> Option<&str> {
    let (rest, signature) = secret.rsplit_once('.')?;
    (rest.contains('.') && signature.len() >= 16).then_some(signature)
}

/// The address in `Ropeway VERSION listens on ADDRESS`.
fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listens on ")?;
    rest.split_whitespace().next()?.parse().ok()
}
