use std::borrow::Cow;
use std::task::{Context, Poll, Waker};

use futures_util::{FutureExt, SinkExt, StreamExt};
use ropeway_proto::{CloseCode, CloseFrame, Event, Message, Role};
use tokio_websockets::{
    ClientBuilder, CloseCode as TheirCode, Config, Limits, Message as Theirs, ServerBuilder, WebSocketStream,
};

use super::{Foreign, Pipe, talks};

#[test]
fn tokio_websockets_understands_us() {
    talks::<TokioWebsockets>();
}

struct TokioWebsockets(WebSocketStream<Pipe>);

impl Foreign for TokioWebsockets {
    fn new(role: Role, pipe: Pipe, fragment: usize) -> Self {
        let config = Config::default().frame_size(fragment);
        Self(match role {
            Role::Client => ClientBuilder::new().config(config).limits(Limits::unlimited()).take_over(pipe),
            Role::Server => ServerBuilder::new().config(config).limits(Limits::unlimited()).serve(pipe),
        })
    }

    fn say(&mut self, what: &Event<'_>) {
        let message = match what {
            Event::Message(Message::Text(text)) => Theirs::text(text.to_string()),
            Event::Message(Message::Binary(bytes)) => Theirs::binary(bytes.to_vec()),
            Event::Ping(payload) => Theirs::ping(payload.to_vec()),
            Event::Pong(payload) => Theirs::pong(payload.to_vec()),
            Event::Close(Some(frame)) => {
                Theirs::close(Some(TheirCode::try_from(frame.code().get()).unwrap()), frame.reason())
            }
            Event::Close(None) => Theirs::close(None, ""),
        };
        self.0.send(message).now_or_never().unwrap().unwrap();
    }

    fn hear(&mut self) -> Vec<Event<'static>> {
        let mut heard = Vec::new();
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(message)) = self.0.poll_next_unpin(&mut cx) {
            match message {
                Ok(message) => heard.push(our_event(&message)),
                Err(error) => panic!("tokio-websockets does not understand: {error}"),
            }
        }
        heard
    }
}

fn our_event(message: &Theirs) -> Event<'static> {
    let payload = message.as_payload().to_vec();
    if let Some((code, reason)) = message.as_close() {
        return Event::Close(CloseCode::new(code.into()).map(|code| CloseFrame::new(code, reason)));
    }
    match message.as_text() {
        Some(text) => Event::Message(Message::from(text.to_owned())),
        None if message.is_ping() => Event::Ping(Cow::Owned(payload)),
        None if message.is_pong() => Event::Pong(Cow::Owned(payload)),
        None => Event::Message(Message::from(payload)),
    }
}
