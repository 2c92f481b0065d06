//! Where keys come from: files, the environment, a configuration.

use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

use ropeway_jwt::{KeyError, KeySet, SigningKey, VerifyingKey};
use ropeway_server::config::{Jwt, Sources, Text};

use super::flags::Authority;
use crate::failure::{Failure, Kind};
use crate::files;

/// The variable that is `jwt.secret` for the server, too.
const VARIABLE: &str = "ROPEWAY_JWT_SECRET";

/// Keys, key sets and tokens are far smaller.
const MOST: u64 = 1024 * 1024;

/// `[jwt]` as the server would see it. A key that is given by a flag keeps the environment out.
pub(super) fn settings(authority: &Authority, has_key: bool) -> Result<Jwt, Failure> {
    let mut sources = Sources::new();
    if let Some(path) = &authority.config {
        let (name, text) = files::read(path)?;
        sources = sources.file(name, text);
    }
    if !has_key && let Some(secret) = std::env::var_os(VARIABLE) {
        sources = sources.environment([(VARIABLE.to_owned(), secret.to_string_lossy().into_owned())]);
    }
    let config = sources.load();
    let config =
        config.map_err(|error| Failure::new(Kind::Config, "the configuration cannot be used", error))?;
    with_flags(config.jwt, authority)
}

fn with_flags(mut jwt: Jwt, authority: &Authority) -> Result<Jwt, Failure> {
    let text = |flag: &str, name: &str| {
        Text::new(name).ok_or_else(|| Failure::usage(flag, "it must be a text of 1 to 1024 bytes"))
    };
    if let Some(issuer) = &authority.issuer {
        jwt.issuer = Some(text("--issuer", issuer)?);
    }
    if !authority.audience.is_empty() {
        let names = authority.audience.iter().map(|name| text("--audience", name));
        jwt.audience = names.collect::<Result<_, _>>()?;
    }
    Ok(jwt)
}

/// The key that signs.
pub(super) fn signing_key(authority: &Authority, jwt: &Jwt) -> Result<SigningKey, Failure> {
    if let Some(path) = &authority.key {
        let text = read(path)?;
        return SigningKey::from_pem(&text).map_err(|error| private_key(path, &text, error));
    }
    if let Some(path) = &authority.secret_file {
        let key = SigningKey::from_secret(secret(&read(path)?));
        return key.map_err(|error| unusable(path, error));
    }
    let secret = jwt.secret.as_ref().ok_or_else(|| no_key("--key FILE, --secret-file FILE"))?;
    SigningKey::from_secret(secret.reveal().as_bytes())
        .map_err(|error| Failure::new(Kind::Config, "`jwt.secret` cannot be used", error))
}

/// The keys that verify.
pub(super) fn verifying_keys(
    authority: &Authority,
    jwks: Option<&Path>,
    jwt: &Jwt,
) -> Result<KeySet, Failure> {
    if let Some(path) = jwks {
        return KeySet::parse(read(path)?.as_bytes()).map_err(|error| unusable(path, error));
    }
    if let Some(path) = &authority.key {
        return Ok(KeySet::of(public_keys(path)?));
    }
    if let Some(path) = &authority.secret_file {
        let key = VerifyingKey::from_secret(secret(&read(path)?));
        return Ok(KeySet::of([key.map_err(|error| unusable(path, error))?]));
    }
    configured(jwt)
}

fn configured(jwt: &Jwt) -> Result<KeySet, Failure> {
    let keys = jwt.read_keys();
    let keys = keys.map_err(|error| Failure::new(Kind::Config, "the configuration cannot be used", error))?;
    keys.ok_or_else(|| match &jwt.jwks_url {
        Some(_) => no_key("--jwks FILE").hint("fetch it with `curl`, and give the file by `--jwks`"),
        None => no_key("--key FILE, --secret-file FILE, --jwks FILE"),
    })
}

/// The public keys of a PEM file, also that of a private one.
pub(super) fn public_keys(path: &Path) -> Result<Vec<VerifyingKey>, Failure> {
    let text = read(path)?;
    let keys = match text.contains("PRIVATE KEY-----") {
        true => SigningKey::from_pem(&text).map(|key| vec![key.public().clone()]),
        false => VerifyingKey::from_pem(&text),
    };
    keys.map_err(|error| unusable(path, error))
}

/// A whole small text file; `-` is standard input.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let done = match path.as_os_str() == "-" {
        true => stdin().take(MOST).read_to_string(&mut text),
        false => File::open(path).and_then(|file| file.take(MOST).read_to_string(&mut text)),
    };
    done.map_err(|error| Failure::new(Kind::Input, format!("cannot read {}", name(path)), error))?;
    Ok(text)
}

/// Editors and `echo` put an end of line behind a secret.
fn secret(text: &str) -> &[u8] {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text).as_bytes()
}

fn name(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

fn no_key(flags: &str) -> Failure {
    let hint = format!("give one: {flags}, {VARIABLE}, or a configuration with `[jwt]` by --config FILE");
    Failure::new(Kind::Usage, "there is no key", "no flag, no variable and no configuration names one")
        .hint(hint)
}

fn unusable(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::new(Kind::Input, format!("{} cannot be used", name(path)), error)
}

fn private_key(path: &Path, text: &str, error: KeyError) -> Failure {
    let failure = unusable(path, error);
    if text.contains("BEGIN PUBLIC KEY-----") {
        return failure.hint("this is a public key; whoever signs needs the private one");
    }
    if text.contains("ENCRYPTED") {
        return failure.hint("it is encrypted; `openssl pkey -in FILE` writes it without");
    }
    failure.hint("a file with a secret is given by `--secret-file`; `ropeway token keys generate` makes keys")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_end_of_line_is_no_part_of_a_secret() {
        for text in ["abc", "abc\n", "abc\r\n"] {
            assert_eq!(secret(text), b"abc");
        }
        assert_eq!(secret("abc \n\n"), b"abc \n");
    }
}
