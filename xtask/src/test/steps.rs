//! The steps of `cargo xtask test`, in the order in which they run: the quick and the likely to fail first.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::Result;

use super::{Outcome, Step};
use crate::cargo::{build, cargo};
use crate::{artefacts, autobahn, conformance, process, secrets, talk, tools};

pub(super) const STEPS: &[Step] = &[
    Step { name: "fmt", about: "the code is formatted", run: fmt },
    Step { name: "clippy", about: "no warning in any target of the workspace", run: clippy },
    Step { name: "doc", about: "the documentation builds without a warning", run: doc },
    Step { name: "unit", about: "unit and integration tests of the workspace", run: unit },
    Step { name: "doctest", about: "the examples in the documentation", run: doctest },
    Step { name: "web", about: "the browser client and the pages, in Node.js", run: web },
    Step { name: "browser", about: "the chat page and Socket.IO in a headless browser", run: browser },
    Step { name: "socketio", about: "Socket.IO clients of npm and Python", run: socketio },
    Step { name: "system", about: "the binary with foreign peers, from start to shutdown", run: system },
    Step { name: "hostile", about: "the binary under attack", run: hostile },
    Step {
        name: "conformance",
        about: "our suite for Engine.IO and Socket.IO, on our server and on the reference",
        run: conformance::step,
    },
    Step { name: "autobahn", about: "Autobahn's test suite, the quick set", run: autobahn::step },
    Step { name: "secrets", about: "no secret of the suites stands in a log", run: no_secret_is_logged },
];

fn fmt() -> Result<Outcome> {
    passed(&mut cargo("fmt --all --check"))
}

fn clippy() -> Result<Outcome> {
    passed(&mut cargo("clippy --quiet --workspace --all-targets --keep-going -- -D warnings"))
}

fn doc() -> Result<Outcome> {
    passed(cargo("doc --quiet --workspace --no-deps").env("RUSTDOCFLAGS", "-D warnings"))
}

/// The whole-system tests are a step of their own because they want peers installed, and so are the attacks, which want
/// the machine, and the conformance suite, which also runs on the reference.
fn unit() -> Result<Outcome> {
    secrets::fresh("backends")?;
    if process::works("cargo-nextest", &["nextest", "--version"]) {
        passed(
            cargo("nextest run --workspace --no-fail-fast --status-level fail -E")
                .arg("not binary(system) and not binary(hostile) and not binary(socketio-conformance)"),
        )
    } else {
        passed(&mut cargo("test --quiet --workspace --no-fail-fast --lib --bins --tests"))
    }
}

fn doctest() -> Result<Outcome> {
    passed(&mut cargo("test --quiet --workspace --doc"))
}

fn web() -> Result<Outcome> {
    tools::node_modules("web")?;
    passed(&mut tools::node_test("web/test")?)
}

fn browser() -> Result<Outcome> {
    tools::node_modules("web")?;
    let chromium = tools::chromium()?;
    let ropeway = build("", "ropeway")?;
    let mut command = tools::node_test("web/browser-test")?;
    command.env("ROPEWAY_TEST_LOGS", secrets::fresh("browser")?);
    passed(command.env("CHROMIUM", chromium).env("ROPEWAY", ropeway).env("ARTEFACTS", artefacts()))
}

fn socketio() -> Result<Outcome> {
    tools::node_modules("tests")?;
    let python = tools::python_peers()?;
    let ropeway = build("", "ropeway")?;
    let app = build("", "socketio_clients")?;
    let mut command = tools::node_test("tests/socketio")?;
    command.env("ROPEWAY_TEST_LOGS", secrets::fresh("socketio")?);
    passed(command.env("PYTHON", python).env("ROPEWAY", ropeway).env("SOCKETIO_APP", app))
}

fn system() -> Result<Outcome> {
    secrets::fresh("system")?;
    tools::curl()?;
    tools::redis_server()?;
    tools::node_modules("tests")?;
    let python = tools::python_peers()?;
    let mut command = cargo("test --quiet --workspace --test system -- --include-ignored");
    passed(command.env("PYTHON", python))
}

/// Two at a time: each has a server and thousands of connections.
fn hostile() -> Result<Outcome> {
    secrets::fresh("hostile")?;
    passed(&mut cargo("test --quiet --workspace --test hostile -- --nocapture --test-threads 2"))
}

fn no_secret_is_logged() -> Result<Outcome> {
    let suites = secrets::search(&secrets::logs())?;
    for suite in &suites {
        let (logs, secrets) = (suite.logs.len(), suite.secrets.len());
        talk::line(format_args!("{}: {logs} logs, {secrets} secrets", suite.name));
    }
    let logs: usize = suites.iter().map(|suite| suite.logs.len()).sum();
    let secrets: BTreeSet<_> = suites.iter().flat_map(|suite| &suite.secrets).collect();
    talk::line(format_args!("none of {} secrets stands in any of {logs} logs", secrets.len()));
    Ok(Outcome::Passed)
}

fn passed(command: &mut Command) -> Result<Outcome> {
    process::run(command)?;
    Ok(Outcome::Passed)
}
