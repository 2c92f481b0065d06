//! Whose turn the terminal is: that of the editor, which changes its modes for each line, or nobody's any more.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// No keys are waited for; the modes may be changing.
    Between,
    /// The modes are those of the editor, and keys are waited for.
    Reading,
    /// The editor is gone, and the modes are as found.
    Over,
}

struct State {
    at: At,
    /// No line is begun any more.
    ends: bool,
}

/// Shared by the editor's thread and the face.
#[derive(Clone)]
pub(super) struct Turn(Arc<(Mutex<State>, Condvar)>);

impl Turn {
    pub(super) fn new() -> Self {
        Self(Arc::new((Mutex::new(State { at: At::Between, ends: false }), Condvar::new())))
    }

    /// Whether the editor may begin another line.
    #[must_use]
    pub(super) fn may_begin(&self) -> bool {
        !self.lock().ends
    }

    /// The editor waits for keys.
    pub(super) fn reading(&self) {
        self.set(At::Reading);
    }

    /// The editor has put the modes back.
    pub(super) fn between(&self) {
        self.set(At::Between);
    }

    /// Waits until the editor waits for keys, or is gone.
    pub(super) fn wait_until_reading(&self) {
        drop(self.wait_while(self.lock(), |state| state.at == At::Between));
    }

    /// Ends the last line with `interrupt`, and waits until the editor is gone; `false` when it stays for this time.
    #[must_use]
    pub(super) fn end(&self, patience: Duration, interrupt: impl FnOnce()) -> bool {
        let mut state = self.lock();
        state.ends = true;
        let state = self.wait_while(state, |state| state.at == At::Between);
        if state.at == At::Reading {
            interrupt();
        }
        let gone = self.0.1.wait_timeout_while(state, patience, |state| state.at != At::Over);
        let (state, _) = gone.unwrap_or_else(PoisonError::into_inner);
        state.at == At::Over
    }

    fn set(&self, at: At) {
        self.lock().at = at;
        self.0.1.notify_all();
    }

    /// A thread that panicked has left the state whole: it is two words that are set by themselves.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while<'s>(
        &'s self,
        state: MutexGuard<'s, State>,
        waits: impl Fn(&State) -> bool,
    ) -> MutexGuard<'s, State> {
        self.0.1.wait_while(state, |state| waits(state)).unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held by the editor's thread: tells that it is gone, whichever way it ends.
pub(super) struct Presence(pub(super) Turn);

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.set(At::Over);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::mpsc::{Receiver, channel};
    use std::thread;

    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    /// An editor that reads one line, which an interrupt ends.
    fn edit(presence: Presence, interrupts: Receiver<()>) -> thread::JoinHandle<()> {
        thread::spawn(move || {
            assert!(presence.0.may_begin());
            presence.0.reading();
            interrupts.recv().unwrap();
            presence.0.between();
            assert!(!presence.0.may_begin());
        })
    }

    #[test]
    fn the_end_interrupts_the_line_and_no_other_is_begun() {
        let turn = Turn::new();
        let (interrupt, interrupts) = channel();
        let editor = edit(Presence(turn.clone()), interrupts);
        turn.wait_until_reading();
        assert!(turn.end(LONG, || interrupt.send(()).unwrap()));
        editor.join().unwrap();
    }

    #[test]
    fn an_editor_that_is_gone_is_not_interrupted() {
        let turn = Turn::new();
        drop(Presence(turn.clone()));
        turn.wait_until_reading();
        assert!(turn.end(LONG, || panic!("nobody reads")));
    }

    #[test]
    fn an_editor_that_stays_is_told_of() {
        let turn = Turn::new();
        turn.reading();
        let interrupted = Cell::new(false);
        assert!(!turn.end(Duration::from_millis(10), || interrupted.set(true)));
        assert!(interrupted.get());
    }
}
