//! Putting a server together.

use std::fmt;
use std::io;
use std::sync::Arc;

use axum::Router;

use crate::Server;
use crate::app::App;
use crate::auth::{Applicant, Auth, Gate, Hook, Identity, Refusal};
use crate::config::Config;
use crate::http::router;
use crate::listen::listen;
use crate::random::node_name;
use crate::state::{Shared, State};
use crate::tls::{Tls, warn_of_exposure};

/// What a server is made of; begun by [`Server::builder`].
#[must_use]
pub struct Builder {
    config: Config,
    app: Option<App>,
    hook: Option<Arc<dyn Gate>>,
    routes: Option<Router>,
}

impl Server {
    /// Begins with a configuration; see [`Builder`] for what can be added. [`Server::bind`] is the short form.
    pub fn builder(config: Config) -> Builder {
        Builder { config, app: None, hook: None, routes: None }
    }

    /// Reads the files that a configuration names (certificates, keys, authorities) as [`Builder::bind`] does, and does
    /// nothing with them.
    ///
    /// # Errors
    /// One is not there or not usable.
    pub fn check(config: &Config) -> io::Result<()> {
        drop(Tls::open(&config.tls)?);
        Auth::check(config)
    }
}

impl Builder {
    /// Adds the application that handles the events of its namespaces.
    pub fn app(self, app: App) -> Self {
        Self { app: Some(app), ..self }
    }

    /// Adds a word of your own about who may connect: asked about every client of the native protocol and of Socket.IO
    /// once its credentials, if there are any, are verified by what the configuration names. What it returns counts.
    ///
    /// A client that shows nothing is asked about as well, unless a method of the configuration is there to ask for more:
    /// [`Applicant::token`] and [`Applicant::identity`] are absent then. [`Refusal::missing`] gives it the time of
    /// `auth.deadline` to send a token as its first message, about which the hook is asked again.
    ///
    /// The future is dropped when the client leaves meanwhile.
    ///
    /// ```
    /// use ropeway_server::Server;
    /// use ropeway_server::auth::{Applicant, Identity, Refusal};
    /// use ropeway_server::config::Config;
    ///
    /// let builder = Server::builder(Config::default()).authenticate(async |applicant: Applicant| {
    ///     let token = applicant.token().ok_or(Refusal::missing())?;
    ///     // A look into the application's own book of tokens.
    ///     if token.matches(b"a long random text") {
    ///         Ok(Identity::user("ada"))
    ///     } else {
    ///         Err(Refusal::unauthorized("no such token"))
    ///     }
    /// });
    /// # drop(builder);
    /// ```
    pub fn authenticate<F, Fut>(self, hook: F) -> Self
    where
        F: Fn(Applicant) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Identity, Refusal>> + Send + 'static,
    {
        Self { hook: Some(Arc::new(Hook(hook))), ..self }
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
    /// application was given to a server before, or a handler wants a state that was not given to it; what authentication
    /// needs (a key, a file) is not there or not usable.
    pub async fn bind(self) -> io::Result<Server> {
        self.app.as_ref().map_or(Ok(()), check)?;
        let tls = Tls::open(&self.config.tls)?;
        let listener = listen(self.config.server.listen)?;
        let (router, shared) = self.assemble()?;
        warn_of_exposure(&shared.config, listener.local_addr()?, !shared.auth.is_open());
        Server::new(listener, router, shared, tls)
    }

    /// The routes of the server, for an axum server of your own. Shutting down is then up to you: connections that are
    /// open go on until their clients leave or the process ends.
    ///
    /// # Errors
    /// What authentication needs (a key, a file) is not there or not usable.
    ///
    /// # Panics
    /// Outside of a tokio runtime: what the hub has to forget in time is looked after by a task.
    pub fn into_router(self) -> io::Result<Router> {
        let (router, shared) = self.assemble()?;
        crate::listen::tick_while_used(&shared);
        Ok(router)
    }

    fn assemble(self) -> io::Result<(Router, Shared)> {
        let node = node_name();
        let auth = Auth::new(&self.config, self.hook, &node)?;
        let shared = State::with(self.config, self.app, auth, node);
        Ok((router(shared.clone(), self.routes), shared))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { config, app, routes, .. } = self;
        f.debug_struct("Builder")
            .field("config", config)
            .field("app", app)
            .field("routes", routes)
            .finish_non_exhaustive()
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
