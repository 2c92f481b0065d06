//! Signals that end the server.

use std::io;
use std::process::exit;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and SIGINT, from now on no longer deadly.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Must be called within a runtime.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Ends with the first signal. The second one ends the process at once, with 128 + its number as shells have it.
    pub(crate) async fn first(self) {
        self.first_number().await;
    }

    /// As [`first`](Self::first), and gives the number of the signal.
    pub(crate) async fn first_number(mut self) -> i32 {
        let number = self.next().await;
        tokio::spawn(async move {
            let number = self.next().await;
            exit(128 + number);
        });
        number
    }

    /// The number of the next signal.
    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate().as_raw_value(),
            _ = self.interrupt.recv() => SignalKind::interrupt().as_raw_value(),
        }
    }
}
