//! What was said, kept for `/save`.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufWriter, Write};

use crate::connect::engine::Event;
use crate::connect::record;

/// So many bytes of lines are kept; older ones go. What is larger than a quarter of it is not kept at all.
const MOST: usize = 16 * 1024 * 1024;

#[derive(Debug, Default)]
pub(super) struct Keep {
    lines: VecDeque<String>,
    size: usize,
    /// Where everything goes, too.
    file: Option<BufWriter<File>>,
}

impl Keep {
    /// Keeps an event, and writes it when there is a file.
    pub(super) fn event(&mut self, event: &Event) -> io::Result<()> {
        let line = record::line(event);
        let written = match &mut self.file {
            Some(file) => writeln!(file, "{line}").and_then(|()| file.flush()),
            None => Ok(()),
        };
        if written.is_err() {
            self.file = None;
        }
        if line.len() > MOST / 4 {
            // One message must not push all others out.
            return written;
        }
        self.size += line.len();
        self.lines.push_back(line);
        while self.size > MOST {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.size -= oldest.len();
        }
        written
    }

    /// Writes what is kept, and from now on everything. Gives the number of lines.
    pub(super) fn save(&mut self, path: &str) -> io::Result<usize> {
        let mut file = BufWriter::new(File::create(path)?);
        for line in &self.lines {
            writeln!(file, "{line}")?;
        }
        file.flush()?;
        self.file = Some(file);
        Ok(self.lines.len())
    }

    /// Writes no more; tells whether it did.
    pub(super) fn stop(&mut self) -> bool {
        self.file.take().is_some()
    }
}
