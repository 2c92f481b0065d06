//! RFC 6455 and RFC 7692 without I/O: frames, messages, close, deflate, handshake rules.
