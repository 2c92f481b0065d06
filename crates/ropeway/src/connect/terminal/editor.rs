//! The line that is being typed: a thread of its own, because it waits for keys.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Cmd, CompletionType, Config, Context, Editor, Helper, KeyEvent, Modifiers};
use serde::de::IgnoredAny;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::scribe::Scribe;
use super::slash::{COMMANDS, WITH_FILES};
use super::tty::{self, Found};
use super::turn::{Presence, Turn};
use crate::files;

const PROMPT: &str = "> ";

/// Lines that are remembered for each host.
const HISTORY: usize = 2000;

/// How long an editor in the middle of something is waited for at the end.
const PATIENCE: Duration = Duration::from_secs(1);

/// What was typed.
#[derive(Debug)]
pub(super) enum Typed {
    Line(String),
    /// Ctrl-C or Ctrl-D.
    Leave,
}

/// The face's end. Dropped, it shows what is left and ends the editor, which leaves the terminal as it was found.
pub(super) struct Typing {
    /// From the editor's thread; one person types.
    pub(super) lines: UnboundedReceiver<Typed>,
    scribe: Scribe,
    turn: Turn,
    found: Found,
}

impl Typing {
    /// Begins to read.
    pub(super) fn start(is_socketio: bool, history: Option<PathBuf>) -> rustyline::Result<Self> {
        let found = Found::now();
        let turn = Turn::new();
        let mut editor = editor(is_socketio, turn.clone())?;
        let scribe = Scribe::start(editor.create_external_printer()?);
        let (typed, lines) = unbounded_channel();
        let presence = Presence(turn.clone());
        thread::spawn(move || read(editor, history, &typed, &presence));
        Ok(Self { lines, scribe, turn, found })
    }

    /// Shows text above the line that is being typed.
    pub(super) fn show(&self, text: &str) {
        self.scribe.show(text);
    }

    /// Ends when there is room for more text. Nothing is lost when it is dropped before.
    pub(super) fn room(&self) -> impl Future<Output = ()> + use<> {
        self.scribe.room()
    }
}

impl Drop for Typing {
    fn drop(&mut self) {
        self.turn.wait_until_reading();
        let unshown = self.scribe.finish(PATIENCE);
        let mut is_interrupted = false;
        let is_gone = self.turn.end(PATIENCE, || {
            is_interrupted = true;
            tty::interrupt();
        });
        match (is_gone, is_interrupted) {
            (true, true) => tty::forget_prompt(),
            (true, false) => {}
            // It waits for the second half of a key, say; the process ends without it.
            (false, _) => self.found.restore(),
        }
        tty::write(&unshown.concat());
    }
}

fn editor(is_socketio: bool, turn: Turn) -> rustyline::Result<Editor<Typist, FileHistory>> {
    let config = Config::builder()
        .max_history_size(HISTORY)?
        .history_ignore_dups(true)?
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .auto_add_history(false)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Typist { files: FilenameCompleter::new(), is_socketio, turn }));
    editor.bind_sequence(KeyEvent::new('\r', Modifiers::ALT), Cmd::Newline);
    Ok(editor)
}

fn read(
    mut editor: Editor<Typist, FileHistory>,
    history: Option<PathBuf>,
    typed: &UnboundedSender<Typed>,
    Presence(turn): &Presence,
) {
    if let Some(path) = &history {
        // There is none the first time.
        let _ = editor.load_history(path);
    }
    while turn.may_begin() {
        let line = editor.readline(PROMPT);
        turn.between();
        match line {
            Ok(line) => {
                remember(&mut editor, &line, history.as_ref());
                if !line.is_empty() && typed.send(Typed::Line(joined(&line))).is_err() {
                    return;
                }
            }
            Err(ReadlineError::Signal(_)) => {}
            Err(_) => {
                let _ = typed.send(Typed::Leave);
                return;
            }
        }
    }
}

/// Written at once: the end of the conversation does not wait for this thread.
fn remember(editor: &mut Editor<Typist, FileHistory>, line: &str, history: Option<&PathBuf>) {
    let is_new = editor.add_history_entry(line).unwrap_or(false);
    if let Some(path) = history.filter(|_| is_new) {
        // What was typed is sent, also when it cannot be remembered.
        let _ = editor.append_history(path);
    }
}

/// A backslash at the end of a line joins it with the next.
fn joined(line: &str) -> String {
    line.replace("\\\n", "\n")
}

/// Where the history of a host is kept.
pub(super) fn history_of(authority: &str) -> Option<PathBuf> {
    let folder = files::state_folder()?.join("history");
    fs::create_dir_all(&folder).ok()?;
    let name: String = authority
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' })
        .collect();
    Some(folder.join(name))
}

/// Completion, when a line goes on, and when one is begun.
struct Typist {
    files: FilenameCompleter,
    is_socketio: bool,
    turn: Turn,
}

impl Completer for Typist {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, ctx: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let typed = &line[..pos];
        if let Some(prefix) = WITH_FILES.iter().find(|prefix| typed.starts_with(**prefix)) {
            let (start, found) = self.files.complete(&typed[prefix.len()..], pos - prefix.len(), ctx)?;
            return Ok((start + prefix.len(), found));
        }
        if !typed.starts_with('/') || typed.contains(' ') {
            return Ok((pos, Vec::new()));
        }
        let offered = COMMANDS.iter().filter(|about| self.is_socketio || !about.socketio);
        let found = offered.filter(|about| about.name.starts_with(typed)).map(|about| {
            let space = if about.arguments.is_empty() { "" } else { " " };
            Pair { display: about.name.to_owned(), replacement: format!("{}{space}", about.name) }
        });
        Ok((0, found.collect()))
    }
}

impl Validator for Typist {
    /// A line goes on behind a backslash, and while a JSON object or array is not complete; an empty line ends it.
    fn validate(&self, ctx: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let input = ctx.input();
        let is_unfinished = input.ends_with('\\') || is_unfinished_json(input) && !input.ends_with('\n');
        Ok(if is_unfinished { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

fn is_unfinished_json(input: &str) -> bool {
    input.trim_start().starts_with(['{', '['])
        && serde_json::from_str::<IgnoredAny>(input).is_err_and(|error| error.is_eof())
}

impl Highlighter for Typist {}

impl Hinter for Typist {
    type Hint = String;

    /// There are no hints; but the first is asked for as soon as the terminal has the modes of the editor.
    fn hint(&self, _: &str, _: usize, _: &Context<'_>) -> Option<String> {
        self.turn.reading();
        None
    }
}

impl Helper for Typist {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_goes_on_until_it_is_complete() {
        for unfinished in ["{", "[1,", "{\"a\":\n"] {
            assert!(is_unfinished_json(unfinished), "{unfinished}");
        }
        for finished in ["{}", "[1]", "[1}", "hello {", "", "[x"] {
            assert!(!is_unfinished_json(finished), "{finished}");
        }
        assert_eq!(joined("a\\\nb"), "a\nb");
    }
}
