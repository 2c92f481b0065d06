//! Which of the open brackets are arrays and which are objects: one bit each.

/// What a value lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    /// `[`
    Array,
    /// `{`
    Object,
}

/// The open brackets. The 64 innermost are in one word; memory is taken only beyond.
#[derive(Clone, Debug, Default)]
pub(crate) struct Levels {
    depth: usize,
    word: u64,
    outer: Vec<u64>,
}

impl Levels {
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    pub(crate) fn innermost(&self) -> Option<Container> {
        match (self.depth, self.word & 1) {
            (0, _) => None,
            (_, 0) => Some(Container::Array),
            _ => Some(Container::Object),
        }
    }

    pub(crate) fn push(&mut self, container: Container) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.word);
        }
        self.word = self.word << 1 | u64::from(container == Container::Object);
        self.depth += 1;
    }

    pub(crate) fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.word >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.word = self.outer.pop().unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_come_back_in_reverse() {
        let mut levels = Levels::default();
        let kind = |at: usize| if at * at % 7 < 3 { Container::Object } else { Container::Array };
        for at in 0..300 {
            levels.push(kind(at));
        }
        for at in (0..300).rev() {
            assert_eq!((levels.depth(), levels.innermost()), (at + 1, Some(kind(at))));
            levels.pop();
        }
        assert_eq!((levels.depth(), levels.innermost()), (0, None));
    }
}
