//! Builds the servers.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

use super::{Job, Server};
use crate::options::Options;

/// From the path, so that rustup's proxy fixes the toolchain: some peers carry a `rust-toolchain` file.
const CARGO: &str = "cargo";

/// Builds everything that was asked for.
pub(crate) fn all(options: &Options) -> anyhow::Result<()> {
    for &server in &options.peers {
        for job in [Job::Echo(super::Deflate::Off), Job::Broadcast, Job::SocketIo] {
            if !server.speaks(job) {
                continue;
            }
            if let Some(path) = server_for(options, server, job)? {
                eprintln!("{server}: {}", path.display());
            }
        }
    }
    Ok(())
}

/// The binary of `server` for `job`; `None`, with a word on standard error, when it cannot be built here.
pub(crate) fn server_for(options: &Options, server: Server, job: Job) -> anyhow::Result<Option<PathBuf>> {
    let built = match server {
        Server::Uws => uws(options),
        Server::SocketioNode => socketio_node(),
        Server::Ropeway => match job {
            Job::Echo(_) => example(options, "ropeway-ws", "echo"),
            Job::Broadcast => example(options, "ropeway-ws", "broadcast"),
            Job::SocketIo => example(options, "ropeway-server", "socketio_echo"),
        },
        other => cargo(options, bench_root(), &["-p", &format!("peer-{other}")]),
    };
    match built {
        Ok(path) => Ok(Some(path)),
        // Others may be absent; without the limit there is nothing to compare with.
        Err(error) if server != Server::Tcp => {
            eprintln!("{server}: left out: {error:#}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The `ropeway` binary.
pub(crate) fn ropeway(options: &Options) -> anyhow::Result<PathBuf> {
    cargo(options, project_root(), &["-p", "ropeway", "--bin", "ropeway"])
}

fn example(options: &Options, package: &str, name: &str) -> anyhow::Result<PathBuf> {
    cargo(options, project_root(), &["-p", package, "--example", name])
}

/// Installs what the lock file names; the script is for `node`.
fn socketio_node() -> anyhow::Result<PathBuf> {
    let folder = bench_root().join("peers/socketio-node");
    if !folder.join("node_modules/socket.io").exists() {
        let mut npm = Command::new("npm");
        // Standard output is for the tables.
        npm.current_dir(&folder).args(["ci", "--no-audit", "--no-fund"]).stdout(Stdio::null());
        run(npm)?;
    }
    Ok(folder.join("server.mjs"))
}

fn bench_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

fn project_root() -> &'static Path {
    bench_root().parent().unwrap_or(Path::new(".."))
}

/// Builds with the profile `profiling` (release with symbols) and returns the executable.
fn cargo(options: &Options, root: &Path, what: &[&str]) -> anyhow::Result<PathBuf> {
    let mut command = Command::new(CARGO);
    command.current_dir(root).args([
        "build",
        "--quiet",
        "--profile",
        "profiling",
        "--message-format=json-render-diagnostics",
    ]);
    command.arg("-j").arg(options.jobs.to_string()).args(what);
    if let Some(cpu) = options.target_cpu() {
        command
            .arg("--target-dir")
            .arg(target_dir(root).join(cpu))
            .env("RUSTFLAGS", format!("-C target-cpu={cpu}"));
    }
    let output = command.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    ensure!(output.status.success(), "cargo build {} failed", what.join(" "));
    let text = String::from_utf8(output.stdout)?;
    let executable = text.lines().rev().find_map(executable);
    executable.with_context(|| format!("cargo build {} made no executable", what.join(" ")))
}

fn executable(line: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    message.get("executable")?.as_str().map(PathBuf::from)
}

fn target_dir(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

/// Compiles echo.cpp against the sources that Cargo fetched, as uWebSockets' own build does: -O3, LTO, no TLS.
fn uws(options: &Options) -> anyhow::Result<PathBuf> {
    let sources = uws_sources()?;
    let sockets = sources.join("uSockets/src");
    let march = options.target_cpu().map_or("-march=x86-64".into(), |cpu| format!("-march={cpu}"));
    let out = target_dir(bench_root()).join("uws").join(march.trim_start_matches('-'));
    let binary = out.join("peer-uws");
    if binary.exists() {
        return Ok(binary);
    }
    std::fs::create_dir_all(&out)?;
    let flags = ["-O3", "-g1", "-flto=auto", "-DLIBUS_NO_SSL", &march];
    let mut c = Command::new("gcc");
    c.current_dir(&out).args(flags).arg("-c").arg("-I").arg(&sockets).args(files(&sockets, "c")?);
    run(c)?;
    let mut cpp = Command::new("g++");
    cpp.current_dir(&out)
        .args(flags)
        .arg("-std=c++20")
        .arg("-I")
        .arg(&sockets)
        .arg("-I")
        .arg(sources.join("src"));
    cpp.arg(bench_root().join("peers/uws/echo.cpp")).args(files(&out, "o")?).args(["-lz", "-o", "peer-uws"]);
    run(cpp)?;
    Ok(binary)
}

fn uws_sources() -> anyhow::Result<PathBuf> {
    let mut command = Command::new(CARGO);
    command.current_dir(bench_root()).args([
        "metadata",
        "--format-version=1",
        "--features",
        "peer-uws/sources",
    ]);
    let output = command.stderr(Stdio::inherit()).output()?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("cargo metadata failed")?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let package =
        packages.iter().find(|package| package["name"] == "libuwebsockets-sys").context("not fetched")?;
    let manifest = Path::new(package["manifest_path"].as_str().context("no path")?);
    Ok(manifest.with_file_name("uWebSockets"))
}

/// Files with the extension in the folder and the two subfolders that uSockets has sources in.
fn files(root: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in [root.to_owned(), root.join("eventing"), root.join("crypto")] {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

fn run(mut command: Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot run {:?}", command.get_program()))?;
    if !status.success() {
        bail!("{:?} failed", command.get_program());
    }
    Ok(())
}
