//! Bytes on their way out.
//!
//! Small frames are appended to one buffer; prepared and large payloads are queued by reference. Both leave in one
//! vectored write. A drained queue owns no memory.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::ops::Deref;

use bytes::Bytes;

use crate::buffers;

/// Payloads below this many bytes are copied: cheaper than one more slice in a write.
const COPY_BELOW: usize = 1024;

/// A first buffer holds this much, so that a batch of replies does not grow it step by step.
const FIRST_CAPACITY: usize = 4096;

/// A queue of bytes to write, in order.
#[derive(Debug, Default)]
pub struct Output {
    /// What leaves before `tail`; absent when nothing does.
    sealed: Option<Box<Sealed>>,
    /// Where the next small frame is appended.
    tail: Vec<u8>,
    /// How much of the first chunk (of `sealed`, or else of `tail`) has left.
    written: usize,
}

#[derive(Debug, Default)]
struct Sealed {
    chunks: VecDeque<Chunk>,
    /// Bytes in all chunks.
    len: usize,
}

/// Bytes that leave as they are.
#[derive(Debug)]
enum Chunk {
    Shared(Bytes),
    Owned(Vec<u8>),
}

impl Deref for Chunk {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Shared(bytes) => bytes,
            Self::Owned(bytes) => bytes,
        }
    }
}

impl Output {
    /// Bytes that wait.
    #[inline]
    pub fn len(&self) -> usize {
        self.sealed.as_ref().map_or(0, |sealed| sealed.len) + self.tail.len() - self.written
    }

    /// Whether nothing waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Queues bytes that are ready for the wire: a frame made elsewhere, such as that of a `Prepared` message. Large ones
    /// are not copied.
    pub fn push(&mut self, bytes: Bytes) {
        if bytes.len() < COPY_BELOW {
            self.tail().extend_from_slice(&bytes);
        } else {
            self.seal(Chunk::Shared(bytes));
        }
    }

    /// Queues bytes that have to be copied.
    pub fn push_slice(&mut self, bytes: &[u8]) {
        self.tail().extend_from_slice(bytes);
    }

    /// Queues a large payload without copying it.
    pub(crate) fn push_owned(&mut self, payload: Vec<u8>) {
        self.seal(Chunk::Owned(payload));
    }

    /// The buffer that small frames are appended to.
    #[inline]
    pub(crate) fn tail(&mut self) -> &mut Vec<u8> {
        if self.tail.capacity() == 0 {
            self.tail = buffers::small();
            self.tail.reserve(FIRST_CAPACITY);
        }
        &mut self.tail
    }

    /// Fills `slices` with what to write next and gives how many it filled.
    pub fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let sealed = self.sealed.iter().flat_map(|sealed| &sealed.chunks).map(Deref::deref);
        let chunks = sealed.chain([&self.tail[..]]);
        let mut written = self.written;
        let mut filled = 0;
        for (slice, chunk) in slices.iter_mut().zip(chunks.filter(|chunk| !chunk.is_empty())) {
            *slice = IoSlice::new(&chunk[written..]);
            written = 0;
            filled += 1;
        }
        filled
    }

    /// The bytes to write next, when they lie in one piece.
    #[inline]
    pub fn contiguous(&self) -> Option<&[u8]> {
        match &self.sealed {
            None => Some(&self.tail[self.written..]),
            Some(sealed) if sealed.chunks.len() == 1 && self.tail.is_empty() => {
                Some(&sealed.chunks[0][self.written..])
            }
            Some(_) => None,
        }
    }

    /// Takes `len` bytes off the front: they have been written.
    pub fn advance(&mut self, len: usize) {
        self.written += len;
        if let Some(sealed) = &mut self.sealed {
            self.written = sealed.drop_written(self.written);
            if !sealed.chunks.is_empty() {
                return;
            }
            self.sealed = None;
        }
        if self.written >= self.tail.len() {
            self.recycle();
        } else if self.written > self.tail.len() / 2 {
            // A queue that is never empty must not keep what has left. Less is moved than was written.
            self.tail.drain(..self.written);
            self.written = 0;
        }
    }

    /// Takes all bytes off the queue, as one buffer. For drivers that cannot write in place, and for tests.
    pub fn take(&mut self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len());
        let mut slices = vec![IoSlice::new(&[]); self.chunks()];
        let filled = self.slices(&mut slices);
        for slice in &slices[..filled] {
            bytes.extend_from_slice(slice);
        }
        let len = self.len();
        self.advance(len);
        bytes
    }

    /// Gives back spare capacity: for a peer that does not read, so that its queue holds what waits and no more.
    pub fn park(&mut self) {
        self.tail.shrink_to_fit();
    }

    /// Drops all that waits.
    pub fn clear(&mut self) {
        self.advance(self.len());
    }

    fn chunks(&self) -> usize {
        1 + self.sealed.as_ref().map_or(0, |sealed| sealed.chunks.len())
    }

    fn seal(&mut self, chunk: Chunk) {
        let tail = (!self.tail.is_empty()).then(|| Chunk::Owned(self.seal_tail()));
        let sealed = self.sealed.get_or_insert_default();
        for chunk in tail.into_iter().chain([chunk]) {
            sealed.len += chunk.len();
            sealed.chunks.push_back(chunk);
        }
    }

    /// Takes the bytes of `tail`. Few are copied: a header must not hold on to a whole buffer.
    fn seal_tail(&mut self) -> Vec<u8> {
        if self.tail.len() > self.tail.capacity() / 2 {
            return std::mem::take(&mut self.tail);
        }
        let sealed = self.tail.clone();
        self.tail.clear();
        sealed
    }

    /// Everything has left.
    fn recycle(&mut self) {
        self.written = 0;
        buffers::keep_small(std::mem::take(&mut self.tail));
    }
}

impl Sealed {
    /// Drops the chunks that have left, of `written` bytes; gives how many of these belong to what stays.
    fn drop_written(&mut self, mut written: usize) -> usize {
        while let Some(chunk) = self.chunks.front() {
            if written < chunk.len() {
                break;
            }
            written -= chunk.len();
            self.len -= chunk.len();
            if let Some(Chunk::Owned(bytes)) = self.chunks.pop_front() {
                buffers::keep_large(bytes);
            }
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> (Output, Vec<u8>) {
        let mut output = Output::default();
        output.tail().extend_from_slice(b"first");
        output.push(Bytes::from(vec![b'x'; 3000]));
        output.push(Bytes::from_static(b"small"));
        output.push_owned(vec![b'y'; 2000]);
        output.push_slice(b"last");
        let expected = [b"first".as_slice(), &[b'x'; 3000], b"small", &[b'y'; 2000], b"last"].concat();
        (output, expected)
    }

    #[test]
    fn bytes_leave_in_order_whatever_a_write_takes() {
        for step in [1, 2, 3, 7, 100, 2999, 3001, 10_000] {
            let (mut output, expected) = filled();
            let mut wire = Vec::new();
            while !output.is_empty() {
                let mut slices = [IoSlice::new(&[]); 3];
                let filled = output.slices(&mut slices);
                let offered: Vec<u8> = slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect();
                let taken = step.min(offered.len());
                wire.extend_from_slice(&offered[..taken]);
                output.advance(taken);
                assert_eq!(output.len() + wire.len(), expected.len());
            }
            assert_eq!(wire, expected, "step {step}");
        }
    }

    #[test]
    fn take_gives_all_that_waits() {
        let (mut output, expected) = filled();
        output.advance(4);
        assert_eq!(output.take(), expected[4..]);
        assert!(output.is_empty());
    }

    #[test]
    fn a_queue_that_is_never_empty_holds_what_waits() {
        let mut output = Output::default();
        output.tail().extend_from_slice(&[0; 1000]);
        for _ in 0..10_000 {
            output.tail().extend_from_slice(&[0; 1000]);
            output.advance(1000);
        }
        assert_eq!(output.len(), 1000);
        assert!(output.tail.capacity() <= FIRST_CAPACITY, "{}", output.tail.capacity());
    }

    #[test]
    fn a_header_before_a_large_payload_does_not_hold_a_buffer() {
        let mut output = Output::default();
        output.tail().extend_from_slice(b"header");
        output.push_owned(vec![0; 20_000]);
        assert!(
            matches!(output.sealed.unwrap().chunks.pop_front(), Some(Chunk::Owned(header)) if header.capacity() == 6)
        );
    }

    #[test]
    fn the_spare_of_a_thread_outlives_queues_that_need_none() {
        let mut output = Output::default();
        output.tail().extend_from_slice(b"small");
        output.advance(5);
        output.advance(0);
        output.clear();
        assert!(buffers::small().capacity() >= FIRST_CAPACITY);
    }

    #[test]
    fn a_drained_queue_owns_no_memory() {
        let (mut output, _) = filled();
        output.advance(output.len());
        assert!(output.tail.capacity() == 0 && output.sealed.is_none());
    }
}
