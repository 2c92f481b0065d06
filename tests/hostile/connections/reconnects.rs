//! A storm of clients that come, upgrade, join and go at once.

use tokio::task::JoinSet;

use crate::attack::Attack;
use crate::http::{Connection, request};
use crate::websocket::UPGRADE;
use crate::wire::text;

const TIMES: usize = 2000;
const AT_ONCE: usize = 50;

#[test]
fn a_storm_of_reconnects_leaves_nothing_behind() {
    Attack::new("reconnects").lines(TIMES * 5).run(async |target| {
        let upgrade = request("GET", "/ws", UPGRADE, b"");
        let join = text(r#"{"type":"join","room":"busy:storm"}"#);
        let mut storm = JoinSet::new();
        for number in 0..TIMES {
            let stream = target.stream(2 + (number % 20) as u8).await.unwrap();
            let said = [&upgrade[..], &join].concat();
            storm.spawn(async move {
                let mut connection = Connection::over(stream);
                connection.send(said).await;
                if number % 2 == 0 {
                    connection.upgraded().await.next().await;
                }
            });
            if storm.len() >= AT_ONCE {
                storm.join_next().await.unwrap().unwrap();
            }
        }
        while let Some(ended) = storm.join_next().await {
            ended.unwrap();
        }
    });
}
