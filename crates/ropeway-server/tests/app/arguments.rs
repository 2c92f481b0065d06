//! Binary data inside values.

use ropeway_server::app::{App, Args, Binary, Data, Raw, Reply, Socket};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::Client;
use crate::running::Running;

#[derive(Serialize, Deserialize)]
struct Picture {
    name: String,
    pixels: Binary,
}

#[test]
fn attachments_are_binary_inside_of_values_both_ways() {
    let app = App::new();
    app.namespace("/")
        .on("picture", |Data(mut picture): Data<Picture>| {
            let mut pixels = picture.pixels.to_vec();
            pixels.reverse();
            picture.pixels = pixels.into();
            Reply(picture)
        })
        .on("bare", |Args((name, bytes)): Args<(String, Binary)>| Reply(Args((bytes, name))))
        .on("raw", |raw: Raw| Reply(raw))
        .on("list", || Reply(vec![Binary::from(vec![1]), Binary::from(vec![2, 3])]));
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    let placeholder = r#"{"_placeholder":true,"num":0}"#;
    let picture = format!(r#"["picture",{{"name":"dot","pixels":{placeholder}}}]"#);
    assert_eq!(
        client.ask_binary(&picture, &[1, 2, 3]),
        [json!({ "name": "dot", "pixels": { "binary": [3, 2, 1] } })]
    );
    let bare = format!(r#"["bare","x",{placeholder}]"#);
    assert_eq!(client.ask_binary(&bare, &[0, 255]), [json!({ "binary": [0, 255] }), json!("x")]);
    let raw = format!(r#"["raw",{{"deep":[{placeholder}]}},1]"#);
    assert_eq!(client.ask_binary(&raw, &[7]), [json!({ "deep": [{ "binary": [7] }] }), json!(1)]);
    assert_eq!(client.ask("list", &json!([])), [json!([{ "binary": [1] }, { "binary": [2, 3] }])]);
}

#[test]
fn what_is_no_attachment_is_no_binary() {
    let app = App::new();
    app.namespace("/").on("picture", |Data(picture): Data<Picture>| Reply(picture.pixels.len()));
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    let pixels = |pixels: Value| json!([{ "name": "x", "pixels": pixels }]);
    assert_eq!(client.ask("picture", &pixels(json!({ "base64": "AQID" }))), [json!(3)]);
    for bad in [json!("text"), json!([1, 2]), json!({ "base64": "?" }), json!({ "num": 0 })] {
        assert_eq!(client.ask("picture", &pixels(bad))[0]["code"], "bad_argument");
    }
}

#[test]
fn more_attachments_than_clients_accept_are_refused_here() {
    let app = App::new();
    app.namespace("/").on("many", |socket: Socket| {
        let eleven = vec![Binary::from(vec![0]); 11];
        let error = socket.emit("many", &eleven).unwrap_err();
        Reply(error.to_string())
    });
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    assert_eq!(client.ask("many", &json!([])), [json!("more than 10 attachments in one packet")]);
}

#[test]
fn what_has_no_json_form_is_an_error_and_nothing_is_sent() {
    let app = App::new();
    app.namespace("/").on("odd", |socket: Socket| {
        let odd = std::collections::HashMap::from([((1, 2), 3)]);
        Reply(socket.emit("odd", &odd).unwrap_err().to_string())
    });
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    let answer = client.ask("odd", &json!([]));
    assert_eq!(answer, [json!("the value cannot be written as JSON: key must be a string")]);
    client.nothing_more();
}
