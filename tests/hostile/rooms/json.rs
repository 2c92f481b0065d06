//! JSON that is deep, contradictory, or no Unicode.

use crate::attack::Attack;
use crate::websocket::Frame;
use crate::wire::close_code;

#[test]
fn json_that_is_meant_to_hurt_is_refused_or_passed_on_as_it_is() {
    Attack::new("json_bombs").memory(8).run(async |target| {
        let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(30_000), close.repeat(30_000));
        let bombs = [
            deep("[", "]"),
            deep(r#"{"a":"#, "}"),
            "[".repeat(60_000),
            "1".repeat(60_000),
            format!("1e{}", "9".repeat(1000)),
            "-0".to_owned(),
            r#""\ud800""#.to_owned(),
            r#""\udc00\ud800""#.to_owned(),
            r#"{"a":1,"a":2,"a":3}"#.to_owned(),
            r#"{"__proto__":{"x":1},"constructor":1}"#.to_owned(),
            "\"\\u0000\"".to_owned(),
            "nul".to_owned(),
            "NaN".to_owned(),
        ];
        for bomb in bombs {
            for message in [
                bomb.clone(),
                format!(r#"{{"type":"publish","room":"busy:json","event":"e","id":"i","data":{bomb}}}"#),
                format!(r#"{{"type":"join","room":"busy:json","id":"i","info":{bomb}}}"#),
                format!(r#"{{"type":"join","room":"busy:json","type":"leave","id":"i","x":{bomb}}}"#),
                format!(r#"{{"type":"history","room":"busy:json","id":"i","since":{bomb},"limit":{bomb}}}"#),
            ] {
                let mut socket = target.member("busy:json").await;
                socket.text(&message).await;
                // Whatever the answer, the connection works or is closed for a reason.
                socket.text(r#"{"type":"ping","id":"alive"}"#).await;
                loop {
                    match socket.next().await {
                        Frame::Text(said) if said.contains(r#""id":"alive""#) => break,
                        Frame::Text(_) => {}
                        Frame::Close(code) => {
                            break assert!(code.is_some_and(|code| code >= 1002), "{code:?}");
                        }
                        other => panic!("{other:?}"),
                    }
                }
                socket.raw(crate::websocket::frame(0x88, &[])).await;
                close_code(&mut socket).await;
            }
        }
    });
}
