//! The chain that a configuration asks for.

use std::io;
use std::sync::Arc;

use ropeway_ws::server::Origins;
use rustls::pki_types::CertificateDer;

use super::sessions::Sessions;
use super::tickets::Tickets;
use super::webhook::Webhook;
use super::{Auth, Gate, Method, jwt};
use crate::config::Config;
use crate::tls::authorities;

impl Auth {
    /// The chain that the configuration asks for.
    ///
    /// # Errors
    /// What a method needs (a key, a file) is not there or not usable.
    pub(crate) fn new(config: &Config, hook: Option<Arc<dyn Gate>>, node: &str) -> io::Result<Self> {
        let issuer = config.tickets.enabled.then(|| Arc::new(Tickets::new(config.tickets.capacity)));
        let extra = authorities(&config.outbound.ca)?;
        let store = sessions(config, &extra)?.map(Arc::new);
        let cookie = config.sessions.cookie.as_ref().map(|name| Box::from(name.as_str()));
        Ok(Self {
            settings: config.auth.clone(),
            tokens: jwt::Verifier::new(&config.jwt, &extra)?
                .map(|verifier| Arc::new(verifier) as Arc<dyn Method>),
            tickets: issuer.clone().map(|tickets| tickets as Arc<dyn Method>),
            sessions: cookie.zip(store.clone().map(|store| store as Arc<dyn Method>)),
            issuer,
            store,
            has_hook: hook.is_some(),
            gates: webhook(config, node, &extra)?.into_iter().chain(hook).collect(),
        })
    }

    /// Whether a chain can be made of this.
    ///
    /// # Errors
    /// A file that it names is not there or not usable.
    pub(crate) fn check(config: &Config) -> io::Result<()> {
        let extra = authorities(&config.outbound.ca)?;
        drop((sessions(config, &extra)?, webhook(config, "", &extra)?, config.jwt.read_keys()?));
        Ok(())
    }
}

/// The configuration is checked when it is read; one that a program put together is checked here.
fn sessions(config: &Config, extra: &[CertificateDer<'static>]) -> io::Result<Option<Sessions>> {
    let settings = &config.sessions;
    let wrong = |message| Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    match (&settings.cookie, &settings.store) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) if config.server.origins == Origins::Any => {
            wrong("cookie sessions need the check of origins: `server.origins` cannot be every origin")
        }
        (Some(_), Some(store)) => Sessions::new(store, settings, extra).map(Some),
        // Otherwise everybody would come in unasked.
        _ => wrong("`sessions.cookie` and `sessions.store` need each other"),
    }
}

fn webhook(
    config: &Config,
    node: &str,
    extra: &[CertificateDer<'static>],
) -> io::Result<Option<Arc<dyn Gate>>> {
    let settings = &config.webhook;
    let Some(url) = &settings.connect_url else { return Ok(None) };
    let Some(secret) = &settings.secret else {
        let message = "`webhook.connect_url` needs `webhook.secret`";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    };
    Ok(Some(Arc::new(Webhook::new(url, secret.bytes(), settings, node.into(), extra)?)))
}
