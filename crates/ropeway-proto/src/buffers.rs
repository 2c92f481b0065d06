//! Spare buffers of a thread.
//!
//! What a queue or a message no longer needs serves the next one, so that a busy connection allocates nothing and an idle
//! one owns nothing. The bounds below are what a thread keeps at most.

use std::cell::Cell;

/// The largest buffer of small frames that is kept.
const MAX_SMALL: usize = 256 * 1024;

/// Messages from this many bytes on are assembled in a large spare buffer: for smaller ones the allocator is as fast.
pub(crate) const LARGE_FROM: usize = 64 * 1024;

/// The largest buffer of a message that is kept.
const MAX_LARGE: usize = 4 * 1024 * 1024;

/// Buffers of messages that are kept.
const LARGE_BUFFERS: usize = 4;

thread_local! {
    static SMALL: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static LARGE: Cell<Vec<Vec<u8>>> = const { Cell::new(Vec::new()) };
}

/// A buffer for small frames: empty, and as large as the last one was.
#[inline]
pub(crate) fn small() -> Vec<u8> {
    SMALL.take()
}

/// Keeps a buffer of small frames.
#[inline]
pub(crate) fn keep_small(mut buffer: Vec<u8>) {
    if (1..=MAX_SMALL).contains(&buffer.capacity()) {
        buffer.clear();
        SMALL.set(buffer);
    }
}

/// A buffer for a message that has outgrown its own: empty, with whatever capacity there is.
pub(crate) fn large() -> Vec<u8> {
    let mut spares = LARGE.take();
    let buffer = spares.pop().unwrap_or_default();
    LARGE.set(spares);
    buffer
}

/// Keeps the buffer of a large message.
pub(crate) fn keep_large(mut buffer: Vec<u8>) {
    let mut spares = LARGE.take();
    if (LARGE_FROM..=MAX_LARGE).contains(&buffer.capacity()) && spares.len() < LARGE_BUFFERS {
        buffer.clear();
        spares.push(buffer);
    }
    LARGE.set(spares);
}
