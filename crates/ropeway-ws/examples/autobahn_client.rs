//! The client that the Autobahn test suite torments: `autobahn_client ws://127.0.0.1:9001 NAME`.
//!
//! The suite is a server. It is asked how many cases there are, and each case is a connection on which everything is
//! echoed; at the end it is told to write its report about NAME. `cargo xtask autobahn` runs it.

use std::error::Error;

use clap::Parser;
use ropeway_ws::client::Connect;
use ropeway_ws::{Config, Event, WebSocket, deflate};

/// The largest message of the suite has 16 MiB.
const MAX_MESSAGE: usize = 16 << 20;

#[derive(Parser)]
struct Args {
    /// Where the suite listens.
    url: String,
    /// The name in the report.
    name: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Args { url, name } = Args::parse();
    for case in 1..=case_count(&url).await? {
        let mut socket = connect(&format!("{url}/runCase?case={case}&agent={name}")).await?;
        echo(&mut socket).await;
    }
    let mut socket = connect(&format!("{url}/updateReports?agent={name}")).await?;
    while socket.next().await.transpose()?.is_some() {}
    Ok(())
}

async fn connect(url: &str) -> Result<WebSocket, Box<dyn Error>> {
    let config =
        Config { max_message: MAX_MESSAGE, deflate: Some(deflate::Config::default()), ..Config::default() };
    Ok(Connect::new(url)?.config(config).open().await?.0)
}

async fn case_count(url: &str) -> Result<u32, Box<dyn Error>> {
    let mut socket = connect(&format!("{url}/getCaseCount")).await?;
    let count = socket.next().await.ok_or("the suite did not say how many cases there are")??;
    Ok(std::str::from_utf8(count.as_bytes())?.parse()?)
}

/// How the connection ends is for the suite to judge.
async fn echo(socket: &mut WebSocket) {
    socket
        .serve(|event, outgoing| {
            if let Event::Message(message) = event {
                // It fails only when the connection is closing, which `serve` is about to see.
                let _ = outgoing.send(message);
            }
        })
        .await;
}
