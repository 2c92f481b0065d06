//! The end of what went before, for context takeover.

/// The last bytes of the plain text of one direction, at most `limit` of them.
///
/// Memory grows with what was really said: a connection that exchanged 300 bytes keeps 300.
#[derive(Debug)]
pub(super) struct History {
    limit: usize,
    bytes: Vec<u8>,
}

impl History {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, bytes: Vec::new() }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Remembers `text`, and forgets what is now too far back.
    pub(super) fn push(&mut self, text: &[u8]) {
        let text = &text[text.len().saturating_sub(self.limit)..];
        let excess = (self.bytes.len() + text.len()).saturating_sub(self.limit);
        self.bytes.drain(..excess);
        self.grow(text.len());
        self.bytes.extend_from_slice(text);
    }

    pub(super) fn clear(&mut self) {
        self.bytes = Vec::new();
    }

    /// Doubles like a vector, but never past the limit.
    fn grow(&mut self, more: usize) {
        let wanted = self.bytes.len() + more;
        if wanted > self.bytes.capacity() {
            let capacity = wanted.max(2 * self.bytes.capacity()).min(self.limit);
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_end_of_all_that_was_pushed() {
        let mut history = History::new(8);
        let mut all = Vec::new();
        for text in ["", "ab", "cdef", "ghi", "0123456789abcdef", "z"] {
            history.push(text.as_bytes());
            all.extend_from_slice(text.as_bytes());
            assert_eq!(history.bytes(), &all[all.len().saturating_sub(8)..]);
            assert!(history.bytes.capacity() <= 8);
        }
    }

    #[test]
    fn holds_no_more_memory_than_was_said() {
        let mut history = History::new(4096);
        history.push(&[7; 100]);
        assert_eq!(history.bytes.capacity(), 100);
        history.clear();
        assert_eq!(history.bytes.capacity(), 0);
    }
}
