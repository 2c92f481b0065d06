//! `ropeway connect`: a client for people and for scripts.
//!
//! ```text
//!   terminal/ ─┐
//!              ├──► engine/ ──► ropeway-ws        commands down, events up
//!   pipe/ ─────┘       └── socketio/              packets of Socket.IO in place of messages
//! ```

mod engine;
mod expect;
mod flags;
mod json;
mod pipe;
mod record;
mod socketio;
mod talk;
mod terminal;

use std::io::{IsTerminal, stdin, stdout};
use std::process::ExitCode;

use tokio::runtime::Runtime;

pub(crate) use self::flags::Connect;
use self::flags::Cut;
use crate::failure::{Failure, Kind};
use crate::network;

/// Talks until one side ends it.
///
/// # Errors
/// No connection, an end that is none, and what was expected and did not come.
pub(crate) fn run(options: &Connect) -> Result<ExitCode, Failure> {
    let plan = plan(options)?;
    let runtime =
        Runtime::new().map_err(|error| Failure::new(Kind::System, "cannot start the threads", error))?;
    let done = runtime.block_on(async {
        let engine = engine::Engine::start(plan);
        if is_interactive(options) {
            terminal::run(engine, options).await
        } else {
            pipe::run(engine, options).await
        }
    });
    // A thread may still wait for input.
    runtime.shutdown_background();
    done
}

fn plan(options: &Connect) -> Result<engine::Plan, Failure> {
    let socketio = options.socketio.enabled.then(|| settings(options)).transpose()?;
    let url = match socketio {
        Some(_) => network::socketio::url(&options.url),
        None => options.url.clone(),
    };
    Ok(engine::Plan {
        connect: network::prepare(&url, &options.network)?,
        reconnect: options.reconnect,
        heartbeat: options
            .ping_interval
            .map(|interval| engine::Heartbeat { interval, timeout: options.ping_timeout }),
        socketio,
    })
}

fn settings(options: &Connect) -> Result<socketio::Settings, Failure> {
    let auth = options.socketio.auth_payload.clone();
    if let Some(text) = &auth {
        let object: Result<serde_json::Map<_, _>, _> = serde_json::from_str(text);
        object.map_err(|error| {
            Failure::usage("--auth-payload", format!("it must be a JSON object: {error}"))
        })?;
    }
    let namespaces = options.socketio.namespaces.iter().map(|name| socketio::namespace(name)).collect();
    Ok(socketio::Settings { namespaces, auth })
}

/// A person types and reads, and nothing is asked for that a script wants.
fn is_interactive(options: &Connect) -> bool {
    let is_for_scripts = options.jsonl
        || options.print0
        || options.count.is_some()
        || !options.expect.is_empty()
        || options.timeout.is_some()
        || options.input != Cut::Lines;
    !is_for_scripts && stdin().is_terminal() && stdout().is_terminal()
}
