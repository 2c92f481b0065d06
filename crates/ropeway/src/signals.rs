//! Signals: those that end the server, and the one that has it read its certificates again.

use std::io;
use std::process::exit;

use ropeway_server::{Handle, TlsError};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info};

/// Has the certificates read again at each SIGHUP, which from now on does not end the process any more.
///
/// Must be called within a runtime.
pub(crate) fn reload_at_hangup(server: Handle) -> io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            match server.reload_tls() {
                Ok(()) => info!("SIGHUP: new connections get what the files of TLS say now"),
                Err(error @ TlsError::Off) => info!(reason = %error, "SIGHUP"),
                Err(error) => error!(%error, "SIGHUP: the files of TLS cannot be used; the old ones stay"),
            }
        }
    });
    Ok(())
}

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

    /// Ends with the first signal, and says so. The second one ends the process at once, with 128 + its number as shells
    /// have it.
    pub(crate) async fn first(self) {
        let signal = self.first_number().await;
        info!(signal, "the server ends in order; another signal ends it at once");
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
