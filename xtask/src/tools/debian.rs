//! Programs of the operating system.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{process, talk};

/// Names under which systems ship Chromium or a browser built from it.
const CHROMIUMS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// The path of a Chromium browser.
pub(crate) fn chromium() -> Result<PathBuf> {
    let found = || {
        let mut paths = CHROMIUMS.iter().filter_map(|name| process::find(name));
        paths.find(|path| process::works(path, &["--version"]))
    };
    if found().is_none() {
        install(&["chromium"])?;
    }
    found().context("chromium is installed and does not start")
}

/// Makes sure that there is a `curl`.
pub(crate) fn curl() -> Result<()> {
    require("curl", &["--version"], &["curl"])
}

/// Makes sure that there is a `redis-server`.
pub(crate) fn redis_server() -> Result<()> {
    require("redis-server", &["--version"], &["redis-server"])
}

/// Makes sure that a command works, by installing the packages that bring it if need be.
pub(super) fn require(command: &str, probe: &[&str], packages: &[&str]) -> Result<()> {
    if process::works(command, probe) {
        return Ok(());
    }
    install(packages).with_context(|| format!("`{command}` is missing"))
}

/// Installs Debian packages, when this is such a system and we may.
fn install(packages: &[&str]) -> Result<()> {
    let wanted = packages.join(" ");
    if !process::works("apt-get", &["--version"]) || !is_root() {
        bail!("{wanted} not found\nhint: install it; on Debian: sudo apt-get install {wanted}");
    }
    talk::line(format_args!("installing {wanted}"));
    process::run(&mut apt_get(&["update"]))?;
    process::run(apt_get(&["install", "--yes", "--no-install-recommends"]).args(packages))
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.arg("--quiet").args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
