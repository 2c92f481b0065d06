//! Events as a person reads them.

use std::borrow::Cow;
use std::time::Duration;

use ropeway_socketio::{Body, Packet};
use ropeway_ws::Message;

use super::style::{Role, Style, clock};
use super::{hex, json, tty};
use crate::connect::engine::{Direction, Event, What};
use crate::connect::expect::Path;
use crate::connect::{socketio, talk};
use crate::{harmless, network};

/// More of a message is not shown.
const MOST: usize = 64 * 1024;

/// Larger JSON is not indented.
const MOST_JSON: usize = 1024 * 1024;

pub(super) struct Renderer<'o> {
    pub(super) style: Style,
    pub(super) verbose: bool,
    pub(super) filter: Option<&'o Path>,
    /// When the last message came or went.
    last: Option<Duration>,
}

impl<'o> Renderer<'o> {
    pub(super) fn new(style: Style, verbose: bool, filter: Option<&'o Path>) -> Self {
        Self { style, verbose, filter, last: None }
    }

    /// The text of an event; nothing when it is not shown.
    pub(super) fn event(&mut self, event: &Event) -> Option<String> {
        match &event.what {
            What::Open(open) => {
                let handshake =
                    if self.verbose { talk::handshake(open).join("\n") + "\n" } else { String::new() };
                let mut line = talk::connected(open);
                if self.verbose {
                    line = format!("{line} ({})", talk::timings(open));
                }
                Some(self.style.paint(Role::Aside, handshake) + &self.style.paint(Role::Good, line))
            }
            What::Message { direction, message, .. } => self.message(event, *direction, message),
            What::Ping { direction, payload, .. } => {
                let is_shown = self.verbose || *direction == Direction::Out && !payload.is_empty();
                is_shown.then(|| self.control(event, *direction, "ping", payload, ""))
            }
            What::Pong { direction, payload, latency, .. } => {
                let latency = latency
                    .map_or_else(String::new, |latency| format!("round trip {}", talk::short(latency)));
                Some(self.control(event, *direction, "pong", payload, &latency))
            }
            What::Packet { direction, packet, latency, .. } => {
                self.packet(event, *direction, packet, *latency)
            }
            What::Closed(outcome) => Some(self.style.paint(Role::Aside, talk::closed(outcome))),
            What::Failed(error) => Some(self.style.paint(Role::Bad, network::failure(error).why)),
            What::Broke(rule) => Some(self.style.paint(Role::Bad, harmless::line(rule))),
            What::Retry(pause) => {
                Some(self.style.paint(Role::Aside, format!("Connecting again in {}", talk::short(*pause))))
            }
        }
    }

    fn message(&mut self, event: &Event, direction: Direction, message: &Message<'_>) -> Option<String> {
        let content = match (message.as_text(), self.filter) {
            (None, _) => hex::dump(message.as_bytes()),
            (Some(text), Some(filter)) if direction == Direction::In => {
                let found: Vec<_> =
                    filter.find(text).iter().map(|value| self.text(&value.to_string())).collect();
                if found.is_empty() {
                    return None;
                }
                found.join("\n")
            }
            (Some(text), _) => self.text(text),
        };
        let kind = if message.is_text() { "" } else { "binary " };
        let head = self.head(event, direction, &format!("{kind}{}", talk::bytes(message.len() as u64)));
        Some(beside(head, &content))
    }

    fn packet(
        &mut self,
        event: &Event,
        direction: Direction,
        packet: &Packet<'_>,
        latency: Option<Duration>,
    ) -> Option<String> {
        let namespace = harmless::line(&packet.namespace).into_owned();
        let (label, content) = match &packet.body {
            Body::Connect(_) if direction == Direction::Out => return None,
            Body::Connect(data) => {
                (format!("connected to {namespace}"), data.as_deref().unwrap_or_default().into())
            }
            Body::ConnectError(why) => (format!("refused by {namespace}"), why.as_ref().into()),
            Body::Disconnect => (format!("disconnected from {namespace}"), Cow::Borrowed("")),
            Body::Event { id: None, .. } => (namespace, Cow::Owned(socketio::line(packet))),
            Body::Event { id: Some(id), .. } => (format!("{namespace} #{id}"), socketio::line(packet).into()),
            Body::Ack { id, .. } => {
                let after = latency.map_or_else(String::new, |time| format!(" after {}", talk::short(time)));
                (format!("{namespace} ack #{id}{after}"), socketio::line(packet).into())
            }
        };
        let head = self.head(event, direction, &label);
        let attachments =
            packet.attachments().iter().map(|attachment| format!("\n{}", hex::dump(attachment)));
        Some(beside(head, &(self.text(&content) + &attachments.collect::<String>())))
    }

    fn control(
        &self,
        event: &Event,
        direction: Direction,
        name: &str,
        payload: &[u8],
        after: &str,
    ) -> String {
        let payload = match std::str::from_utf8(payload) {
            Ok(text) => harmless::line(text).into_owned(),
            Err(_) => hex::dump(payload),
        };
        let parts = [clock(event.at), name.to_owned(), payload, after.to_owned()];
        let line = parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("  ");
        format!("{} {}", self.arrow(direction), self.style.paint(Role::Aside, line))
    }

    /// Direction, time of day, time since the message before, and what is said of the message.
    fn head(&mut self, event: &Event, direction: Direction, label: &str) -> String {
        let since = self.last.replace(event.elapsed).map(|last| event.elapsed.saturating_sub(last));
        let since = since.map_or_else(String::new, |since| format!("  +{}", talk::short(since)));
        let aside = format!("{}{since}  {label}", clock(event.at));
        format!("{} {}", self.arrow(direction), self.style.paint(Role::Aside, aside))
    }

    fn arrow(&self, direction: Direction) -> String {
        match direction {
            Direction::In => self.style.paint(Role::Received, "←"),
            Direction::Out => self.style.paint(Role::Sent, "→"),
        }
    }

    /// Text, indented when it is JSON that does not fit on a line.
    fn text(&self, text: &str) -> String {
        let pretty = if text.len() <= MOST_JSON { json::pretty(text, self.style) } else { None };
        match pretty {
            Some(pretty) if text.len() > tty::width() / 2 => clipped(&pretty, text.len()),
            Some(pretty) => one_line(&pretty),
            None => clipped(&harmless::block(clip(text)), text.len()),
        }
    }
}

/// Short JSON on one line again, with its colours.
fn one_line(pretty: &str) -> String {
    let lines: Vec<&str> = pretty.lines().map(str::trim_start).collect();
    let mut line = String::with_capacity(pretty.len());
    for (index, part) in lines.iter().enumerate() {
        let opens = index > 0 && lines[index - 1].ends_with(['{', '[']);
        let closes = part.starts_with(['}', ']']);
        if index > 0 && !opens && !closes {
            line.push(' ');
        }
        line.push_str(part);
    }
    line
}

/// The beginning of a text.
fn clip(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST)]
}

/// The beginning of what is shown, with a word about the rest.
fn clipped(shown: &str, whole: usize) -> String {
    if shown.len() <= MOST && whole <= MOST {
        return shown.to_owned();
    }
    format!("{}\n... {} in all; /save keeps it", clip(shown), talk::bytes(whole as u64))
}

/// One line behind the head, several below it: indented, so that no message can pass itself off as another.
fn beside(head: String, content: &str) -> String {
    match content {
        "" => head,
        content if !content.contains('\n') => format!("{head}  {content}"),
        content => content.lines().fold(head, |text, line| format!("{text}\n  {line}")),
    }
}
