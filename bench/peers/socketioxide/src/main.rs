//! socketioxide on axum, on one thread: acknowledges `msg`, sends `pub` to everybody in the room.

use axum::Router;
use axum::serve::ListenerExt;
use peer_common::Args;
use serde_json::Value;
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef};
use tokio::net::TcpSocket;

fn main() -> anyhow::Result<()> {
    let args = Args::parse()?;
    args.refuse_deflate()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(args))
}

async fn serve(args: Args) -> anyhow::Result<()> {
    let (layer, io) = SocketIo::builder().max_buffer_size(1024).build_layer();
    io.ns("/", connected);
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(args.listen)?;
    let listener = socket.listen(4096)?.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, Router::new().layer(layer)).await?)
}

async fn connected(socket: SocketRef) {
    socket.join("room");
    socket.on("msg", async |Data::<Value>(data), ack: AckSender| {
        let _ = ack.send(&data);
    });
    socket.on("pub", async |socket: SocketRef, Data::<Value>(data)| {
        let _ = socket.within("room").emit("msg", &data).await;
    });
}
