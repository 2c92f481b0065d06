//! sockudo-ws, batched: `feed` per message, one flush when nothing more can be read.

use peer_common::{Args, Deflate, Hub, Kind, Mode, broadcast, echo, serve};
use sockudo_ws::deflate::negotiate_server_deflate;
use sockudo_ws::handshake::{build_response, generate_accept_key, parse_request};
use sockudo_ws::stream::CompressedWebSocketStream;
use sockudo_ws::{Config, DeflateConfig, Error, Message, WebSocketStream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

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

async fn handle(mut stream: TcpStream, args: Args, hub: Hub<Message>) -> sockudo_ws::Result<()> {
    let deflate = upgrade(&mut stream, policy(args.deflate)).await?;
    // No deadlines: they are off or coarse in the other servers too.
    let config = Config::builder().idle_timeout(0).auto_ping(false).build();
    match (deflate, args.mode) {
        (None, Mode::Echo) => echo(WebSocketStream::server(stream, config), kind).await,
        (Some(deflate), Mode::Echo) => {
            echo(CompressedWebSocketStream::server(stream, config, deflate), kind).await;
        }
        (_, Mode::Broadcast) => broadcast(WebSocketStream::server(stream, config), hub, kind).await,
    }
    Ok(())
}

fn policy(deflate: Deflate) -> Option<DeflateConfig> {
    let no_takeover = deflate == Deflate::NoTakeover;
    let config = DeflateConfig {
        server_no_context_takeover: no_takeover,
        client_no_context_takeover: no_takeover,
        ..DeflateConfig::default()
    };
    (deflate != Deflate::Off).then_some(config)
}

async fn upgrade(
    stream: &mut TcpStream,
    policy: Option<DeflateConfig>,
) -> sockudo_ws::Result<Option<DeflateConfig>> {
    let mut head = Vec::new();
    loop {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(Error::ConnectionClosed);
        }
        let Some((request, _)) = parse_request(&head)? else { continue };
        let offers = request.extensions.unwrap_or_default();
        let agreed = policy.and_then(|policy| negotiate_server_deflate(offers, &policy));
        let extension = agreed.as_ref().map(sockudo_ws::deflate::DeflateNegotiation::to_response_header);
        let answer = build_response(&generate_accept_key(request.key), None, extension.as_deref());
        stream.write_all(&answer).await?;
        return Ok(agreed.map(|agreed| agreed.config));
    }
}

fn kind(message: &Message) -> Kind {
    match message {
        Message::Text(_) | Message::Binary(_) => Kind::Data,
        Message::Close(_) => Kind::Close,
        _ => Kind::Control,
    }
}
