//! `ropeway token create`

use std::time::SystemTime;

use ropeway_jwt::{Algorithm, KeySet, SigningKey, Unverified};
use ropeway_server::auth::Identity;
use ropeway_server::config::Jwt;
use serde_json::Value;

use super::flags::Create;
use super::{claims, print, source};
use crate::failure::{Failure, Kind};

/// Prints a token, and nothing else.
pub(super) fn run(options: &Create) -> Result<(), Failure> {
    let authority = &options.authority;
    let jwt = source::settings(authority, authority.key.is_some() || authority.secret_file.is_some())?;
    let key = source::signing_key(authority, &jwt)?;
    let token = create(options, &jwt, &key, SystemTime::now())?;
    print(&format!("{token}\n"))
}

fn create(options: &Create, jwt: &Jwt, key: &SigningKey, now: SystemTime) -> Result<String, Failure> {
    let claims = Value::Object(claims::claims(options, jwt, now)?).to_string();
    let algorithm = algorithm(options, jwt, key)?;
    let kid = options.kid.clone().or_else(|| key.public().thumbprint());
    let token = key.token(algorithm, kid.as_deref(), &claims);
    let token = token.map_err(|error| Failure::new(Kind::System, "the token cannot be signed", error))?;
    is_of_use(&token, key, now)?;
    Ok(token)
}

fn algorithm(options: &Create, jwt: &Jwt, key: &SigningKey) -> Result<Algorithm, Failure> {
    let fits = |algorithm: &Algorithm| key.public().fits(*algorithm);
    let configured = || jwt.algorithms.iter().copied().find(fits);
    let algorithm = options.algorithm.or_else(configured).unwrap_or_else(|| key.usual_algorithm());
    if fits(&algorithm) {
        return Ok(algorithm);
    }
    let kind = key.public().kind().name();
    let why = match algorithm.min_secret() {
        0 => format!("{algorithm} needs {}, and this is {kind}", algorithm.kind().name()),
        bytes => {
            format!("{algorithm} needs a secret of at least {bytes} bytes, and this is {kind}, or too short")
        }
    };
    Err(Failure::usage("--algorithm", why))
}

/// What the server would not take is not made.
fn is_of_use(token: &str, key: &SigningKey, now: SystemTime) -> Result<(), Failure> {
    let useless = |why: String| Failure::new(Kind::Usage, "a server would refuse this token", why);
    let keys = KeySet::of([key.public().clone()]);
    let claims = Unverified::parse(token).and_then(|token| token.authentic(&keys, &[]));
    let claims = claims.map_err(|error| useless(error.to_string()))?;
    Identity::of_token(&claims, now).map(drop).map_err(|refusal| useless(refusal.message().to_owned()))
}
