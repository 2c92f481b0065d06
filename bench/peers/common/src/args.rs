//! The flags that every server understands.

use std::net::SocketAddr;

use anyhow::{Context, bail};

/// What a server was asked to do.
#[derive(Clone, Copy, Debug)]
pub struct Args {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What to agree to when the client offers permessage-deflate.
    pub deflate: Deflate,
    /// What to do with a message.
    pub mode: Mode,
    /// Tune for many idle connections instead of for throughput, where the library has a choice.
    pub lean: bool,
}

/// permessage-deflate (RFC 7692) on the server's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deflate {
    /// Never.
    Off,
    /// Each message may refer to earlier ones.
    Takeover,
    /// Each message stands alone.
    NoTakeover,
}

/// What happens to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It goes back to its sender.
    Echo,
    /// It goes to every connection, the sender included.
    Broadcast,
}

impl Args {
    /// Reads `--listen ADDR:PORT [--deflate off|takeover|no-takeover] [--mode echo|broadcast] [--lean]`.
    ///
    /// # Errors
    /// Anything else on the command line.
    pub fn parse() -> anyhow::Result<Self> {
        let mut listen = None;
        let mut args =
            Args { listen: ([127, 0, 0, 1], 0).into(), deflate: Deflate::Off, mode: Mode::Echo, lean: false };
        let mut words = std::env::args().skip(1);
        while let Some(flag) = words.next() {
            let mut value = || words.next().with_context(|| format!("{flag} needs a value"));
            match flag.as_str() {
                "--listen" => listen = Some(value()?.parse()?),
                "--deflate" => args.deflate = deflate(&value()?)?,
                "--mode" => args.mode = mode(&value()?)?,
                "--lean" => args.lean = true,
                other => bail!("unknown flag {other}"),
            }
        }
        args.listen = listen.context("--listen ADDR:PORT is missing")?;
        Ok(args)
    }

    /// Ends with an error when deflate was asked of a library that has none.
    ///
    /// # Errors
    /// `--deflate` is anything but `off`.
    pub fn refuse_deflate(&self) -> anyhow::Result<()> {
        if self.deflate != Deflate::Off {
            bail!("this library has no permessage-deflate");
        }
        Ok(())
    }

    /// Ends with an error when broadcast was asked of a server that only echoes.
    ///
    /// # Errors
    /// `--mode broadcast`.
    pub fn refuse_broadcast(&self) -> anyhow::Result<()> {
        if self.mode == Mode::Broadcast {
            bail!("this server only echoes");
        }
        Ok(())
    }
}

fn deflate(word: &str) -> anyhow::Result<Deflate> {
    Ok(match word {
        "off" => Deflate::Off,
        "takeover" => Deflate::Takeover,
        "no-takeover" => Deflate::NoTakeover,
        other => bail!("--deflate {other}: off, takeover or no-takeover"),
    })
}

fn mode(word: &str) -> anyhow::Result<Mode> {
    Ok(match word {
        "echo" => Mode::Echo,
        "broadcast" => Mode::Broadcast,
        other => bail!("--mode {other}: echo or broadcast"),
    })
}
