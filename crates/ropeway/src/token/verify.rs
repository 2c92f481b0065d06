//! `ropeway token verify`

use std::path::Path;
use std::time::SystemTime;

use ropeway_jwt::{KeySet, Rules, TokenError, Unverified};
use ropeway_server::auth::Identity;

use super::flags::Verify;
use super::{describe, print, source};
use crate::failure::{Failure, Kind};

/// Shows the token on standard output. A token that is not good is a failure.
pub(super) fn run(options: &Verify) -> Result<(), Failure> {
    let authority = &options.authority;
    let from_input = [&options.jwks, &authority.key, &authority.secret_file].into_iter().flatten();
    if options.token.is_none() && from_input.clone().any(|path| path.as_os_str() == "-") {
        return Err(Failure::new(
            Kind::Usage,
            "standard input cannot be two things",
            "the key is read from it, so the token cannot be",
        )
        .hint("give the token as an argument, or the key as a file"));
    }
    let jwt = source::settings(authority, from_input.count() > 0)?;
    let keys = source::verifying_keys(authority, options.jwks.as_deref(), &jwt)?;
    let text = options.token.clone().map_or_else(|| source::read(Path::new("-")), Ok)?;
    judge(text.trim(), &keys, &jwt.rules(), SystemTime::now())
}

fn judge(text: &str, keys: &KeySet, rules: &Rules, now: SystemTime) -> Result<(), Failure> {
    let token = Unverified::parse(text).map_err(|error| refused(&error, rules, now))?;
    let signed = token.authentic(keys, &rules.algorithms);
    print(&describe::token(&token, signed.is_ok(), now))?;
    signed.map_err(|error| refused(&error, rules, now))?;
    let claims = token.verify(keys, rules, now).map_err(|error| refused(&error, rules, now))?;
    Identity::of_token(&claims, now).map_err(|refusal| bad(refusal.message()))?;
    print("the token is good\n")
}

fn refused(error: &TokenError, rules: &Rules, now: SystemTime) -> Failure {
    let failure = bad(error);
    match error {
        TokenError::Expired(at) | TokenError::NotYet(at) => {
            bad(format!("{error}: {}", describe::relative(*at, now)))
        }
        TokenError::Algorithm => failure.hint(
            "each algorithm needs a key of its kind, and `jwt.algorithms` must allow it; `none` is never allowed",
        ),
        TokenError::UnknownKey => failure.hint("none of the keys has the `kid` of the token"),
        TokenError::Issuer => expected(failure, "issuer", rules.issuer.as_slice()),
        TokenError::Audience => expected(failure, "audience", &rules.audience),
        _ => failure,
    }
}

fn expected(failure: Failure, what: &str, names: &[String]) -> Failure {
    failure.hint(format!("the {what} must be {}", names.join(" or ")))
}

fn bad(why: impl std::fmt::Display) -> Failure {
    Failure::new(Kind::Refused, "the token is not good", why)
}
