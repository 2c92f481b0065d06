//! Messages that wait for their answer.

use std::collections::VecDeque;

use crate::bench::measure::Nanos;

/// Messages of one connection that are remembered while they are under way; beyond that the oldest are lost for good.
const REMEMBERED: u64 = 10_000;

/// One message under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flight {
    /// How many were sent before it.
    before: u64,
    /// When it should have been sent.
    pub(crate) due: Nanos,
    /// When it was.
    pub(crate) sent: Nanos,
}

/// What an answer turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The first to a message, and none to a later message came before it.
    InOrder(Flight),
    /// The first to a message, after one to a later message.
    Late(Flight),
    /// One that had come before, or that was given up.
    Again,
    /// Of no message that was sent.
    Unknown,
}

/// The messages of one connection that are under way, in the order in which they were sent. Numbers begin anew at a
/// modulus, always the same.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    under_way: VecDeque<Flight>,
    /// Messages sent so far.
    sent: u64,
    /// Messages sent until the latest of those that were answered, itself included.
    answered: u64,
}

impl Flights {
    pub(crate) fn len(&self) -> usize {
        self.under_way.len()
    }

    /// The number of the next message, and whether the oldest was given up for it.
    pub(crate) fn take_off(&mut self, due: Nanos, sent: Nanos, modulus: u64) -> (u64, bool) {
        let is_full = self.under_way.len() as u64 >= REMEMBERED.min(modulus);
        let given_up = is_full && self.under_way.pop_front().is_some();
        let before = self.sent;
        self.under_way.push_back(Flight { before, due, sent });
        self.sent += 1;
        (before % modulus, given_up)
    }

    /// An answer with this number. Servers answer in order, so it is nearly always that of the oldest.
    pub(crate) fn land(&mut self, number: u64, modulus: u64) -> Arrival {
        let Some(oldest) = self.under_way.front() else { return self.without_message(number) };
        let before = oldest.before + (number + modulus - oldest.before % modulus) % modulus;
        let place = if before == oldest.before { Ok(0) } else { self.place(before) };
        match place.ok().and_then(|at| self.under_way.remove(at)) {
            Some(flight) if before >= self.answered => {
                self.answered = before + 1;
                Arrival::InOrder(flight)
            }
            Some(flight) => Arrival::Late(flight),
            None => self.without_message(number),
        }
    }

    /// Gives up what is still under way; tells how much that was.
    pub(crate) fn give_up(&mut self) -> u64 {
        let count = self.under_way.len() as u64;
        self.under_way = VecDeque::new();
        count
    }

    fn place(&self, before: u64) -> Result<usize, usize> {
        self.under_way.binary_search_by_key(&before, |flight| flight.before)
    }

    fn without_message(&self, number: u64) -> Arrival {
        if number < self.sent { Arrival::Again } else { Arrival::Unknown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: u64 = 1 << 20;

    fn three() -> Flights {
        let mut flights = Flights::default();
        for due in [10, 20, 30] {
            flights.take_off(due, due + 1, MANY);
        }
        flights
    }

    #[test]
    fn every_answer_is_told_apart() {
        let mut flights = three();
        assert!(matches!(flights.land(0, MANY), Arrival::InOrder(Flight { due: 10, sent: 11, .. })));
        assert!(matches!(flights.land(2, MANY), Arrival::InOrder(Flight { due: 30, .. })));
        assert_eq!((flights.land(2, MANY), flights.land(0, MANY)), (Arrival::Again, Arrival::Again));
        assert_eq!(flights.land(3, MANY), Arrival::Unknown);
        assert!(matches!(flights.land(1, MANY), Arrival::Late(Flight { due: 20, .. })));
        assert_eq!((flights.len(), flights.give_up()), (0, 0));
        assert_eq!(flights.land(1, MANY), Arrival::Again);
    }

    #[test]
    fn what_follows_a_lost_one_is_not_out_of_order() {
        let mut flights = three();
        assert!(matches!(flights.land(1, MANY), Arrival::InOrder(_)));
        assert!(matches!(flights.land(2, MANY), Arrival::InOrder(_)));
        assert_eq!((flights.len(), flights.give_up(), flights.len()), (1, 1, 0));
    }

    #[test]
    fn numbers_begin_anew() {
        let mut flights = Flights::default();
        for sent in 0..100 {
            assert_eq!(flights.take_off(0, sent, 16), (sent % 16, false));
            assert!(
                matches!(flights.land(sent % 16, 16), Arrival::InOrder(Flight { sent: at, .. }) if at == sent)
            );
        }
    }

    #[test]
    fn a_server_that_never_answers_takes_no_memory_without_end() {
        let mut flights = Flights::default();
        let given_up = (0..25_000).filter(|_| flights.take_off(0, 0, MANY).1).count();
        assert_eq!((flights.len(), given_up), (10_000, 15_000));
        assert!(matches!(flights.land(24_999, MANY), Arrival::InOrder(_)));
        assert_eq!(flights.land(0, MANY), Arrival::Again);
    }
}
