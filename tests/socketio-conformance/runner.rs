//! Runs cases beside each other and says how they ended.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::case::{Case, Place, Reference};
use crate::subject::Subject;

/// How many cases run at the same time; they mostly wait.
const AT_ONCE: usize = 24;
/// How long a case may take.
const LIMIT: Duration = Duration::from_secs(120);

/// How a case ended.
pub(crate) struct Ending {
    pub(crate) case: &'static Case,
    pub(crate) verdict: Verdict,
    pub(crate) took: Duration,
}

pub(crate) enum Verdict {
    /// The demand is met.
    Met,
    /// It is not, and what was seen.
    Broken(String),
    /// It is not met by the reference, as is known.
    BrokenAsKnown,
    /// It was not asked for.
    Spared,
}

thread_local! {
    /// What the last panic on this thread said.
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs the cases and returns their endings, of those that run alone in the end.
pub(crate) async fn run(cases: Vec<&'static Case>, subject: &'static Subject) -> Vec<Ending> {
    panic::set_hook(Box::new(remember));
    let (alone, together): (Vec<_>, Vec<_>) = cases.into_iter().partition(|case| case.alone);
    let mut endings = run_together(together, subject).await;
    for case in alone {
        endings.push(end(case, subject).await);
    }
    endings
}

async fn run_together(cases: Vec<&'static Case>, subject: &'static Subject) -> Vec<Ending> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for (number, case) in cases.iter().copied().enumerate() {
        let places = Arc::clone(&places);
        running.spawn(async move {
            let _place = places.acquire_owned().await;
            (number, end(case, subject).await)
        });
    }
    let mut endings = running.join_all().await;
    endings.sort_by_key(|(number, _)| *number);
    endings.into_iter().map(|(_, ending)| ending).collect()
}

async fn end(case: &'static Case, subject: &'static Subject) -> Ending {
    let started = Instant::now();
    let verdict = judge(case, subject).await;
    Ending { case, verdict, took: started.elapsed() }
}

fn remember(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let said = format!("{} ({place})", panic.payload_as_str().unwrap_or("a panic without words"));
    SAID.set(said);
}

async fn judge(case: &'static Case, subject: &'static Subject) -> Verdict {
    let reference = if subject.is_ours() { Reference::Meets } else { case.reference };
    if matches!(reference, Reference::Spared(_)) {
        return Verdict::Spared;
    }
    match (attempt(case, subject).await, reference) {
        (Ok(()), Reference::Fails(_)) => Verdict::Broken("meets the demand, other than was known".to_owned()),
        (Ok(()), _) => Verdict::Met,
        (Err(_), Reference::Fails(_)) => Verdict::BrokenAsKnown,
        (Err(seen), _) => Verdict::Broken(seen),
    }
}

async fn attempt(case: &'static Case, subject: &'static Subject) -> Result<(), String> {
    let run = AssertUnwindSafe((case.run)(subject)).catch_unwind();
    match timeout(LIMIT, run).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(SAID.take()),
        Err(_) => Err(format!("not done after {LIMIT:?}")),
    }
}

/// Prints what went wrong and a last line with the counts.
pub(crate) fn conclude(endings: &[Ending], started: Instant) -> ExitCode {
    let count = |wanted: fn(&Verdict) -> bool| endings.iter().filter(|end| wanted(&end.verdict)).count();
    for Ending { case, verdict, .. } in endings {
        if let Verdict::Broken(seen) = verdict {
            let (name, Place(document, section)) = (case.short_name(), case.place);
            println!("FAILED {name}\n    {} ({document}, {section})\n    {seen}", case.demand);
        }
    }
    let slowest = endings.iter().max_by_key(|ending| ending.took);
    if let Some(Ending { case, took, .. }) = slowest {
        println!("the slowest case took {:.1} s: {}", took.as_secs_f32(), case.short_name());
    }
    let broken = count(|verdict| matches!(verdict, Verdict::Broken(_)));
    println!(
        "{} met, {broken} not met, {} known not to be met, {} not asked for, in {:.1} s",
        count(|verdict| matches!(verdict, Verdict::Met)),
        count(|verdict| matches!(verdict, Verdict::BrokenAsKnown)),
        count(|verdict| matches!(verdict, Verdict::Spared)),
        started.elapsed().as_secs_f32(),
    );
    if broken > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
