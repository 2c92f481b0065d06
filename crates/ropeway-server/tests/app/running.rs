//! A server with an application, on a thread of its own.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use ropeway_server::Server;
use ropeway_server::app::App;
use ropeway_server::config::Config;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// Longer than anything here takes.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// A running server; dropping it shuts it down.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(app: App) -> Self {
        Self::with(app, Config::default(), Router::new())
    }

    pub(crate) fn with(app: App, mut config: Config, routes: Router) -> Self {
        config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        config.shutdown.spread = Some(Duration::from_millis(50));
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = channel();
        let thread = thread::spawn(move || {
            let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let server = Server::builder(config).app(app).routes(routes).bind().await.unwrap();
                tell.send(server.local_addr()).unwrap();
                // A sender that is gone ends it as well.
                server.run(async { drop(stopped.await) }).await;
            });
        });
        Self { address: told.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }

    /// Shuts down and waits for the end.
    pub(crate) fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.end();
        }
    }
}

/// What handlers tell the test, which waits for it.
pub(crate) struct Told<T>(Receiver<T>);

/// A way for handlers to tell the test something.
pub(crate) fn telling<T>() -> (Sender<T>, Told<T>) {
    let (sender, receiver) = channel();
    (sender, Told(receiver))
}

impl<T> Told<T> {
    #[track_caller]
    pub(crate) fn next(&self) -> T {
        self.0.recv_timeout(SOON).unwrap()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.try_recv().is_err()
    }
}
