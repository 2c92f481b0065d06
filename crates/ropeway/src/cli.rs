//! The commands. The flags of each are beside it, in a file `flags.rs`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::bench::Bench;
use crate::connect::Connect;
use crate::serve::Serve;
use crate::token::TokenCommand;

/// A real-time server for WebSocket clients.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = STATUS)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const STATUS: &str = "\
Exit status:
  0    done; for `serve`: shut down by a signal, every connection closed
  1    what was said with -n or --expect did not come
  2    wrong usage
  60   TLS failed
  66   a file cannot be read
  69   the address cannot be listened on; nobody is reached there
  71   the system refuses threads or signals
  73   a file or the output cannot be written
  74   a connection did not end well
  75   a timeout
  76   the other side broke the protocol
  77   the server refused; for `token verify`: the token is not good
  78   the configuration is wrong
  99   a threshold of `bench` was not met
  130  Ctrl-C or SIGINT; 143 is SIGTERM";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server
    Serve(Box<Serve>),
    /// Talk with a WebSocket or Socket.IO server
    Connect(Box<Connect>),
    /// Put a WebSocket server under load and measure what comes of it
    Bench(Box<Bench>),
    /// Make and verify tokens (JSON Web Tokens) and their keys
    #[command(subcommand)]
    Token(TokenCommand),
    /// Check or make a configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the script that completes the flags in a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a folder
    #[command(hide = true)]
    Man {
        /// The folder; made when it is not there
        folder: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Tell whether a configuration file is right
    Check {
        /// The TOML file
        file: PathBuf,
    },
    /// Print a complete configuration file with comments
    Init,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_are_consistent() {
        Cli::command().debug_assert();
    }
}
