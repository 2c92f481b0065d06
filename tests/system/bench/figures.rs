//! Latencies: a delay that the server makes on purpose has to be found in the figures.

use std::sync::{Arc, OnceLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::odd::Odd;
use super::run;

/// Histograms keep three digits.
const EXACT: f64 = 0.999;

/// Answers after 5 ms, and every tenth message of a connection after 100 ms.
fn slow() -> Odd {
    Odd::answering(|| {
        let mut count = 0;
        move |message| {
            count += 1;
            sleep(Duration::from_millis(if count % 10 == 0 { 100 } else { 5 }));
            vec![message]
        }
    })
}

/// Answers at once, but for one second, in which it answers nobody: it begins with a message that comes a second after the
/// first one, or later.
fn stalling() -> Odd {
    const SECOND: Duration = Duration::from_secs(1);
    let (first, stall) = (Arc::new(OnceLock::new()), Arc::new(OnceLock::new()));
    Odd::answering(move || {
        let (first, stall) = (Arc::clone(&first), Arc::clone(&stall));
        move |message| {
            let since: Duration = first.get_or_init(Instant::now).elapsed();
            if since >= SECOND {
                let stalled: Duration = stall.get_or_init(Instant::now).elapsed();
                sleep(SECOND.saturating_sub(stalled));
            }
            vec![message]
        }
    })
}

#[test]
fn a_known_delay_is_found_in_the_closed_model() {
    let done = run(&[&slow().url(), "-c", "4", "-d", "5s", "--warmup", "0s", "--size", "20"]).succeeded();
    let latency = |name: &str| done.millis(&format!("/latency/intended/{name}"));
    assert!(latency("min") >= 5.0 * EXACT, "{}", done.out);
    assert!((5.0 * EXACT..95.0).contains(&latency("p50")), "{}", done.out);
    assert!(latency("p95") >= 100.0 * EXACT && latency("max") >= 100.0 * EXACT, "{}", done.out);
    assert_eq!(done.report["conditions"]["model"]["kind"], "closed");
    // Each of four connections waits 14.5 ms for an answer on average, and for the last ones perhaps 5 ms.
    assert!(done.figure("/rates/matched") < 4.0 / 0.0145 + 4.0 * 9.0, "{}", done.out);
    assert_eq!(done.count("/messages/matched"), done.count("/messages/sent"));
    assert_eq!(done.count("/latency/intended/count"), done.count("/messages/matched"));
}

#[test]
fn a_known_delay_is_found_in_the_open_model() {
    // Ten messages a second and connection take it 145 ms: the schedule can be kept.
    let url = slow().url();
    let done = run(&[&url, "-c", "4", "-d", "8s", "--warmup", "0s", "--rate", "40"]).succeeded();
    for from in ["intended", "actual"] {
        let latency = |name: &str| done.millis(&format!("/latency/{from}/{name}"));
        assert!(latency("min") >= 5.0 * EXACT, "{}", done.out);
        assert!((5.0 * EXACT..95.0).contains(&latency("p50")), "{}", done.out);
        assert!(latency("max") >= 100.0 * EXACT, "{}", done.out);
    }
    assert_eq!(done.report["conditions"]["model"]["kind"], "open");
    assert!(done.count("/messages/sent") >= 304, "{}", done.out);
    assert_eq!(done.count("/messages/matched"), done.count("/messages/sent"));
}

#[test]
fn the_open_model_shows_a_stall_to_every_message_that_was_due() {
    let url = stalling().url();
    let done = run(&[&url, "-c", "4", "-d", "4s", "--warmup", "0s", "--rate", "200"]).succeeded();
    let due = |name: &str| done.millis(&format!("/latency/intended/{name}"));
    // A quarter of all messages was due in the second of the stall, evenly.
    assert!(due("max") >= 900.0 && due("p99") >= 800.0 && due("p90") >= 400.0, "{}", done.out);
    assert!(done.out.contains("from when due") && done.out.contains("open model"), "{}", done.out);
}

#[test]
fn the_closed_model_says_that_it_cannot_see_a_stall() {
    let url = stalling().url();
    let done = run(&[&url, "-c", "4", "-d", "4s", "--warmup", "0s"]).succeeded();
    assert!(done.millis("/latency/intended/max") >= 900.0, "{}", done.out);
    // Four messages of thousands met it: one on each connection.
    assert!(done.millis("/latency/intended/p95") < 400.0, "{}", done.out);
    assert!(done.out.contains("it cannot see a stall of the server for what it is"), "{}", done.out);
}
