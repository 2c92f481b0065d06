//! Putting a server together.

use std::io;

use axum::Router;
use tokio::net::TcpListener;

use crate::Server;
use crate::app::App;
use crate::config::Config;
use crate::http::router;
use crate::state::{Shared, State};

/// What a server is made of; begun by [`Server::builder`].
#[derive(Debug)]
#[must_use]
pub struct Builder {
    config: Config,
    app: Option<App>,
    routes: Option<Router>,
}

impl Server {
    /// Begins with a configuration; see [`Builder`] for what can be added. [`Server::bind`] is the short form.
    pub fn builder(config: Config) -> Builder {
        Builder { config, app: None, routes: None }
    }
}

impl Builder {
    /// Adds the application that handles the events of its namespaces.
    pub fn app(self, app: App) -> Self {
        Self { app: Some(app), ..self }
    }

    /// Adds routes of your own, fallback included. A path that the server itself serves (`/ws`, `/socket.io/`,
    /// `/healthz`, ...) stays its own.
    pub fn routes(self, routes: Router) -> Self {
        Self { routes: Some(routes), ..self }
    }

    /// Takes the port. Connections wait in the kernel until [`Server::run`].
    ///
    /// # Errors
    /// The port is in use, or the address is not one of this machine; [`InvalidInput`](io::ErrorKind::InvalidInput): the
    /// application was given to a server before, or a handler wants a state that was not given to it.
    pub async fn bind(self) -> io::Result<Server> {
        self.app.as_ref().map_or(Ok(()), check)?;
        let listener = TcpListener::bind(self.config.server.listen).await?;
        let (router, shared) = self.assemble();
        Server::new(listener, router, shared)
    }

    /// The routes of the server, for an axum server of your own. Shutting down is then up to you: connections that are
    /// open go on until their clients leave or the process ends.
    ///
    /// # Panics
    /// Outside of a tokio runtime: what the hub has to forget in time is looked after by a task.
    pub fn into_router(self) -> Router {
        let (router, shared) = self.assemble();
        crate::listen::tick_while_used(&shared);
        router
    }

    fn assemble(self) -> (Router, Shared) {
        let shared = State::new(self.config, self.app);
        (router(shared.clone(), self.routes), shared)
    }
}

/// Mistakes of the program that can be told before anybody connects.
fn check(app: &App) -> io::Result<()> {
    let wrong = |message: String| io::Error::new(io::ErrorKind::InvalidInput, message);
    if app.has_started() {
        return Err(wrong("an application can be given to one server only".to_owned()));
    }
    match app.missing_state() {
        Some(name) => Err(wrong(format!("a handler wants State<{name}>: give one to `App::state`"))),
        None => Ok(()),
    }
}
