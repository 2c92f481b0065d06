//! Sessions in Redis.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, RedisError, TlsCertificates};
use rustls::pki_types::CertificateDer;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::{Failure, MAX_RECORD};
use crate::outbound::tls;

/// The sessions of one Redis. All lookups share one connection, which is made when it is first needed and again when
/// it breaks.
pub(super) struct Redis {
    client: Client,
    /// For the log: the address alone, without the password.
    name: String,
    /// The key of a session, in which `{id}` stands for its id.
    key: String,
    /// Of one lookup, with connecting.
    timeout: Duration,
    /// Nothing before the first lookup, and after the connection failed. Held while the connection is made, so that one
    /// is made for all who wait; not while it is used.
    connection: Mutex<Option<Numbered>>,
}

#[derive(Clone)]
struct Numbered {
    connection: MultiplexedConnection,
    /// Tells the connection that failed from the one that has replaced it since.
    number: u64,
}

impl Redis {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// The URL is not one of Redis.
    pub(super) fn new(
        url: &str,
        key: &str,
        timeout: Duration,
        extra: &[CertificateDer<'static>],
    ) -> Result<Self, RedisError> {
        let client = if url.starts_with("rediss:") && !extra.is_empty() {
            let root_cert = Some(tls::bundle(extra).into_bytes());
            Client::build_with_tls(url, TlsCertificates { client_tls: None, root_cert })?
        } else {
            Client::open(url)?
        };
        let name = format!("Redis at {}", client.get_connection_info().addr());
        Ok(Self { client, name, key: key.to_owned(), timeout, connection: Mutex::default() })
    }

    /// The record of a session; nothing when there is no such session.
    ///
    /// # Cancel safety
    /// Nothing is lost: an answer that nobody waits for is dropped.
    pub(super) async fn read(&self, id: &str) -> Result<Option<Vec<u8>>, Failure> {
        let mut command = redis::cmd("GETRANGE");
        // Up to a byte more than may be, to see that a record is too long.
        command.arg(self.key.replace("{id}", id)).arg(0).arg(MAX_RECORD);
        let record: Vec<u8> = self.ask(&command).await?;
        match record.len() {
            0 => Ok(None),
            len if len > MAX_RECORD => Err(Failure(format!("a record has over {MAX_RECORD} bytes"))),
            _ => Ok(Some(record)),
        }
    }

    /// Whether somebody answers.
    pub(super) async fn greet(&self) -> Result<(), Failure> {
        self.ask::<String>(&redis::cmd("PING")).await.map(drop)
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Failure> {
        let mut used = None;
        let answer = timeout(self.timeout, self.attempts(command, &mut used)).await;
        match answer {
            Ok(answer) => answer.map_err(|error| Failure(format!("{}: {error}", self.name))),
            Err(_) => {
                // It may be dead without a sign of it.
                self.forget(used);
                Err(Failure(format!("{}: no answer within {:?}", self.name, self.timeout)))
            }
        }
    }

    /// That Redis closed the connection in the meantime is noticed when it is used, so a broken one is replaced once.
    async fn attempts<T: FromRedisValue>(
        &self,
        command: &Cmd,
        used: &mut Option<u64>,
    ) -> Result<T, RedisError> {
        match self.attempt(command, used).await {
            Err(error) if error.is_unrecoverable_error() && used.is_some() => {
                self.forget(*used);
                self.attempt(command, used).await
            }
            answer => answer,
        }
    }

    async fn attempt<T: FromRedisValue>(
        &self,
        command: &Cmd,
        used: &mut Option<u64>,
    ) -> Result<T, RedisError> {
        *used = None;
        let mut on = self.connection().await?;
        *used = Some(on.number);
        command.query_async(&mut on.connection).await
    }

    async fn connection(&self) -> Result<Numbered, RedisError> {
        let mut slot = self.connection.lock().await;
        if let Some(connection) = &*slot {
            return Ok(connection.clone());
        }
        // The time of the whole lookup is kept around it.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        let connection = Numbered { connection, number: rand::random() };
        *slot = Some(connection.clone());
        Ok(connection)
    }

    /// Lets a connection go that failed. While somebody holds the lock, there is another one already, or none.
    fn forget(&self, number: Option<u64>) {
        if let Ok(mut slot) = self.connection.try_lock() {
            slot.take_if(|current| Some(current.number) == number);
        }
    }
}
