//! `[jwt]`: which tokens are believed.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use http::Uri;
use ropeway_jwt::{Algorithm, KeySet, Rules, VerifyingKey};

use super::socketio::Optional;
use super::value::{Raw, Value, quoted, unlike, written};

/// `[jwt]`. One of `secret`, `key`, `key_file` and `jwks_url` turns tokens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwt {
    /// The algorithms that are allowed; those that fit the keys, where it is empty.
    pub algorithms: Vec<Algorithm>,
    /// The secret for HS256, HS384 and HS512.
    pub secret: Option<JwtSecret>,
    /// Public keys, as PEM text.
    pub key: Option<JwtKey>,
    /// A file of such keys.
    pub key_file: Option<Text>,
    /// Where keys are fetched, as a JWKS.
    pub jwks_url: Option<JwksUrl>,
    /// How often they are.
    pub jwks_refresh: Duration,
    /// What `iss` must be.
    pub issuer: Option<Text>,
    /// What `aud` must name one of; any, where it is empty.
    pub audience: Vec<Text>,
    /// How far the clocks of issuer and server may be apart.
    pub leeway: Duration,
    /// Tokens without `exp` are refused.
    pub require_expiry: bool,
}

impl Default for Jwt {
    fn default() -> Self {
        Self {
            algorithms: Vec::new(),
            secret: None,
            key: None,
            key_file: None,
            jwks_url: None,
            jwks_refresh: Duration::from_secs(3600),
            issuer: None,
            audience: Vec::new(),
            leeway: Duration::from_secs(5),
            require_expiry: true,
        }
    }
}

impl Jwt {
    /// What a token must be, beside its signature.
    pub fn rules(&self) -> Rules {
        Rules {
            algorithms: self.algorithms.clone(),
            issuer: self.issuer.as_ref().map(|text| text.0.clone()),
            audience: self.audience.iter().map(|text| text.0.clone()).collect(),
            leeway: self.leeway,
            require_expiry: self.require_expiry,
        }
    }

    /// The keys that stand in the configuration itself, or in `key_file`, which is read now; nothing for a JWKS, and where
    /// tokens are not taken.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): the file cannot be read, or its keys do not fit the algorithms.
    pub fn read_keys(&self) -> io::Result<Option<KeySet>> {
        match (self.keys(), &self.key_file) {
            (None, Some(path)) => read(path.as_str(), &self.algorithms).map(Some),
            (keys, _) => Ok(keys),
        }
    }

    /// The keys that stand in the configuration itself.
    pub fn keys(&self) -> Option<KeySet> {
        let secret = self.secret.as_ref().map(|secret| vec![secret.key.clone()]);
        secret.or_else(|| self.key.as_ref().map(|key| key.0.clone())).map(KeySet::of)
    }
}

fn read(path: &str, algorithms: &[Algorithm]) -> io::Result<KeySet> {
    let wrong = |error: String| {
        let message = format!("`jwt.key_file` {path:?} cannot be used: {error}");
        io::Error::new(io::ErrorKind::InvalidInput, message)
    };
    let unread = |error: io::Error| match Path::new(path).is_relative() {
        true => wrong(format!("{error}; the path begins at the folder in which the server is started")),
        false => wrong(error.to_string()),
    };
    let text = std::fs::read_to_string(path).map_err(unread)?;
    let keys = KeySet::of(VerifyingKey::from_pem(&text).map_err(|error| wrong(error.to_string()))?);
    match algorithms.iter().find(|algorithm| !keys.fits(**algorithm)) {
        Some(algorithm) => Err(wrong(format!("{algorithm} of `jwt.algorithms` does not fit its keys"))),
        None => Ok(keys),
    }
}

/// A secret, and the key that it is.
#[derive(Clone, PartialEq, Eq)]
pub struct JwtSecret {
    text: String,
    key: VerifyingKey,
}

impl JwtSecret {
    /// Nothing for PEM text and for fewer than 32 bytes.
    pub fn new(text: &str) -> Option<Self> {
        let key = VerifyingKey::from_secret(text.as_bytes()).ok()?;
        Some(Self { text: text.to_owned(), key })
    }

    /// The secret itself, for whoever makes tokens with it.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for JwtSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

impl Value for JwtSecret {
    const ALLOWED: &'static str =
        "a secret of at least 32 bytes, and no PEM text: a public key belongs into `jwt.key`";

    fn read(raw: Raw<'_>) -> Option<Self> {
        raw.text().and_then(Self::new)
    }

    fn write(&self) -> Option<String> {
        Some(quoted(&self.text))
    }

    fn fault(raw: Raw<'_>) -> Option<String> {
        VerifyingKey::from_secret(raw.text()?.as_bytes()).err().map(|error| error.to_string())
    }
}

impl Optional for JwtSecret {
    const SAMPLE: &'static str = "\"at least 32 random bytes\"";
}

/// Public keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtKey(Vec<VerifyingKey>);

impl Value for JwtKey {
    const ALLOWED: &'static str = "PEM text of public keys (-----BEGIN PUBLIC KEY-----): RSA of 2048 to 8192 bits, P-256, \
                                   P-384, P-521 or Ed25519; no certificate and no private key";

    fn read(raw: Raw<'_>) -> Option<Self> {
        VerifyingKey::from_pem(raw.text()?).ok().map(Self)
    }

    /// It is not kept as text.
    fn write(&self) -> Option<String> {
        None
    }

    fn fault(raw: Raw<'_>) -> Option<String> {
        VerifyingKey::from_pem(raw.text()?).err().map(|error| error.to_string())
    }
}

impl Optional for JwtKey {
    const SAMPLE: &'static str = "'''-----BEGIN PUBLIC KEY-----...'''";
}

/// Where a JWKS is: `https`, or `http` on the loopback interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwksUrl(Uri);

impl JwksUrl {
    /// The URL.
    pub fn uri(&self) -> &Uri {
        &self.0
    }
}

impl Value for JwksUrl {
    const ALLOWED: &'static str = "a URL such as \"https://issuer.example/.well-known/jwks.json\", without user and password; `http` \
         only to this machine (localhost, 127.0.0.1, [::1]): keys that come in the clear can be exchanged on the way";

    fn read(raw: Raw<'_>) -> Option<Self> {
        let uri: Uri = raw.text()?.parse().ok()?;
        let is_safe = match uri.scheme_str()? {
            "https" => true,
            "http" => is_loopback(uri.host()?),
            _ => false,
        };
        (is_safe && !uri.authority()?.as_str().contains('@')).then_some(Self(uri))
    }

    fn write(&self) -> Option<String> {
        Some(quoted(&self.0.to_string()))
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or(host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
}

impl Optional for JwksUrl {
    const SAMPLE: &'static str = "\"https://issuer.example/.well-known/jwks.json\"";
}

/// A text that is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// Nothing when it is empty or over 1024 bytes.
    pub fn new(text: &str) -> Option<Self> {
        (1..=1024).contains(&text.len()).then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for Text {
    const ALLOWED: &'static str = "a text of 1 to 1024 bytes";

    fn read(raw: Raw<'_>) -> Option<Self> {
        raw.text().and_then(Self::new)
    }

    fn write(&self) -> Option<String> {
        Some(quoted(&self.0))
    }
}

impl Optional for Text {
    const SAMPLE: &'static str = "\"...\"";
}

impl Value for Vec<Text> {
    const ALLOWED: &'static str = "a list of texts of 1 to 1024 bytes, none twice";

    fn read(raw: Raw<'_>) -> Option<Self> {
        unlike(raw)
    }

    fn write(&self) -> Option<String> {
        written(self)
    }
}

impl Value for Algorithm {
    const ALLOWED: &'static str = "\"HS256\", \"HS384\", \"HS512\", \"RS256\", \"RS384\", \"RS512\", \"PS256\", \"PS384\", \"PS512\", \"ES256\", \"ES384\", \"ES512\" or \
         \"EdDSA\"";

    fn read(raw: Raw<'_>) -> Option<Self> {
        raw.text()?.parse().ok()
    }

    fn write(&self) -> Option<String> {
        Some(quoted(self.name()))
    }
}

impl Value for Vec<Algorithm> {
    const ALLOWED: &'static str = "a list of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 and EdDSA, none twice";

    fn read(raw: Raw<'_>) -> Option<Self> {
        unlike(raw)
    }

    fn write(&self) -> Option<String> {
        written(self)
    }
}

/// What does not go together; each with a hint.
pub(super) fn problems(jwt: &Jwt) -> Vec<(String, String)> {
    [sources(jwt), misfit(jwt), leeway(jwt)].into_iter().flatten().collect()
}

type Problem = Option<(String, String)>;

fn sources(jwt: &Jwt) -> Problem {
    let given = [
        ("jwt.secret", jwt.secret.is_some()),
        ("jwt.key", jwt.key.is_some()),
        ("jwt.key_file", jwt.key_file.is_some()),
        ("jwt.jwks_url", jwt.jwks_url.is_some()),
    ];
    let names: Vec<&str> = given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect();
    let is_narrowed = !jwt.algorithms.is_empty() || jwt.issuer.is_some() || !jwt.audience.is_empty();
    match names.len() {
        0 if is_narrowed => Some((
            "`[jwt]` says which tokens are good, but has no key to verify them with".to_owned(),
            "give `jwt.secret`, `jwt.key`, `jwt.key_file` or `jwt.jwks_url`".to_owned(),
        )),
        0 | 1 => None,
        _ => Some((
            format!("`{}` are given at once", names.join("`, `")),
            "keep one of them: a server that takes several kinds of keys is as safe as the weakest"
                .to_owned(),
        )),
    }
}

/// An algorithm that no key is for is a mistake; with HS* beside public keys it would be a dangerous one.
fn misfit(jwt: &Jwt) -> Problem {
    let keys = jwt.keys();
    let is_foreign = |algorithm: &&Algorithm| match &keys {
        Some(keys) => !keys.fits(**algorithm),
        None => algorithm.min_secret() > 0 && (jwt.jwks_url.is_some() || jwt.key_file.is_some()),
    };
    let algorithm = jwt.algorithms.iter().find(is_foreign)?;
    let hint = match algorithm.min_secret() {
        0 => "leave `jwt.algorithms` empty for those that fit the key".to_owned(),
        bytes => format!("{algorithm} needs `jwt.secret`, of at least {bytes} bytes"),
    };
    Some((format!("`jwt.algorithms` has {algorithm}, which does not fit the key"), hint))
}

fn leeway(jwt: &Jwt) -> Problem {
    (jwt.leeway > Duration::from_secs(600)).then(|| {
        let hint = "clocks that are further apart than 10m should be set right".to_owned();
        ("`jwt.leeway` is over 10m".to_owned(), hint)
    })
}
