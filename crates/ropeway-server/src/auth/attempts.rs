//! Wrong tokens on one connection.

/// Tokens that were refused one after the other on a connection that goes on. Each costs a verification, and may cost a
/// question to another machine, so the last of [`Attempts::MOST`] ends the connection.
#[derive(Debug, Default)]
pub(crate) struct Attempts(u8);

impl Attempts {
    /// More than a connection has namespaces by default: all of them may come with a token that is over.
    pub(crate) const MOST: u8 = 20;

    /// Notes what has come of a token; whether this one was the last.
    pub(crate) fn note<T, E>(&mut self, verified: &Result<T, E>) -> bool {
        self.0 = if verified.is_ok() { 0 } else { self.0.saturating_add(1) };
        self.0 >= Self::MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_one_makes_good_for_all_before() {
        let mut attempts = Attempts::default();
        let mut wrong = || attempts.note(&Err::<(), ()>(()));
        assert!((1..Attempts::MOST).all(|_| !wrong()));
        assert!((0..300).all(|_| wrong()), "there is no way back but a good one");
        assert!(!attempts.note(&Ok::<(), ()>(())));
        assert!(!attempts.note(&Err::<(), ()>(())));
    }
}
