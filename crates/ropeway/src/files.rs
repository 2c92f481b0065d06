//! Configuration files, and where the program keeps what it remembers.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::failure::{Failure, Kind};

/// The name that messages use, and the text.
pub(crate) fn read(path: &Path) -> Result<(String, String), Failure> {
    let name = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => Ok((name, text)),
        Err(error) => {
            let failure = Failure::new(Kind::Input, format!("cannot read the configuration {name}"), &error);
            Err(match error.kind() {
                ErrorKind::NotFound => failure.hint(format!("`ropeway config init > {name}` makes one")),
                ErrorKind::InvalidData => failure.hint("the file must be UTF-8 text"),
                _ => failure,
            })
        }
    }
}

/// The user's folder for what the program remembers between two runs (XDG Base Directory Specification); not made yet.
pub(crate) fn state_folder() -> Option<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(state.join("ropeway"))
}
