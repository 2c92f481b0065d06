//! The terminal as it was found.

use std::io::{Write, stdin, stdout};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// Puts the terminal back when dropped: the editor is left in the middle of a line when the server ends the conversation.
pub(super) struct Found(Option<Termios>);

impl Found {
    pub(super) fn now() -> Self {
        Self(tcgetattr(stdin()).ok())
    }
}

impl Drop for Found {
    fn drop(&mut self) {
        let Some(found) = &self.0 else { return };
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(stdin(), OptionalActions::Drain, found);
        // The prompt goes, and pasted text is no longer marked.
        let mut out = stdout();
        let _ = out.write_all(b"\r\x1b[J\x1b[?2004l").and_then(|()| out.flush());
    }
}

/// The width in columns.
pub(super) fn width() -> usize {
    match tcgetwinsize(stdout()) {
        Ok(size) if size.ws_col > 0 => usize::from(size.ws_col),
        _ => 80,
    }
}
