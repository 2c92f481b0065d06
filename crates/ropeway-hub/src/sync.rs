//! Locking.
//!
//! The order, outermost first; whoever holds one may take only those below it:
//!
//! 0. the list of sockets of a connection
//! 1. the hub's map of namespaces; `Socket` state: rooms and acknowledgements of one socket
//! 2. a broker's own locks, as far as they are held while it delivers (memory: the log of one room)
//! 3. what a namespace remembers for sockets that come back; held while an event is logged and delivered
//! 4. a shard of the map of rooms of a namespace
//! 5. a broker's locks that `subscribe` and `unsubscribe` take (memory: a shard of its map of logs)
//! 6. the state of one room; of several rooms in the order of their names
//! 7. the established sockets of a namespace
//! 8. the queue of an outbox; the hub's list of sockets that wait for an acknowledgement; the answers to a broadcast
//!
//! The two of 1 are never held together. The encoder is called under 1, 3, 6 and 7, the policy under 1 and 3, the
//! broker's `publish`, `broadcast`, `ask`, `command`, `fetch`, `catch_up`, `history` and the application under none.
//! Tasks are woken under none.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks. A panic of somebody else under the lock (an encoder's) does not matter: what is locked here is
/// consistent between any two calls of foreign code.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
