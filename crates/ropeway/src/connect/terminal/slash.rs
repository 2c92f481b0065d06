//! Commands that begin with a slash.

use ropeway_ws::{CloseCode, CloseFrame};

use super::hex;

/// What a line asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    /// To be sent as it is: a message, or in Socket.IO mode an event.
    Send(String),
    Slash(Slash),
}

#[derive(Debug, PartialEq)]
pub(super) enum Slash {
    Ping(String),
    Close(Option<CloseFrame>),
    Text(String),
    Binary(Bytes),
    File(String),
    Save(Option<String>),
    Replay(String),
    Stats,
    Help,
    Emit { event: String, wants_ack: bool },
    Ack { id: u64, arguments: String },
    Join(String),
    Leave(String),
}

/// Binary data as it was typed.
#[derive(Debug, PartialEq)]
pub(super) enum Bytes {
    Here(Vec<u8>),
    File(String),
}

/// A command with what `/help` and completion know of it.
pub(super) struct About {
    pub(super) name: &'static str,
    pub(super) arguments: &'static str,
    pub(super) says: &'static str,
    pub(super) socketio: bool,
}

pub(super) const COMMANDS: [About; 14] = [
    about("/ping", "[text]", "send a ping; its pong shows the round trip"),
    about("/close", "[code [reason]]", "close the connection, with 1000 unless told otherwise"),
    about("/text", "text", "send text as it is, also what begins with a slash"),
    about("/binary", "hex|@file", "send bytes"),
    about("/file", "path", "send a file, as text when it is UTF-8"),
    about(
        "/save",
        "[path]",
        "write what was said, and all that follows, to a file as JSON lines; without a path stop",
    ),
    about("/replay", "path", "send what such a file says was sent, with the pauses between"),
    about("/stats", "", "messages, sizes, compression, round trip"),
    about("/help", "", "this list"),
    socketio("/emit", "event arguments", "send an event; its acknowledgement is shown"),
    socketio("/fire", "event arguments", "send an event that asks for no acknowledgement"),
    socketio("/ack", "id arguments", "answer an event of the server that is shown with #id"),
    socketio("/join", "namespace", "connect to a namespace; events go there from now on"),
    socketio("/leave", "namespace", "disconnect from a namespace"),
];

const fn about(name: &'static str, arguments: &'static str, says: &'static str) -> About {
    About { name, arguments, says, socketio: false }
}

const fn socketio(name: &'static str, arguments: &'static str, says: &'static str) -> About {
    About { name, arguments, says, socketio: true }
}

/// Commands that end a file name with the line.
pub(super) const WITH_FILES: [&str; 4] = ["/file ", "/save ", "/replay ", "/binary @"];

/// Reads a line. `//text` is `/text` as a message.
pub(super) fn parse(line: &str, is_socketio: bool) -> Result<Line, String> {
    if let Some(text) = line.strip_prefix("//") {
        return Ok(Line::Send(format!("/{text}")));
    }
    if !line.starts_with('/') {
        return Ok(Line::Send(line.to_owned()));
    }
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let about = COMMANDS.iter().find(|about| about.name == name && (is_socketio || !about.socketio));
    if about.is_none() {
        return Err(format!(
            "there is no command {name}; `/help` lists them, `//` sends a line with a slash"
        ));
    }
    slash(name, rest).map(Line::Slash).map_err(|why| format!("{name}: {why}"))
}

fn slash(name: &str, rest: &str) -> Result<Slash, String> {
    let argument = rest.trim();
    let needed = |what: &str| match argument {
        "" => Err(format!("it needs {what}")),
        argument => Ok(argument.to_owned()),
    };
    Ok(match name {
        "/ping" => Slash::Ping(ping(argument)?),
        "/close" => Slash::Close(close(argument)?),
        "/text" => Slash::Text(rest.to_owned()),
        "/binary" => Slash::Binary(match argument.strip_prefix('@') {
            Some(path) => Bytes::File(path.to_owned()),
            None => Bytes::Here(hex::parse(argument)?),
        }),
        "/file" => Slash::File(needed("a path")?),
        "/save" => Slash::Save(Some(argument.to_owned()).filter(|path| !path.is_empty())),
        "/replay" => Slash::Replay(needed("a path")?),
        "/stats" => Slash::Stats,
        "/emit" => Slash::Emit { event: needed("an event")?, wants_ack: true },
        "/fire" => Slash::Emit { event: needed("an event")?, wants_ack: false },
        "/ack" => ack(argument)?,
        "/join" => Slash::Join(needed("a namespace")?),
        "/leave" => Slash::Leave(needed("a namespace")?),
        _ => Slash::Help,
    })
}

/// A ping holds 125 bytes at most (RFC 6455 section 5.5).
fn ping(text: &str) -> Result<String, String> {
    if text.len() > 125 { Err("at most 125 bytes".to_owned()) } else { Ok(text.to_owned()) }
}

fn ack(argument: &str) -> Result<Slash, String> {
    let (id, arguments) = argument.split_once(char::is_whitespace).unwrap_or((argument, ""));
    let id = id.trim_start_matches('#').parse().map_err(|_| "it needs the number of an event".to_owned())?;
    Ok(Slash::Ack { id, arguments: arguments.to_owned() })
}

fn close(argument: &str) -> Result<Option<CloseFrame>, String> {
    const FORM: &str = "the code must be one of 1000-1003, 1007-1014 and 3000-4999";
    if argument.is_empty() {
        return Ok(Some(CloseFrame::new(CloseCode::NORMAL, "")));
    }
    let (code, reason) = argument.split_once(char::is_whitespace).unwrap_or((argument, ""));
    let code = code.parse().ok().and_then(CloseCode::new).ok_or(FORM)?;
    Ok(Some(CloseFrame::new(code, reason.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> Slash {
        match parse(line, true).unwrap() {
            Line::Slash(slash) => slash,
            Line::Send(text) => panic!("{text} is sent"),
        }
    }

    #[test]
    fn lines_without_a_slash_are_messages() {
        assert_eq!(parse("hello /x", false), Ok(Line::Send("hello /x".to_owned())));
        assert_eq!(parse("//help", false), Ok(Line::Send("/help".to_owned())));
    }

    #[test]
    fn commands_and_their_arguments() {
        assert_eq!(command("/ping"), Slash::Ping(String::new()));
        let close =
            |code, reason: &str| Slash::Close(CloseCode::new(code).map(|code| CloseFrame::new(code, reason)));
        assert_eq!(command("/close"), close(1000, ""));
        assert_eq!(command("/close 4000 good bye"), close(4000, "good bye"));
        assert_eq!(command("/text /a  b"), Slash::Text("/a  b".to_owned()));
        assert_eq!(command("/binary 00 ff"), Slash::Binary(Bytes::Here(vec![0, 255])));
        assert_eq!(command("/binary @a b"), Slash::Binary(Bytes::File("a b".to_owned())));
        assert_eq!(command("/save"), Slash::Save(None));
        assert_eq!(command("/emit a 1"), Slash::Emit { event: "a 1".to_owned(), wants_ack: true });
    }

    #[test]
    fn what_is_wrong_is_told() {
        let told = |line| parse(line, false).unwrap_err();
        assert!(told("/close 1005").contains("1000-1003"));
        assert!(told("/binary xyz").starts_with("/binary: it must be hexadecimal"));
        assert!(told("/file").contains("needs a path") && told("/nope").contains("no command /nope"));
        assert!(told("/emit x").contains("no command /emit"));
        assert!(told(&format!("/ping {}", "x".repeat(126))).contains("125"));
    }

    #[test]
    fn every_command_of_the_list_is_known() {
        for about in &COMMANDS {
            let known = slash(about.name, "1000");
            assert!(
                matches!(known, Ok(slash) if (slash == Slash::Help) == (about.name == "/help")),
                "{}",
                about.name
            );
        }
    }
}
