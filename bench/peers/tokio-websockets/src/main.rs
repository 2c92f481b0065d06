//! tokio-websockets, batched. Its stream flushes whenever it is polled, so that a batch is read first and
//! fed after.

use peer_common::{Args, Hub, Kind, Mode, broadcast, echo_collected, serve};
use tokio_websockets::{Config, Limits, Message, ServerBuilder};

fn main() -> anyhow::Result<()> {
    let args = Args::parse()?;
    args.refuse_deflate()?;
    let hub = Hub::default();
    serve(args.listen, move |stream| {
        let hub = hub.clone();
        async move {
            // Frame size as in its own benchmark server: messages leave unfragmented. A batch leaves at once.
            let builder = ServerBuilder::new()
                .config(Config::default().frame_size(usize::MAX).flush_threshold(64 * 1024))
                .limits(Limits::unlimited());
            let Ok((_, ws)) = builder.accept(stream).await else { return };
            match args.mode {
                Mode::Echo => echo_collected(ws, kind).await,
                Mode::Broadcast => broadcast(ws, hub, kind).await,
            }
        }
    })
}

fn kind(message: &Message) -> Kind {
    if message.is_text() || message.is_binary() {
        Kind::Data
    } else if message.is_close() {
        Kind::Close
    } else {
        Kind::Control
    }
}
