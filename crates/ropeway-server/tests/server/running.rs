//! A server on a thread of its own.

use std::net::SocketAddr;
use std::thread::{self, JoinHandle};

use ropeway_server::app::App;
use ropeway_server::config::{Config, Sources};
use ropeway_server::{Builder as Assembly, Server};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

pub(crate) const KEY: &str = "a-key-for-the-tests";

/// A running server; dropping it shuts it down.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The file of most tests: what the development profile has, and rooms that lack things.
pub(crate) const FILE: &str = "
[server]
listen = '127.0.0.1:0'
origins = ['https://app.example']
echo = true
chat = true
[shutdown]
spread = '50ms'
[api]
key = 'a-key-for-the-tests'
[[rooms]]
pattern = 'plain:*'
join = 'anyone'
publish = 'anyone'
[[rooms]]
pattern = 'read-only:*'
join = 'anyone'
presence = true
[[rooms]]
pattern = 'demo:*'
join = 'anyone'
publish = 'anyone'
presence = true
history_size = 5
";

impl Running {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// `settings` are keys and values besides [`FILE`].
    pub(crate) fn with(settings: &[(&'static str, &str)]) -> Self {
        let sources = Sources::new().file("test", FILE);
        let sources = settings.iter().fold(sources, |sources, (key, value)| sources.flag("-", key, *value));
        Self::serve(sources.load().unwrap(), None)
    }

    #[allow(dead_code, reason = "for tests of Socket.IO")]
    pub(crate) fn with_app(app: App) -> Self {
        Self::serve(Sources::new().file("test", FILE).load().unwrap(), Some(app))
    }

    pub(crate) fn from_file(text: &str) -> Self {
        Self::serve(Sources::new().file("test", text).load().unwrap(), None)
    }

    fn serve(config: Config, app: Option<App>) -> Self {
        let server = Server::builder(config);
        Self::build(if let Some(app) = app { server.app(app) } else { server })
    }

    pub(crate) fn build(server: Assembly) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let server = server.bind().await.unwrap();
                tell.send(server.local_addr()).unwrap();
                // A sender that is gone ends it as well.
                server.run(async { drop(stopped.await) }).await;
            });
        });
        Self { address: told.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }

    /// Begins the shutdown.
    pub(crate) fn stop(&mut self) {
        self.stop.take();
    }

    /// Waits for the end of a shutdown.
    pub(crate) fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
        if !thread::panicking() {
            self.join();
        }
    }
}
