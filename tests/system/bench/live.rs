//! What a person sees on a terminal while a run goes on, and after it.

use crate::connect::screen::Screen;
use crate::server::Server;

/// Starts on a terminal that says where its cursor is when it is asked, which the view needs to know.
fn watch(flags: &[&str]) -> Screen {
    let mut screen = Screen::start_command("bench", flags, &[]);
    screen.wait_for_raw("\x1b[6n");
    screen.press("\x1b[1;1R");
    screen
}

#[test]
fn the_view_gives_way_to_the_summary() {
    let server = Server::start_without_rates();
    let flags = [&server.ws("/echo"), "-c", "20", "-d", "6s", "--no-proxy"];
    let mut screen = watch(&flags);
    for part in
        ["measuring", "answered/s", "20 of 20 connections", "descriptors", "of a core", "p99 in microseconds"]
    {
        screen.wait_for(part);
    }
    screen.wait_for("20 opened, 0 failed");
    assert!(!screen.contents().contains("measuring"), "{}", screen.contents());
    let title = screen.line("echo ws://");
    assert!(title.starts_with("echo ws://"), "the summary begins at the margin: {title:?}");
    assert_eq!(screen.end(), 0);
}

#[test]
fn ctrl_c_ends_a_run_early() {
    let server = Server::start_without_rates();
    let flags = [&server.ws("/echo"), "-c", "5", "-d", "5m", "--no-proxy"];
    let mut screen = watch(&flags);
    screen.wait_for("measuring");
    screen.press("\x03");
    screen.wait_for("error: interrupted");
    assert!(screen.contents().contains("closed model"), "{}", screen.contents());
    assert_eq!(screen.end(), 130);
}
