//! Reading configuration files.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

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
