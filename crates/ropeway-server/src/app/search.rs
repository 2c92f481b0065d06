//! Finding the handlers of a namespace, and making and forgetting those that clients ask for.

use std::sync::Arc;
use std::task::Poll;

use ropeway_hub::{BoxFuture, OwnedPayload, Reply};

use super::calls::resolve;
use super::extract::Parts;
use super::handler::poll_once;
use super::registry::{Parent, Rule};
use super::{Handlers, Inner, Namespace};
use crate::Handshake;

/// The exact name first, then parents in the order of their definition.
pub(super) fn find(
    app: &Arc<Inner>,
    namespace: &str,
    handshake: &Arc<Handshake>,
    auth: &OwnedPayload,
) -> Reply<Option<Arc<Handlers>>> {
    if let Some(definition) = app.registry.fixed(namespace) {
        return Reply::Ready(app.add_to_hub(namespace).then(|| definition.handlers()));
    }
    let parents = app.registry.parents();
    if parents.is_empty() {
        return Reply::Ready(None);
    }
    let asker = Asker {
        app: app.clone(),
        namespace: namespace.into(),
        handshake: handshake.clone(),
        auth: auth.clone(),
    };
    let mut future: BoxFuture<Option<Arc<Handlers>>> = Box::pin(asker.ask(parents));
    match poll_once(&mut future) {
        Poll::Ready(found) => Reply::Ready(found),
        Poll::Pending => Reply::Pending(future),
    }
}

/// A socket has left a namespace.
pub(super) fn left(app: &Inner, namespace: &str) {
    let Some(running) = app.running.get().filter(|running| running.cleanup) else { return };
    if app.registry.is_child(namespace) && running.hub.remove_namespace(namespace) {
        app.registry.release(namespace);
    }
}

struct Asker {
    app: Arc<Inner>,
    namespace: Box<str>,
    handshake: Arc<Handshake>,
    auth: OwnedPayload,
}

impl Asker {
    async fn ask(self, parents: Vec<Parent>) -> Option<Arc<Handlers>> {
        for Parent { rule, definition } in parents {
            if self.agrees(&rule).await {
                return adopt(&self.app, &self.namespace).then(|| definition.handlers());
            }
        }
        None
    }

    async fn agrees(&self, rule: &Rule) -> bool {
        match rule {
            Rule::Pattern(pattern) => pattern.matches(&self.namespace),
            Rule::Function(function) => {
                let called = function.call(&mut self.parts());
                resolve(called).await
            }
        }
    }

    fn parts(&self) -> Parts<'_> {
        Parts {
            app: &self.app,
            namespace: &self.namespace,
            handshake: &self.handshake,
            auth: self.auth.as_payload(),
            socket: None,
            event: None,
            reason: None,
        }
    }
}

/// Whether the namespace exists now.
fn adopt(app: &Arc<Inner>, namespace: &str) -> bool {
    let is_empty = |name: &str| app.running.get().is_some_and(|running| running.hub.remove_namespace(name));
    let is_new = app.registry.adopt(namespace, is_empty);
    let exists = app.add_to_hub(namespace);
    if !exists {
        app.registry.release(namespace);
    } else if is_new {
        app.hooks.new_namespace(Namespace::new(app.clone(), namespace));
    }
    exists
}
