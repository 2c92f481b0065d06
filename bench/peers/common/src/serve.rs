//! The accept loop.

use std::future::Future;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Accepts connections for ever on one thread and runs `handle` for each.
///
/// Tasks are unconstrained, as the peers' own benchmark servers have them: tokio's cooperative
/// budget would only interrupt a batch.
///
/// # Errors
/// The address cannot be bound.
pub fn serve<F, Fut>(listen: SocketAddr, handle: F) -> anyhow::Result<()>
where
    F: Fn(TcpStream) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = bind(listen)?;
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            if stream.set_nodelay(true).is_ok() {
                tokio::spawn(tokio::task::unconstrained(handle(stream)));
            }
        }
    })
}

fn bind(listen: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(listen)?;
    socket.listen(4096)
}
