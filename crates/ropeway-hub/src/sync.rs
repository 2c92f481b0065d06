//! Locking.
//!
//! The order, outermost first; whoever holds one may take only those below it:
//!
//! 0. the list of sockets of a connection
//! 1. `Socket` state: rooms and acknowledgements of one socket
//! 2. a broker's own locks, as far as they are held while it delivers (memory: the log of one room)
//! 3. a shard of the map of rooms of a namespace
//! 4. a broker's locks that `subscribe` and `unsubscribe` take (memory: a shard of its map of logs)
//! 5. the state of one room; of several rooms in the order of their names
//! 6. the queue of an outbox; the hub's list of sockets that wait for an acknowledgement
//!
//! The encoder is called under 1 and 5, the policy under 1, the broker's `publish`, `catch_up`, `history` and the
//! application under none. Tasks are woken under none.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks. A panic of somebody else under the lock (an encoder's) does not matter: what is locked here is
/// consistent between any two calls of foreign code.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
