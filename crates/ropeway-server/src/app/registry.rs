//! Which namespaces there are.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::Definition;
use super::extract::Need;
use super::handler::ErasedHandler;
use super::kind::Lookup;
use crate::config::Pattern;

/// Children are looked through for empty ones when there are this many, and again when they have doubled.
const SWEEP: usize = 1024;

/// The namespaces of an application.
#[derive(Default)]
pub(super) struct Registry {
    /// By name. Read for each client that enters.
    fixed: RwLock<HashMap<Arc<str>, Definition>>,
    /// In the order of their definition.
    parents: RwLock<Vec<Parent>>,
    /// Namespaces that exist because a parent has agreed to them.
    children: Mutex<Children>,
}

/// Namespaces that are made when somebody asks for them.
#[derive(Clone)]
pub(super) struct Parent {
    pub(super) rule: Rule,
    pub(super) definition: Definition,
}

/// Which names a parent agrees to.
#[derive(Clone)]
pub(super) enum Rule {
    Pattern(Pattern),
    Function(Arc<dyn ErasedHandler<Lookup>>),
}

impl Rule {
    fn needs(&self) -> Vec<Need> {
        match self {
            Self::Pattern(_) => Vec::new(),
            Self::Function(function) => function.needs(),
        }
    }
}

#[derive(Default)]
struct Children {
    names: HashSet<Arc<str>>,
    /// The number at which empty ones are looked for.
    sweep_at: usize,
}

impl Registry {
    /// The definition of a name or a pattern; the one there is, if it was asked for before.
    pub(super) fn define(&self, name: &str) -> Definition {
        match Pattern::new(name).filter(|_| name.contains('*')) {
            Some(pattern) => self.parent(Rule::Pattern(pattern)),
            None => write(&self.fixed).entry(name.into()).or_default().clone(),
        }
    }

    pub(super) fn parent(&self, rule: Rule) -> Definition {
        let mut parents = write(&self.parents);
        let same = |parent: &&Parent| matches!((&parent.rule, &rule), (Rule::Pattern(a), Rule::Pattern(b)) if a == b);
        if let Some(parent) = parents.iter().find(same) {
            return parent.definition.clone();
        }
        let definition = Definition::default();
        parents.push(Parent { rule, definition: definition.clone() });
        definition
    }

    pub(super) fn fixed(&self, name: &str) -> Option<Definition> {
        self.fixed.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Whether a name is defined, or a pattern that fits it.
    pub(super) fn has(&self, name: &str) -> bool {
        let fits = |parent: Parent| matches!(parent.rule, Rule::Pattern(pattern) if pattern.matches(name));
        self.fixed(name).is_some() || self.parents().into_iter().any(fits)
    }

    /// Whether a pattern fits a name, or a function might agree to it.
    pub(super) fn may_make(&self, name: &str) -> bool {
        let parents = self.parents.read().unwrap_or_else(PoisonError::into_inner);
        parents.iter().any(|parent| match &parent.rule {
            Rule::Pattern(pattern) => pattern.matches(name),
            Rule::Function(_) => true,
        })
    }

    pub(super) fn fixed_names(&self) -> Vec<Arc<str>> {
        self.fixed.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// The states that handlers of all namespaces want.
    pub(super) fn needs(&self) -> Vec<Need> {
        let fixed: Vec<Definition> =
            self.fixed.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        let parents = self.parents();
        let lookups = parents.iter().flat_map(|parent| parent.rule.needs());
        let definitions = fixed.iter().chain(parents.iter().map(|parent| &parent.definition));
        definitions
            .flat_map(|definition| definition.handlers().needs().collect::<Vec<_>>())
            .chain(lookups)
            .collect()
    }

    pub(super) fn parents(&self) -> Vec<Parent> {
        self.parents.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes a child; whether it is a new one. `is_empty` removes one that nobody is in, and says whether it did: so
    /// what clients can make grow stays within twice of what they use.
    pub(super) fn adopt(&self, name: &str, is_empty: impl Fn(&str) -> bool) -> bool {
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        if children.names.contains(name) {
            return false;
        }
        if children.names.len() >= children.sweep_at.max(SWEEP) {
            children.names.retain(|name| !is_empty(name));
            children.sweep_at = children.names.len() * 2;
        }
        children.names.insert(name.into());
        true
    }

    /// Children whose name fits.
    pub(super) fn children(&self, fits: impl Fn(&str) -> bool) -> Vec<Arc<str>> {
        let children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        children.names.iter().filter(|name| fits(name)).cloned().collect()
    }

    pub(super) fn is_child(&self, name: &str) -> bool {
        self.children.lock().unwrap_or_else(PoisonError::into_inner).names.contains(name)
    }

    /// Forgets a child.
    pub(super) fn release(&self, name: &str) {
        self.children.lock().unwrap_or_else(PoisonError::into_inner).names.remove(name);
    }
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
