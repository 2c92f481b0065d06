//! How the load is made: profiles, processes, local addresses, protocols.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::process::Command;
use std::sync::{Arc, Mutex};

use super::odd::Odd;
use super::{bench, file, finish, run};
use crate::server::Server;

#[test]
fn every_profile_runs_against_our_echo() {
    let server = Server::start_without_rates();
    let url = server.ws("/echo");
    let short = ["-c", "10", "--warmup", "0s"];
    for (profile, pointer) in [
        ("echo", "/messages/matched"),
        ("connect", "/figures/handshakes_per_second"),
        ("idle", "/connections/opened"),
        ("reconnect-storm", "/figures/seconds_until_all_were_back"),
        ("limit", "/figures/limit_per_second"),
    ] {
        let more: &[&str] = match profile {
            "limit" => &["-d", "500ms", "--rate", "50", "--objective", "p99<1us"],
            // Those who are not back by then do not count.
            "reconnect-storm" => &["-d", "5s"],
            _ => &["-d", "500ms"],
        };
        let done = run(&[&[&*url, "-p", profile], &short[..], more].concat());
        if profile == "limit" {
            assert_eq!(done.status.code(), Some(99), "no echo takes less than 1 us: {}", done.err);
            continue;
        }
        let done = done.succeeded();
        assert!(done.figure(pointer) > 0.0, "{profile}: {}", done.out);
        assert_eq!(done.report["errors"], serde_json::json!({}), "{profile}: {}", done.out);
    }
}

/// That a rate is kept needs a machine with time for it; that one is not kept, which the server cannot do, needs nothing.
#[test]
fn what_a_server_cannot_do_is_above_its_limit() {
    let server = Odd::answering(|| {
        |message| {
            std::thread::sleep(std::time::Duration::from_millis(200));
            vec![message]
        }
    });
    let flags =
        ["-p", "limit", "-c", "2", "-d", "1s", "--warmup", "0s", "--rate", "4", "--objective", "p50<3s"];
    let done = run(&[&[&*server.url()], &flags[..]].concat());
    // Two connections that take 200 ms a message cannot do more than 10 a second.
    for line in done.err.lines().filter(|line| line.ends_with("  kept")) {
        let rate: f64 = line.split("/s").next().unwrap().trim().parse().unwrap();
        assert!(rate < 16.0, "{}", done.err);
    }
    if done.status.success() {
        let limit = done.figure("/figures/limit_per_second");
        assert!((4.0..16.0).contains(&limit), "{limit}\n{}", done.err);
    } else {
        assert_eq!(done.status.code(), Some(99), "{}", done.err);
        assert!(done.err.contains("not even 4 messages a second keep the objective"), "{}", done.err);
    }
}

#[test]
fn processes_share_an_echo() {
    let server = Server::start_without_rates();
    let flags = ["-c", "30", "--processes", "3", "-d", "3s", "--depth", "2", "--workers", "2"];
    let done = run(&[&[&*server.ws("/echo")], &flags[..]].concat()).succeeded();
    assert_eq!(
        (done.count("/connections/opened"), done.count("/connections/most")),
        (30, 30),
        "{}",
        done.out
    );
    assert_eq!((done.count("/conditions/workers"), done.count("/conditions/processes")), (6, 3));
    assert!(done.figure("/rates/matched") > 0.0 && done.count("/messages/lost") == 0, "{}", done.out);
    // At least what was under way when measuring began.
    assert!(done.count("/closes/1000") == 30 && done.count("/latency/intended/count") >= 60, "{}", done.out);
    assert!(done.figure("/generator_cpu") > 0.0);
}

#[test]
fn processes_share_a_room() {
    let server = Server::start_without_rates();
    let flags = ["-p", "fanout", "--protocol", "native", "-c", "9", "--publishers", "3", "--processes", "2"];
    let time = ["-d", "3s", "--warmup", "0s", "--rate", "60"];
    let done = run(&[&[&*server.ws("/ws")], &flags[..], &time[..]].concat()).succeeded();
    assert!(done.count("/messages/sent") >= 50, "{}", done.out);
    assert_eq!(done.count("/messages/matched"), 9 * done.count("/messages/sent"), "{}", done.out);
    assert_eq!(done.count("/messages/lost"), 0, "{}", done.out);
}

#[test]
fn processes_fail_as_one() {
    let server = Server::start_without_rates();
    let done = run(&[&server.ws("/nothing"), "-c", "6", "--processes", "3"]);
    assert_eq!(done.status.code(), Some(77), "{}", done.err);
    assert_eq!(done.err.matches("error:").count(), 1, "{}", done.err);
}

#[test]
fn a_low_limit_of_open_files_makes_more_processes() {
    let server = Server::start_without_rates();
    let limited = |connections: &str| {
        let file = file("json");
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -n 64 && exec \"$@\"", "sh"]);
        let run = bench(&[&server.ws("/echo"), "-c", connections, "-d", "500ms", "--warmup", "0s"]);
        command.arg(run.get_program()).args(run.get_args()).arg("--json").arg(&file);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        finish(command.spawn().unwrap(), &file)
    };
    let done = limited("60").succeeded();
    assert_eq!(
        (done.count("/conditions/processes"), done.count("/connections/most")),
        (3, 60),
        "{}",
        done.out
    );
    let done = limited("1000");
    assert_eq!(done.status.code(), Some(71), "{}", done.err);
    assert!(done.err.contains("may open 64 files") && done.err.contains("ulimit -Hn"), "{}", done.err);
}

#[test]
fn connections_come_from_the_given_addresses_in_turn() {
    let seen: Arc<Mutex<BTreeSet<IpAddr>>> = Arc::default();
    let server = Odd::start({
        let seen = Arc::clone(&seen);
        move |mut peer| {
            seen.lock().unwrap().insert(peer.address().ip());
            while peer.next().is_some() {}
        }
    });
    let flags = ["-p", "idle", "-c", "4", "-d", "100ms", "--local-address", "127.0.0.2,127.0.0.3"];
    run(&[&[&*server.url()], &flags[..]].concat()).succeeded();
    let wanted: BTreeSet<IpAddr> = ["127.0.0.2", "127.0.0.3"].map(|text| text.parse().unwrap()).into();
    assert_eq!(*seen.lock().unwrap(), wanted);
}

#[test]
fn events_of_socketio_are_acknowledged_one_by_one() {
    let server = Odd::start(|mut peer| {
        let mut writer = peer.writer();
        let _ = writer.text(
            br#"0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#,
        );
        while let Some(message) = peer.next() {
            let text = String::from_utf8(message).unwrap();
            let answer = match text.strip_prefix("42").and_then(|rest| rest.split_once('[')) {
                None if text == "40" => r#"2"#.to_owned(),
                None if text == "3" => r#"40{"sid":"b"}"#.to_owned(),
                Some((number, rest)) if rest.starts_with("\"say\",\"") => {
                    format!("43{number}[{}", &rest[6..])
                }
                _ => format!("41{text}"),
            };
            let _ = writer.text(answer.as_bytes());
        }
    });
    let url = server.url().replace("ws://", "http://");
    let flags = ["--protocol", "socketio", "--event", "say", "-c", "4", "--depth", "3", "-d", "3s"];
    let done = run(&[&[&*url], &flags[..]].concat()).succeeded();
    // More than are under way at one time.
    assert!(done.count("/messages/matched") > 12, "{}", done.out);
    for nothing in ["lost", "unexpected", "doubled", "reordered"] {
        assert_eq!(done.count(&format!("/messages/{nothing}")), 0, "{nothing}: {}", done.out);
    }
    assert!(
        done.report["conditions"]["url"].as_str().unwrap().ends_with("/socket.io/?EIO=4&transport=websocket")
    );
}

#[test]
fn acknowledgements_that_are_errors_are_no_answers() {
    let server = Server::start_without_rates();
    let flags = ["--protocol", "socketio", "--event", "nothing", "-c", "2", "-d", "500ms", "--warmup", "0s"];
    let done = run(&[&[&*server.ws("")], &flags[..]].concat()).succeeded();
    assert_eq!(done.count("/messages/matched"), 0, "{}", done.out);
    assert!(done.report["errors"]["answered with an error"].as_u64() > Some(1), "{}", done.out);
}

#[test]
fn members_of_a_room_of_their_own_hear_themselves() {
    let server = Server::start_without_rates();
    let flags = ["--protocol", "native", "-c", "4", "--depth", "2", "-d", "3s"];
    let done = run(&[&[&*server.ws("/ws")], &flags[..]].concat()).succeeded();
    // More than are under way at one time.
    assert!(done.count("/messages/matched") > 8, "{}", done.out);
    for nothing in ["lost", "unexpected", "doubled", "reordered"] {
        assert_eq!(done.count(&format!("/messages/{nothing}")), 0, "{nothing}: {}", done.out);
    }
}
