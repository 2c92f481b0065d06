//! A Socket.IO server that is as small as one can be, and that `bench/` measures: on connect a client joins `room`;
//! event `msg` acknowledges its argument; event `pub` emits `msg` with its argument to `room`.
//!
//! ```sh
//! cargo run --release --example socketio_echo -- --listen 127.0.0.1:3000
//! ```
#![allow(clippy::print_stdout, reason = "an example says where it listens")]

use std::env;
use std::error::Error;
use std::net::SocketAddr;

use ropeway_server::Server;
use ropeway_server::app::{App, Data, Namespace, Reply, Socket};
use ropeway_server::config::{Cap, Config};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut config = Config::default();
    config.server.listen = listen()?;
    // What is measured is how fast it can be, not how fast one client may be.
    config.limits.messages_per_second = Cap::Off;
    config.limits.bytes_per_second = Cap::Off;
    let server = Server::builder(config).app(app()).bind().await?;
    println!("listening on {}", server.local_addr());
    server.run(std::future::pending()).await;
    Ok(())
}

fn app() -> App {
    let app = App::new();
    app.namespace("/")
        .on_connect(|socket: Socket| socket.join("room"))
        .on("msg", |Data(argument): Data<Value>| Reply(argument))
        .on("pub", |namespace: Namespace, Data(argument): Data<Value>| {
            namespace.to("room").emit("msg", argument)
        });
    app
}

/// The address after `--listen`.
fn listen() -> Result<SocketAddr, Box<dyn Error>> {
    let address = env::args().skip_while(|argument| argument != "--listen").nth(1);
    Ok(address.as_deref().unwrap_or("127.0.0.1:3000").parse()?)
}
