//! tokio-tungstenite, batched: `feed` per message, one flush when nothing more can be read.

use peer_common::{Args, Hub, Kind, Mode, broadcast, echo, serve};
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

fn main() -> anyhow::Result<()> {
    let args = Args::parse()?;
    args.refuse_deflate()?;
    let hub = Hub::default();
    serve(args.listen, move |stream| {
        let hub = hub.clone();
        async move {
            let Ok(ws) = accept_async_with_config(stream, Some(config(args))).await else { return };
            match args.mode {
                Mode::Echo => echo(ws, kind).await,
                Mode::Broadcast => broadcast(ws, hub, kind).await,
            }
        }
    })
}

/// It zeroes its whole read buffer (128 KiB by default) before every read, which is most of what a small message
/// costs then; 16 KiB still take a batch. The buffer is also the memory of an idle connection.
fn config(args: Args) -> WebSocketConfig {
    let read_buffer = if args.lean { 4096 } else { 16 * 1024 };
    WebSocketConfig::default().read_buffer_size(read_buffer)
}

fn kind(message: &Message) -> Kind {
    match message {
        Message::Text(_) | Message::Binary(_) => Kind::Data,
        Message::Close(_) => Kind::Close,
        _ => Kind::Control,
    }
}
