//! On a real terminal: what a person sees and types.

use std::fs;
use std::path::Path;
use std::sync::mpsc::channel;

use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;

use super::peer::{echo, websocket};
use super::run::run;
use super::screen::Screen;
use crate::server::Server;

/// A conversation with `/echo`, once the prompt is there.
fn talk(server: &Server, arguments: &[&str]) -> Screen {
    let url = server.ws("/echo");
    let mut all = vec![&*url];
    all.extend(arguments);
    let screen = Screen::start(&all, &[("NO_COLOR", "1")]);
    screen.wait_for("\n> ");
    screen
}

#[test]
fn a_conversation() {
    let server = Server::start();
    let mut screen = talk(&server, &["--no-history"]);
    let connected = screen.line("Connected");
    let expected = format!("Connected: {}, no subprotocol, no extensions, round trip ", server.address());
    assert!(connected.starts_with(&expected), "{connected}");
    screen.enter("Hello, world!");
    let sent = screen.line("→");
    assert!(sent.ends_with("  13 B  Hello, world!"), "{sent}");
    let received = screen.line("←");
    assert!(received.contains("  +") && received.ends_with("  13 B  Hello, world!"), "{received}");
    screen.enter("/close 4000 good bye");
    screen.wait_for("Closed from this side with 4000: good bye");
    assert_eq!(screen.end(), 0);
}

#[test]
fn json_is_indented_and_lines_go_on_until_it_is_complete() {
    let server = Server::start();
    let mut screen = talk(&server, &["--no-history"]);
    screen.enter(r#"{"first": "a long text so that it does not fit on half a line of the screen","#);
    screen.enter(r#""second": [1, 2]}"#);
    screen.wait_for("←");
    screen.wait_for("  {\n    \"first\": \"a long text");
    screen.wait_for("    \"second\": [\n      1,\n      2\n    ]\n  }");
    screen.enter(r#"{"short":true}"#);
    screen.wait_for("14 B  {\"short\": true}");
    screen.press("\x04");
    assert_eq!(screen.end(), 0);
}

#[test]
fn a_filter_shows_what_its_path_finds() {
    let server = Server::start();
    let mut screen = talk(&server, &["--no-history", "--filter", "$.data"]);
    screen.enter(r#"{"data":{"text":"hi"},"x":1}"#);
    let received = screen.line("←");
    assert!(received.ends_with(r#"  {"text": "hi"}"#), "{received}");
    screen.press("\x03");
    assert_eq!(screen.end(), 0);
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let server = Server::start();
    let url = server.ws("/echo");
    let mut screen = Screen::start(&[&url, "--no-history"], &[]);
    screen.wait_for("\n> ");
    screen.enter(r#"{"a":1}"#);
    screen.wait_for_raw("\x1b[34m\"a\"\x1b[0m: \x1b[33m1\x1b[0m");
    let mut plain = talk(&server, &["--no-history"]);
    plain.enter(r#"{"a":1}"#);
    plain.wait_for("←");
    assert!(!plain.raw().contains("\x1b[3"), "{:?}", plain.raw());
}

#[test]
fn nothing_from_the_peer_controls_the_terminal() {
    let peer = websocket(|mut socket| {
        socket
            .send("\x1b]0;owned\x07\x1b[2J\x1b[31mred\u{9b}1m \u{202e}txt.exe\r\n← 00:00 forged".into())
            .unwrap();
        socket.send("[\"\\u001b[2J \u{9b}2J \u{202e}\"]".into()).unwrap();
        socket.send(tungstenite::Message::Ping("\x1b[2Jping".into())).unwrap();
        let frame = CloseFrame { code: CloseCode::Normal, reason: "\x1b[2Jbye\u{202e}".into() };
        socket.close(Some(frame)).unwrap();
        echo(socket);
    });
    let mut screen = Screen::start(&[&peer.ws(), "--no-history", "-v"], &[("NO_COLOR", "1")]);
    assert_eq!(screen.end(), 0);
    screen.wait_for(r"bye\u{202e}");
    let shown = screen.contents();
    for text in [
        r"\x1b]0;owned\x07\x1b[2J\x1b[31mred\x9b1m \u{202e}txt.exe\r",
        "\n  ← 00:00 forged",
        r#"["\u001b[2J \u009b2J \u202e"]"#,
        r"ping  \x1b[2Jping",
        r"Closed by the server with 1000 (normal): \x1b[2Jbye",
    ] {
        assert!(shown.contains(text), "no {text:?} in\n{shown}");
    }
    let raw = screen.raw();
    assert!(!raw.contains("\x1b]0;") && !raw.contains("\x1b[2J") && !raw.contains('\u{202e}'), "{raw:?}");
}

#[test]
fn commands_begin_with_a_slash() {
    let server = Server::start();
    let mut screen = talk(&server, &["--no-history", "--compress"]);
    screen.enter("/ping are you there");
    let pong = screen.line("pong");
    assert!(pong.contains("are you there  round trip "), "{pong}");
    screen.enter("/binary 00 1b ff");
    screen.wait_for("binary 3 B  00 1b ff");
    screen.enter("/text /slash");
    screen.wait_for("6 B  /slash");
    screen.enter(&"compressible ".repeat(30));
    screen.wait_for("390 B");
    // Completed to /stats.
    screen.press("/sta\t\r");
    let sent = screen.line("sent  ");
    assert!(sent.contains("3 messages, 399 B, ") && sent.contains(" %)"), "{sent}");
    screen.enter("/nothing");
    screen.wait_for("there is no command /nothing");
    screen.enter("/help");
    screen.wait_for("/replay path");
    screen.enter("/close");
    assert_eq!(screen.end(), 0);
}

#[test]
fn what_was_said_is_saved_and_said_again() {
    let server = Server::start();
    let saved = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conversation.jsonl");
    let mut screen = talk(&server, &["--no-history"]);
    screen.enter("first");
    screen.wait_for("5 B  first");
    screen.enter(&format!("/save {}", saved.display()));
    screen.wait_for("events written to");
    screen.enter("second");
    screen.wait_for("6 B  second");
    screen.enter("/close");
    assert_eq!(screen.end(), 0);
    let text = fs::read_to_string(&saved).unwrap();
    assert!(text.contains(r#""event":"open""#) && text.contains(r#""text":"second""#), "{text}");
    let mut screen = talk(&server, &["--no-history"]);
    screen.enter(&format!("/replay {}", saved.display()));
    screen.wait_for("sending 2 messages of ");
    screen.wait_for("6 B  second");
    screen.enter("/file conversation.jsonl");
    screen.wait_for("KiB");
    screen.enter("/file /no/such/file");
    screen.wait_for("/no/such/file cannot be read");
}

#[test]
fn history_is_kept_per_host_and_searched() {
    let server = Server::start();
    let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join("state");
    let _ = fs::remove_dir_all(&state);
    let variables = [("XDG_STATE_HOME", state.to_str().unwrap()), ("NO_COLOR", "1")];
    let url = server.ws("/echo");
    let mut screen = Screen::start(&[&url], &variables);
    screen.wait_for("\n> ");
    screen.enter("remember me");
    screen.wait_for("←");
    screen.enter("and me");
    screen.wait_for("6 B  and me");
    screen.enter("/close");
    assert_eq!(screen.end(), 0);
    let mut screen = Screen::start(&[&url], &variables);
    screen.wait_for("\n> ");
    // Ctrl-R searches, Enter takes what it found.
    screen.press("\x12rem");
    screen.wait_for("remember me");
    screen.press("\r");
    screen.wait_for("11 B  remember me");
    let other = Server::start();
    let mut screen = Screen::start(&[&other.ws("/echo")], &variables);
    screen.wait_for("\n> ");
    screen.press("\x1b[A");
    screen.enter("fresh");
    screen.wait_for("5 B  fresh");
}

#[test]
fn the_end_is_told_and_the_terminal_is_as_before() {
    let closing = |code: u16| {
        websocket(move |mut socket| {
            assert!(socket.read().is_ok());
            let frame = CloseFrame { code: CloseCode::from(code), reason: "enough".into() };
            socket.close(Some(frame)).unwrap();
            echo(socket);
        })
    };
    for (code, status, told) in [
        (1000, 0, "Closed by the server with 1000 (normal): enough"),
        (
            1013,
            74,
            "error: the connection did not end well\n  Closed by the server with 1013 (try again later): enough",
        ),
    ] {
        let mut screen = Screen::start(&[&closing(code).ws(), "--no-history"], &[("NO_COLOR", "1")]);
        screen.wait_for("\n> ");
        assert!(!screen.is_as_found());
        screen.enter("go");
        assert_eq!(screen.end(), status);
        screen.wait_for(told);
        assert!(screen.is_as_found());
        // Pasted text is no longer marked: the mode of the editor is off.
        let raw = screen.raw();
        assert!(raw.rfind("\x1b[?2004l") > raw.rfind("\x1b[?2004h"), "{raw:?}");
    }
}

#[test]
fn a_signal_ends_it_and_the_terminal_is_as_before() {
    let server = Server::start();
    let mut screen = talk(&server, &["--no-history"]);
    screen.press("half");
    screen.wait_for("> half");
    screen.signal("TERM");
    assert_eq!(screen.end(), 128 + 15);
    screen.wait_for("Closed from this side with 1000");
    assert!(screen.is_as_found());
    assert!(!screen.contents().contains("half"), "{}", screen.contents());
}

#[test]
fn an_editor_that_takes_no_text_does_not_hold_up_the_end() {
    // Ctrl-V takes the next key as it is; Ctrl-R searches.
    for (typed, shown) in [("half\x16", "> half"), ("half\x12", "(reverse-i-search)")] {
        let (end, ends) = channel();
        let peer = websocket(move |mut socket| {
            assert!(socket.read().is_ok());
            ends.recv().unwrap();
            for number in 0..3 {
                socket.send(format!("message {number}").into()).unwrap();
            }
            socket.close(None).unwrap();
            echo(socket);
        });
        let mut screen = Screen::start(&[&peer.ws(), "--no-history"], &[("NO_COLOR", "1")]);
        screen.wait_for("\n> ");
        // There must be something to search in.
        screen.enter("before");
        screen.wait_for("6 B  before");
        screen.press(typed);
        screen.wait_for(shown);
        end.send(()).unwrap();
        assert_eq!(screen.end(), 0);
        for text in ["message 0\n", "message 1\n", "message 2\n", "Closed by the server"] {
            screen.wait_for(text);
        }
        assert!(screen.is_as_found());
        assert!(!screen.contents().contains(shown), "{}", screen.contents());
    }
}

#[test]
fn refusals_are_told_before_there_is_a_prompt() {
    let server = Server::start();
    let mut screen = Screen::start(&[&server.ws("/nothing")], &[]);
    assert_eq!(screen.end(), 77);
    screen.wait_for("error: the server refused with 404 Not Found");
    assert!(!screen.contents().contains("\n> "));
}

#[test]
fn events_of_socket_io() {
    let server = Server::start();
    let mut screen = Screen::start(&[&server.ws(""), "--socketio", "--no-history"], &[("NO_COLOR", "1")]);
    screen.wait_for("connected to /");
    screen.wait_for("\n> ");
    screen.enter(r#"/emit join {"room":"demo:tty"}"#);
    screen.wait_for("ack #0 after ");
    screen.wait_for(r#""type": "joined""#);
    screen.enter("/join nowhere");
    screen.wait_for("refused by /nowhere");
    screen.enter(r#"/fire publish {"room":"demo:tty","event":"said","data":"hi"}"#);
    // Only the event has a comma there.
    screen.wait_for("\"hi\",");
    screen.enter("/close");
    assert_eq!(screen.end(), 0);
}

#[test]
fn output_to_a_terminal_is_harmless_also_from_a_script() {
    let server = Server::start();
    let mut screen = Screen::start(&[&server.ws("/echo"), "-n", "1"], &[]);
    screen.enter("a\u{202e}b");
    assert_eq!(screen.end(), 0);
    screen.wait_for("a\\u{202e}b");
    assert_eq!(run(&[&server.ws("/echo")], "\x1b[31m").succeeded(), "\x1b[31m\n");
}

#[test]
fn a_lost_connection_comes_back_under_the_prompt() {
    let mut count = 0;
    let peer = websocket(move |mut socket| {
        count += 1;
        if count == 1 {
            assert!(socket.read().is_ok());
            return;
        }
        echo(socket);
    });
    let mut screen = Screen::start(&[&peer.ws(), "--reconnect", "--no-history"], &[("NO_COLOR", "1")]);
    screen.wait_for("\n> ");
    screen.enter("go");
    screen.wait_for("The server ended the stream without a close frame");
    screen.wait_for("Connecting again in ");
    screen.enter("still here");
    screen.wait_for("←");
    assert_eq!(screen.contents().matches("Connected").count(), 2);
    screen.enter("/close");
    assert_eq!(screen.end(), 0);
}

#[test]
fn a_message_of_64_mib_does_not_drown_the_terminal() {
    let server = Server::start_with("127.0.0.1:0", &[("ROPEWAY_LIMITS_MESSAGE", "64MiB")]);
    let big = Path::new(env!("CARGO_TARGET_TMPDIR")).join("big.txt");
    fs::write(&big, "x".repeat(64 * 1024 * 1024)).unwrap();
    let mut screen = talk(&server, &["--no-history"]);
    screen.enter(&format!("/file {}", big.display()));
    screen.wait_for_raw("←");
    screen.wait_for("... 64.0 MiB in all");
    screen.enter("after it");
    screen.wait_for("8 B  after it");
    assert!(screen.raw().len() < 1024 * 1024);
    fs::remove_file(&big).unwrap();
}
