//! Colours, and the time of day.

use std::env;
use std::fmt::Display;
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::connect::flags::Color;

/// What is told apart by colour.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    Received,
    Sent,
    /// What surrounds messages.
    Aside,
    Good,
    Bad,
    Key,
    Text,
    Number,
}

/// Whether there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) colored: bool,
}

impl Style {
    /// `NO_COLOR` (no-color.org) counts when it is not empty, and so does a terminal that says it is dumb.
    pub(super) fn new(color: Color) -> Self {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty());
        let colored = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb"),
        };
        Self { colored }
    }

    /// Text in the colour of its role.
    pub(super) fn paint(self, role: Role, text: impl Display) -> String {
        if !self.colored {
            return text.to_string();
        }
        let code = match role {
            Role::Received => "32",
            Role::Sent => "36",
            Role::Aside => "2",
            Role::Good => "1;32",
            Role::Bad => "1;31",
            Role::Key => "34",
            Role::Text => "32",
            Role::Number => "33",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// The time of day where we are, with milliseconds.
pub(super) fn clock(at: SystemTime) -> String {
    let Ok(timestamp) = Timestamp::try_from(at) else { return "--:--:--.---".to_owned() };
    timestamp.to_zoned(TimeZone::system()).strftime("%H:%M:%S%.3f").to_string()
}
