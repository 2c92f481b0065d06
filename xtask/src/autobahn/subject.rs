//! What is tested: our echo servers and our client, or somebody else's for comparison.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::cargo::build;
use crate::process::Server;

/// A program in front of the suite.
pub(super) struct Subject {
    /// Its name in the report.
    pub(super) name: &'static str,
    pub(super) role: Role,
}

/// Which side of the connection it is on, and how to get it going.
pub(super) enum Role {
    /// A server of ours that echoes at a path.
    Server { command: fn(PathBuf) -> Command, program: PathBuf, path: &'static str },
    /// A server that runs already, at this address.
    Running(String),
    /// A client: takes the address of the suite, echoes through every case, asks for the report and ends.
    Client(PathBuf),
}

/// The names of what is ours.
const NAMES: [&str; 3] = ["echo", "serve", "client"];

/// Builds our programs, all of them or those named.
pub(super) fn ours(only: &[String], release: bool) -> Result<Vec<Subject>> {
    if let Some(unknown) = only.iter().find(|name| !NAMES.contains(&name.as_str())) {
        bail!("there is no `{unknown}` to test\nhint: there are {}", NAMES.join(", "));
    }
    let profile = if release { "--release" } else { "" };
    let wanted = |name: &&str| only.is_empty() || only.iter().any(|only| only == name);
    NAMES.into_iter().filter(wanted).map(|name| Ok(Subject { name, role: role(name, profile)? })).collect()
}

/// What somebody else made.
pub(super) fn foreign(url: Option<&str>, client: Option<&str>) -> Vec<Subject> {
    let server = url.map(|url| Subject { name: "server", role: Role::Running(url.to_owned()) });
    let client = client.map(|program| Subject { name: "client", role: Role::Client(program.into()) });
    server.into_iter().chain(client).collect()
}

fn role(name: &str, profile: &str) -> Result<Role> {
    Ok(match name {
        "echo" => Role::Server { command: echo, program: build(profile, "echo")?, path: "/" },
        "client" => Role::Client(build(profile, "autobahn_client")?),
        _ => Role::Server { command: serve, program: build(profile, "ropeway")?, path: "/echo" },
    })
}

fn echo(program: PathBuf) -> Command {
    let mut command = Command::new(program);
    command.args(["--listen", "127.0.0.1:0", "--deflate", "takeover"]);
    command
}

fn serve(program: PathBuf) -> Command {
    let mut command = Command::new(program);
    // Group 9 sends messages of up to 16 MiB, groups 12 and 13 offer every kind of compression.
    command.args(["serve", "--listen", "127.0.0.1:0", "--max-message", "16MiB", "--compression", "takeover"]);
    command.env("ROPEWAY_LIMITS_OUTBOX", "32MiB");
    command
}

impl Role {
    /// Gets a server going. The first is to be held as long as it is needed, the second is its address.
    pub(super) fn serve(&self) -> Result<(Option<Server>, String)> {
        match self {
            Self::Server { command, program, path } => {
                let server = Server::start(&mut command(program.clone()))?;
                let url = format!("ws://{}{path}", server.address());
                Ok((Some(server), url))
            }
            Self::Running(url) => Ok((None, url.clone())),
            Self::Client(program) => bail!("{} is a client", program.display()),
        }
    }
}
