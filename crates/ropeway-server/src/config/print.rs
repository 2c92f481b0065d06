//! The commented default file.

use std::fmt::Write;

use super::keys::{KEYS, Key, ROOM_KEYS};
use super::{Config, RoomRule};

/// A complete TOML file with every key, its meaning and its default. It reads back as [`Config::default`].
pub fn default_file() -> String {
    let config = Config::default();
    let mut out = String::from(HEAD);
    let mut section = "";
    for key in KEYS {
        if key.section() != section {
            section = key.section();
            let _ = write!(out, "\n[{section}]\n");
        }
        let name = key.name.trim_start_matches(section).trim_start_matches('.');
        entry(&mut out, key, name, (key.show)(&config), "");
    }
    rules(&mut out);
    out
}

const HEAD: &str = "\
# Configuration of a Ropeway server. Every key is here with its default.
# An environment variable wins over this file (server.listen is ROPEWAY_SERVER_LISTEN), a flag over both.
# Times have a unit: ms, s, m, h, d. Sizes have a unit: B, KiB, MiB, GiB.
";

const RULES_HEAD: &str = "
# What clients may do, by the name of the room. The first rule that matches decides; a room that no rule names is
# closed. Without the signs before [[rooms]] and its keys, this one opens the rooms of the chat page:
";

/// Writing to a `String` cannot fail, so the results are let go.
fn entry<T>(out: &mut String, key: &Key<T>, name: &str, value: Result<String, &str>, before: &str) {
    for line in key.doc {
        let _ = writeln!(out, "# {line}");
    }
    let _ = match value {
        Ok(value) => writeln!(out, "{before}{name} = {value}"),
        Err(sample) => writeln!(out, "#{name} = {sample}"),
    };
}

fn rules(out: &mut String) {
    let rule = RoomRule::demo();
    out.push_str(RULES_HEAD);
    out.push_str("#[[rooms]]\n");
    for key in ROOM_KEYS {
        entry(out, key, key.name, (key.show)(&rule), "#");
    }
}
