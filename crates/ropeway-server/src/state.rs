//! What all requests and connections of a server share.

use std::sync::Arc;
use std::time::Instant;

use http::Extensions;
use ropeway_hub::{Hub, Limits, RecoverySettings, SlowConsumer};

use crate::app::{App, Dispatcher};
use crate::auth::Auth;
use crate::carrier::Endpoints;
use crate::carrier::engine::Engine;
use crate::complaints::Complaints;
use crate::config::{self, Config};
use crate::lifetime::{Drain, Phase};
use crate::limits::{Arrivals, Full, MemoryGuard, Place, Population, Rates};
use crate::occupancy::Occupancy;
use crate::peer::ClientAddress;
use crate::policy::Rules;
use crate::protocol::socketio;
#[cfg(test)]
use crate::random;

/// Held by every request and connection.
pub(crate) type Shared = Arc<State>;

pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) hub: Hub,
    /// The application, if there is one. Namespaces that it does not know are served without it.
    pub(crate) app: Option<App>,
    /// Who may connect.
    pub(crate) auth: Arc<Auth>,
    /// The name of this server process.
    pub(crate) node: String,
    pub(crate) started: Instant,
    pub(crate) drain: Drain,
    /// Connections in HTTP.
    pub(crate) occupancy: Arc<Occupancy>,
    /// WebSocket connections, `/echo` included, and sessions of Engine.IO.
    pub(crate) population: Arc<Population>,
    /// TCP connections by address.
    pub(crate) arrivals: Arc<Arrivals>,
    /// About trusted proxies that do not say who their clients are.
    pub(crate) proxy_faults: Complaints,
    pub(crate) memory: MemoryGuard,
    /// What each connection may bring.
    pub(crate) rates: Arc<Rates>,
    pub(crate) endpoints: Endpoints,
    /// The sessions of Engine.IO.
    pub(crate) engine: Engine,
    /// For the sessions of Socket.IO clients.
    pub(crate) socketio: Arc<socketio::Protocol>,
}

impl State {
    /// With a chain of authentication that lets everybody in.
    #[cfg(test)]
    pub(crate) fn new(config: Config, app: Option<App>) -> Shared {
        Self::with(config, app, Auth::default(), random::node_name())
    }

    pub(crate) fn with(config: Config, app: Option<App>, auth: Auth, node: String) -> Shared {
        let hub = hub(&config, app.is_some());
        let auth = Arc::new(auth);
        if let Some(app) = &app {
            app.start(hub.clone(), auth.clone(), &config.socketio);
        }
        Arc::new(Self {
            socketio: Arc::new(socketio::Protocol::new(hub.clone(), app.clone(), &config.socketio)),
            hub,
            app,
            auth,
            node,
            started: Instant::now(),
            drain: Drain::default(),
            occupancy: Arc::new(Occupancy::new()),
            population: Arc::new(Population::new(&config)),
            arrivals: Arc::new(Arrivals::new(&config)),
            proxy_faults: Complaints::default(),
            memory: MemoryGuard::new(config.limits.memory),
            rates: Arc::new(Rates::new(&config, Instant::now())),
            endpoints: Endpoints::new(&config),
            engine: Engine::new(&config),
            config,
        })
    }

    /// The door of all carriers: a place for a connection that a request asks for.
    ///
    /// # Errors
    /// The server ends, or the first limit that is reached. Nothing is counted then.
    pub(crate) fn enter(&self, request: &Extensions) -> Result<Place, Full> {
        if self.drain.has_reached(Phase::Draining) {
            return Err(Full::Ending);
        }
        let client = ClientAddress::of(request);
        if self.memory.is_exceeded() {
            return Err(Full::Memory);
        }
        // Clients of a proxy share its connections, so they arrive with their requests.
        if let Some(address) = client.ip.filter(|_| client.is_forwarded) {
            self.arrivals.count(address, Instant::now())?;
        }
        self.population.enter(&client)
    }

    /// What is to be done several times a second, beside the hub.
    pub(crate) fn tick(&self) {
        self.memory.look(self.population.count());
        self.arrivals.sweep(Instant::now());
    }
}

fn hub(config: &Config, has_app: bool) -> Hub {
    let mut hub = Hub::builder(Rules::new(config)).limits(limits(config));
    if has_app {
        hub = hub.application(Dispatcher);
    }
    if config.socketio.recovery {
        hub = hub.recovery(recovery(&config.socketio));
    }
    let namespaces = config.socketio.namespaces.iter().filter(|namespace| namespace.as_str() != "/");
    namespaces.fold(hub, |hub, namespace| hub.namespace(namespace.as_str())).build()
}

/// A connection may have been deaf for as long as a missed ping takes before it is known to be gone.
fn recovery(socketio: &config::SocketIo) -> RecoverySettings {
    RecoverySettings {
        max_disconnection: socketio.max_disconnection_duration,
        slack: socketio.ping_interval + 2 * socketio.ping_timeout,
        ..RecoverySettings::default()
    }
}

fn limits(config: &Config) -> Limits {
    let limits = &config.limits;
    Limits {
        rooms_per_socket: limits.rooms_per_connection,
        sockets_per_connection: limits.namespaces_per_connection,
        outbox: config.outbox().bytes(),
        slow_consumer: match limits.slow_consumer {
            config::SlowConsumer::Close => SlowConsumer::Close,
            config::SlowConsumer::DropOldest => SlowConsumer::DropOldest,
            config::SlowConsumer::Conflate => SlowConsumer::Conflate,
        },
        ..Limits::default()
    }
}
