//! Answers that are usually there at once and sometimes come later.

use std::fmt;
use std::future::{IntoFuture, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future on the heap.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// An answer: [`Reply::Ready`] with the memory broker, [`Reply::Pending`] when another machine is asked. The
/// request is under way before the reply is returned; awaiting only brings the answer. What dropping a pending
/// reply does is said by the method that returns it.
#[must_use]
pub enum Reply<T> {
    /// Here it is.
    Ready(T),
    /// It comes later; somebody has to await it.
    Pending(BoxFuture<T>),
}

impl<T: Send + 'static> Reply<T> {
    /// Applies `change` to the answer, now or when it comes.
    pub fn map<U, F>(self, change: F) -> Reply<U>
    where
        F: FnOnce(T) -> U + Send + 'static,
    {
        match self {
            Self::Ready(answer) => Reply::Ready(change(answer)),
            Self::Pending(later) => Reply::Pending(Box::pin(async move { change(later.await) })),
        }
    }
}

impl<T> IntoFuture for Reply<T> {
    type Output = T;
    type IntoFuture = ReplyFuture<T>;

    fn into_future(self) -> ReplyFuture<T> {
        match self {
            Self::Ready(answer) => ReplyFuture(Inner::Ready(ready(answer))),
            Self::Pending(later) => ReplyFuture(Inner::Pending(later)),
        }
    }
}

impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(_) => f.write_str("Ready"),
            Self::Pending(_) => f.write_str("Pending"),
        }
    }
}

/// The future of a [`Reply`]. Cancel-safe: the request itself is not undone by dropping it, unless the method
/// that returned the reply says so.
pub struct ReplyFuture<T>(Inner<T>);

enum Inner<T> {
    Ready(Ready<T>),
    Pending(BoxFuture<T>),
}

// Nothing in it is pinned in place: the boxed future is pinned by its box.
impl<T> Unpin for ReplyFuture<T> {}

impl<T> Future for ReplyFuture<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match &mut self.0 {
            Inner::Ready(answer) => Pin::new(answer).poll(cx),
            Inner::Pending(later) => later.as_mut().poll(cx),
        }
    }
}

impl<T> fmt::Debug for ReplyFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplyFuture")
    }
}
