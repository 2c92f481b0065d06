//! The programs that tests need beside Cargo, installed where they are missing.
//!
//! Each function is idempotent and quick when there is nothing to do.

mod debian;
mod node;
mod python;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::root;

pub(crate) use debian::{chromium, curl, redis_server};
pub(crate) use node::{node_modules, node_test};
pub(crate) use python::{python_peers, wstest};

/// The git-ignored folder for all that is installed for the project alone.
fn tools() -> PathBuf {
    root().join(".tools")
}

/// A note inside an installed folder of what was asked for, so that the same need is not met twice.
///
/// It lies in the folder it speaks of: deleting the folder is enough to have it made again.
struct Stamp {
    file: PathBuf,
    wanted: String,
}

impl Stamp {
    fn new(folder: &Path, wanted: impl Into<String>) -> Self {
        Self { file: folder.join(".installed"), wanted: wanted.into() }
    }

    fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|found| found == self.wanted)
    }

    fn write(&self) -> Result<()> {
        fs::write(&self.file, &self.wanted).with_context(|| format!("cannot write {}", self.file.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_current_only_for_what_it_was_written_for() {
        let folder = std::env::temp_dir().join(format!("ropeway-stamp-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let stamp = Stamp::new(&folder, "six==1.16.0");
        assert!(!stamp.is_current());
        stamp.write().unwrap();
        assert!(stamp.is_current());
        assert!(!Stamp::new(&folder, "six==1.17.0").is_current());
        fs::remove_dir_all(folder).unwrap();
    }
}
