//! The read buffer of a worker thread.
//!
//! All connections of a thread read into the same buffer, one after the other, and borrow it only while their bytes are
//! looked at. So an idle connection owns no read buffer, and a busy one finds this one warm in the cache.

use std::cell::Cell;

/// Bytes that one read can take.
const LEN: usize = 128 * 1024;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Lends the buffer. A use within a use gets a buffer of its own.
#[inline]
pub(crate) fn with<R>(work: impl FnOnce(&mut [u8]) -> R) -> R {
    let mut buffer = SCRATCH.take();
    if buffer.is_empty() {
        buffer = vec![0; LEN];
    }
    let result = work(&mut buffer);
    SCRATCH.set(buffer);
    result
}
