//! Shows text above the line that is being typed: a thread of its own, because an editor in the middle of a search or
//! of a key takes none until a key comes.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustyline::ExternalPrinter;
use tokio::sync::Notify;

/// Texts that wait while the editor takes none; then no more events are asked for.
const ROOM: usize = 64;

/// Moves the cursor nowhere.
const NOTHING: &str = "\x1b[A\n";

/// The face's end.
pub(super) struct Scribe(Arc<Shared>);

struct Shared {
    desk: Mutex<Desk>,
    changed: Condvar,
    /// Rings when there is room again.
    room: Notify,
}

#[derive(Default)]
struct Desk {
    /// The editor has it, but may not have shown it.
    given: Option<String>,
    /// The editor gets it as soon as it has shown the one before.
    giving: Option<String>,
    waiting: VecDeque<String>,
    /// How often the editor has taken something.
    taken: usize,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Open,
    /// No text comes any more.
    Closing,
    /// All is shown.
    Done,
    /// What is not shown has been taken back.
    GivenUp,
}

impl Scribe {
    pub(super) fn start(printer: impl ExternalPrinter + Send + 'static) -> Self {
        let shared =
            Arc::new(Shared { desk: Mutex::default(), changed: Condvar::new(), room: Notify::new() });
        let theirs = Arc::clone(&shared);
        thread::spawn(move || theirs.write(printer));
        Self(shared)
    }

    /// Shows this, and a line feed, after all before it.
    pub(super) fn show(&self, text: &str) {
        self.0.desk().waiting.push_back(format!("{text}\n"));
        self.0.changed.notify_all();
    }

    /// Ends when there is room for more. Nothing is lost when it is dropped before.
    pub(super) fn room(&self) -> impl Future<Output = ()> + use<> {
        let shared = Arc::clone(&self.0);
        async move {
            while shared.desk().waiting.len() >= ROOM {
                shared.room.notified().await;
            }
        }
    }

    /// Waits until all is shown; when the editor takes nothing for this time, gives back what it has not shown.
    pub(super) fn finish(&self, patience: Duration) -> Vec<String> {
        let mut desk = self.0.desk();
        desk.stage = Stage::Closing;
        self.0.changed.notify_all();
        while desk.stage != Stage::Done {
            let before = desk.taken;
            let is_stuck = |desk: &mut Desk| desk.stage != Stage::Done && desk.taken == before;
            let waited = self.0.changed.wait_timeout_while(desk, patience, is_stuck);
            let (waited, wait) = waited.unwrap_or_else(PoisonError::into_inner);
            desk = waited;
            if wait.timed_out() {
                desk.stage = Stage::GivenUp;
                let Desk { given, giving, waiting, .. } = &mut *desk;
                return given.take().into_iter().chain(giving.take()).chain(waiting.drain(..)).collect();
            }
        }
        Vec::new()
    }
}

impl Shared {
    fn write(&self, mut printer: impl ExternalPrinter) {
        while let Some(text) = self.next() {
            self.give(&mut printer, text);
        }
        // When the editor takes the first of these it has shown all texts, when it takes the second also the first.
        for _ in 0..2 {
            if self.desk().stage == Stage::GivenUp {
                return;
            }
            self.give(&mut printer, NOTHING.to_owned());
        }
        self.desk().stage = Stage::Done;
        self.changed.notify_all();
    }

    /// Waits for a text; there is none at the end.
    fn next(&self) -> Option<String> {
        let is_idle = |desk: &mut Desk| desk.stage == Stage::Open && desk.waiting.is_empty();
        let desk = self.changed.wait_while(self.desk(), is_idle);
        let mut desk = desk.unwrap_or_else(PoisonError::into_inner);
        desk.giving = desk.waiting.pop_front();
        self.room.notify_one();
        desk.giving.clone()
    }

    /// Waits until the editor has the text.
    fn give(&self, printer: &mut impl ExternalPrinter, text: String) {
        // A terminal that is gone shows nothing.
        let _ = printer.print(text);
        let mut desk = self.desk();
        desk.given = desk.giving.take();
        desk.taken += 1;
        self.changed.notify_all();
    }

    /// Nothing panics while it holds this.
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use tokio::time::timeout;

    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    /// The editor's way: it holds one text.
    struct Printer(SyncSender<String>);

    impl ExternalPrinter for Printer {
        fn print(&mut self, text: String) -> rustyline::Result<()> {
            self.0.send(text).unwrap();
            Ok(())
        }
    }

    fn scribe() -> (Scribe, Receiver<String>) {
        let (give, editor) = sync_channel(1);
        (Scribe::start(Printer(give)), editor)
    }

    #[test]
    fn all_is_shown_in_order_before_the_end() {
        let (scribe, editor) = scribe();
        let editor = thread::spawn(move || editor.iter().collect::<String>());
        for number in 0..200 {
            scribe.show(&number.to_string());
        }
        assert!(scribe.finish(LONG).is_empty());
        let expected: String = (0..200).map(|number| format!("{number}\n")).collect();
        assert_eq!(editor.join().unwrap(), expected + NOTHING + NOTHING);
    }

    #[test]
    fn what_the_editor_does_not_take_comes_back() {
        let (scribe, editor) = scribe();
        for text in ["shown", "given", "giving", "waiting"] {
            scribe.show(text);
        }
        assert_eq!(editor.recv().unwrap(), "shown\n");
        // Taken out of the editor's hands only now, so that it stands for a text that is not shown.
        while scribe.0.desk().given.as_deref() != Some("given\n") {
            thread::yield_now();
        }
        assert_eq!(scribe.finish(Duration::from_millis(10)), ["given\n", "giving\n", "waiting\n"]);
        drop(scribe);
        assert_eq!(editor.iter().collect::<Vec<_>>(), ["given\n", "giving\n"]);
    }

    #[tokio::test]
    async fn there_is_room_until_too_much_waits() {
        let (scribe, editor) = scribe();
        scribe.room().await;
        // Two of these come into the editor's hands.
        for number in 0..ROOM + 2 {
            scribe.show(&number.to_string());
        }
        let mut room = pin!(scribe.room());
        assert!(timeout(Duration::from_millis(10), &mut room).await.is_err());
        editor.recv().unwrap();
        timeout(LONG, room).await.unwrap();
    }
}
