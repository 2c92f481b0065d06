//! What browsers give as "copy as cURL", with the program's name exchanged.

use std::process::Command;

use super::run::{connect, run_command};
use crate::server::Server;

/// Runs a command line as a shell takes it apart.
fn paste(line: &str) -> Command {
    let ropeway = connect(&[]);
    let mut command = Command::new("sh");
    command.arg("-c").arg(line).env("ROPEWAY", ropeway.get_program());
    for (name, value) in ropeway.get_envs().filter(|(_, value)| value.is_none()) {
        assert!(value.is_none());
        command.env_remove(name);
    }
    command
}

#[test]
fn of_chrome() {
    let server = Server::start();
    let address = server.address();
    let line = format!(
        r#""$ROPEWAY" connect 'ws://{address}/echo' \
  -H 'Upgrade: websocket' \
  -H 'Origin: http://{address}' \
  -H 'Cache-Control: no-cache' \
  -H 'Accept-Language: en-US,en;q=0.9' \
  -H 'Pragma: no-cache' \
  -b 'session=abc; theme=dark' \
  -H 'Connection: Upgrade' \
  -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' \
  -H 'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36' \
  -H 'Sec-WebSocket-Version: 13' \
  -H 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits' --jsonl"#
    );
    let done = run_command(paste(&line), "hello from chrome");
    done.succeeded();
    assert_eq!(done.events("message")[1]["text"], "hello from chrome");
    let open = &done.events("open")[0];
    let sent = open["request"]["headers"].to_string();
    assert!(sent.contains("session=abc; theme=dark") && sent.contains("Chrome/141"), "{sent}");
    assert_eq!(sent.matches("sec-websocket-key").count(), 1);
    assert!(open["extensions"].as_str().unwrap().starts_with("permessage-deflate"), "{open}");
}

#[test]
fn of_firefox() {
    let server = Server::start();
    let address = server.address();
    let line = format!(
        r#""$ROPEWAY" connect 'ws://{address}/ws' --compressed -X GET -H 'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' -H 'Accept: */*' -H 'Accept-Language: en-US,en;q=0.5' -H 'Accept-Encoding: gzip, deflate, br, zstd' -H 'Sec-WebSocket-Version: 13' -H 'Origin: http://{address}' -H 'Sec-WebSocket-Protocol: ropeway.json' -H 'Sec-WebSocket-Extensions: permessage-deflate' -H 'Sec-WebSocket-Key: 8rFbvXDVCaSsKPYIrL2ZUA==' -H 'Connection: keep-alive, Upgrade' -H 'Sec-Fetch-Dest: empty' -H 'Sec-Fetch-Mode: websocket' -H 'Sec-Fetch-Site: same-origin' -H 'Pragma: no-cache' -H 'Cache-Control: no-cache' -H 'Upgrade: websocket' --jsonl -n 1"#
    );
    let done = run_command(paste(&line), "");
    done.succeeded();
    assert_eq!(done.events("open")[0]["subprotocol"], "ropeway.json");
    assert!(done.events("message")[0]["text"].as_str().unwrap().contains("welcome"));
}
