//! Connection state recovery, when the transport breaks.

use std::time::{Duration, Instant};

use crate::peer::{Peer, between, publish, status};
use crate::running::Running;

#[test]
fn a_broken_connection_comes_back_with_all_it_missed() {
    let server = Running::with(&[("socketio.recovery", "true")]);
    let mut ada = Peer::open(&server);
    let welcome = ada.ask("0");
    let pid = between(&welcome, r#""pid":""#, "\"");
    ada.ask(r#"20["join","demo:a"]"#);
    publish(&server, "demo:a", "n", "1");
    let told = ada.read();
    assert!(told.starts_with(r#"2["n",1,{"room":"demo:a","offset":1},""#), "{told}");
    let offset = between(&told, "\"offset\":1},\"", "\"");
    ada.break_off();
    let deadline = Instant::now() + Duration::from_secs(10);
    while status(&server, "connections") > 0 {
        assert!(Instant::now() < deadline, "the end is not noticed");
        std::thread::sleep(Duration::from_millis(5));
    }

    publish(&server, "demo:a", "n", "2");
    let mut ada = Peer::open(&server);
    let missed = ada.ask(&format!(r#"0{{"pid":"{pid}","offset":"{offset}"}}"#));
    assert!(missed.starts_with(r#"2["n",2,{"room":"demo:a","offset":2},""#), "{missed}");
    assert_eq!(ada.read(), welcome, "after what was missed");
    publish(&server, "demo:a", "n", "3");
    assert!(ada.read().starts_with(r#"2["n",3,"#));
}
