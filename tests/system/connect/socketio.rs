//! Socket.IO in pipes.

use super::run::run;
use crate::server::Server;

#[test]
fn events_are_sent_and_acknowledgements_come() {
    let server = Server::start();
    let url = server.ws("");
    let input = "join {\"room\":\"demo:pipe\"}\n[\"publish\", {\"room\":\"demo:pipe\",\"event\":\"said\",\"data\":{\"z\":1,\"a\":2}}]\n";
    let done = run(&[&url, "--socketio", "-n", "3", "--jsonl"], input);
    done.succeeded();
    assert_eq!(done.events("connect")[0]["namespace"], "/");
    let acks = done.events("ack");
    assert_eq!(acks[0]["arguments"][0]["type"], "joined");
    assert!(acks[0]["latency_ms"].as_f64().unwrap() > 0.0);
    let events = done.events("event");
    assert_eq!((&events[0]["direction"], &events[0]["name"]), (&"out".into(), &"join".into()));
    let said = done.text().lines().find(|line| line.contains("\"in\"") && line.contains("said")).unwrap();
    assert!(said.contains(r#""arguments":[{"z":1,"a":2},"#), "{said}");
}

#[test]
fn events_are_printed_as_arrays() {
    let server = Server::start();
    let input =
        "join {\"room\":\"demo:lines\"}\npublish {\"room\":\"demo:lines\",\"event\":\"said\",\"data\":1}\n";
    let done = run(&[&server.ws("/"), "--socketio", "--expect", r#"$[0]="said""#], input);
    let printed = done.succeeded();
    assert!(printed.contains("[\"said\",1,{\"room\":\"demo:lines\""), "{printed}");
}

#[test]
fn a_namespace_that_is_not_there_is_77() {
    let server = Server::start();
    let done = run(&[&server.ws(""), "--socketio", "--namespace", "nowhere", "--keep-open"], "");
    done.failed(77, "error: the server refused the namespace /nowhere\n");
    run(&[&server.ws(""), "--socketio", "--auth-payload", "1"], "").failed(2, "it must be a JSON object");
    run(&[&server.ws(""), "--socketio"], "[1]\n").failed(66, "an event as an array begins with its name");
}
