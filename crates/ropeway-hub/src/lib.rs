//! Namespaces, rooms, events, presence, history and recovery behind a real-time server.
