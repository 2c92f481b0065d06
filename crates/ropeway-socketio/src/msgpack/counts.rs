//! How many elements the arrays and objects of a JSON text have. MessagePack wants to know it before the first one.

use crate::error::Error;
use crate::json::{Container, Scanner, Token, placeholder};

/// Counts in the order in which the brackets open; the list itself is the first.
pub(super) struct Counts {
    /// Elements of the list.
    pub(super) list: usize,
    pub(super) inner: std::vec::IntoIter<usize>,
}

/// Counts a list of JSON values. With attachments placeholders are not objects but values.
pub(super) fn count(list: &str, has_attachments: bool) -> Result<Counts, Error> {
    let mut counter = Counter { list: 0, inner: Vec::new(), open: Vec::new() };
    let mut scanner = Scanner::list(list, usize::MAX);
    while let Some(token) = scanner.token()? {
        match token {
            Token::Begin(Container::Object)
                if has_attachments && placeholder::take(&mut scanner).is_some() =>
            {
                counter.value();
            }
            Token::Begin(_) => counter.begin(),
            Token::End => drop(counter.open.pop()),
            Token::Key(_) => {}
            Token::String(_) | Token::Number(_) | Token::Literal(_) => counter.value(),
        }
    }
    Ok(Counts { list: counter.list, inner: counter.inner.into_iter() })
}

struct Counter {
    list: usize,
    inner: Vec<usize>,
    /// The open ones, by their place in `inner`.
    open: Vec<usize>,
}

impl Counter {
    /// In an object each member has one value.
    fn value(&mut self) {
        let count = match self.open.last() {
            Some(open) => self.inner.get_mut(*open),
            None => Some(&mut self.list),
        };
        if let Some(count) = count {
            *count += 1;
        }
    }

    fn begin(&mut self) {
        self.value();
        self.open.push(self.inner.len());
        self.inner.push(0);
    }
}
