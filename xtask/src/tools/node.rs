//! Node.js and the npm packages of a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{Stamp, debian};
use crate::{process, root, talk};

/// A test file that takes longer, in milliseconds, hangs.
const LIMIT: &str = "--test-timeout=300000";

/// Installs what the lock file of a folder names into its `node_modules`.
pub(crate) fn node_modules(folder: &str) -> Result<()> {
    debian::require("npm", &["--version"], &["nodejs", "npm"])?;
    let folder = root().join(folder);
    let lock = folder.join("package-lock.json");
    let wanted = fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let stamp = Stamp::new(&folder.join("node_modules"), wanted);
    if stamp.is_current() {
        return Ok(());
    }
    talk::line(format_args!("installing the npm packages of {}", folder.display()));
    process::run(npm_ci().current_dir(&folder))?;
    stamp.write()
}

/// `node --test` on the test files of a folder, those below it included.
pub(crate) fn node_test(folder: &str) -> Result<Command> {
    debian::require("node", &["--version"], &["nodejs"])?;
    let mut files = test_files(&root().join(folder))?;
    ensure!(!files.is_empty(), "there is no test file in {folder}");
    files.sort();
    let mut command = Command::new("node");
    command.args(["--test", "--test-reporter=spec", LIMIT]).args(files).current_dir(root());
    Ok(command)
}

fn npm_ci() -> Command {
    let mut command = Command::new("npm");
    command.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
    command
}

/// Node's versions disagree on what a folder given to `--test` means, so that the files are found here.
fn test_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(test_files(&path)?);
        } else if is_test(&path) {
            files.push(path);
        }
    }
    Ok(files)
}

fn is_test(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".test.js") || name.ends_with(".test.mjs")
}
