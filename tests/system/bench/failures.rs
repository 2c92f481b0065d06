//! Where nothing can be measured, why not is said, and the exit status tells it.

use std::io::{Read, Write};

use super::odd::Odd;
use super::{Done, file_with, run};
use crate::connect::peer::Nobody;
use crate::server::Server;

#[track_caller]
fn fails(done: &Done, status: i32, parts: &[&str]) {
    assert_eq!(done.status.code(), Some(status), "{}\n{}", done.out, done.err);
    assert!(done.report.is_null() && done.out.is_empty(), "nothing was measured: {}", done.out);
    for part in parts {
        assert!(done.err.contains(part), "{part} in {}", done.err);
    }
}

#[test]
fn nobody_listens() {
    let nobody = Nobody::start();
    let done = run(&[&nobody.ws(), "-c", "5"]);
    fails(&done, 69, &["error: no connection", "refused", "hint: nothing listens there"]);
}

#[test]
fn the_name_does_not_exist() {
    fails(&run(&["ws://nobody.invalid/", "-c", "2"]), 69, &["cannot connect to nobody.invalid"]);
}

#[test]
fn the_server_refuses() {
    let server = Server::start_without_rates();
    let done = run(&[&server.ws("/nothing"), "-c", "5"]);
    fails(&done, 77, &["the server refused with 404", "hint: is there a WebSocket at this path?"]);
    for profile in ["fanout", "connect", "idle", "reconnect-storm", "slow-consumer", "limit"] {
        fails(&run(&[&server.ws("/nothing"), "-c", "5", "-p", profile]), 77, &["404"]);
    }
}

#[test]
fn the_certificate_is_not_trusted() {
    let server = Server::start_without_rates();
    let url = server.ws("/echo").replace("ws://", "wss://");
    fails(&run(&[&url, "-c", "5"]), 60, &["TLS with"]);
}

#[test]
fn the_server_says_nothing() {
    let server = Odd::raw(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let done = run(&[&server.url(), "-c", "5", "--connect-timeout", "300ms"]);
    fails(&done, 75, &["no connection within 300ms"]);
}

#[test]
fn the_server_says_nonsense() {
    let server = Odd::raw(|mut stream| {
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n\r\n");
        // An end with unread bytes would be a reset, which may come before the request is written.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    fails(&run(&[&server.url(), "-c", "2"]), 76, &["the response cannot be read"]);
}

#[test]
fn the_room_cannot_be_joined() {
    let server = Server::start_without_rates();
    for (protocol, path) in [("native", "/ws"), ("socketio", "")] {
        let url = server.ws(path);
        let flags = [&url, "-c", "3", "-p", "fanout", "--protocol", protocol, "--room", "private"];
        fails(&run(&flags), 77, &["does not let us into"]);
    }
}

#[test]
fn a_scenario_whose_users_cannot_come_in_is_given_up() {
    let file = file_with(
        "toml",
        "stages = [{ duration = '1m', users = 3 }]\n[[scenarios]]\nname = 'a'\nsteps = [{ think = '1s' }]",
    );
    let nobody = Nobody::start();
    fails(&run(&[&nobody.ws(), "--scenario", file.to_str().unwrap()]), 69, &["nothing listens there"]);
}

#[test]
fn what_makes_no_sense_is_said_before_anything_is_opened() {
    let scenario = file_with("toml", "stages = []\nscenarios = []");
    let scenario = scenario.to_str().unwrap();
    for (flags, status, part) in [
        (&["ws://x/", "-c", "0"][..], 2, "1 or more"),
        (&["ws://x/", "--rate", "0"], 2, "above 0"),
        (&["ws://x/", "--fail", "p98<1ms"], 2, "measures: min"),
        (&["ws://x/", "--depth", "16", "--size", "1"], 2, "1 bytes tell at most 16 messages apart"),
        (&["ftp://x/"], 2, "cannot be connected to"),
        (&["--scenario", "nowhere.toml"], 66, "cannot read nowhere.toml"),
        (&["ws://x/", "--scenario", scenario], 78, "[[stages]]"),
        (&["ws://x/", "-p", "fanout", "-c", "2", "--publishers", "3"], 2, "not as many connections"),
        (&["ws://x/", "--pid", "4294967295"], 66, "cannot look at the process"),
    ] {
        fails(&run(flags), status, &[part]);
    }
}
