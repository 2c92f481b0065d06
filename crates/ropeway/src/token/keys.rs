//! `ropeway token keys`

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ropeway_jwt::{
    Algorithm, Jwk, Kind as Of, SigningError, SigningKey, VerifyingKey, generate_pkcs8, generate_secret,
};
use serde_json::json;

use super::{print, source};
use crate::failure::{Failure, Kind};

/// Makes a key or a secret. The public key, where there is one, is printed.
pub(super) fn generate(path: &Path, algorithm: Algorithm, force: bool) -> Result<(), Failure> {
    if algorithm.kind() == Of::Rsa {
        return Err(rsa(path, algorithm));
    }
    let failed = |error: SigningError| Failure::new(Kind::System, "cannot make a key", error);
    if let Some(secret) = generate_secret(algorithm).map_err(failed)? {
        return write(path, &format!("{secret}\n"), force);
    }
    let private = generate_pkcs8(algorithm.kind()).map_err(failed)?;
    let key = SigningKey::from_pkcs8(&private)
        .map_err(|error| Failure::new(Kind::System, "cannot make a key", error))?;
    write(path, &pem("PRIVATE KEY", &private), force)?;
    print(&key.public().to_spki().map(|spki| pem("PUBLIC KEY", &spki)).unwrap_or_default())
}

/// They are made by a program that everybody has, rather than by crates that nothing else here needs.
fn rsa(path: &Path, algorithm: Algorithm) -> Failure {
    let file = format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
    Failure::usage("--algorithm", format!("{algorithm} needs a key for RSA, which is not made here")).hint(
        format!(
            "`openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out {file}` makes one, and \
         `openssl pkey -in {file} -pubout` prints the public key"
        ),
    )
}

/// Prints the set of all keys; one that is in several files is in it once.
pub(super) fn jwks(files: &[PathBuf]) -> Result<(), Failure> {
    let mut keys = Vec::new();
    for path in files {
        keys.extend(source::public_keys(path)?);
    }
    let mut known = Vec::new();
    keys.retain(|key| {
        let is_new = !known.contains(key);
        known.push(key.clone());
        is_new
    });
    let keys: Vec<Jwk> = keys.iter().filter_map(VerifyingKey::to_jwk).collect();
    let text = serde_json::to_string_pretty(&json!({ "keys": keys }))
        .map_err(|error| Failure::new(Kind::System, "cannot write the key set", error))?;
    print(&format!("{text}\n"))
}

/// A file that only its owner can read. With `force` a new file is put in the place of the old one, whose mode may be
/// another.
fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let made = match force {
        true => replace(path, text),
        false => create(path, text),
    };
    made.map_err(|error| {
        let failure = Failure::new(Kind::Output, format!("cannot write {}", path.display()), &error);
        match error.kind() {
            ErrorKind::AlreadyExists => {
                failure.hint("it stays as it is; `--force` puts the new key in its place")
            }
            _ => failure,
        }
    })
}

fn create(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(name);
    create(&beside, text)?;
    fs::rename(&beside, path).inspect_err(|_| {
        // The key was made for nothing.
        let _ = fs::remove_file(&beside);
    })
}

/// RFC 7468.
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
