//! What servers may do that few do.

use super::odd::Odd;
use super::run;
use crate::server::Server;

#[test]
fn messages_of_64_mebibytes_come_back() {
    let server = Server::start_with("127.0.0.1:0", &[("ROPEWAY_LIMITS_MESSAGE", "64MiB")]);
    let url = server.ws("/echo");
    let done =
        run(&[&url, "-c", "1", "-d", "4s", "--warmup", "0s", "--size", "64MiB", "--rate", "0.1"]).succeeded();
    let matched = done.count("/messages/matched");
    assert!(matched == 1 && done.count("/messages/lost") == 0, "{}", done.out);
    assert_eq!(done.count("/messages/bytes_received"), matched << 26);
    assert!(done.count("/messages/wire_received") > done.count("/messages/bytes_received"));
}

#[test]
fn larger_messages_than_are_taken_end_the_connection() {
    let server = Server::start_without_rates();
    let flags = ["-c", "1", "-d", "1s", "--warmup", "0s", "--size", "64KiB", "--max-message", "1KiB"];
    let done = run(&[&[&*server.ws("/echo")], &flags[..]].concat()).succeeded();
    assert!(done.report["closes"]["1009"].as_u64() > Some(0), "{}", done.out);
    assert!(done.count("/messages/lost") > 0, "{}", done.out);
}

#[test]
fn a_close_reason_that_is_no_text() {
    let server = Odd::start(|mut peer| {
        let _ = peer.next();
        let _ = peer.writer().frame(8, b"\x03\xe8\xff\xfe");
        while peer.next().is_some() {}
    });
    let done = run(&[&server.url(), "-c", "2", "-d", "1s", "--warmup", "0s"]).succeeded();
    assert!(done.report["closes"]["1007"].as_u64() > Some(1), "{}", done.out);
    assert!(done.out.contains("closed with 1007"), "{}", done.out);
}

#[test]
fn text_that_is_no_text_and_frames_that_are_none() {
    for (frame, code) in [(&b"\x81\x02\xff\xfe"[..], "1007"), (b"\xff\xff", "1002")] {
        let server = Odd::start(move |mut peer| {
            use std::io::Write;

            let _ = peer.next();
            let _ = peer.writer().into_stream().write_all(frame);
            while peer.next().is_some() {}
        });
        let done = run(&[&server.url(), "-c", "1", "-d", "500ms", "--warmup", "0s"]).succeeded();
        assert!(done.report["closes"][code].as_u64() > Some(0), "{code}: {}", done.out);
    }
}

#[test]
fn what_is_lost_is_counted_even_if_the_server_never_lets_go() {
    let server = Odd::start(|peer| {
        let _ = std::io::copy(&mut peer.writer().into_stream(), &mut std::io::sink());
    });
    for profile in ["echo", "fanout"] {
        let flags = ["-p", profile, "-c", "2", "-d", "1s", "--warmup", "0s", "--rate", "50"];
        let done = run(&[&[&*server.url()], &flags[..]].concat()).succeeded();
        let each = if profile == "fanout" { 2 } else { 1 };
        assert!(done.count("/messages/sent") > 5, "{}", done.out);
        assert_eq!(done.count("/messages/lost"), each * done.count("/messages/sent"), "{}", done.out);
    }
}

#[test]
fn answers_that_are_not_ours() {
    let server = Odd::answering(|| |message| vec![b"\x1b[31mhello".to_vec(), b"".to_vec(), message]);
    let done = run(&[&server.url(), "-c", "2", "-d", "500ms", "--warmup", "0s"]).succeeded();
    let matched = done.count("/messages/matched");
    assert!(matched > 0);
    assert!(done.count("/messages/unexpected") >= 2 * matched, "{}", done.out);
    assert!(!done.out.contains('\x1b'));
}

#[test]
fn connections_that_end_by_themselves_are_opened_again_and_counted() {
    let server = Odd::start(|mut peer| {
        let _ = peer.next();
    });
    let done = run(&[&server.url(), "-c", "2", "-d", "4s", "--warmup", "0s"]).succeeded();
    assert!(done.count("/connections/opened") > 2, "{}", done.out);
    let ended = done.report["errors"]["closed with 1006"].as_u64();
    assert!(ended > Some(2) && done.count("/messages/lost") >= ended.unwrap(), "{}", done.out);
}
