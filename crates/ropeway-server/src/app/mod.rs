//! Applications: handlers in Rust for what Socket.IO clients, and clients of the native protocol, send.
//!
//! ```
//! use ropeway_server::Server;
//! use ropeway_server::app::{App, Data, Reply, Socket};
//! use ropeway_server::config::Config;
//!
//! # async fn example() -> std::io::Result<()> {
//! let app = App::new();
//! app.namespace("/chat")
//!     .on_connect(|socket: Socket| tracing::info!(id = socket.id(), "came"))
//!     .on("chat:message", async |socket: Socket, Data(text): Data<String>| {
//!         Reply(format!("{} said {text}", socket.id()))
//!     });
//! let server = Server::builder(Config::default()).app(app).bind().await?;
//! server.run(async { /* until this ends */ }).await;
//! # Ok(())
//! # }
//! ```
//!
//! # Handlers
//! A [`Handler`] is a function or closure, sync or async, whose arguments are extracted from the occasion on which it is
//! called ([`Extract`]), and whose return value says what the client gets ([`Outcome`]):
//!
//! | argument | is | in |
//! | --- | --- | --- |
//! | [`Socket`] | the client | all but lookups |
//! | [`Data<T>`](Data) | the first argument of the event | events |
//! | [`Args<(A, B)>`](Args) | several arguments | events |
//! | [`Raw`] | all arguments, as they came | events |
//! | [`Event`] | the name of the event | events |
//! | [`Ack`] | the acknowledgement, to be sent by hand | events |
//! | [`Auth<T>`](Auth) | what the client sent when it connected | all |
//! | [`State<S>`](State) | what was given to [`App::state`] | all |
//! | [`Arc<Handshake>`](crate::Handshake) | the connection's first request | all |
//! | [`Arc<Identity>`](crate::auth::Identity) | who the client is; `Option<Arc<Identity>>` where that may be nobody | all but lookups |
//! | [`Namespace`] | where it happens, to send to others | all |
//! | [`DisconnectReason`] | why the client has gone | `on_disconnect` |
//!
//! Handlers of one socket run one after the other in the order of its events, `on_connect` first and `on_disconnect`
//! last, unless they are [concurrent](Definition::on_concurrent); those of different sockets at the same time. A handler
//! may wait for as long as it likes, also for an acknowledgement of its own client. While 64 events (or 256 KiB of them)
//! wait, the connection is not read; while an acknowledgement of the client is awaited, 4,096 (1 MiB). A handler that
//! panics ends its connection and no other.
//!
//! # Who a client is
//! That is settled before middleware or any handler sees the client: by what the configuration names (`[jwt]`, tickets,
//! sessions, the webhook), by [`Builder::authenticate`](crate::Builder::authenticate), or by both. Handlers read it as
//! [`Socket::user`] or take an `Arc<`[`Identity`](crate::auth::Identity)`>`, and are then not called for clients without
//! credentials. A Socket.IO client that shows its token as `auth: { token }` proves it for each namespace. A fresh token
//! comes as whatever event the application names, and is handed to [`Socket::authenticate`].
//!
//! ```
//! use std::sync::Arc;
//! use std::time::{Duration, SystemTime};
//!
//! use ropeway_server::Server;
//! use ropeway_server::app::{App, Data, Refusal, Reply, Socket};
//! use ropeway_server::auth::{self, Applicant, Identity};
//! use ropeway_server::config::Config;
//!
//! # async fn example() -> std::io::Result<()> {
//! let app = App::new();
//! app.namespace("/")
//!     .on_connect(|socket: Socket| tracing::info!(user = socket.user(), "came"))
//!     .on("whoami", |who: Arc<Identity>| Reply(who.name().map(str::to_owned)))
//!     .on("renew", async |socket: Socket, Data(token): Data<String>| {
//!         socket.authenticate(&token).await?;
//!         Ok::<_, Refusal>(Reply("renewed"))
//!     });
//!
//! let known = async |applicant: Applicant| {
//!     // Without a token a client may still send one; see `Refusal::missing`.
//!     let token = applicant.token().ok_or(auth::Refusal::missing())?;
//!     // A look into the application's own book of tokens.
//!     if !token.matches(b"a long random text") {
//!         return Err(auth::Refusal::unauthorized("no such token"));
//!     }
//!     Ok(Identity::user("ada").with_expiry(SystemTime::now() + Duration::from_secs(3600)))
//! };
//! let server = Server::builder(Config::default()).app(app).authenticate(known).bind().await?;
//! server.run(async { /* until this ends */ }).await;
//! # Ok(())
//! # }
//! ```
//!
//! On the client: `io(url, { auth: { token } })`, and `socket.emitWithAck("renew", token)` before the time is over.
//!
//! # Speaking to clients
//! [`Socket`] is one client, [`Namespace`] all of one; `to`, `except`, `volatile` and the like narrow that down to a
//! [`Broadcast`], whose last methods act: `emit`, `emit_with_ack`, `fetch_sockets`, `sockets_join`, `sockets_leave`,
//! `disconnect_sockets`. They are those of Socket.IO in snake case; `in`, a word of Rust, is `in_room`.
//!
//! ```
//! use std::time::Duration;
//!
//! use ropeway_server::app::{Error, Namespace, Socket};
//!
//! async fn operators(socket: Socket, chat: Namespace) -> Result<(), Error> {
//!     socket.emit("hello", "you alone")?;
//!     socket.to("room-42").emit("hello", "the others in the room")?;
//!     chat.to(["room-42", "room-43"]).except("bots").emit("hello", "all in two rooms but some")?;
//!     let name: String = socket.emit_with_ack("who are you?", ()).await?;
//!     let answers = chat.timeout(Duration::from_secs(2)).emit_with_ack::<u32>("how many?", name).await?;
//!     println!("{} did not answer", answers.missing);
//!     chat.to("room-42").sockets_join("room-44")
//! }
//! ```
//!
//! What is sent waits for its client to read it, up to `limits.outbox` of the [configuration](crate::config) (4 MiB unless
//! messages may be larger); a client for which more waits is closed as a slow one. So send a lot in parts, and wait for
//! acknowledgements between them.
//!
//! Clients of the native protocol are sockets of the namespace `/` like any other: they pass its middleware, what they
//! `emit` comes to its handlers, and they are in rooms with clients of Socket.IO.

use std::fmt;
use std::sync::{Arc, OnceLock};

use ropeway_hub::Hub;

mod ack;
mod answer;
mod arguments;
mod binary;
mod broadcast;
mod calls;
mod definition;
mod entry;
mod error;
mod extract;
mod handler;
mod hooks;
mod kind;
mod namespace;
mod occasion;
mod registry;
mod remote;
mod rooms;
mod runner;
mod search;
mod seat;
mod socket;
mod states;

pub use ack::{Ack, Acknowledgement};
pub use answer::{Outcome, Reply};
pub use arguments::{Args, Arguments, FromArguments, ReadArgs, WriteArgs};
pub use binary::Binary;
pub use broadcast::{Answers, Broadcast};
pub use definition::Definition;
pub(crate) use definition::Handlers;
pub(crate) use entry::Dispatcher;
pub use error::{Error, Refusal, Rejection};
#[doc(hidden)]
pub use extract::Need;
pub use extract::{Auth, Data, Event, Extract, Parts, Raw, State};
pub use handler::Handler;
pub use hooks::ConnectionError;
pub use kind::{Admission, BeforeEvent, Connected, Disconnected, HasEvent, HasSocket, Kind, Lookup, Message};
pub use namespace::Namespace;
pub use remote::RemoteSocket;
pub use rooms::Rooms;
pub use ropeway_hub::{DisconnectReason, Error as HubError};
pub use socket::{Emitter, Extensions, Socket};

use hooks::Hooks;
use registry::{Registry, Rule};
use states::States;

use crate::limits::Headcount;

/// An application: its namespaces and what they share. A handle, cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// What the handles of an application share.
pub(crate) struct Inner {
    registry: Registry,
    states: States,
    hooks: Hooks,
    /// Handlers that have to wait. The end of the server waits for them.
    tasks: Arc<Headcount>,
    /// Set when a server runs it.
    running: OnceLock<Running>,
}

/// The server that runs an application, as far as it matters to it.
struct Running {
    hub: Hub,
    /// Verifies the tokens that clients send to renew their credentials.
    auth: Arc<crate::auth::Auth>,
    /// Namespaces that clients asked for are forgotten when nobody is in them.
    cleanup: bool,
}

impl App {
    /// Without any namespace.
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            registry: Registry::default(),
            states: States::default(),
            hooks: Hooks::default(),
            tasks: Arc::new(Headcount::new(usize::MAX)),
            running: OnceLock::new(),
        }))
    }

    /// What handlers of this type's [`State`] get a clone of; one value for each type.
    pub fn state<S: Clone + Send + Sync + 'static>(&self, state: S) -> &Self {
        self.0.states.insert(state);
        self
    }

    /// What the application does in a namespace. In a name `*` stands for any characters: then it is for all
    /// namespaces of that [`Pattern`](crate::config::Pattern), which are made when a client asks for one. Where several
    /// fit, the exact name counts, then the pattern or [function](Self::namespace_if) that was named first.
    pub fn namespace(&self, name: &str) -> Definition {
        let name = with_slash(name);
        let definition = self.0.registry.define(&name);
        if self.0.registry.fixed(&name).is_some() {
            self.0.add_to_hub(&name);
        }
        definition
    }

    /// What the application does in namespaces for which `lookup` returns `true`, asked each time that a client wants
    /// to enter one. It knows its [`Namespace`], `Arc<Handshake>`, [`Auth`] and [`State`].
    pub fn namespace_if<A: 'static>(&self, lookup: impl Handler<Lookup, A>) -> Definition {
        self.0.registry.parent(Rule::Function(handler::erase(lookup)))
    }

    /// The names of the namespaces that there are: those of this application, those that clients asked for, and those
    /// that the server has without it. None before a server runs it.
    pub fn namespaces(&self) -> Vec<Arc<str>> {
        self.0.running.get().map(|running| running.hub.namespaces()).unwrap_or_default()
    }

    /// Connections of this node that speak a protocol, with or without an application.
    pub fn connections(&self) -> usize {
        self.0.running.get().map_or(0, |running| running.hub.stats().connections)
    }

    /// A namespace to send to. One that the application does not define is an error when it is sent to; one of a pattern or
    /// function that no client has asked for yet is just empty.
    pub fn of(&self, name: &str) -> Namespace {
        Namespace::new(self.0.clone(), &with_slash(name))
    }
}

impl Default for App {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("namespaces", &self.0.registry.fixed_names()).finish_non_exhaustive()
    }
}

/// As Socket.IO does it.
fn with_slash(name: &str) -> String {
    if name.starts_with('/') { name.to_owned() } else { format!("/{name}") }
}
