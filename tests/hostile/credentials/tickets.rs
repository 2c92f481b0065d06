//! Tickets that are shown more than once, or were never given out.

use serde_json::Value;
use tokio::task::JoinSet;

use super::token::guarded;
use crate::attack::Target;
use crate::http::{Connection, ask_with, request};
use crate::subject::API_KEY;
use crate::websocket::UPGRADE;

async fn ticket(target: &Target<'_>) -> String {
    let key = format!("Bearer {API_KEY}");
    let headers = [("Authorization", &*key), ("Content-Type", "application/json")];
    let issued = ask_with(target.address(), "POST", "/api/tickets", &headers, br#"{"user":"ada"}"#).await;
    assert_eq!(issued.status, 201, "{}", issued.text());
    let issued: Value = serde_json::from_slice(&issued.body).unwrap();
    let ticket = issued["ticket"].as_str().unwrap().to_owned();
    target.secret(&ticket);
    ticket
}

async fn shown(mut connection: Connection, ticket: String) -> u16 {
    connection.send(request("GET", &format!("/ws?ticket={ticket}"), UPGRADE, b"")).await;
    connection.response().await.status
}

#[test]
fn a_ticket_lets_one_in_however_many_show_it() {
    guarded("replayed_tickets").set("tickets.enabled", "true").lines(6000).run(async |target| {
        for _ in 0..10 {
            let ticket = ticket(target).await;
            let mut shows = JoinSet::new();
            for _ in 0..20 {
                shows.spawn(shown(target.connect().await, ticket.clone()));
            }
            let mut statuses = shows.join_all().await;
            statuses.sort_unstable();
            assert_eq!((statuses[0], statuses[1], statuses[19]), (101, 401, 401));
            // And never again, nor with a bit more or less.
            for tried in [&*ticket, &ticket[1..], &format!("{ticket}A"), &ticket.to_ascii_uppercase(), ""] {
                assert_eq!(shown(target.connect().await, tried.to_owned()).await, 401);
            }
        }
    });
}
