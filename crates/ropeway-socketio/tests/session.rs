//! The session machine by scripted time.
#![allow(
    clippy::unwrap_used,
    reason = "a helper may stop at the first surprise, as the tests that call it may"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use ropeway_socketio::engine::session::{Due, Overlap, Probed, Reason, Received, Session, Settings};
use ropeway_socketio::engine::{Message, Packet, Transport, Version};

/// A session and its clock.
struct Script {
    session: Session,
    start: Instant,
    now: Instant,
}

impl Script {
    fn new(version: Version, transport: Transport) -> Self {
        let start = Instant::now();
        let session = Session::new(Arc::new(Settings::default()), version, transport, start);
        Self { session, start, now: start }
    }

    fn polling() -> Self {
        Self::new(Version::V4, Transport::Polling)
    }

    fn websocket() -> Self {
        Self::new(Version::V4, Transport::WebSocket)
    }

    /// With a WebSocket beside polling that has sent `2probe`.
    fn probing() -> Self {
        let mut script = Self::polling();
        assert!(script.session.probe(script.now));
        assert_eq!(script.probe("2probe"), Probed::Pong);
        script
    }

    /// Goes to a moment, and gives all that came due on the way, with the second at which it did.
    fn until(&mut self, seconds: f64) -> Vec<(f64, Due)> {
        let end = self.start + Duration::from_secs_f64(seconds);
        let mut due = Vec::new();
        while let Some(at) = self.session.poll_timeout().filter(|at| *at <= end) {
            self.now = at.max(self.now);
            let mut is_idle = true;
            while let Some(what) = self.session.handle_timeout(self.now) {
                is_idle = false;
                let passed = self.now.duration_since(self.start).as_secs_f64();
                due.push(((passed * 1000.0).round() / 1000.0, what));
                if what == Due::Noop {
                    self.session.get_answered();
                }
            }
            assert!(!is_idle, "a deadline without a purpose");
        }
        self.now = end;
        due
    }

    fn receive<'a>(&mut self, packet: &'a str) -> Received<'a> {
        let packet = Packet::decode(packet, self.session.version()).unwrap();
        let now = self.now;
        self.session.receive(packet, || now)
    }

    fn probe(&mut self, packet: &str) -> Probed {
        let packet = Packet::decode(packet, self.session.version()).unwrap();
        self.session.receive_probe(&packet, self.now)
    }
}

#[test]
fn the_first_ping_comes_after_the_interval_and_not_at_once() {
    let mut script = Script::websocket();
    assert_eq!(script.until(24.9), []);
    assert_eq!(script.until(25.0), [(25.0, Due::Ping)]);
    script.until(30.0);
    assert_eq!(script.receive("3"), Received::Nothing);
    assert_eq!(script.until(60.0), [(55.0, Due::Ping)], "an interval after the pong");
}

#[test]
fn who_does_not_answer_a_ping_is_gone_after_the_timeout() {
    for mut script in [Script::websocket(), Script::polling()] {
        assert_eq!(script.until(100.0), [(25.0, Due::Ping), (45.0, Due::End)]);
        assert_eq!(script.session.end(), Some(Reason::PingTimeout));
        assert_eq!(script.session.poll_timeout(), None);
    }
}

#[test]
fn another_packet_moves_the_deadline_of_the_pong_once() {
    let mut script = Script::websocket();
    script.until(30.0);
    assert!(matches!(script.receive("4hello"), Received::Message(_)));
    script.until(40.0);
    assert!(matches!(script.receive("4hello"), Received::Message(_)));
    assert_eq!(script.until(100.0), [(50.0, Due::End)]);
}

#[test]
fn a_packet_before_the_ping_moves_nothing() {
    let mut script = Script::websocket();
    script.until(20.0);
    script.receive("4hello");
    assert_eq!(script.until(100.0), [(25.0, Due::Ping), (45.0, Due::End)]);
}

#[test]
fn each_ping_may_be_put_off_once() {
    let mut script = Script::websocket();
    script.until(30.0);
    script.receive("4hello");
    script.receive("3");
    assert_eq!(script.until(60.0), [(55.0, Due::Ping)]);
    script.receive("4hello");
    assert_eq!(script.until(100.0), [(80.0, Due::End)]);
}

#[test]
fn the_heartbeat_has_one_direction() {
    let mut script = Script::websocket();
    assert_eq!(script.receive("2"), Received::Nothing);
    assert_eq!(script.session.end(), Some(Reason::TransportError));

    let mut script = Script::new(Version::V3, Transport::WebSocket);
    assert_eq!(script.receive("3"), Received::Nothing);
    assert_eq!(script.session.end(), Some(Reason::TransportError));
}

#[test]
fn a_client_of_version_3_pings() {
    let mut script = Script::new(Version::V3, Transport::Polling);
    script.until(40.0);
    assert_eq!(script.receive("2"), Received::Ping);
    script.until(80.0);
    script.receive("4only a ping counts");
    assert_eq!(script.until(200.0), [(85.0, Due::End)]);
    assert_eq!(script.session.end(), Some(Reason::PingTimeout));
}

#[test]
fn messages_are_handed_on_and_what_means_nothing_is_ignored() {
    let mut script = Script::websocket();
    assert_eq!(script.receive("4hi"), Received::Message(Message::Text("hi".into())));
    for packet in ["6", "0{}", "5"] {
        assert_eq!(script.receive(packet), Received::Nothing, "{packet}");
    }
    assert!(script.session.is_open());
}

#[test]
fn the_client_ends_it_and_a_pending_get_learns_nothing_more() {
    let mut script = Script::polling();
    script.session.get().unwrap();
    assert_eq!(script.receive("1"), Received::Nothing);
    assert_eq!(script.session.end(), Some(Reason::TransportClose));
    assert_eq!(script.session.farewell(), Packet::Noop);
    assert_eq!(script.receive("4late"), Received::Nothing);
}

#[test]
fn two_requests_of_a_kind_end_the_session() {
    type Begin = fn(&mut Session) -> Result<(), Overlap>;
    for begin in [Session::get as Begin, Session::post] {
        let mut script = Script::polling();
        assert_eq!(begin(&mut script.session), Ok(()));
        assert_eq!(begin(&mut script.session), Err(Overlap));
        assert_eq!(script.session.end(), Some(Reason::TransportError));
        assert_eq!(script.session.farewell(), Packet::Close);
    }
}

#[test]
fn requests_may_follow_each_other_and_be_of_two_kinds() {
    let mut script = Script::polling();
    for _ in 0..2 {
        assert_eq!(script.session.get(), Ok(()));
        assert_eq!(script.session.post(), Ok(()));
        assert!(script.session.has_get());
        script.session.post_ended();
        script.session.get_answered();
    }
    assert!(script.session.is_open() && !script.session.has_get());
}

#[test]
fn there_are_no_requests_on_a_websocket() {
    let mut script = Script::websocket();
    assert_eq!(script.session.get(), Err(Overlap));
    assert!(!script.session.probe(script.now));
    assert!(script.session.is_open());
}

#[test]
fn while_a_client_probes_its_pending_gets_return_at_once_and_then_each_100_ms() {
    let mut script = Script::probing();
    script.session.get().unwrap();
    assert_eq!(script.until(0.0), [(0.0, Due::Noop)]);
    assert_eq!(script.until(0.05), []);
    script.session.get().unwrap();
    assert_eq!(script.until(0.5), [(0.1, Due::Noop)]);
    script.session.get().unwrap();
    let moment = script.now;
    assert_eq!(script.session.handle_timeout(moment), Some(Due::Noop), "one that comes late need not wait");
}

#[test]
fn without_a_probe_nobody_is_hurried() {
    let mut script = Script::polling();
    assert!(script.session.probe(script.now));
    script.session.get().unwrap();
    assert_eq!(script.until(9.9), [], "the WebSocket has said nothing");
}

#[test]
fn an_upgrade_ends_polling() {
    let mut script = Script::probing();
    assert_eq!(script.probe("5"), Probed::Upgraded);
    assert!(!script.session.is_polling() && script.session.is_open());
    assert_eq!(script.session.get(), Err(Overlap));
    assert!(!script.session.probe(script.now), "a second WebSocket is closed");
    assert_eq!(
        script.until(100.0),
        [(25.0, Due::Ping), (45.0, Due::End)],
        "no deadline of the probe is left"
    );
}

#[test]
fn a_client_may_upgrade_without_waiting_for_the_pong() {
    let mut script = Script::polling();
    assert!(script.session.probe(script.now));
    assert_eq!(script.probe("5"), Probed::Upgraded);
}

#[test]
fn an_upgrade_gives_an_awaited_pong_its_whole_time_again() {
    let mut script = Script::polling();
    script.until(40.0);
    assert!(script.session.probe(script.now));
    assert_eq!(script.probe("5"), Probed::Upgraded);
    assert_eq!(script.until(59.9), []);
    assert_eq!(script.until(60.0), [(60.0, Due::End)]);
}

#[test]
fn any_other_packet_ends_only_the_probe() {
    for packet in ["2", "2other", "3probe", "4hello", "6", "1", "0"] {
        let mut script = Script::probing();
        assert_eq!(script.probe(packet), Probed::Refused, "{packet}");
        assert!(script.session.is_polling() && script.session.is_open());
        assert!(script.session.probe(script.now), "another one may try");
    }
}

#[test]
fn a_second_probe_beside_the_first_is_refused() {
    let mut script = Script::probing();
    assert!(!script.session.probe(script.now));
    assert_eq!(script.probe("5"), Probed::Upgraded, "the first goes on");
}

#[test]
fn polling_survives_a_probe_that_takes_too_long() {
    let mut script = Script::probing();
    assert_eq!(script.until(20.0), [(10.0, Due::ProbeTimeout)]);
    assert!(script.session.is_polling() && script.session.is_open());
    assert_eq!(script.probe("5"), Probed::Refused);
}

#[test]
fn a_probe_that_goes_away_leaves_nothing() {
    let mut script = Script::probing();
    script.session.probe_ended();
    script.session.get().unwrap();
    assert_eq!(script.until(20.0), []);
}

#[test]
fn to_close_waits_for_a_get() {
    let mut script = Script::polling();
    script.session.close(script.now);
    assert!(!script.session.is_open());
    assert_eq!(script.session.end(), None);
    assert_eq!(script.receive("4ignored"), Received::Nothing);
    script.until(29.0);
    script.session.get().unwrap();
    assert_eq!(script.session.farewell(), Packet::Close);
    script.session.get_answered();
    assert_eq!(script.session.end(), Some(Reason::ForcedClose));
}

#[test]
fn to_close_waits_30_seconds_and_sends_no_more_pings() {
    let mut script = Script::polling();
    script.until(1.0);
    script.session.close(script.now);
    assert_eq!(script.until(100.0), [(31.0, Due::End)]);
    assert_eq!(script.session.end(), Some(Reason::ForcedClose));
}

#[test]
fn a_websocket_closes_at_once() {
    let mut script = Script::websocket();
    script.session.close(script.now);
    assert_eq!(script.session.end(), Some(Reason::ForcedClose));
}

#[test]
fn the_first_reason_counts() {
    let mut script = Script::polling();
    script.session.fail(Reason::ParseError);
    script.session.fail(Reason::TransportError);
    script.session.close(script.now);
    assert_eq!(script.session.end(), Some(Reason::ParseError));
}

#[test]
fn a_session_on_a_websocket_is_small() {
    assert!(size_of::<Session>() <= 56, "{}", size_of::<Session>());
}
