//! The end.

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::task::{Context, Poll};

use ropeway_proto::{CloseFrame, Outcome};

use super::WebSocket;

impl WebSocket {
    /// Closes the connection: sends a close frame (`None`: without a code), waits for the peer's, at most
    /// `Config::close_timeout`, and ends the stream. Messages that still arrive are dropped. Tells how the connection
    /// ended, also when it had before.
    ///
    /// Cancel safe: the next call goes on.
    pub async fn close(&mut self, frame: Option<CloseFrame>) -> Outcome {
        poll_fn(|cx| self.poll_end(cx, frame.as_ref())).await;
        self.ended()
    }

    pub(super) fn poll_end(&mut self, cx: &mut Context<'_>, frame: Option<&CloseFrame>) -> Poll<()> {
        if self.is_open() {
            self.outgoing().close(frame.cloned());
        }
        self.poll_listen(cx, |_| ControlFlow::Continue(())).map(|_| ())
    }
}
