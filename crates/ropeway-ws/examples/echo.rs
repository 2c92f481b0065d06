//! A single-threaded echo server: `cargo run --release --example echo -- --listen 127.0.0.1:9001 --deflate takeover`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to people")]

use std::io;
use std::net::SocketAddr;

use clap::{Parser, ValueEnum};
use ropeway_ws::server::{Acceptor, Listener, Origins, Pending};
use ropeway_ws::{Config, Event, deflate};

#[derive(Parser)]
struct Args {
    /// Where to listen; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:9001")]
    listen: SocketAddr,
    /// permessage-deflate.
    #[arg(long, value_enum, default_value = "off")]
    deflate: Deflate,
    /// Largest message in bytes.
    #[arg(long, default_value_t = 64 << 20)]
    max_message: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Deflate {
    Off,
    Takeover,
    NoTakeover,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let args = Args::parse();
    let deflate = match args.deflate {
        Deflate::Off => None,
        Deflate::Takeover => Some(deflate::Config::default()),
        Deflate::NoTakeover => Some(deflate::Config::without_takeover()),
    };
    let config =
        Config { max_message: args.max_message, max_frame: args.max_message, deflate, ..Config::default() };
    let listener = Listener::bind(args.listen, Acceptor::new(config).origins(Origins::Any)).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        match listener.accept().await {
            Ok(pending) => drop(tokio::spawn(echo(pending))),
            Err(error) => {
                eprintln!("cannot accept a connection: {error}");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

async fn echo(pending: Pending) {
    let Ok((mut socket, _request)) = pending.handshake().await else { return };
    // A task of its own holds the connection and nothing of the handshake.
    tokio::spawn(async move {
        socket
            .serve(|event, outgoing| {
                if let Event::Message(message) = event {
                    // It fails only when the connection is closing, which `serve` is about to see.
                    let _ = outgoing.send(message);
                }
            })
            .await
    });
}
