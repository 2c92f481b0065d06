//! Connections from addresses of this machine that are not the members'.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with, sockopt};

/// How long an attacker waits for anything of the server.
const PATIENCE: Duration = Duration::from_secs(5);

/// The address of an attacker, counted from 0: all of 127.0.0.0/8 is this machine.
fn source(attacker: usize) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 2 + (attacker % 200) as u8), 0)
}

/// A connection of that attacker, with so large a buffer for what comes (in bytes; the system's choice without).
pub(crate) fn arrive(
    attacker: usize,
    target: SocketAddr,
    buffer: Option<usize>,
) -> anyhow::Result<TcpStream> {
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    if let Some(bytes) = buffer {
        sockopt::set_socket_recv_buffer_size(&socket, bytes)?;
    }
    bind(&socket, &source(attacker))?;
    connect(&socket, &target)?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}
