//! The builds of the JavaScript client, as the server offers them.

use crate::case::{Case, Place, case};
use crate::http::{Response, ask, ask_with};
use crate::subject::{Profile, Subject};

const CLIENT: Place = Place("npm socket.io", "serveClient");

pub(crate) const CASES: &[Case] = &[
    case!(CLIENT, builds_are_served, "The builds of the client are served as JavaScript below the path"),
    case!(CLIENT, builds_are_revalidated, "A build that has not changed is answered with 304"),
    case!(CLIENT, other_files_are_not_there, "Nothing else is served below the path"),
];

const BUILDS: [&str; 4] =
    ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"];

async fn build(subject: &'static Subject, name: &str) -> Response {
    ask(subject.at(Profile::Default), "GET", &format!("/socket.io/{name}")).await
}

async fn builds_are_served(subject: &'static Subject) {
    for name in BUILDS {
        let response = build(subject, name).await;
        assert_eq!(response.status, 200, "{name}");
        assert!(response.header("content-type").unwrap().contains("javascript"), "{name}");
        assert!(response.text().contains("Socket.IO v4"), "{name}");
    }
}

async fn builds_are_revalidated(subject: &'static Subject) {
    let first = build(subject, "socket.io.min.js").await;
    let headers = [("If-None-Match", first.header("etag").unwrap())];
    let address = subject.at(Profile::Default);
    let second = ask_with(address, "GET", "/socket.io/socket.io.min.js", &headers, b"").await;
    assert_eq!((second.status, second.text()), (304, ""));
}

async fn other_files_are_not_there(subject: &'static Subject) {
    for name in ["package.json", "..%2Fpackage.json", "socket.io.jsx", "socket.io", "../package.json"] {
        let response = build(subject, name).await;
        assert!(response.status >= 400, "{name}: {}", response.status);
    }
}
