//! Calling Cargo from within Cargo.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{process, root};

/// A Cargo command in the root of the repository. Arguments are separated by white space.
pub(crate) fn cargo(arguments: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments.split_whitespace()).current_dir(root());
    // Coverage tools must not install anything when they are called by a test.
    command.env("CARGO_LLVM_COV_SETUP", "no");
    forget_own_package(&mut command);
    command
}

/// Builds our programs and returns where the one of that name lies; `profile` is a flag of Cargo or empty.
///
/// All are built at once, examples with them: only so do the features of shared crates come out as in the tests, and
/// each crate is compiled once for all steps instead of once a step.
pub(crate) fn build(profile: &str, name: &str) -> Result<PathBuf> {
    let arguments =
        format!("build --quiet --message-format=json --workspace --bin ropeway --examples {profile}");
    let messages = process::output(&mut cargo(&arguments))?;
    messages
        .lines()
        .filter_map(|line| executable(line, name))
        .next_back()
        .with_context(|| format!("`cargo {arguments}` made no program `{name}`"))
}

/// What `cargo run` tells us about the package `xtask` would make build scripts of others run again.
fn forget_own_package(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let own = name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
        if own {
            command.env_remove(name);
        }
    }
}

fn executable(message: &str, name: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let named = message["target"]["name"] == name;
    message["executable"].as_str().filter(|_| named).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_read_from_the_message_that_names_it() {
        let message = r#"{"reason":"compiler-artifact","target":{"name":"echo"},"executable":"/t/echo"}"#;
        assert_eq!(executable(message, "echo"), Some(PathBuf::from("/t/echo")));
        assert_eq!(executable(message, "other"), None);
        assert_eq!(executable(r#"{"target":{"name":"echo"},"executable":null}"#, "echo"), None);
        assert_eq!(executable("not JSON", "echo"), None);
    }
}
