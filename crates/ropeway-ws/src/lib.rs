//! WebSockets on tokio: a strict, small and fast client and server.
