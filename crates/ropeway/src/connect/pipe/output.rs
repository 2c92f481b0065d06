//! Standard output: messages, or events as JSON, and nothing else.

use std::borrow::Cow;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Stdout, Write, stdout};

use crate::connect::engine::{Event, What};
use crate::connect::flags::Connect;
use crate::connect::record;
use crate::failure::{Failure, Kind};
use crate::harmless;

pub(super) struct Output<'o> {
    options: &'o Connect,
    out: BufWriter<Stdout>,
    is_terminal: bool,
    /// Nobody reads any more.
    is_closed: bool,
}

impl<'o> Output<'o> {
    pub(super) fn new(options: &'o Connect) -> Self {
        let (out, is_terminal) = (BufWriter::with_capacity(64 * 1024, stdout()), stdout().is_terminal());
        Self { options, out, is_terminal, is_closed: false }
    }

    /// Whether nobody reads any more.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Prints an event; tells how many messages came of it.
    pub(super) fn event(&mut self, event: &Event, is_last: bool) -> Result<usize, Failure> {
        let printed = if self.options.jsonl { self.json(event) } else { self.data(&event.what) };
        let done = printed.and_then(|count| {
            if is_last {
                self.out.flush()?;
            }
            Ok(count)
        });
        match done {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(0)
            }
            done => done.map_err(|error| Failure::new(Kind::Output, "the output cannot be written", error)),
        }
    }

    /// Prints an event that comes after all that was wanted: with `--jsonl` how it ended.
    pub(super) fn after(&mut self, event: &Event, is_last: bool) -> Result<bool, Failure> {
        if self.options.jsonl && matches!(event.what, What::Closed(_)) {
            self.event(event, is_last)?;
        }
        Ok(true)
    }

    fn json(&mut self, event: &Event) -> io::Result<usize> {
        let shown = super::goal::text(&event.what).map_or(1, |text| self.filtered(&text).len());
        if shown > 0 {
            self.out.write_all(record::line(event).as_bytes())?;
            self.out.write_all(b"\n")?;
        }
        Ok(shown)
    }

    fn data(&mut self, what: &What) -> io::Result<usize> {
        let Some(text) = super::goal::text(what) else { return Ok(0) };
        let lines = self.filtered(&text);
        for line in &lines {
            let line = if self.is_terminal { harmless::block(line) } else { Cow::Borrowed(&**line) };
            self.out.write_all(line.as_bytes())?;
            self.out.write_all(if self.options.print0 { b"\0" } else { b"\n" })?;
        }
        Ok(lines.len())
    }

    /// What the filter leaves of a message: all of it without one.
    fn filtered<'t>(&self, text: &'t str) -> Vec<Cow<'t, str>> {
        match &self.options.filter {
            None => vec![Cow::Borrowed(text)],
            Some(path) => path.find(text).iter().map(|value| Cow::Owned(shown(value))).collect(),
        }
    }
}

/// Strings without quotes, as `jq --raw-output` has them.
fn shown(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
