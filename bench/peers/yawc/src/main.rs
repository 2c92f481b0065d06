//! yawc with the buffers that its README measures with: a read buffer of 128 KiB, a write
//! threshold of 64 KiB, one flush when nothing more can be read.

use std::convert::Infallible;

use futures_util::StreamExt;
use peer_common::{Args, Deflate, Hub, Kind, Mode, broadcast, echo, serve, upgrade};
use tokio::net::TcpStream;
use yawc::{CompressionLevel, Frame, OpCode, Options, Role, WebSocket};

fn main() -> anyhow::Result<()> {
    let args = Args::parse()?;
    let hub = Hub::default();
    serve(args.listen, move |stream| {
        let hub = hub.clone();
        async move {
            let _ = handle(stream, args, hub).await;
        }
    })
}

async fn handle(mut stream: TcpStream, args: Args, hub: Hub<Frame>) -> anyhow::Result<()> {
    let agreed = extension(args.deflate);
    upgrade(&mut stream, agreed).await?;
    let ws = WebSocket::from_stream_with_extensions(stream, Role::Server, agreed, options(args))?;
    // Its stream simply ends on an error.
    let ws = ws.map(Ok::<Frame, Infallible>);
    match args.mode {
        Mode::Echo => echo(ws, kind).await,
        Mode::Broadcast => broadcast(ws, hub, kind).await,
    }
    Ok(())
}

fn extension(deflate: Deflate) -> Option<&'static str> {
    match deflate {
        Deflate::Off => None,
        Deflate::Takeover => Some("permessage-deflate"),
        Deflate::NoTakeover => {
            Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover")
        }
    }
}

fn options(args: Args) -> Options {
    let limit = 64 * 1024 * 1024;
    let options =
        Options::default().with_limits(limit, 2 * limit).with_utf8().with_backpressure_boundary(64 * 1024);
    let options = match args.deflate {
        Deflate::Off => options.without_compression(),
        Deflate::Takeover => options.with_compression_level(CompressionLevel::default()),
        Deflate::NoTakeover => options
            .with_compression_level(CompressionLevel::default())
            .server_no_context_takeover()
            .client_no_context_takeover(),
    };
    // What its documentation advises for many idle connections.
    let read_buffer = if args.lean { 1024 } else { 128 * 1024 };
    let options = options.with_read_buffer_capacity(read_buffer);
    if args.lean { options.with_write_buffer_capacity(1024) } else { options }
}

fn kind(frame: &Frame) -> Kind {
    match frame.opcode() {
        OpCode::Text | OpCode::Binary => Kind::Data,
        OpCode::Close => Kind::Close,
        _ => Kind::Control,
    }
}
