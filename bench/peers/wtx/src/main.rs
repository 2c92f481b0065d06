//! wtx. Its API writes each frame at once: there is nothing to batch with.

use peer_common::{Args, Deflate, serve};
use tokio::net::TcpStream;
use wtx::collection::Vector;
use wtx::rng::Xorshift64;
use wtx::stream::Stream;
use wtx::web_socket::compression::{Flate2, NegotiatedCompression};
use wtx::web_socket::{DeflateConfig, OpCode, WebSocketAcceptor, WebSocketOwned, WebSocketPayloadOrigin};

fn main() -> anyhow::Result<()> {
    let args = Args::parse()?;
    args.refuse_broadcast()?;
    serve(args.listen, move |stream| async move {
        let _ = handle(stream, args.deflate).await;
    })
}

async fn handle(stream: TcpStream, deflate: Deflate) -> wtx::Result<()> {
    let acceptor = WebSocketAcceptor::default();
    if deflate == Deflate::Off {
        return echo(acceptor.accept(stream).await?).await;
    }
    // It always resets its contexts; the client sees that in the answer.
    echo(acceptor.compression(Flate2::from(DeflateConfig::default())).accept(stream).await?).await
}

async fn echo<NC, S>(mut ws: WebSocketOwned<NC, Xorshift64, S, false>) -> wtx::Result<()>
where
    NC: NegotiatedCompression,
    S: Stream,
{
    let mut buffer = Vector::new();
    let (mut common, mut reader, mut writer) = ws.split_mut();
    loop {
        buffer.clear();
        let mut frame = reader.read_frame(&mut buffer, &mut common, WebSocketPayloadOrigin::Adaptive).await?;
        match frame.op_code() {
            OpCode::Text | OpCode::Binary => writer.write_frame(&mut common, &mut frame).await?,
            OpCode::Close => return Ok(()),
            _ => {}
        }
    }
}
