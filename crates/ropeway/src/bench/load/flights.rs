//! Messages that wait for their answer.

use std::collections::VecDeque;

use crate::bench::measure::Nanos;

/// One message under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flight {
    number: u64,
    /// When it should have been sent.
    pub(crate) due: Nanos,
    /// When it was.
    pub(crate) sent: Nanos,
}

/// What an answer turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// That of the oldest message.
    Next(Flight),
    /// That of a later one, before those of older ones.
    Early(Flight),
    /// One that had come before, or that was given up.
    Again,
    /// Of no message that was sent.
    Unknown,
}

/// The messages of one connection that are under way, in the order in which they were sent. Servers answer in that order,
/// so an answer is nearly always that of the first; every other one is looked for.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    under_way: VecDeque<Flight>,
    /// Messages sent so far.
    sent: u64,
}

impl Flights {
    pub(crate) fn len(&self) -> usize {
        self.under_way.len()
    }

    /// The number of the next message.
    pub(crate) fn take_off(&mut self, due: Nanos, sent: Nanos, modulus: u64) -> u64 {
        let number = self.sent % modulus;
        self.under_way.push_back(Flight { number, due, sent });
        self.sent += 1;
        number
    }

    /// An answer with this number.
    pub(crate) fn land(&mut self, number: u64) -> Arrival {
        match self.under_way.front() {
            Some(first) if first.number == number => {
                self.under_way.pop_front().map_or(Arrival::Unknown, Arrival::Next)
            }
            _ => self.look_for(number),
        }
    }

    /// Gives up what is still under way; tells how much that was.
    pub(crate) fn give_up(&mut self) -> u64 {
        let count = self.under_way.len() as u64;
        self.under_way = VecDeque::new();
        count
    }

    fn look_for(&mut self, number: u64) -> Arrival {
        match self.under_way.iter().position(|flight| flight.number == number) {
            Some(at) => self.under_way.remove(at).map_or(Arrival::Unknown, Arrival::Early),
            None if number < self.sent => Arrival::Again,
            None => Arrival::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_is_told_apart() {
        let mut flights = Flights::default();
        for due in [10, 20, 30] {
            flights.take_off(due, due + 1, 1 << 20);
        }
        assert!(matches!(flights.land(0), Arrival::Next(Flight { due: 10, sent: 11, .. })));
        assert!(matches!(flights.land(2), Arrival::Early(Flight { due: 30, .. })));
        assert_eq!((flights.land(2), flights.land(0)), (Arrival::Again, Arrival::Again));
        assert_eq!(flights.land(3), Arrival::Unknown);
        assert_eq!((flights.len(), flights.give_up(), flights.len()), (1, 1, 0));
        assert_eq!(flights.land(1), Arrival::Again);
    }
}
