//! fastwebsockets. Its API writes each frame at once: there is nothing to batch with.

use fastwebsockets::{FragmentCollector, OpCode, Role, WebSocket, WebSocketError};
use peer_common::{Args, serve, upgrade};
use tokio::net::TcpStream;

fn main() -> anyhow::Result<()> {
    let args = Args::parse()?;
    args.refuse_deflate()?;
    args.refuse_broadcast()?;
    serve(args.listen, |stream| async move {
        let _ = handle(stream).await;
    })
}

async fn handle(mut stream: TcpStream) -> anyhow::Result<()> {
    upgrade(&mut stream, None).await?;
    let mut ws = WebSocket::after_handshake(stream, Role::Server);
    ws.set_writev(true);
    ws.set_auto_close(true);
    ws.set_auto_pong(true);
    Ok(echo(FragmentCollector::new(ws)).await?)
}

async fn echo(mut ws: FragmentCollector<TcpStream>) -> Result<(), WebSocketError> {
    loop {
        let frame = ws.read_frame().await?;
        match frame.opcode {
            OpCode::Text | OpCode::Binary => ws.write_frame(frame).await?,
            OpCode::Close => return Ok(()),
            _ => {}
        }
    }
}
