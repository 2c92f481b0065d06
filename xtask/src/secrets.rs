//! Secrets stay out of logs: what the suites used as tokens, tickets, cookies and keys is looked for in what their servers
//! wrote.
//!
//! Each suite keeps a folder in `.artefacts/logs/` with `NAME.log`, at the level `trace`, and `NAME.secrets`, a secret a
//! line. Every secret is looked for in every log, as it is and in the forms in which it may travel.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::artefacts;

/// Shorter ones would be found by chance.
const SHORTEST: usize = 8;

/// Where the suites put their logs.
pub(crate) fn logs() -> PathBuf {
    artefacts().join("logs")
}

/// The folder of a suite that is about to run, empty: only what it writes now is judged, and that it writes something.
pub(crate) fn fresh(suite: &str) -> Result<PathBuf> {
    let folder = logs().join(suite);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// What a suite left.
pub(crate) struct Suite {
    /// That of its folder.
    pub(crate) name: String,
    pub(crate) logs: Vec<PathBuf>,
    pub(crate) secrets: BTreeSet<String>,
}

/// Looks for the secrets of all suites in all logs below a folder, and returns what it looked through. A suite without
/// a log or without a secret is an error as well, and so is one whose logs say little: they would prove nothing.
pub(crate) fn search(folder: &Path) -> Result<Vec<Suite>> {
    let suites = entries(folder)?.iter().map(|folder| Suite::read(folder)).collect::<Result<Vec<_>>>()?;
    ensure!(
        !suites.is_empty(),
        "there is no log\nhint: run a suite before, as with `--only hostile --only secrets`"
    );
    let forms: BTreeSet<_> = suites.iter().flat_map(|suite| &suite.secrets).flat_map(|s| forms(s)).collect();
    let forms = AhoCorasick::new(forms).context("the secrets are too many")?;
    suites.iter().flat_map(|suite| &suite.logs).try_for_each(|log| search_log(log, &forms))?;
    Ok(suites)
}

impl Suite {
    fn read(folder: &Path) -> Result<Self> {
        let files = entries(folder)?;
        let with = |extension: &'static str| {
            files.iter().filter(move |file| file.extension().is_some_and(|e| e == extension))
        };
        let (logs, secrets): (Vec<_>, _) = (with("log").cloned().collect(), secrets_of(with("secrets"))?);
        ensure!(!logs.is_empty(), "{} holds no log", folder.display());
        ensure!(!secrets.is_empty(), "{} names no secret", folder.display());
        ensure!(logs.iter().any(|log| is_talkative(log)), "no log in {} says much", folder.display());
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, logs, secrets })
    }
}

/// Whether it was written below the level at which servers run, as where it is `trace`.
fn is_talkative(log: &Path) -> bool {
    fs::read(log).is_ok_and(|log| String::from_utf8_lossy(&log).contains(" DEBUG "))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("there are no logs in {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

fn secrets_of<'a>(lists: impl Iterator<Item = &'a PathBuf>) -> Result<BTreeSet<String>> {
    let mut secrets = BTreeSet::new();
    for list in lists {
        secrets.extend(fs::read_to_string(list)?.lines().map(str::to_owned));
    }
    if let Some(short) = secrets.iter().find(|secret| secret.len() < SHORTEST) {
        bail!("`{short}` is too short to be looked for");
    }
    Ok(secrets)
}

/// The message names the line, not what it gives away.
fn search_log(log: &Path, forms: &AhoCorasick) -> Result<()> {
    let text = fs::read(log)?;
    match forms.find(&text) {
        None => Ok(()),
        Some(found) => {
            let line = 1 + text[..found.start()].iter().filter(|byte| **byte == b'\n').count();
            bail!("a secret stands in line {line} of {}", log.display())
        }
    }
}

/// A secret as it is, escaped, percent-encoded in either case, and within base64 at each of the three alignments.
fn forms(secret: &str) -> BTreeSet<String> {
    let escaped = format!("{secret:?}").trim_matches('"').to_owned();
    let forms = [secret.to_owned(), escaped, percent_encoded(secret, false), percent_encoded(secret, true)];
    forms.into_iter().chain((0..3).flat_map(|skipped| base64_at(secret, skipped))).collect()
}

fn percent_encoded(secret: &str, lower: bool) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if lower => format!("%{byte:02x}"),
        _ => format!("%{byte:02X}"),
    };
    secret.bytes().map(encode).collect()
}

/// What base64 makes of a secret that begins `skipped` bytes after a group of three: only characters that depend on
/// nothing but the secret.
fn base64_at(secret: &str, skipped: usize) -> [String; 2] {
    let first = (3 - skipped) % 3;
    let whole = &secret.as_bytes()[first..];
    let whole = &whole[..whole.len() - whole.len() % 3];
    [STANDARD_NO_PAD.encode(whole), URL_SAFE_NO_PAD.encode(whole)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a token+with/signs";

    /// A folder with one suite, whose log says this.
    fn outcome(name: &str, log: Option<&str>, secret: Option<&str>) -> Result<()> {
        let folder = std::env::temp_dir().join(format!("ropeway-secrets-{name}-{}", std::process::id()));
        let suite = folder.join("suite");
        fs::create_dir_all(&suite).unwrap();
        for (file, text) in [("a.log", log), ("b.secrets", secret)] {
            if let Some(text) = text {
                fs::write(suite.join(file), text).unwrap();
            }
        }
        let outcome = search(&folder).map(|suites| {
            let [suite] = &suites[..] else { panic!("there is one suite") };
            assert_eq!((&*suite.name, suite.logs.len(), suite.secrets.len()), ("suite", 1, 1));
        });
        fs::remove_dir_all(folder).unwrap();
        outcome
    }

    #[test]
    fn a_log_without_secrets_passes() {
        outcome("clean", Some("at DEBUG all is well"), Some(SECRET)).unwrap();
    }

    #[test]
    fn a_secret_is_found_in_every_form() {
        let within = |before: &str| STANDARD_NO_PAD.encode(format!("{before}{SECRET}:x"));
        let (zero, one, two) = (within(""), within("u"), within("us"));
        for said in [SECRET, "a%20token%2Bwith%2Fsigns", "a%20token%2bwith%2fsigns", &zero, &one, &two] {
            let error = outcome("forms", Some(&format!("at DEBUG fine\nurl={said} x")), Some(SECRET))
                .unwrap_err()
                .to_string();
            assert!(error.contains("line 2") && !error.contains(said), "{said}: {error}");
        }
    }

    #[test]
    fn a_suite_that_proves_nothing_fails() {
        assert!(outcome("no-log", None, Some(SECRET)).is_err());
        assert!(outcome("no-secret", Some("x DEBUG x"), None).is_err());
        assert!(outcome("empty", Some("x DEBUG x"), Some("")).is_err());
        assert!(outcome("short", Some("x DEBUG x"), Some("short")).is_err());
        assert!(outcome("silent", Some("x INFO x"), Some(SECRET)).is_err());
    }
}
