//! What handlers share, by type.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// One value of each type.
#[derive(Default)]
pub(super) struct States(RwLock<HashMap<TypeId, Box<dyn Any + Send + Sync>>>);

impl States {
    pub(super) fn insert<S: Send + Sync + 'static>(&self, state: S) {
        let mut states = self.0.write().unwrap_or_else(PoisonError::into_inner);
        states.insert(TypeId::of::<S>(), Box::new(state));
    }

    pub(super) fn has(&self, state: TypeId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(&state)
    }

    pub(super) fn find<S: Clone + 'static>(&self) -> Option<S> {
        let states = self.0.read().unwrap_or_else(PoisonError::into_inner);
        states.get(&TypeId::of::<S>())?.downcast_ref().cloned()
    }
}
