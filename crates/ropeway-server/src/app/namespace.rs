//! A namespace as the application speaks to it.

use std::fmt;
use std::sync::Arc;

use super::Inner;

/// A namespace, to send to: a handle, cheap to clone, usable from every thread, for example as the state of an axum
/// handler.
#[derive(Clone)]
pub struct Namespace {
    pub(super) app: Arc<Inner>,
    pub(super) name: Arc<str>,
}

impl Namespace {
    pub(super) fn new(app: Arc<Inner>, name: &str) -> Self {
        Self { app, name: name.into() }
    }

    /// Its name, which begins with `/`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Namespace").field(&self.name).finish()
    }
}
