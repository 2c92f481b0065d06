//! What a file of `/save` or `--jsonl` says was sent, to be sent again.

use std::fs;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ropeway_ws::Message;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc::Sender;

use crate::connect::engine::Command;
use crate::connect::socketio::Emit;

/// The fields of a line that matter.
#[derive(Deserialize)]
struct Recorded<'a> {
    event: String,
    #[serde(default)]
    elapsed_ms: f64,
    #[serde(default)]
    direction: String,
    text: Option<String>,
    base64: Option<String>,
    id: Option<u64>,
    namespace: Option<String>,
    name: Option<String>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

/// Commands, each with the time at which it was sent.
pub(super) fn read(path: &str) -> Result<Vec<(Duration, Command)>, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    let mut commands = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let recorded: Recorded<'_> = serde_json::from_str(line)
            .map_err(|error| format!("{path}:{}: it is no line of /save: {error}", number + 1))?;
        let at = Duration::try_from_secs_f64(recorded.elapsed_ms / 1e3).unwrap_or_default();
        if recorded.direction == "out"
            && let Some(command) = recorded.command()
        {
            commands.push((at, command));
        }
    }
    Ok(commands)
}

impl Recorded<'_> {
    fn command(self) -> Option<Command> {
        match (&*self.event, self.text, self.base64) {
            ("message", Some(text), _) => Some(Command::Send(Message::text(text))),
            ("message", None, Some(data)) => Some(Command::Send(STANDARD.decode(data).ok()?.into())),
            ("event", ..) => Some(Command::Emit(Emit {
                namespace: self.namespace,
                name: self.name?,
                arguments: inside(self.arguments.map_or("[]", RawValue::get)).to_owned(),
                wants_ack: self.id.is_some(),
            })),
            _ => None,
        }
    }
}

/// An array without its brackets.
fn inside(array: &str) -> &str {
    array.trim().strip_prefix('[').and_then(|array| array.strip_suffix(']')).unwrap_or_default().trim()
}

/// Sends them with the pauses that were between them.
pub(super) async fn send(recorded: Vec<(Duration, Command)>, commands: Sender<Command>) {
    let first = recorded.first().map_or(Duration::ZERO, |(at, _)| *at);
    let start = tokio::time::Instant::now();
    for (at, command) in recorded {
        tokio::time::sleep_until(start + at.saturating_sub(first)).await;
        if commands.send(command).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sent_is_sent_again() {
        let path = std::env::temp_dir().join(format!("ropeway-replay-{}.jsonl", std::process::id()));
        let lines = r#"{"event":"open","elapsed_ms":1}
{"event":"message","elapsed_ms":2.5,"direction":"out","opcode":"text","text":"a"}
{"event":"message","elapsed_ms":3,"direction":"in","opcode":"text","text":"b"}
{"event":"message","elapsed_ms":4,"direction":"out","opcode":"binary","base64":"AAE="}
{"event":"event","elapsed_ms":5,"direction":"out","namespace":"/x","id":1,"name":"e","arguments":[1, {"a":2}]}
"#;
        fs::write(&path, lines).unwrap();
        let read = read(path.to_str().unwrap()).unwrap();
        fs::remove_file(&path).unwrap();
        let shown: Vec<_> =
            read.iter().map(|(at, command)| (at.as_micros(), format!("{command:?}"))).collect();
        assert_eq!(shown.len(), 3);
        assert_eq!(shown[0], (2500, r#"Send(Text("a"))"#.to_owned()));
        assert_eq!(shown[1], (4000, "Send(Binary([0, 1]))".to_owned()));
        assert!(shown[2].1.contains(r#"arguments: "1, {\"a\":2}", wants_ack: true"#), "{}", shown[2].1);
    }
}
