//! Python environments: the foreign WebSocket peers, and Autobahn's test suite.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Stamp, debian, tools};
use crate::{process, root, talk};

/// The suite's last release; it runs on Python 2.7 only.
const AUTOBAHN: &str = "autobahntestsuite==25.10.1";
/// The last releases of virtualenv that make environments for Python 2.7.
const VIRTUALENV: &str = "virtualenv<20.22";

/// The interpreter of the environment with the packages that tests/requirements.txt names.
pub(crate) fn python_peers() -> Result<PathBuf> {
    let requirements = root().join("tests/requirements.txt");
    let wanted = fs::read_to_string(&requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let home = tools().join("python");
    environment(&home, &wanted, &["--requirement".as_ref(), requirements.as_ref()])?;
    Ok(home.join("bin/python"))
}

/// Autobahn's `wstest`, or `None` where there is no Python 2.7.
pub(crate) fn wstest() -> Result<Option<PathBuf>> {
    let Some(python2) = python2() else { return Ok(None) };
    let home = tools().join("autobahn");
    let stamp = Stamp::new(&home, AUTOBAHN);
    if !stamp.is_current() {
        talk::line(format_args!("installing {AUTOBAHN}"));
        let maker = tools().join("virtualenv");
        environment(&maker, VIRTUALENV, &[VIRTUALENV.as_ref()])?;
        process::run(
            Command::new(maker.join("bin/virtualenv")).arg("--quiet").arg("--python").arg(python2).arg(&home),
        )?;
        pip_install(&home, &[AUTOBAHN.as_ref()])?;
        stamp.write()?;
    }
    Ok(Some(home.join("bin/wstest")))
}

/// Makes a Python 3 environment anew, unless it holds what is wanted already.
fn environment(home: &Path, wanted: &str, packages: &[&Path]) -> Result<()> {
    let stamp = Stamp::new(home, wanted);
    if stamp.is_current() {
        return Ok(());
    }
    debian::require("python3", &["-c", "import venv, ensurepip"], &["python3", "python3-venv"])?;
    talk::line(format_args!("installing {}", wanted.trim()));
    process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(home))?;
    pip_install(home, packages)?;
    stamp.write()
}

fn pip_install(home: &Path, packages: &[&Path]) -> Result<()> {
    let mut pip = Command::new(home.join("bin/pip"));
    process::run(pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages))
}

/// A Python 2.7: of the path, or one of pyenv's that is not switched on.
fn python2() -> Option<PathBuf> {
    let works = |python: &PathBuf| {
        process::works(python, &["-c", "import sys; assert sys.version_info[:2] == (2, 7)"])
    };
    std::iter::once(PathBuf::from("python2.7")).chain(pyenv_pythons()).find(works)
}

fn pyenv_pythons() -> Vec<PathBuf> {
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".pyenv"));
    let pyenv = env::var_os("PYENV_ROOT").map(PathBuf::from).or_else(home).unwrap_or_default();
    let versions = fs::read_dir(pyenv.join("versions")).into_iter().flatten().flatten();
    let version2 = versions.filter(|entry| entry.file_name().to_string_lossy().starts_with("2.7"));
    version2.map(|entry| entry.path().join("bin/python2.7")).collect()
}
