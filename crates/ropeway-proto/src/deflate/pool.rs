//! The zlib states of a thread, lent for the length of one message.
//!
//! A state that is not put back (its message broke off in an error) is simply dropped. A state may be put
//! back on another thread than the one that lent it; the pools are bounded, so nothing piles up.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress};

/// Compressors kept by a thread. One is lent at a time, so more than one is kept only where connections
/// differ in their windows or levels.
const COMPRESSORS: usize = 4;

/// Decompressors kept by a thread. One is lent for as long as a fragmented message takes to arrive.
const DECOMPRESSORS: usize = 8;

/// Bytes of plain text handed out at a time.
const CHUNK: usize = 16 * 1024;

thread_local! {
    static COMPRESS: RefCell<Vec<Compressor>> = const { RefCell::new(Vec::new()) };
    static DECOMPRESS: RefCell<Vec<Decompress>> = const { RefCell::new(Vec::new()) };
    static SCRATCH: RefCell<Option<Box<[u8]>>> = const { RefCell::new(None) };
}

/// A compressor and what it was made for.
pub(super) struct Compressor {
    key: (u8, u8),
    pub(super) zlib: Compress,
}

impl Compressor {
    /// A compressor at the start of a stream. `bits` is 9 to 15, `level` 1 to 9.
    pub(super) fn lend(bits: u8, level: u8) -> Self {
        let key = (bits, level);
        let kept = COMPRESS.with_borrow_mut(|pool| {
            let at = pool.iter().position(|compressor| compressor.key == key)?;
            Some(pool.remove(at))
        });
        kept.unwrap_or_else(|| {
            let zlib = Compress::new_with_window_bits(Compression::new(level.into()), false, bits);
            Self { key, zlib }
        })
    }

    /// Gives the state back, at the start of a stream again.
    pub(super) fn put_back(mut self) {
        self.zlib.reset();
        COMPRESS.with_borrow_mut(|pool| {
            // The last one put back is the last in the row; what was not used for longest makes room.
            if pool.len() == COMPRESSORS {
                pool.remove(0);
            }
            pool.push(self);
        });
    }
}

/// A decompressor at the start of a stream. Its window is always 15 bits: that decodes what any smaller
/// window encoded, and states of one kind are all the pool needs to keep.
pub(super) fn lend_decompressor() -> Decompress {
    DECOMPRESS.with_borrow_mut(Vec::pop).unwrap_or_else(|| Decompress::new(false))
}

/// Gives the state back, at the start of a stream again.
pub(super) fn put_back_decompressor(mut zlib: Decompress) {
    zlib.reset(false);
    DECOMPRESS.with_borrow_mut(|pool| {
        if pool.len() < DECOMPRESSORS {
            pool.push(zlib);
        }
    });
}

/// Runs `body` with a buffer to decompress into. The buffer is out of the pool meanwhile, so `body` may
/// come back here.
pub(super) fn with_scratch<R>(body: impl FnOnce(&mut [u8]) -> R) -> R {
    let kept = SCRATCH.with_borrow_mut(Option::take);
    let mut scratch = kept.unwrap_or_else(|| vec![0; CHUNK].into_boxed_slice());
    let result = body(&mut scratch);
    SCRATCH.set(Some(scratch));
    result
}
