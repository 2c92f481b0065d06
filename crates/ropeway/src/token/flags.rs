//! The flags of `ropeway token`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use ropeway_jwt::Algorithm;

use crate::values::{Moment, duration};

/// Where keys come from, and why there is no `--secret`.
const KEYS: &str = "\
The key is that of --key or --secret-file, else ROPEWAY_JWT_SECRET, else that of `[jwt]` in --config. There is no flag \
for the secret itself: flags stand in the list of processes, for everybody on the machine, and in the history of the shell.";

const VERDICT: &str = "\
The key is that of --key, --secret-file or --jwks, else ROPEWAY_JWT_SECRET, else that of `[jwt]` in --config. A JWKS is \
read from a file; `curl URL | ropeway token verify --jwks - TOKEN` takes one from the network.

Exit status:
  0    the token is good
  2    wrong usage
  66   a file cannot be read
  77   the token is not good; why is told
  78   the configuration is wrong";

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token and print it
    #[command(after_help = KEYS)]
    Create(Box<Create>),
    /// Show what is in a token, and tell whether it is good
    #[command(after_help = VERDICT)]
    Verify(Verify),
    /// Make keys, and publish them
    #[command(subcommand)]
    Keys(KeysCommand),
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The user that the token is for (`sub`)
    #[arg(long, value_name = "USER")]
    pub(crate) sub: String,
    /// How long it is good (`exp`), such as 30m or 7d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub(crate) expires_in: Duration,
    /// When it begins to be good (`nbf`): in a time such as 10m, or a date such as 2030-01-31T12:00:00Z
    #[arg(long, value_name = "TIME|DATE")]
    pub(crate) not_before: Option<Moment>,
    /// A claim of its own, such as role='"editor"'; may be given several times
    #[arg(long = "claim", value_name = "KEY=JSON")]
    pub(crate) claims: Vec<String>,
    /// How to sign [default: the first of `jwt.algorithms` that fits the key, or the usual one for it]
    #[arg(long, value_name = "NAME", value_parser = algorithm())]
    pub(crate) algorithm: Option<Algorithm>,
    /// The name of the key (`kid`) [default: the thumbprint of RFC 7638; none for a secret]
    #[arg(long, value_name = "NAME")]
    pub(crate) kid: Option<String>,
    #[command(flatten)]
    pub(crate) rights: Rights,
    #[command(flatten)]
    pub(crate) authority: Authority,
}

/// The claim `ropeway`. Without a list the configuration of the server decides; with one only what it names is allowed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rights")]
pub(crate) struct Rights {
    /// A namespace that may be entered, by pattern; may be given several times
    #[arg(long = "namespace", value_name = "PATTERN")]
    pub(crate) namespaces: Vec<String>,
    /// Rooms that may be joined, by pattern, such as "news:*"; may be given several times
    #[arg(long, value_name = "PATTERN")]
    pub(crate) join: Vec<String>,
    /// Rooms to which members may publish, by pattern; may be given several times
    #[arg(long, value_name = "PATTERN")]
    pub(crate) publish: Vec<String>,
    /// A room that the server enters for the user at once; may be given several times
    #[arg(long = "room", value_name = "ROOM")]
    pub(crate) rooms: Vec<String>,
}

/// Who makes tokens, and for whom.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keys")]
pub(crate) struct Authority {
    /// The key (PEM): a private one, for `verify` also public ones
    #[arg(long, value_name = "FILE", conflicts_with = "secret_file")]
    pub(crate) key: Option<PathBuf>,
    /// The secret for HS256, HS384 and HS512; `-` is standard input. One end of line behind it is left out
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Go by `[jwt]` of this configuration: its secret, algorithms, issuer and audience
    #[arg(long, short, value_name = "FILE", env = "ROPEWAY_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Who makes the token (`iss`) [default: that of --config]
    #[arg(long, value_name = "NAME")]
    pub(crate) issuer: Option<String>,
    /// For which service it is (`aud`); may be given several times [default: that of --config, its first in a new token]
    #[arg(long, value_name = "NAME")]
    pub(crate) audience: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The token; without it standard input is read, which keeps it out of the list of processes
    pub(crate) token: Option<String>,
    /// The public keys, as a JSON Web Key Set; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "secret_file"])]
    pub(crate) jwks: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) authority: Authority,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key: the private one goes into a file that only you can read, the public one to standard output
    Generate {
        /// The file for the private key or the secret; it must not be there yet
        file: PathBuf,
        /// What it is for; keys for RS* and PS* are made by `openssl genpkey -algorithm RSA`, and taken
        #[arg(long, value_name = "NAME", default_value = "EdDSA", value_parser = algorithm())]
        algorithm: Algorithm,
        /// Put it in the place of a file that is there
        #[arg(long)]
        force: bool,
    },
    /// Print the JSON Web Key Set of the public keys, each named by its thumbprint (RFC 7638)
    Jwks {
        /// Keys (PEM), public or private; no private part is printed
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

fn algorithm() -> impl TypedValueParser<Value = Algorithm> {
    PossibleValuesParser::new(Algorithm::ALL.map(Algorithm::name)).try_map(|name| name.parse::<Algorithm>())
}
