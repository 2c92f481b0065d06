//! The terminal itself.

use std::io::{Write, stdin, stdout};

use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// Ends the line that is being typed: of all that ends one, only this can come from another thread.
pub(super) fn interrupt() {
    // A process may always signal itself.
    let _ = kill_process(getpid(), Signal::INT);
}

/// Takes away the prompt of a line that was interrupted; the editor has gone to the next.
pub(super) fn forget_prompt() {
    write("\x1b[A\r\x1b[J");
}

/// The modes as they were found.
pub(super) struct Found(Option<Termios>);

impl Found {
    pub(super) fn now() -> Self {
        Self(tcgetattr(stdin()).ok())
    }

    /// Puts the terminal back in the middle of a line.
    pub(super) fn restore(&self) {
        let Some(found) = &self.0 else { return };
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(stdin(), OptionalActions::Drain, found);
        // The prompt goes, and pasted text is no longer marked.
        write("\r\x1b[J\x1b[?2004l");
    }
}

/// Writes at the cursor.
pub(super) fn write(text: &str) {
    let mut out = stdout();
    // A terminal that is gone shows nothing.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// The width in columns.
pub(super) fn width() -> usize {
    match tcgetwinsize(stdout()) {
        Ok(size) if size.ws_col > 0 => usize::from(size.ws_col),
        _ => 80,
    }
}
