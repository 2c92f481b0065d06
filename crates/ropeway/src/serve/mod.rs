//! `ropeway serve`

mod dev_tls;
mod flags;

use std::io::ErrorKind;
use std::net::SocketAddr;

use ropeway_server::config::{Config, Sources};
use ropeway_server::{Server, TlsError, random_key};
use tokio::runtime::Runtime;
use tracing::{info, warn};

use self::dev_tls::DevTls;
pub(crate) use self::flags::Serve;
use crate::config::environment;
use crate::failure::{Failure, Kind};
use crate::signals::{Signals, reload_at_hangup};
use crate::{files, log};

/// Serves until a signal.
pub(crate) fn run(options: &Serve) -> Result<(), Failure> {
    log::start(&options.log, options.log_format)?;
    let plan = Plan::new(options)?;
    raise_file_limit(plan.config.server.max_connections);
    let runtime = Runtime::new()
        .map_err(|error| Failure::new(Kind::System, "cannot start the threads of the server", error))?;
    runtime.block_on(serve(plan))
}

/// What is going to be served.
struct Plan {
    config: Config,
    /// No file was given.
    development: bool,
    dev_tls: Option<DevTls>,
}

impl Plan {
    fn new(options: &Serve) -> Result<Self, Failure> {
        let mut sources = Sources::new().environment(environment());
        if let Some(path) = &options.config {
            let (name, text) = files::read(path)?;
            sources = sources.file(name, text);
        }
        for (flag, key, value) in options.settings() {
            sources = sources.flag(flag, key, value);
        }
        let mut config = sources
            .load()
            .map_err(|error| Failure::new(Kind::Config, "the configuration cannot be used", error))?;
        let dev_tls = if options.dev_tls { Some(dev_tls(&mut config)?) } else { None };
        Ok(Self { config, development: options.config.is_none(), dev_tls })
    }

    /// The key that was made up, if one was.
    fn make_up_key(&mut self) -> Option<String> {
        let wanted = self.development && self.config.api.key.is_none();
        wanted.then(|| self.config.api.key.insert(random_key()).clone())
    }
}

/// Lets the configuration serve the certificate of this machine.
fn dev_tls(config: &mut Config) -> Result<DevTls, Failure> {
    if config.tls.is_on() {
        let why = "the configuration has a certificate already, in `tls.certificate`";
        return Err(Failure::usage("--dev-tls", why));
    }
    let dev_tls = DevTls::prepare()?;
    config.tls.certificate = vec![dev_tls.certificate.clone()];
    config.tls.key = vec![dev_tls.key.clone()];
    Ok(dev_tls)
}

async fn serve(mut plan: Plan) -> Result<(), Failure> {
    let signals =
        Signals::listen().map_err(|error| Failure::new(Kind::System, "cannot listen for signals", error))?;
    let key = plan.make_up_key();
    let listen = plan.config.server.listen;
    let config = plan.config.clone();
    let server = Server::bind(plan.config).await.map_err(|error| cannot_listen(listen, &error))?;
    reload_at_hangup(server.handle())
        .map_err(|error| Failure::new(Kind::System, "cannot listen for signals", error))?;
    announce(server.local_addr(), &config);
    if let Some(dev_tls) = &plan.dev_tls {
        announce_certificate(dev_tls, server.local_addr());
    }
    if plan.development {
        announce_development(key.as_deref());
    }
    server.run(signals.first()).await;
    info!("ended");
    Ok(())
}

fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Failure {
    if matches!(error.get_ref(), Some(error) if error.is::<TlsError>()) {
        return Failure::new(Kind::Config, "TLS cannot be served", error);
    }
    // It comes from the server, not from the system: a key or a file that cannot be used.
    if error.kind() == ErrorKind::InvalidInput && error.raw_os_error().is_none() {
        return Failure::new(Kind::Config, "the configuration cannot be used", error);
    }
    let failure = Failure::new(Kind::Unavailable, format!("cannot listen on {address}"), error);
    match error.kind() {
        ErrorKind::AddrInUse => failure.hint(format!(
            "end the program that uses the port, or take another one with `--listen {}`",
            SocketAddr::new(address.ip(), 0)
        )),
        ErrorKind::AddrNotAvailable => failure.hint("the address must be one of this machine"),
        ErrorKind::PermissionDenied => failure.hint("ports below 1024 need a privilege; take a higher one"),
        _ => failure,
    }
}

/// What is served and where.
#[expect(clippy::print_stderr, reason = "this is where the program talks")]
fn announce(address: SocketAddr, config: &Config) {
    let s = if config.tls.is_on() { "s" } else { "" };
    eprintln!("Ropeway {} listens on {address}", env!("CARGO_PKG_VERSION"));
    if config.server.chat {
        eprintln!("  chat page  http{s}://{address}/");
    }
    eprintln!("  clients    ws{s}://{address}/ws (subprotocol ropeway.json)");
    if config.socketio.enabled {
        eprintln!("  Socket.IO  http{s}://{address}{}", config.socketio.endpoint());
    }
    if config.server.echo {
        eprintln!("  echo       ws{s}://{address}/echo");
    }
    if config.api.key.is_some() {
        eprintln!("  API        http{s}://{address}/api/publish, /api/status and /api/drain");
    }
    eprintln!("  health     http{s}://{address}/healthz and /readyz");
}

/// How to trust it.
#[expect(clippy::print_stderr, reason = "this is where the program talks")]
fn announce_certificate(dev_tls: &DevTls, address: SocketAddr) {
    let file = dev_tls.certificate.display();
    eprintln!("  certificate {file}");
    if let Some(fingerprint) = dev_tls.fingerprint() {
        eprintln!("    SHA-256  {fingerprint}");
    }
    eprintln!("hint: `ropeway connect --ca {file} wss://{address}/ws` trusts it; browsers ask once");
}

#[expect(clippy::print_stderr, reason = "this is where the program talks")]
fn announce_development(key: Option<&str>) {
    eprintln!(
        "Development defaults: only this machine can connect, rooms `demo:*` are open to everybody, history is kept in memory."
    );
    if let Some(key) = key {
        eprintln!("  API key    {key} (for this run)");
    }
    eprintln!(
        "hint: `ropeway config init` prints a configuration to start from; use it with `--config FILE`"
    );
}

/// Each connection takes a file descriptor, and the limit that programs start with is often 1024.
fn raise_file_limit(connections: usize) {
    const BESIDES: u64 = 256;
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) if limit < connections as u64 + BESIDES => {
            info!(limit, connections, "the limit of open files is below `server.max_connections`");
        }
        Ok(_) => {}
        Err(error) => warn!(%error, "cannot raise the limit of open files"),
    }
}
