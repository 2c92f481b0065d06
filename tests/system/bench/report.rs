//! What is told of a run: text, JSON, HTML, exit status.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Command;

use serde_json::Value;

use super::{bench, file, file_with, finish, run};
use crate::server::Server;

fn schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/bench-report.schema.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[track_caller]
fn is_valid(report: &Value) {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn every_report_is_as_its_schema_says() {
    let server = Server::start_without_rates();
    let scenario = file_with(
        "toml",
        "stages = [{ duration = '300ms', users = 2 }]\n[[scenarios]]\nname = 'a'\nsteps = [{ send = 'x' }]",
    );
    let (echo, native) = (server.ws("/echo"), server.ws("/ws"));
    let pid = std::process::id().to_string();
    for flags in [
        &[&*echo, "--fail", "p99<1h", "--fail", "rate>=0"][..],
        &[&echo, "--rate", "50", "--pid", &pid],
        &[&echo, "-p", "connect"],
        &[&echo, "-p", "idle", "--processes", "2"],
        &[&echo, "-p", "reconnect-storm"],
        &[&native, "-p", "fanout", "--protocol", "native"],
        &[&echo, "--scenario", scenario.to_str().unwrap()],
    ] {
        let time: &[&str] =
            if flags.contains(&"--scenario") { &[] } else { &["-d", "300ms", "--warmup", "0s"] };
        is_valid(&run(&[flags, &["-c", "3"], time].concat()).succeeded().report);
    }
}

#[test]
fn the_schema_refuses_what_is_no_report() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let server = Server::start_without_rates();
    let mut report = run(&[&server.ws("/echo"), "-c", "1", "-d", "200ms", "--warmup", "0s"]).report;
    assert!(validator.is_valid(&report));
    report["messages"]["lost"] = Value::from("none");
    assert!(!validator.is_valid(&report));
    assert!(!validator.is_valid(&serde_json::json!({ "version": 1 })));
}

#[test]
fn thresholds_decide_the_exit_status() {
    let server = Server::start_without_rates();
    let short = ["-c", "2", "-d", "500ms", "--warmup", "0s"];
    let met = ["--fail", "p99.9<1h", "--fail", "errors<0.1%", "--fail", "rate>=0"];
    let done = run(&[&[&*server.ws("/echo")], &short[..], &met[..]].concat()).succeeded();
    assert_eq!(done.out.matches("threshold       met").count(), 3, "{}", done.out);
    let missed = ["--fail", "p50<1ns", "--fail", "lost<=0"];
    let done = run(&[&[&*server.ws("/echo")], &short[..], &missed[..]].concat());
    assert_eq!(done.status.code(), Some(99), "{}", done.err);
    assert!(done.out.contains("threshold       NOT MET p50<1ns"), "{}", done.out);
    assert!(done.err.contains("error: 1 of 2 thresholds not met\n  p50<1ns"), "{}", done.err);
    assert_eq!(done.report["thresholds"][0]["met"], false, "the report is written nevertheless");
}

#[test]
fn ctrl_c_reports_what_was_measured_until_then() {
    let server = Server::start_without_rates();
    for processes in ["1", "2"] {
        let (url, file, page) = (server.ws("/echo"), file("json"), file("html"));
        let flags = [&url, "-c", "4", "-d", "5m", "--warmup", "0s", "--processes", processes];
        let mut command = bench(&flags);
        command.arg("--json").arg(&file).arg("--html").arg(&page);
        let mut child = command.spawn().unwrap();
        let mut talk = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("answered/s") || line.contains(" 0 answered/s") {
            line.clear();
            assert!(talk.read_line(&mut line).unwrap() > 0, "it ended by itself");
        }
        interrupt(child.id());
        let done = finish(child, &file);
        let mut rest = String::new();
        talk.read_to_string(&mut rest).unwrap();
        assert_eq!(done.status.code(), Some(130), "{rest}");
        assert!(rest.contains("error: interrupted"), "{rest}");
        assert!(done.out.contains("from sending") && done.count("/messages/matched") > 0, "{}", done.out);
        assert_eq!(done.count("/messages/lost"), 0, "{}", done.out);
        assert!(done.figure("/conditions/seconds") < 60.0);
        assert!(fs::read_to_string(page).unwrap().ends_with("</html>\n"));
    }
}

/// As a terminal does: with SIGINT.
fn interrupt(pid: u32) {
    let status = Command::new("kill").args(["-s", "INT", &pid.to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn two_reports_are_put_side_by_side() {
    let server = Server::start_without_rates();
    let files = [file("json"), file("json")];
    for file in &files {
        let mut command = bench(&[&server.ws("/echo"), "-c", "2", "-d", "300ms", "--warmup", "0s", "-q"]);
        let done = finish(command.arg("--json").arg(file).spawn().unwrap(), file).succeeded();
        assert!(done.err.is_empty(), "{}", done.err);
    }
    let compare = |files: &[&std::path::Path]| {
        let program =
            Command::new(env!("CARGO_BIN_EXE_ropeway")).args(["bench", "compare"]).args(files).output();
        let output = program.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (status, out, _) = compare(&[&files[0], &files[1]]);
    assert_eq!(status, Some(0));
    assert!(out.contains("answered/s") && out.contains("p99.99") && out.contains("change"), "{out}");
    let other = file_with("json", "{}");
    let (status, _, err) = compare(&[&files[0], &other]);
    assert!(status == Some(66) && err.contains("is no report"), "{err}");
}

#[test]
fn a_report_that_cannot_be_written_is_told() {
    let server = Server::start_without_rates();
    let flags = ["-c", "1", "-d", "100ms", "--warmup", "0s", "--html", "/nowhere/report.html"];
    let done = run(&[&[&*server.ws("/echo")], &flags[..]].concat());
    assert_eq!(done.status.code(), Some(73), "{}", done.err);
    assert!(done.err.contains("cannot write /nowhere/report.html"), "{}", done.err);
}
