//! `/echo`: frames go back as they came.

use std::ops::ControlFlow;
use std::task::{Context, Poll};

use ropeway_hub::Close;
use ropeway_ws::{Event, WebSocket};

use super::attend::Peer;
use super::websocket::close_frame;

/// Sends every message back, borrowed from the read buffer.
pub(super) struct Echo(pub(super) WebSocket);

impl Peer for Echo {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let received = self.0.poll_receive(cx, |event, outgoing| {
            if let Event::Message(message) = event {
                // It fails only when the connection closes, and then nobody waits for the answer.
                let _ = outgoing.send(message);
            }
            ControlFlow::Continue(())
        });
        received.map(|_| ())
    }

    fn close(&mut self, close: Close) {
        self.0.outgoing().close(Some(close_frame(&close)));
    }
}
