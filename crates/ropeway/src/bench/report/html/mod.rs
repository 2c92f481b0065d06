//! The report as one HTML file: no script, no other file, charts as SVG.

mod chart;
mod page;

use std::path::Path;

use super::files::write;
use super::model::Report;
use crate::failure::Failure;

/// Writes the page of a report.
pub(crate) fn write_html(path: &Path, report: &Report) -> Result<(), Failure> {
    write(path, &page::page(report))
}
