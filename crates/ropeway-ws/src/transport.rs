//! The byte stream below a connection.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use ropeway_proto::Output;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What a [`WebSocket`](crate::WebSocket) runs over: TCP directly, anything else (TLS, HTTP/2, a Unix socket, a test's
/// duplex) behind a box, so that no type parameter spreads through the users' signatures.
pub(crate) enum Transport {
    Tcp(TcpStream),
    Boxed(Pin<Box<dyn Io>>),
}

/// Any stream that tokio can read and write.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Io for T {}

/// Slices offered to one vectored write.
const MAX_SLICES: usize = 64;

impl Transport {
    pub(crate) fn boxed(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        Self::Boxed(Box::pin(stream))
    }

    /// Reads what is there, at most as much as fits; 0 is the end of the stream.
    #[inline]
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        let poll = match self {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, &mut buffer),
            Self::Boxed(stream) => stream.as_mut().poll_read(cx, &mut buffer),
        };
        poll.map_ok(|()| buffer.filled().len())
    }

    /// Writes until `out` is empty or the stream takes no more.
    #[inline]
    pub(crate) fn poll_write_all(&mut self, cx: &mut Context<'_>, out: &mut Output) -> Poll<io::Result<()>> {
        while !out.is_empty() {
            let written = match out.contiguous() {
                Some(bytes) => self.poll_write(cx, bytes),
                None => self.poll_write_vectored(cx, out),
            };
            match std::task::ready!(written)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                len => out.advance(len),
            }
        }
        match self {
            // A TCP stream of tokio has nothing to flush.
            Self::Tcp(_) => Poll::Ready(Ok(())),
            Self::Boxed(stream) => stream.as_mut().poll_flush(cx),
        }
    }

    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Boxed(stream) => stream.as_mut().poll_shutdown(cx),
        }
    }

    #[inline]
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Boxed(stream) => stream.as_mut().poll_write(cx, bytes),
        }
    }

    /// Writes `out` and `payload` behind it, once. Takes what was written off `out`, and gives how much of `payload` was. A
    /// failure shows in the next write.
    pub(crate) fn poll_write_behind(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Output,
        payload: &[u8],
    ) -> usize {
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let filled = out.slices(&mut slices[..MAX_SLICES - 1]);
        slices[filled] = IoSlice::new(payload);
        let offered: usize = slices[..filled].iter().map(|slice| slice.len()).sum();
        if offered < out.len() {
            return 0;
        }
        let written = match self.poll_write_slices(cx, &slices[..=filled]) {
            Poll::Ready(Ok(written)) => written,
            _ => 0,
        };
        let of_payload = written.saturating_sub(offered);
        out.advance(written - of_payload);
        of_payload
    }

    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, out: &Output) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let filled = out.slices(&mut slices);
        self.poll_write_slices(cx, &slices[..filled])
    }

    fn poll_write_slices(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Boxed(stream) => stream.as_mut().poll_write_vectored(cx, slices),
        }
    }
}
