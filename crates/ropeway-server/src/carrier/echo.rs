//! `/echo`: frames go back as they came.

use std::ops::ControlFlow;
use std::task::{Context, Poll};
use std::time::Duration;

use ropeway_hub::Close;
use ropeway_ws::{Event, WebSocket};

use super::attend::Peer;
use super::websocket::close_frame;
use crate::limits::Place;

/// Sends every message back, borrowed from the read buffer.
pub(super) struct Echo {
    socket: WebSocket,
    /// Held until the end.
    _place: Place,
}

impl Echo {
    pub(super) fn new(socket: WebSocket, place: Place) -> Self {
        Self { socket, _place: place }
    }
}

impl Peer for Echo {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let received = self.socket.poll_receive(cx, |event, outgoing| {
            if let Event::Message(message) = event {
                // It fails only when the connection closes, and then nobody waits for the answer.
                let _ = outgoing.send(message);
            }
            ControlFlow::Continue(())
        });
        received.map(|_| ())
    }

    fn close(&mut self, close: Close, _reconnect: Duration) {
        self.socket.outgoing().close(Some(close_frame(&close)));
    }

    fn abandon(&mut self) {}
}
