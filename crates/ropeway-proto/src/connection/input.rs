//! Bytes taken off the front of what arrived.

use crate::mask::Key;

/// Takes `len` bytes off `input`.
#[inline]
pub(super) fn take<'i>(input: &mut &'i mut [u8], len: usize) -> &'i mut [u8] {
    let (taken, rest) = std::mem::take(input).split_at_mut(len);
    *input = rest;
    taken
}

/// Takes `len` bytes of payload off `input` and unmasks them where they are.
#[inline]
pub(super) fn take_unmasked<'i>(input: &mut &'i mut [u8], len: usize, mask: Option<Key>) -> &'i [u8] {
    let payload = take(input, len);
    unmask(payload, mask);
    payload
}

#[inline]
pub(super) fn unmask(payload: &mut [u8], mask: Option<Key>) {
    if let Some(key) = mask {
        key.apply(payload);
    }
}
