//! Scenario files, in every protocol.

use super::odd::Odd;
use super::{Done, file_with, run};
use crate::server::Server;

#[track_caller]
fn play(url: &str, scenario: &str) -> Done {
    let file = file_with("toml", scenario);
    run(&[url, "--scenario", file.to_str().unwrap()])
}

#[track_caller]
fn all_went_well(done: Done, name: &str) {
    let done = done.succeeded();
    assert!(done.count(&format!("/passes/{name}/count")) > 0, "{}\n{}", done.out, done.report);
    assert_eq!(done.report["errors"], serde_json::json!({}), "{}", done.out);
}

#[test]
fn users_of_bare_messages() {
    let server = Server::start_without_rates();
    let scenario = r#"
        stages = [{ duration = "500ms", users = 4 }, { duration = "3s", users = 4 }]
        [[scenarios]]
        name = "talk"
        weight = 3
        steps = [
          { loop = { times = 3, steps = [
            { send = '{"user":{user},"n":{iteration}}' },
            { expect = { json = "$.n", within = "5s" } },
            { think = "10ms" },
          ] } },
        ]
        [[scenarios]]
        name = "rarely"
        weight = 0
        steps = [{ expect = { contains = "never", within = "1s" } }]
    "#;
    let done = play(&server.ws("/echo"), scenario);
    assert_eq!(done.report["conditions"]["model"]["kind"], "closed_users");
    all_went_well(done, "talk");
}

#[test]
fn users_of_the_native_protocol() {
    let server = Server::start_without_rates();
    let scenario = r#"
        protocol = "native"
        stages = [{ duration = "3s", rate = 10.0 }]
        [[scenarios]]
        name = "room"
        steps = [
          { join = "demo:{user}" },
          { publish = { room = "demo:{user}", event = "said", data = '"{random}"' } },
          { think = "20ms" },
          { expect = { json = "$.event", equals = "said" } },
        ]
    "#;
    let done = play(&server.ws("/ws"), scenario);
    assert_eq!(done.report["conditions"]["model"]["kind"], "open_users");
    assert!((9..=31).contains(&done.count("/passes/room/count")), "{}", done.out);
    all_went_well(done, "room");
}

#[test]
fn users_of_socketio() {
    let server = Server::start_without_rates();
    let scenario = r#"
        protocol = "socketio"
        stages = [{ duration = "3s", users = 3 }]
        [[scenarios]]
        name = "room"
        steps = [
          { join = "demo:shared" },
          { emit = { event = "presence", data = '"demo:shared"', ack = true } },
          { publish = { room = "demo:shared", event = "said", data = "{user}" } },
          { expect = { regex = '^42\["said",\d+' } },
        ]
    "#;
    all_went_well(play(&server.ws(""), scenario), "room");
}

#[test]
fn messages_that_come_in_between_are_kept() {
    // The answer comes before what was sent first, and with noise around it.
    let server = Odd::answering(|| {
        let mut held = Vec::new();
        move |message| match &message[..] {
            b"first" => {
                held = message;
                vec![b"noise".to_vec()]
            }
            _ => vec![message, std::mem::take(&mut held), b"noise".to_vec()],
        }
    });
    let scenario = r#"
        stages = [{ duration = "3s", users = 1 }]
        [[scenarios]]
        name = "kept"
        steps = [
          { send = "first" }, { send = "second" },
          { expect = { contains = "first", within = "5s" } },
          { expect = { contains = "second", within = "5s" } },
        ]
    "#;
    all_went_well(play(&server.url(), scenario), "kept");
}

#[test]
fn what_does_not_come_in_time_is_an_error() {
    let server = Server::start_without_rates();
    let scenario = r#"
        stages = [{ duration = "4s", users = 1 }]
        [[scenarios]]
        name = "wait"
        steps = [{ send = "a" }, { expect = { contains = "b", within = "100ms" } }]
    "#;
    let done = play(&server.ws("/echo"), scenario).succeeded();
    assert!(done.report["errors"]["wait: no expected message in time"].as_u64() > Some(2), "{}", done.out);
    assert_eq!(done.report["passes"], serde_json::json!({}));
}
