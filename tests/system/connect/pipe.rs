//! Input, output, and what ends a conversation well.

use serde_json::json;

use super::peer::{echo, websocket};
use super::run::{Running, connect, run};
use crate::server::Server;

#[test]
fn lines_are_sent_and_messages_are_printed_and_nothing_else() {
    let server = Server::start();
    let done = run(&[&server.ws("/echo")], "Hello, world!\n\nžluťoučký 🐎");
    assert_eq!(done.succeeded(), "Hello, world!\n\nžluťoučký 🐎\n");
    assert_eq!(done.err, "");
}

#[test]
fn input_is_cut_by_nul_or_not_at_all() {
    let server = Server::start();
    let url = server.ws("/echo");
    assert_eq!(run(&[&url, "--input", "nul", "--print0"], "a\nb\0c\0").succeeded(), "a\nb\0c\0");
    let done = run(&[&url, "--input", "whole", "--jsonl"], "a\nb\n");
    assert_eq!(done.events("message")[1]["text"], "a\nb\n");
}

#[test]
fn binary_messages_are_hexadecimal_digits() {
    let server = Server::start();
    let done = run(&[&server.ws("/echo"), "--binary", "--input", "whole"], b"\x00\xff\n");
    assert_eq!(done.succeeded(), "00ff0a\n");
    run(&[&server.ws("/echo")], b"\xff").failed(66, "hint: `--binary` sends what is not UTF-8");
}

#[test]
fn every_event_is_a_line_of_json() {
    let server = Server::start();
    let done = run(&[&server.ws("/echo"), "--jsonl", "-H", "X-Trace: 7"], "Hello");
    done.succeeded();
    let open = &done.events("open")[0];
    assert_eq!(open["response"]["status"], 101);
    assert!(open["request"]["headers"].as_array().unwrap().contains(&json!(["x-trace", "7"])), "{open}");
    assert!(open["timings_ms"]["upgrade"].as_f64().unwrap() > 0.0);
    let messages = done.events("message");
    let fields = |index: usize| {
        ["direction", "opcode", "size", "wire_size", "text"].map(|name| messages[index][name].clone())
    };
    // A client masks its frames, which takes four bytes (RFC 6455 section 5.2).
    assert_eq!(fields(0), [json!("out"), json!("text"), json!(5), json!(11), json!("Hello")]);
    assert_eq!(fields(1), [json!("in"), json!("text"), json!(5), json!(7), json!("Hello")]);
    let close = &done.events("close")[0];
    assert_eq!((&close["code"], &close["by"], &close["clean"]), (&json!(1000), &json!("us"), &json!(true)));
}

#[test]
fn it_ends_after_so_many_messages() {
    let server = Server::start();
    let input = Running::start(connect(&[&server.ws("/echo"), "-n", "2"]), b"a\nb\nc\n".to_vec(), false);
    assert_eq!(input.end().succeeded(), "a\nb\n");
    let peer = websocket(|mut socket| {
        socket.send("only".into()).unwrap();
        socket.close(None).unwrap();
        echo(socket);
    });
    run(&[&peer.ws(), "-n", "2"], "").failed(1, "1 of 2 messages came");
}

#[test]
fn what_is_expected_decides() {
    let server = Server::start();
    let url = server.ws("/ws");
    run(&[&url, "--expect", "$.type=welcome"], "").succeeded();
    run(&[&url, "--expect", "\"ping_interval\":\\d+", "--expect", "$.node"], "").succeeded();
    let echo = server.ws("/echo");
    run(&[&echo, "--expect", "^b$", "-n", "1"], "a\nb\n").failed(1, "0 of 1 expectations met by 1 messages");
    run(&[&echo, "--expect", "^b$", "--timeout", "300ms"], "a\n").failed(75, "error: not done after 300ms");
    run(&[&echo, "--expect", "("], "").failed(2, "it is no regular expression");
}

#[test]
fn a_filter_leaves_what_its_path_finds() {
    let server = Server::start();
    let input = "{\"a\":{\"b\":\"x\"}}\nno JSON\n{\"a\":{\"b\":[1,2]}}\n{}\n";
    assert_eq!(run(&[&server.ws("/echo"), "--filter", "$.a.b"], input).succeeded(), "x\n[1,2]\n");
}

#[test]
fn it_stays_after_the_end_of_input_when_asked_to() {
    let peer = websocket(|mut socket| {
        assert_eq!(socket.read().unwrap().to_text().unwrap(), "go");
        // The input has ended by now or soon will: an end of ours would come before this message.
        socket.send("late".into()).unwrap();
        socket.close(None).unwrap();
        echo(socket)
    });
    let done = run(&[&peer.ws(), "--keep-open", "--jsonl"], "go\n");
    done.succeeded();
    assert_eq!(done.events("message")[1]["text"], "late");
    assert_eq!(done.events("close")[0]["by"], "peer");
    let server = Server::start();
    assert_eq!(run(&[&server.ws("/echo"), "--keep-open=50ms"], "a\n").succeeded(), "a\n");
}

#[test]
fn ctrl_c_closes_with_1000_and_exits_with_130() {
    let peer = websocket(|mut socket| {
        socket.send("ready".into()).unwrap();
        echo(socket)
    });
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let running = Running::start(connect(&[&peer.ws(), "-v"]), b"go\n".to_vec(), false);
        running.until_printed("go");
        running.signal(signal);
        let done = running.end();
        assert_eq!(done.status, Some(status), "{}", done.err);
        assert_eq!(peer.said(), Some(1000));
    }
}

#[test]
fn messages_of_64_mib_come_and_go() {
    let server = Server::start_with("127.0.0.1:0", &[("ROPEWAY_LIMITS_MESSAGE", "64MiB")]);
    let big = "x".repeat(64 * 1024 * 1024);
    let done = run(&[&server.ws("/echo"), "--input", "whole"], &big);
    assert!(done.succeeded().len() == big.len() + 1 && done.text().starts_with("xxx"));
    let too_small = run(&[&server.ws("/echo"), "--input", "whole", "--max-message", "1MiB"], &big);
    too_small.failed(76, "a message is larger than 1048576 bytes");
}

#[test]
fn compression_is_offered_and_used() {
    let server = Server::start();
    let done = run(&[&server.ws("/echo"), "--compress", "--jsonl"], "compress me, ".repeat(100));
    done.succeeded();
    assert!(done.events("open")[0]["extensions"].as_str().unwrap().starts_with("permessage-deflate"));
    for message in done.events("message") {
        assert!(message["size"] == 1300 && message["wire_size"].as_u64().unwrap() < 100, "{message}");
    }
    let params = ["--compress=server_no_context_takeover", "--compress=server_max_window_bits=10"];
    for param in params {
        let open = &run(&[&server.ws("/echo"), param, "--jsonl"], "a").events("open")[0];
        let wanted = param.trim_start_matches("--compress=");
        assert!(open["extensions"].as_str().unwrap().contains(wanted), "{open}");
    }
}

#[test]
fn a_lost_connection_is_opened_again() {
    let mut count = 0;
    let peer = websocket(move |mut socket| {
        count += 1;
        if count < 3 {
            // Gone without a close frame.
            return;
        }
        socket.send("back".into()).unwrap();
        echo(socket);
    });
    let done = run(&[&peer.ws(), "--reconnect", "-n", "1", "--jsonl"], "");
    done.succeeded();
    assert_eq!(done.events("open").len(), 3);
    assert_eq!((done.events("retry").len(), done.events("close")[0]["code"].clone()), (2, json!(1006)));
    assert!(done.err.contains("connecting again in "), "{}", done.err);
}

#[test]
fn a_peer_that_answers_no_ping_is_given_up() {
    let peer = super::peer::Peer::start(|stream| {
        let socket = tungstenite::accept(stream).unwrap();
        let mut stream = socket.into_inner();
        let _ = std::io::Read::read_to_end(&mut stream, &mut Vec::new());
    });
    let flags = ["--ping-interval", "20ms", "--ping-timeout", "3s", "--keep-open", "--jsonl"];
    let url = peer.ws();
    let done = run(&[&[&*url], &flags[..]].concat(), "");
    done.failed(75, "the server did not answer a ping in time");
    assert!(done.events("ping").len() > 1);
}
