//! The layers, and how they become one [`Config`].

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{KEYS, Key, ROOM_KEYS};
use super::value::Raw;
use super::{
    Config, ConfigError, Problem, RoomRule, Source, backends, jwt, limits, proxy, shutdown, socketio, tls,
};

/// Keys whose values are, or may hold, secrets.
const SECRETS: &[&str] = &[
    "api.key",
    "jwt.secret",
    "jwt.key",
    "sessions.secret",
    "sessions.store",
    "webhook.connect_url",
    "webhook.secret",
];

/// The layers of a configuration: `defaults < file < environment < flags`.
///
/// Without a file the base is [`Config::development`] and only loopback may be listened on.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    file: Option<File>,
    environment: BTreeMap<String, String>,
    flags: Vec<Flag>,
}

#[derive(Clone, Debug)]
struct File {
    name: String,
    text: String,
}

#[derive(Clone, Debug)]
struct Flag {
    flag: String,
    key: &'static str,
    value: String,
}

impl Sources {
    /// No layer but the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The contents of a TOML file; `name` is used in messages.
    #[must_use]
    pub fn file(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.file = Some(File { name: name.into(), text: text.into() });
        self
    }

    /// Environment variables. Those that do not begin with `ROPEWAY_` are left out, so the whole environment may be
    /// handed in (without those that the program takes for itself).
    #[must_use]
    pub fn environment(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = variables.into_iter().filter(|(name, _)| name.starts_with("ROPEWAY_"));
        self.environment.extend(ours.filter(|(name, _)| !is_service_link(name)));
        self
    }

    /// The value that the flag `flag` gives to `key`, as in `("--listen", "server.listen", "127.0.0.1:9000")`.
    #[must_use]
    pub fn flag(mut self, flag: impl Into<String>, key: &'static str, value: impl Into<String>) -> Self {
        self.flags.push(Flag { flag: flag.into(), key, value: value.into() });
        self
    }

    /// The configuration of all layers together.
    ///
    /// # Errors
    /// All unknown keys and refused values of all layers; a file that is no TOML; values that contradict each other.
    pub fn load(&self) -> Result<Config, ConfigError> {
        let mut loading = Loading::new(self.file.is_none());
        if let Some(file) = &self.file {
            loading.file(file)?;
        }
        for (name, value) in &self.environment {
            loading.variable(name, value);
        }
        for flag in &self.flags {
            loading.flag(flag);
        }
        loading.finish()
    }
}

/// Kubernetes gives every container variables for every service, and a service may well be named `ropeway`.
fn is_service_link(name: &str) -> bool {
    name.starts_with("ROPEWAY_SERVICE_") || name == "ROPEWAY_PORT" || name.starts_with("ROPEWAY_PORT_")
}

/// A configuration that is being put together.
struct Loading {
    development: bool,
    config: Config,
    problems: Vec<Problem>,
}

impl Loading {
    fn new(development: bool) -> Self {
        let config = if development { Config::development() } else { Config::default() };
        Self { development, config, problems: Vec::new() }
    }

    fn file(&mut self, file: &File) -> Result<(), ConfigError> {
        let table = DeTable::parse(&file.text).map_err(|error| syntax(file, &error))?;
        let at = |offset: usize| Source::File { name: file.name.clone(), line: line_of(&file.text, offset) };
        for (name, value) in table.get_ref() {
            match value.get_ref() {
                _ if name.get_ref() == "rooms" => self.rooms(value, &at),
                DeValue::Table(section) => self.section(name.get_ref(), section, &at),
                _ => self.unknown(at(name.span().start), name.get_ref()),
            }
        }
        Ok(())
    }

    fn section(&mut self, section: &str, table: &DeTable<'_>, at: &dyn Fn(usize) -> Source) {
        for (name, value) in table {
            let full = format!("{section}.{}", name.get_ref());
            match KEYS.iter().find(|key| key.name == full) {
                Some(key) => self.set(key, Raw::Toml(value.get_ref()), || at(value.span().start)),
                None => self.unknown(at(name.span().start), &full),
            }
        }
    }

    fn rooms(&mut self, value: &Spanned<DeValue<'_>>, at: &dyn Fn(usize) -> Source) {
        let Some(rules) = value.get_ref().as_array() else {
            return self.problem(at(value.span().start), not_rules(value.get_ref()), None);
        };
        self.config.rooms.clear();
        for rule in rules {
            match rule.get_ref().as_table() {
                Some(table) => self.room(table, &|offset| at(offset), rule.span().start),
                None => self.problem(at(rule.span().start), not_rules(rule.get_ref()), None),
            }
        }
    }

    fn room(&mut self, table: &DeTable<'_>, at: &dyn Fn(usize) -> Source, start: usize) {
        let mut rule = RoomRule::default();
        for (name, value) in table {
            let raw = Raw::Toml(value.get_ref());
            let Some(key) = ROOM_KEYS.iter().find(|key| key.name == name.get_ref()) else {
                self.unknown_in_room(at(name.span().start), name.get_ref());
                continue;
            };
            if let Err(allowed) = (key.set)(&mut rule, raw) {
                self.refused(at(value.span().start), &format!("rooms.{}", key.name), raw, &allowed);
            }
        }
        for problem in contradictions(&rule, table) {
            self.problem(at(start), problem.to_owned(), None);
        }
        self.config.rooms.push(rule);
    }

    fn variable(&mut self, name: &str, value: &str) {
        let source = || Source::Environment(name.to_owned());
        if name == "ROPEWAY_ROOMS" {
            return self.rooms_from_text(value, source());
        }
        match KEYS.iter().find(|key| key.variable() == name) {
            Some(key) => self.set(key, Raw::Text(value), source),
            None => {
                let names = KEYS.iter().map(Key::variable).chain(["ROPEWAY_ROOMS".to_owned()]);
                self.problem(source(), "there is no such key".to_owned(), suggestion(name, names));
            }
        }
    }

    /// The rules as a TOML array of inline tables: `[{ pattern = "demo:*", join = "anyone" }]`.
    fn rooms_from_text(&mut self, text: &str, source: Source) {
        match DeValue::parse(text) {
            Ok(value) => self.rooms(&value, &|_| source.clone()),
            Err(error) => {
                let hint = "such as [{ pattern = \"demo:*\", join = \"anyone\" }]".to_owned();
                self.problem(source, format!("`rooms` is no TOML array: {}", error.message()), Some(hint));
            }
        }
    }

    fn flag(&mut self, flag: &Flag) {
        let source = || Source::Flag(flag.flag.clone());
        match KEYS.iter().find(|key| key.name == flag.key) {
            Some(key) => self.set(key, Raw::Text(&flag.value), source),
            None => self.unknown(source(), flag.key),
        }
    }

    fn set(&mut self, key: &Key<Config>, raw: Raw<'_>, source: impl FnOnce() -> Source) {
        if let Err(allowed) = (key.set)(&mut self.config, raw) {
            self.refused(source(), key.name, raw, &allowed);
        }
    }

    fn refused(&mut self, source: Source, key: &str, raw: Raw<'_>, allowed: &str) {
        // A refused secret is most likely a secret still.
        let shown = if SECRETS.contains(&key) { "what is given".to_owned() } else { raw.to_string() };
        self.problem(source, format!("`{key}` cannot be {shown}: it must be {allowed}"), None);
    }

    fn unknown(&mut self, source: Source, name: &str) {
        let names = KEYS.iter().map(|key| key.name.to_owned()).chain(["rooms".to_owned()]);
        self.problem(source, format!("there is no key `{name}`"), suggestion(name, names));
    }

    fn unknown_in_room(&mut self, source: Source, name: &str) {
        let names = ROOM_KEYS.iter().map(|key| key.name.to_owned());
        self.problem(source, format!("a room rule has no key `{name}`"), suggestion(name, names));
    }

    fn problem(&mut self, source: Source, what: String, hint: Option<String>) {
        self.problems.push(Problem { source, what, hint });
    }

    fn finish(mut self) -> Result<Config, ConfigError> {
        if self.problems.is_empty() {
            self.check_together();
        }
        ConfigError::from_problems(self.problems)?;
        Ok(self.config)
    }

    fn check_together(&mut self) {
        let server = &self.config.server;
        let (listen, outbox, message) = (server.listen, self.config.outbox(), self.config.limits.message);
        if outbox < message {
            let what = format!("`limits.outbox` ({outbox}) is below `limits.message` ({message})");
            self.problem(Source::Together, what, Some("an outbox must hold at least one message".to_owned()));
        }
        let config = &self.config;
        let found = [
            backends::problems(config),
            jwt::problems(&config.jwt),
            limits::problems(config),
            proxy::problems(config),
            shutdown::problems(&config.shutdown),
            socketio::problems(config),
            tls::problems(config),
        ];
        for (what, hint) in found.into_iter().flatten() {
            self.problem(Source::Together, what, Some(hint));
        }
        if self.development && !listen.ip().is_loopback() {
            let what = format!(
                "`server.listen` is {listen}, but the development defaults are open to everybody who reaches them, so they bind loopback only"
            );
            let hint = "write a configuration with `ropeway config init > ropeway.toml`, read it, and pass `--config ropeway.toml`";
            self.problem(Source::Together, what, Some(hint.to_owned()));
        }
    }
}

fn syntax(file: &File, error: &toml::de::Error) -> Problem {
    let line = line_of(&file.text, error.span().map_or(0, |span| span.start));
    let source = Source::File { name: file.name.clone(), line };
    Problem { source, what: format!("this is no TOML: {}", error.message()), hint: None }
}

/// The line of a byte, counted from 1.
fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn not_rules(value: &DeValue<'_>) -> String {
    format!(
        "`rooms` cannot be {}: it must be a list of rules, each under its own [[rooms]]",
        Raw::Toml(value)
    )
}

fn contradictions(rule: &RoomRule, table: &DeTable<'_>) -> Vec<&'static str> {
    let mut found = Vec::new();
    if !table.contains_key("pattern") {
        found.push("this room rule has no `pattern`");
    }
    if rule.history_size.is_none()
        && ["history_age", "history_bytes"].iter().any(|key| table.contains_key(*key))
    {
        found.push("`rooms.history_age` and `rooms.history_bytes` need `rooms.history_size`");
    }
    found
}

/// The candidate that was most likely meant.
fn suggestion(name: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    let (distance, best) = candidates
        .map(|candidate| (distance(name, &candidate), candidate))
        .min_by_key(|(distance, _)| *distance)?;
    (distance <= 2.max(name.len() / 3)).then(|| format!("did you mean `{best}`?"))
}

/// Edits between two names; the right key in a wrong section is near.
fn distance(name: &str, candidate: &str) -> usize {
    if candidate.contains('.') && name.rsplit('.').next() == candidate.rsplit('.').next() {
        return 1;
    }
    strsim::damerau_levenshtein(name, candidate)
}
