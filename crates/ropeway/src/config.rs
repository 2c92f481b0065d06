//! `ropeway config`

use std::env;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use ropeway_server::Server;
use ropeway_server::config::{Sources, default_file};

use crate::failure::{Failure, Kind};
use crate::files;

/// `config check FILE`: says on standard error what it found. The environment counts, as it does when the file is served.
#[expect(clippy::print_stderr, reason = "this is where the program talks")]
pub(crate) fn check(path: &Path) -> Result<(), Failure> {
    let (name, text) = files::read(path)?;
    let config = Sources::new().environment(environment()).file(&name, text).load();
    let config = config.map_err(|error| Failure::new(Kind::Config, format!("{name} is not right"), error))?;
    Server::check(&config)
        .map_err(|error| Failure::new(Kind::Config, format!("{name} is not right"), error))?;
    eprintln!("{name} is right");
    if config.rooms.is_empty() {
        eprintln!("note: it has no room rule, so clients can connect and join nothing");
    }
    Ok(())
}

/// `config init`: the file on standard output.
pub(crate) fn init() -> Result<(), Failure> {
    match io::stdout().write_all(default_file().as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(Kind::System, "cannot write to standard output", error))
        }
        // Whoever closed the pipe has read what they wanted.
        _ => Ok(()),
    }
}

/// The environment without the variables that belong to flags of this program.
pub(crate) fn environment() -> impl Iterator<Item = (String, String)> {
    const OURS: [&str; 4] = ["ROPEWAY_CONFIG", "ROPEWAY_LOG", "ROPEWAY_LOG_FORMAT", "ROPEWAY_TOKEN"];
    let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
    env::vars_os()
        .map(move |(name, value)| (text(name), text(value)))
        .filter(|(name, _)| !OURS.contains(&name.as_str()))
}
