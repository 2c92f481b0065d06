//! Those who make the load: threads of this process, or of several processes where one may not open files enough.

mod news;
mod process;
mod share;
mod threads;

use super::live::descriptors;
use super::load::{Fanout, Load, Stage};
use super::measure::{Tally, now};
use crate::failure::Failure;

pub(crate) use news::Part;
use process::Process;
pub(super) use share::serve;
use threads::Threads;

/// All who make the load of a run. They go through its stages together, and what they count is added up here.
pub(super) enum Crew {
    Threads(Box<Threads>),
    Processes(Vec<Process>),
}

impl Crew {
    /// Starts threads; connections are being opened from now on.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub(super) fn of_threads(load: &std::sync::Arc<Load>, count: usize) -> Result<Self, Failure> {
        Ok(Self::Threads(Box::new(Threads::start(load, count, Part::WHOLE)?)))
    }

    /// Starts processes with the command line of this one, which do a part of its run each.
    ///
    /// # Errors
    /// The system refuses a process.
    pub(super) fn of_processes(count: usize, rate: Option<f64>) -> Result<Self, Failure> {
        let parts = (0..count).map(|first| Part { first, of: count, rate });
        Ok(Self::Processes(parts.map(Process::start).collect::<Result<_, _>>()?))
    }

    /// Has everybody go to a stage.
    pub(super) fn advance(&mut self, stage: Stage) {
        let at = now();
        match self {
            Self::Threads(threads) => threads.advance(stage, at),
            Self::Processes(processes) => {
                let published = published(processes);
                processes.iter_mut().for_each(|process| process.advance(stage, at, &published));
            }
        }
    }

    /// Adds what was counted since the last time.
    pub(super) fn collect(&mut self, into: &mut Tally) {
        match self {
            Self::Threads(threads) => threads.collect(into),
            Self::Processes(processes) => processes.iter().for_each(|process| process.collect(into)),
        }
    }

    /// Connections that are open now.
    pub(super) fn open(&self) -> usize {
        match self {
            Self::Threads(threads) => threads.open(),
            Self::Processes(processes) => processes.iter().map(Process::open).sum(),
        }
    }

    /// Whether every connection was opened or given up once.
    pub(super) fn is_settled(&self) -> bool {
        match self {
            Self::Threads(threads) => threads.is_settled(),
            Self::Processes(processes) => processes.iter().all(Process::is_settled),
        }
    }

    /// Whether everybody has heard that the run is over, so that nothing new is sent.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Threads(threads) => threads.is_over(),
            Self::Processes(processes) => processes.iter().all(Process::is_over),
        }
    }

    /// Messages of each publisher so far, as far as that is known.
    pub(super) fn published(&self, fanout: &Fanout) -> Vec<u64> {
        match self {
            Self::Threads(_) => fanout.all_published(),
            Self::Processes(processes) => published(processes),
        }
    }

    /// Why the first of those that failed could not be opened.
    pub(super) fn failure(&self) -> Option<Failure> {
        match self {
            Self::Threads(threads) => threads.failure(),
            Self::Processes(processes) => processes.iter().find_map(Process::failure),
        }
    }

    /// File descriptors in use.
    pub(super) fn descriptors(&self) -> usize {
        let theirs: usize = match self {
            Self::Threads(_) => 0,
            Self::Processes(processes) => processes.iter().map(Process::descriptors).sum(),
        };
        descriptors() + theirs
    }

    /// Waits until nobody counts any more; to be called when the run is over and before the last [`Crew::collect`].
    pub(super) fn disband(&mut self) {
        if let Self::Processes(processes) = self {
            processes.iter_mut().for_each(Process::end);
        }
    }
}

fn published(processes: &[Process]) -> Vec<u64> {
    greatest(processes.iter().map(Process::published))
}

/// The greatest at each place of lists. A publisher is in one process, and the others know no more of it than that.
fn greatest(lists: impl Iterator<Item = Vec<u64>>) -> Vec<u64> {
    lists.fold(Vec::new(), |mut most, list| {
        most.resize(most.len().max(list.len()), 0);
        most.iter_mut().zip(list).for_each(|(most, one)| *most = one.max(*most));
        most
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_publisher_is_known_by_somebody() {
        let lists = [vec![1, 20], vec![], vec![10, 2]];
        assert_eq!(greatest(lists.into_iter()), [10, 20]);
    }
}
