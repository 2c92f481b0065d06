//! What one test of the suite is.

use std::future::Future;
use std::pin::Pin;

use crate::subject::Subject;

/// A demand on a server and the code that finds out whether it is met.
pub(crate) struct Case {
    /// Module and function, as `engine::handshake::opens_a_session`.
    pub(crate) name: &'static str,
    /// The document and its section that demand it.
    pub(crate) place: Place,
    /// The demand in one sentence.
    pub(crate) demand: &'static str,
    /// Returns when the demand is met and panics when it is not.
    pub(crate) run: fn(&'static Subject) -> Pin<Box<dyn Future<Output = ()> + Send>>,
    pub(crate) reference: Reference,
    /// It measures the server and is run by itself, after the others.
    pub(crate) alone: bool,
}

/// Where a demand comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place(pub(crate) &'static str, pub(crate) &'static str);

/// What is known of the npm `socket.io` server, against which the tests themselves are tested.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reference {
    /// It meets the demand.
    Meets,
    /// It is known not to, and why we ask for more.
    Fails(&'static str),
    /// It is not asked, because it would not survive the question or cannot be asked.
    Spared(&'static str),
}

impl Case {
    /// The name without that of this program.
    pub(crate) fn short_name(&self) -> &'static str {
        self.name.split_once("::").map_or(self.name, |(_, name)| name)
    }

    /// Marks a demand that the reference does not meet.
    pub(crate) const fn beyond_the_reference(mut self, reason: &'static str) -> Self {
        self.reference = Reference::Fails(reason);
        self
    }

    /// Runs it by itself, after the others.
    pub(crate) const fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Marks a demand that the reference is not to be asked for.
    pub(crate) const fn sparing_the_reference(mut self, reason: &'static str) -> Self {
        self.reference = Reference::Spared(reason);
        self
    }
}

/// One line of the table that each module of tests begins with: the place, the function, the demand.
macro_rules! case {
    ($place:expr, $function:ident, $demand:expr) => {
        $crate::case::Case {
            name: concat!(module_path!(), "::", stringify!($function)),
            place: $place,
            demand: $demand,
            run: |subject| Box::pin($function(subject)),
            reference: $crate::case::Reference::Meets,
            alone: false,
        }
    };
}
pub(crate) use case;
