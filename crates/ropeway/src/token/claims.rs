//! The claims of a new token, from flags.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ropeway_server::config::Jwt;
use serde_json::{Map, Value, json};

use super::flags::{Create, Rights};
use crate::failure::Failure;
use crate::values::Moment;

/// All of them.
///
/// # Errors
/// A `--claim` that is none, or that another flag gives; times that leave no time.
pub(super) fn claims(options: &Create, jwt: &Jwt, now: SystemTime) -> Result<Map<String, Value>, Failure> {
    let mut claims = Map::new();
    if let Some(issuer) = &jwt.issuer {
        claims.insert("iss".to_owned(), json!(issuer.as_str()));
    }
    claims.insert("sub".to_owned(), json!(options.sub));
    audience(options, jwt).into_iter().for_each(|value| drop(claims.insert("aud".to_owned(), value)));
    times(&mut claims, options, now)?;
    if let Some(rights) = rights(&options.rights) {
        claims.insert("ropeway".to_owned(), rights);
    }
    for claim in &options.claims {
        own(&mut claims, claim)?;
    }
    Ok(claims)
}

/// Those of flags, or the first of the configuration: a token is for one service, unless somebody says otherwise.
fn audience(options: &Create, jwt: &Jwt) -> Option<Value> {
    match options.authority.audience.as_slice() {
        [] | [_] => jwt.audience.first().map(|name| json!(name.as_str())),
        several => Some(json!(several)),
    }
}

fn times(claims: &mut Map<String, Value>, options: &Create, now: SystemTime) -> Result<(), Failure> {
    let expires = seconds("--expires-in", now.checked_add(options.expires_in))?;
    claims.insert("iat".to_owned(), json!(seconds("--expires-in", Some(now))?));
    claims.insert("exp".to_owned(), json!(expires));
    let Some(moment) = options.not_before else { return Ok(()) };
    let at = match moment {
        Moment::At(at) => Some(at),
        Moment::In(time) => now.checked_add(time),
    };
    let at = seconds("--not-before", at)?;
    if at >= expires {
        return Err(Failure::usage("--not-before", "the token would have expired by then")
            .hint("--expires-in counts from now on"));
    }
    claims.insert("nbf".to_owned(), json!(at));
    Ok(())
}

/// A NumericDate.
fn seconds(flag: &str, at: Option<SystemTime>) -> Result<u64, Failure> {
    let since = at.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map(|since: Duration| since.as_secs());
    since.ok_or_else(|| Failure::usage(flag, "the date is out of reach"))
}

/// The claim `ropeway`; none where nothing is said, since an empty list would allow nothing.
fn rights(rights: &Rights) -> Option<Value> {
    let lists = [
        ("namespaces", &rights.namespaces),
        ("join", &rights.join),
        ("publish", &rights.publish),
        ("rooms", &rights.rooms),
    ];
    let given = lists.into_iter().filter(|(_, list)| !list.is_empty());
    let rights: Map<_, _> = given.map(|(name, list)| (name.to_owned(), json!(list))).collect();
    (!rights.is_empty()).then_some(Value::Object(rights))
}

/// A `--claim`. Its value may be anybody's secret, and is not told.
fn own(claims: &mut Map<String, Value>, claim: &str) -> Result<(), Failure> {
    let wrong = |why: String| Failure::usage("--claim", why);
    let Some((name, text)) = claim.split_once('=').filter(|(name, _)| !name.is_empty()) else {
        return Err(wrong("it must be KEY=JSON, such as level=3".to_owned()));
    };
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let why =
            format!("the value of `{name}` is no JSON: line {}, column {}", error.line(), error.column());
        wrong(why).hint(format!("a text has quotes, which the shell has to leave: --claim {name}='\"text\"'"))
    })?;
    if claims.contains_key(name) || ["iss", "aud", "nbf"].contains(&name) {
        return Err(wrong(format!("`{name}` is given by a flag of its own, or twice")));
    }
    claims.insert(name.to_owned(), value);
    Ok(())
}
