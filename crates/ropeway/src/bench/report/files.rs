//! Reports as files.

use std::fs;
use std::path::Path;

use super::model::Report;
use crate::failure::{Failure, Kind};

/// Writes the JSON form.
pub(crate) fn write_json(path: &Path, report: &Report) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(report).map_err(|error| unwritable(path, &error))?;
    write(path, &text)
}

/// Writes any form.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| unwritable(path, &error))
}

/// Reads what [`write_json`] wrote.
pub(crate) fn read(path: &Path) -> Result<Report, Failure> {
    let name = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::new(Kind::Input, format!("cannot read {name}"), error))?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::new(Kind::Input, format!("{name} is no report"), error)
            .hint("`ropeway bench URL --json FILE` writes one")
    })
}

fn unwritable(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::new(Kind::Output, format!("cannot write {}", path.display()), error)
}
