//! On what occasions handlers are called, and what they may ask for and give back then.

use super::answer::Answered;
use super::{Refusal, Rejection};

/// An occasion on which a handler is called. [`Extract`](super::Extract) says which arguments there are on it,
/// [`Outcome`](super::Outcome) what may be returned. The occasions are the types of this module that implement it.
pub trait Kind: Send + Sync + 'static {
    /// What the server makes of a handler's return value.
    #[doc(hidden)]
    type Output: Send + 'static;

    /// What happens when an argument could not be had.
    #[doc(hidden)]
    fn rejected(rejection: Rejection) -> Self::Output;
}

/// There is a socket.
pub trait HasSocket: Kind {}

/// There is an event.
pub trait HasEvent: HasSocket {}

/// An event of a client: [`Definition::on`](super::Definition::on) and its relatives. The return value is the
/// acknowledgement.
#[derive(Debug)]
pub enum Message {}

/// Before each event: [`Definition::event_middleware`](super::Definition::event_middleware). May refuse it.
#[derive(Debug)]
pub enum BeforeEvent {}

/// A client asks to enter: [`Definition::middleware`](super::Definition::middleware). May refuse it.
#[derive(Debug)]
pub enum Admission {}

/// A client has entered: [`Definition::on_connect`](super::Definition::on_connect).
#[derive(Debug)]
pub enum Connected {}

/// A client has gone: [`Definition::on_disconnect`](super::Definition::on_disconnect).
#[derive(Debug)]
pub enum Disconnected {}

/// Somebody asks for a namespace that nobody has named: [`App::namespace_if`](super::App::namespace_if). There is no
/// socket yet.
#[derive(Debug)]
pub enum Lookup {}

impl Kind for Message {
    type Output = Answered;

    fn rejected(rejection: Rejection) -> Answered {
        Answered::Failed(rejection.into())
    }
}

impl Kind for BeforeEvent {
    type Output = Result<(), Refusal>;

    fn rejected(rejection: Rejection) -> Self::Output {
        Err(rejection.into())
    }
}

impl Kind for Admission {
    type Output = Result<(), Refusal>;

    fn rejected(rejection: Rejection) -> Self::Output {
        Err(rejection.into())
    }
}

impl Kind for Connected {
    type Output = Result<(), Refusal>;

    fn rejected(rejection: Rejection) -> Self::Output {
        Err(rejection.into())
    }
}

impl Kind for Disconnected {
    type Output = Result<(), Refusal>;

    fn rejected(rejection: Rejection) -> Self::Output {
        Err(rejection.into())
    }
}

impl Kind for Lookup {
    type Output = bool;

    /// Whoever cannot be judged is not let in.
    fn rejected(rejection: Rejection) -> bool {
        tracing::debug!(%rejection, "a namespace cannot be judged");
        false
    }
}

impl HasSocket for Message {}
impl HasSocket for BeforeEvent {}
impl HasSocket for Admission {}
impl HasSocket for Connected {}
impl HasSocket for Disconnected {}
impl HasEvent for Message {}
impl HasEvent for BeforeEvent {}
