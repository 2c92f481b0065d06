//! Handlers: functions whose arguments are extracted and whose result means something.

use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use ropeway_hub::BoxFuture;

use super::extract::Need;
use super::{Extract, Kind, Outcome, Parts};

/// A function or closure, sync or async, that the server calls on occasions of the kind `K`.
///
/// It has up to eight arguments, each of which implements [`Extract<K>`](Extract), and returns what implements
/// [`Outcome<K>`](Outcome), or a `Send` future of that. It is shared by all sockets: what it holds is `Send + Sync`.
/// `Args` is found by the compiler.
///
/// Nobody implements this for anything else.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler that can be called here",
    label = "not a handler for `{K}`",
    note = "a handler is a function or closure, sync or async, with at most 8 arguments",
    note = "each argument must implement `Extract<{K}>`, such as `Socket`, `State<S>`, `Auth<T>`, and where there is \
            an event `Data<T>`, `Args<(A, B)>`, `Event`; `Ack` only in handlers of events",
    note = "the return value must implement `Outcome<{K}>`, such as `()`, `Result<(), Refusal>`, and in handlers of \
            events `Reply<T>` or `Result<Reply<T>, Refusal>`; an async handler's future must be `Send`"
)]
pub trait Handler<K: Kind, Args>: Send + Sync + 'static {
    /// Extracts the arguments and calls the function.
    #[doc(hidden)]
    fn call(&self, parts: &mut Parts<'_>) -> Called<K::Output>;

    /// The states that its arguments want.
    #[doc(hidden)]
    fn needs(&self) -> Vec<Need>;
}

/// What became of a call.
#[doc(hidden)]
pub enum Called<T> {
    /// It is done.
    Done(T),
    /// An async handler, not polled yet.
    Later(BoxFuture<T>),
}

/// Marks the arguments of a sync handler.
#[doc(hidden)]
#[derive(Debug)]
pub enum Plain {}

/// Marks the arguments of an async handler.
#[doc(hidden)]
#[derive(Debug)]
pub enum Asynchronous {}

/// A handler whose type is forgotten.
pub(super) trait ErasedHandler<K: Kind>: Send + Sync {
    fn call(&self, parts: &mut Parts<'_>) -> Called<K::Output>;

    fn needs(&self) -> Vec<Need>;
}

/// Forgets the type of a handler.
pub(super) fn erase<K: Kind, A: 'static>(handler: impl Handler<K, A>) -> Arc<dyn ErasedHandler<K>> {
    Arc::new(Typed { handler, args: PhantomData::<fn() -> A> })
}

struct Typed<H, A> {
    handler: H,
    args: PhantomData<fn() -> A>,
}

impl<K: Kind, A: 'static, H: Handler<K, A>> ErasedHandler<K> for Typed<H, A> {
    fn call(&self, parts: &mut Parts<'_>) -> Called<K::Output> {
        self.handler.call(parts)
    }

    fn needs(&self) -> Vec<Need> {
        self.handler.needs()
    }
}

/// Polls without being woken: whoever gets a pending future polls it again before long.
pub(super) fn poll_once<T>(future: &mut BoxFuture<T>) -> Poll<T> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

macro_rules! handlers {
    ($($arg:ident),*) => {
        impl<F, K, R, $($arg),*> Handler<K, (Plain, $($arg,)*)> for F
        where
            K: Kind,
            F: Fn($($arg),*) -> R + Send + Sync + 'static,
            R: Outcome<K>,
            $($arg: Extract<K>,)*
        {
            #[allow(non_snake_case, unused_variables, reason = "arguments are named by their types; there may be none")]
            fn call(&self, parts: &mut Parts<'_>) -> Called<K::Output> {
                $(let $arg = match $arg::extract(parts) {
                    Ok(argument) => argument,
                    Err(rejection) => return Called::Done(K::rejected(rejection)),
                };)*
                Called::Done(self($($arg),*).into_output())
            }

            fn needs(&self) -> Vec<Need> {
                let needs: [Option<Need>; _] = [$(<$arg as Extract<K>>::needs()),*];
                needs.into_iter().flatten().collect()
            }
        }

        impl<F, K, R, Fut, $($arg),*> Handler<K, (Asynchronous, $($arg,)*)> for F
        where
            K: Kind,
            F: Fn($($arg),*) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = R> + Send + 'static,
            R: Outcome<K>,
            $($arg: Extract<K>,)*
        {
            #[allow(non_snake_case, unused_variables, reason = "arguments are named by their types; there may be none")]
            fn call(&self, parts: &mut Parts<'_>) -> Called<K::Output> {
                $(let $arg = match $arg::extract(parts) {
                    Ok(argument) => argument,
                    Err(rejection) => return Called::Done(K::rejected(rejection)),
                };)*
                let future = self($($arg),*);
                Called::Later(Box::pin(async move { future.await.into_output() }))
            }

            fn needs(&self) -> Vec<Need> {
                let needs: [Option<Need>; _] = [$(<$arg as Extract<K>>::needs()),*];
                needs.into_iter().flatten().collect()
            }
        }
    };
}

handlers!();
handlers!(A);
handlers!(A, B);
handlers!(A, B, C);
handlers!(A, B, C, D);
handlers!(A, B, C, D, E);
handlers!(A, B, C, D, E, G);
handlers!(A, B, C, D, E, G, H);
handlers!(A, B, C, D, E, G, H, I);
