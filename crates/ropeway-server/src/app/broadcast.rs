//! Addressing many sockets at once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ropeway_hub::{Hub, Reply, Target};

use super::arguments::{Encoded, FromArguments, encode_event};
use super::remote::RemoteSocket;
use super::rooms::{borrowed, names};
use super::{Acknowledgement, Arguments, Error, Inner, Namespace, Rooms, Socket};

/// How long an acknowledgement is waited for where no [`timeout`](Broadcast::timeout) is given.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// Sockets of a namespace that are addressed together, and how. Begun by [`Namespace::to`] and its relatives for all, by
/// [`Socket::to`] and its relatives for all but that socket.
///
/// Nothing happens until one of the last methods is called ([`emit`](Self::emit), [`sockets_join`](Self::sockets_join),
/// ...). A socket that is in several of the rooms is addressed once.
#[derive(Clone)]
#[must_use = "nothing is sent before `emit` or another of the last methods is called"]
pub struct Broadcast {
    namespace: Namespace,
    rooms: Vec<Arc<str>>,
    except: Vec<Arc<str>>,
    volatile: bool,
    local: bool,
    timeout: Option<Duration>,
}

impl Broadcast {
    pub(super) fn new(namespace: Namespace) -> Self {
        Self {
            namespace,
            rooms: Vec::new(),
            except: Vec::new(),
            volatile: false,
            local: false,
            timeout: None,
        }
    }

    /// Adds rooms whose sockets are addressed; without any it is the whole namespace.
    pub fn to(mut self, rooms: impl Rooms) -> Self {
        rooms.append_to(&mut self.rooms);
        self
    }

    /// The same as [`to`](Self::to), for where it reads better (`in` in Socket.IO).
    pub fn in_room(self, rooms: impl Rooms) -> Self {
        self.to(rooms)
    }

    /// Adds rooms whose sockets are left out.
    pub fn except(mut self, rooms: impl Rooms) -> Self {
        rooms.append_to(&mut self.except);
        self
    }

    /// Addresses sockets of this node only.
    pub fn local(mut self) -> Self {
        self.local = true;
        self
    }

    /// Drops the event for clients that do not read as fast as they are sent to.
    pub fn volatile(mut self) -> Self {
        self.volatile = true;
        self
    }

    /// Sets how long acknowledgements are waited for (10 s). It is kept to the second.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    pub(super) fn with(self, volatile: bool, timeout: Option<Duration>) -> Self {
        Self { volatile, timeout, ..self }
    }

    /// Sends an event. It is queued for the sockets of this node, and on its way to other nodes, when this returns.
    ///
    /// # Errors
    /// [`Error::Encode`], [`Error::Attachments`], [`Error::ReservedName`], [`Error::NotRunning`], and of the hub: the name
    /// of a room is not valid, or the broker does not take it.
    pub fn emit(&self, event: &str, arguments: impl Arguments) -> Result<(), Error> {
        let encoded = encode_event(event, &arguments)?;
        self.each(|hub, target| {
            settle(&self.namespace.app, hub.broadcast(&self.message(target, event, &encoded)))
        })
    }

    /// Sends an event and collects the clients' answers. It is queued when this returns; awaiting brings the answers.
    /// Ends when all have answered, or with the timeout. Cancel-safe; dropping it gives up the answers.
    ///
    /// # Errors
    /// As [`emit`](Self::emit). That somebody does not answer is no error: [`Answers::missing`].
    pub fn emit_with_ack<T: FromArguments>(
        &self,
        event: &str,
        arguments: impl Arguments,
    ) -> Acknowledgement<Answers<T>> {
        let asked = encode_event(event, &arguments).and_then(|encoded| self.ask(event, &encoded));
        Acknowledgement::new(async move {
            let (replies, _asked) = asked?;
            let mut all = Answers { answers: Vec::new(), missing: 0 };
            for reply in replies {
                all.add(reply.await?);
            }
            Ok(all)
        })
    }

    /// The sockets that are addressed, of all nodes, each of them once.
    ///
    /// # Errors
    /// [`Error::NotRunning`], and of the hub: the name of a room is not valid, or the broker does not answer.
    pub async fn fetch_sockets(&self) -> Result<Vec<RemoteSocket>, Error> {
        let mut replies = Vec::new();
        self.each(|hub, target| {
            replies.push((self.namespace.child(target.namespace), hub.fetch_sockets(target)));
            Ok(())
        })?;
        let mut sockets = Vec::new();
        for (namespace, reply) in replies {
            let fetched = reply.await?;
            sockets.extend(fetched.into_iter().map(|socket| RemoteSocket::new(namespace.clone(), socket)));
        }
        Ok(sockets)
    }

    /// The sockets that are addressed, of this node.
    ///
    /// # Errors
    /// [`Error::NotRunning`].
    pub fn sockets(&self) -> Result<Vec<Socket>, Error> {
        let mut sockets = Vec::new();
        self.each(|hub, target| {
            sockets.extend(hub.sockets(target).iter().filter_map(Socket::of));
            Ok(())
        })?;
        Ok(sockets)
    }

    /// Makes them members of rooms. A socket that is in as many rooms as it may be is passed over.
    ///
    /// # Errors
    /// As [`emit`](Self::emit).
    pub fn sockets_join(&self, rooms: impl Rooms) -> Result<(), Error> {
        let rooms = names(rooms);
        self.each(|hub, target| settle(&self.namespace.app, hub.enter(target, &borrowed(&rooms))))
    }

    /// Ends their membership of rooms.
    ///
    /// # Errors
    /// As [`emit`](Self::emit).
    pub fn sockets_leave(&self, rooms: impl Rooms) -> Result<(), Error> {
        let rooms = names(rooms);
        self.each(|hub, target| settle(&self.namespace.app, hub.leave(target, &borrowed(&rooms))))
    }

    /// Disconnects them, with `close` from all namespaces of their connections, which are closed.
    ///
    /// # Errors
    /// As [`emit`](Self::emit).
    pub fn disconnect_sockets(&self, close: bool) -> Result<(), Error> {
        self.each(|hub, target| settle(&self.namespace.app, hub.disconnect(target, close)))
    }

    fn message<'a>(
        &self,
        target: &Target<'a>,
        event: &'a str,
        encoded: &'a Encoded,
    ) -> ropeway_hub::Broadcast<'a> {
        ropeway_hub::Broadcast {
            target: *target,
            event,
            data: encoded.as_payload(),
            from: None,
            volatile: self.volatile,
            local: self.local,
        }
    }

    fn ask(&self, event: &str, encoded: &Encoded) -> Result<Asked, Error> {
        let timeout = self.timeout.unwrap_or(TIMEOUT);
        let (mut replies, mut asked) = (Vec::new(), Vec::new());
        self.each(|hub, target| {
            // They are read until they have answered, however much waits for their handlers.
            asked.extend(hub.sockets(target).iter().filter_map(Socket::of).map(|socket| socket.seat.ask()));
            replies.push(hub.broadcast_with_ack(&self.message(target, event, encoded), timeout));
            Ok(())
        })?;
        Ok((replies, asked))
    }

    /// Calls `act` for the namespace, or for each that there is of its pattern.
    fn each(&self, mut act: impl FnMut(&Hub, &Target<'_>) -> Result<(), Error>) -> Result<(), Error> {
        let hub = &self.namespace.app.running.get().ok_or(Error::NotRunning)?.hub;
        let (rooms, except) = (borrowed(&self.rooms), borrowed(&self.except));
        for namespace in self.namespace.names() {
            act(hub, &Target { namespace: &namespace, rooms: &rooms, except: &except })?;
        }
        Ok(())
    }
}

type Asked = (Vec<Reply<Result<ropeway_hub::Answers, ropeway_hub::Error>>>, Vec<super::seat::Asked>);

/// What the sockets of a broadcast have answered.
#[derive(Debug)]
pub struct Answers<T> {
    /// The socket's id and what it answered, in the order in which the answers came. An answer that is no `T` is
    /// [`Error::Decode`].
    pub answers: Vec<(Arc<str>, Result<T, Error>)>,
    /// Sockets that did not answer in time, or went before they did.
    pub missing: usize,
}

impl<T: FromArguments> Answers<T> {
    fn add(&mut self, answers: ropeway_hub::Answers) {
        let read =
            |payload: ropeway_hub::OwnedPayload| T::decode(payload.as_payload()).map_err(Error::Decode);
        self.answers.extend(answers.answers.into_iter().map(|(id, payload)| (id, read(payload))));
        self.missing += answers.missing;
    }
}

impl<T> Answers<T> {
    /// What was answered and could be read.
    pub fn into_values(self) -> impl Iterator<Item = T> {
        self.answers.into_iter().filter_map(|(_, answer)| answer.ok())
    }
}

/// The request is on its way already: what another machine has to say to it is seen to by a task.
pub(super) fn settle(app: &Inner, reply: Reply<Result<(), ropeway_hub::Error>>) -> Result<(), Error> {
    match reply {
        Reply::Ready(result) => result.map_err(Error::Hub),
        Reply::Pending(later) => {
            super::runner::spawn(app, async move {
                if let Err(error) = later.await {
                    tracing::warn!(%error, "a request of the application has failed");
                }
            });
            Ok(())
        }
    }
}

impl fmt::Debug for Broadcast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broadcast")
            .field("namespace", &self.namespace)
            .field("rooms", &self.rooms)
            .field("except", &self.except)
            .finish_non_exhaustive()
    }
}
