//! The users of a scenario file: how many there are at each moment, and what each of them does.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

use super::open::{self, AGAIN};
use super::stage::Stage;
use super::user::User;
use super::worker::Worker;
use crate::bench::measure::now;
use crate::bench::scenario::{self, Arrival, Scenario, ScenarioFile, Variables};

/// How often the number of users is adjusted.
const TICK: Duration = Duration::from_millis(20);

/// Has users of this worker's share come and go as the stages say, until the run closes.
pub(super) async fn all(worker: Arc<Worker>, file: Arc<ScenarioFile>) {
    let mut crowd =
        Crowd { permits: Arc::new(Semaphore::new(open::AT_ONCE)), users: JoinSet::new(), come: 0 };
    let mut ticks = interval(TICK);
    while !worker.progress.has_reached(Stage::Running) {
        ticks.tick().await;
    }
    let start = Instant::now();
    while !worker.progress.has_reached(Stage::Closing) {
        ticks.tick().await;
        while crowd.users.try_join_next().is_some() {}
        if worker.is_over() && crowd.users.is_empty() {
            return;
        }
        if !worker.is_over() {
            crowd.adjust(&worker, &file, start.elapsed());
        }
    }
}

struct Crowd {
    permits: Arc<Semaphore>,
    users: JoinSet<()>,
    /// Users that have come so far, of all workers.
    come: usize,
}

impl Crowd {
    fn adjust(&mut self, worker: &Arc<Worker>, file: &Arc<ScenarioFile>, elapsed: Duration) {
        let is_open = file.stages.iter().any(|stage| matches!(stage.arrival, Arrival::Rate(_)));
        let wanted = if is_open { arrived(file, elapsed) } else { present(file, elapsed) };
        worker.set_wanted(wanted);
        while self.come < wanted {
            let index = self.come;
            self.come += 1;
            if index % worker.share.of == worker.share.first {
                let late =
                    if is_open { due(file, index).map(|due| elapsed.saturating_sub(due)) } else { None };
                self.spawn(worker, file, index, late);
            }
        }
        if !is_open {
            // Those above it end after their pass; the next ones come anew.
            self.come = self.come.min(wanted.max(worker.open()));
        }
    }

    fn spawn(
        &mut self,
        worker: &Arc<Worker>,
        file: &Arc<ScenarioFile>,
        index: usize,
        late: Option<Duration>,
    ) {
        if let Some(late) = late {
            worker.tally().latency.lag.record(crate::bench::measure::nanos(late));
        }
        let (worker, file, permits) = (Arc::clone(worker), Arc::clone(file), Arc::clone(&self.permits));
        self.users.spawn(async move { live(&worker, &file, index, &permits, late.is_some()).await });
    }
}

/// One user: a pass in the open model, one after the other in the closed.
async fn live(worker: &Arc<Worker>, file: &ScenarioFile, user: usize, permits: &Semaphore, is_single: bool) {
    let mut iteration = 0;
    while !worker.is_over() && (is_single || user < worker.wanted()) {
        let scenario = choose(file);
        let Some(socket) = open::open(worker, user, permits).await else {
            if is_single {
                return;
            }
            sleep(AGAIN).await;
            continue;
        };
        worker.opened();
        let began = now();
        let variables = Variables { user, iteration };
        let done = User::go(socket, worker, file.protocol, scenario, variables).await;
        account(worker, scenario, done, now() - began);
        worker.closed();
        iteration += 1;
        if is_single {
            return;
        }
    }
}

fn account(worker: &Worker, scenario: &Scenario, done: Result<(), String>, took: u64) {
    let mut tally = worker.tally();
    match done {
        Ok(()) => tally.passes.entry(scenario.name.clone()).or_default().record(took),
        // What the end of the run has cut off is nobody's fault.
        Err(_) if worker.progress.has_reached(Stage::Closing) => {}
        Err(trouble) => tally.count_error(&trouble, 1),
    }
}

/// By weight.
fn choose(file: &ScenarioFile) -> &Scenario {
    let total: u32 = file.scenarios.iter().map(|scenario| scenario.weight).sum();
    let mut at = rand::random_range(0..total.max(1));
    let chosen = file.scenarios.iter().find(|scenario| {
        let is_here = at < scenario.weight;
        at = at.saturating_sub(scenario.weight);
        is_here
    });
    chosen.unwrap_or(&file.scenarios[0])
}

/// Users that are to be there at a moment, in the closed model.
fn present(file: &ScenarioFile, elapsed: Duration) -> usize {
    let (mut before, mut start) = (0.0, Duration::ZERO);
    for stage in &file.stages {
        let users = users(stage);
        if elapsed < start + stage.duration {
            let part = (elapsed - start).as_secs_f64() / stage.duration.as_secs_f64();
            return (before + (users - before) * part).ceil() as usize;
        }
        (before, start) = (users, start + stage.duration);
    }
    before as usize
}

fn users(stage: &scenario::Stage) -> f64 {
    match stage.arrival {
        Arrival::Users(users) => users as f64,
        Arrival::Rate(_) => 0.0,
    }
}

fn rate(stage: &scenario::Stage) -> f64 {
    match stage.arrival {
        Arrival::Rate(rate) => rate,
        Arrival::Users(_) => 0.0,
    }
}

/// Users that should have come by a moment, in the open model.
fn arrived(file: &ScenarioFile, elapsed: Duration) -> usize {
    let (mut arrived, mut left) = (0.0, elapsed);
    for stage in &file.stages {
        let time = left.min(stage.duration);
        arrived += rate(stage) * time.as_secs_f64();
        left -= time;
    }
    arrived.ceil() as usize
}

/// When a user should come, in the open model.
fn due(file: &ScenarioFile, index: usize) -> Option<Duration> {
    let (mut left, mut start) = (index as f64, Duration::ZERO);
    for stage in &file.stages {
        let all = rate(stage) * stage.duration.as_secs_f64();
        if left < all {
            return Some(start + Duration::from_secs_f64(left / rate(stage)));
        }
        (left, start) = (left - all, start + stage.duration);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(stages: &str) -> ScenarioFile {
        let scenarios =
            "[[scenarios]]\nname = 'a'\nsteps = []\n[[scenarios]]\nname = 'b'\nweight = 3\nsteps = []";
        toml::from_str(&format!("{stages}\n{scenarios}")).unwrap()
    }

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn users_come_and_go_in_straight_lines() {
        let file = file(
            "stages = [{ duration = '10s', users = 20 }, { duration = '5s', users = 20 }, { duration = '2s', users = 0 }]",
        );
        let counts = [0.0, 5.0, 10.0, 14.9, 16.0, 17.0].map(|seconds| present(&file, at(seconds)));
        assert_eq!(counts, [0, 10, 20, 20, 10, 0]);
    }

    #[test]
    fn arrivals_keep_their_schedule() {
        let file = file("stages = [{ duration = '2s', rate = 5.0 }, { duration = '1s', rate = 10.0 }]");
        assert_eq!([0.0, 0.1, 1.0, 2.5, 9.0].map(|seconds| arrived(&file, at(seconds))), [0, 1, 5, 15, 20]);
        assert_eq!(due(&file, 0), Some(at(0.0)));
        assert_eq!(due(&file, 5), Some(at(1.0)));
        assert_eq!(due(&file, 15), Some(at(2.5)));
        assert_eq!(due(&file, 20), None);
    }

    #[test]
    fn weights_are_kept() {
        let file = file("stages = [{ duration = '1s', users = 1 }]");
        let chosen = (0..4_000).filter(|_| choose(&file).name == "b").count();
        assert!((2_800..3_200).contains(&chosen), "{chosen}");
    }
}
