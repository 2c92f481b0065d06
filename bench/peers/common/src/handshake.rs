//! The opening handshake (RFC 6455 section 4.2) for libraries that would bring hyper for it: without
//! hyper they work on the bare socket, which is the least that they can cost.

use anyhow::{Context, bail};
use base64::Engine;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Answers the request with 101 and, when it offers permessage-deflate, with `extension`.
/// The load sends nothing before the answer, so that no bytes are left over.
///
/// # Errors
/// The connection ends, or the request has no key.
pub async fn upgrade(stream: &mut TcpStream, extension: Option<&str>) -> anyhow::Result<()> {
    let request = read_head(stream).await?;
    let key = header(&request, "sec-websocket-key").context("no Sec-WebSocket-Key")?;
    let digest = sha1_smol::Sha1::from(format!("{key}{GUID}")).digest().bytes();
    let accept = base64::engine::general_purpose::STANDARD.encode(digest);
    let mut answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n"
    );
    if let Some(agreed) = extension.filter(|_| header(&request, "sec-websocket-extensions").is_some()) {
        answer += &format!("Sec-WebSocket-Extensions: {agreed}\r\n");
    }
    answer += "\r\n";
    Ok(stream.write_all(answer.as_bytes()).await?)
}

async fn read_head(stream: &mut TcpStream) -> anyhow::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut chunk = [0; 1024];
        let n = stream.read(&mut chunk).await?;
        if n == 0 || head.len() > 8192 {
            bail!("no request");
        }
        head.extend_from_slice(&chunk[..n]);
    }
    Ok(String::from_utf8(head)?)
}

fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = request.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
