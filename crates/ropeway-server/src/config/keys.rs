//! The table of all keys.

use std::borrow::Cow;

use super::value::{Raw, Value};
use super::{Config, RoomRule, shutdown};

/// One key of a `T`: of the whole configuration, or of one room rule.
pub(super) struct Key<T> {
    /// `section.key`, or only the key in a room rule.
    pub(super) name: &'static str,
    /// The comment of the default file, one line an element.
    pub(super) doc: &'static [&'static str],
    /// Sets the value. The error is what is allowed, as the end of "it must be ...".
    pub(super) set: fn(&mut T, Raw<'_>) -> Result<(), Cow<'static, str>>,
    /// The value in TOML. The error is a sample, when the key is absent.
    pub(super) show: fn(&T) -> Result<String, &'static str>,
}

impl Key<Config> {
    /// `server.listen` is `ROPEWAY_SERVER_LISTEN`.
    pub(super) fn variable(&self) -> String {
        format!("ROPEWAY_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }

    /// The part of the name before the dot.
    pub(super) fn section(&self) -> &'static str {
        self.name.split_once('.').map_or("", |(section, _)| section)
    }
}

/// The key that is named like the field.
macro_rules! key {
    ($($part:ident).+, $($doc:literal),+) => {
        Key {
            name: dotted!($($part).+),
            doc: &[$($doc),+],
            set: |target, raw| put(&mut target.$($part).+, raw),
            show: |target| show(&target.$($part).+),
        }
    };
    ($($part:ident).+ as $form:ident, $($doc:literal),+) => {
        Key {
            name: dotted!($($part).+),
            doc: &[$($doc),+],
            set: |target, raw| (shutdown::$form.read)(raw).map(|value| target.$($part).+ = value).map_err(Cow::Borrowed),
            show: |target| (shutdown::$form.write)(&target.$($part).+),
        }
    };
}

macro_rules! dotted {
    ($only:ident) => {
        stringify!($only)
    };
    ($section:ident . $key:ident) => {
        concat!(stringify!($section), ".", stringify!($key))
    };
}

fn put<V: Value>(field: &mut V, raw: Raw<'_>) -> Result<(), Cow<'static, str>> {
    *field = V::read(raw).ok_or_else(|| allowed::<V>(raw))?;
    Ok(())
}

fn allowed<V: Value>(raw: Raw<'_>) -> Cow<'static, str> {
    match V::fault(raw) {
        Some(fault) => format!("{} ({fault})", V::ALLOWED).into(),
        None => V::ALLOWED.into(),
    }
}

fn show<V: Value>(field: &V) -> Result<String, &'static str> {
    field.write().ok_or(V::SAMPLE)
}

pub(super) const KEYS: &[Key<Config>] = &[
    key!(server.listen, "Where to listen. Everything is served on this one port; port 0 takes a free one."),
    key!(
        server.origins,
        "Web pages of these origins may connect, besides pages of this server itself: \"https://example.com\" is that",
        "origin, \"https://*.example.com\" all below it, \"http://localhost:*\" any port, [\"*\"] everybody.",
        "Programs that are no browsers send no origin and are not asked for one."
    ),
    key!(
        server.hosts,
        "The names under which this server is reached, without ports; a request for another one is answered with 421.",
        "That keeps pages out which give their own name the address of this server (DNS rebinding)."
    ),
    key!(server.max_connections, "WebSocket connections at one time. One more is answered with 503."),
    key!(
        server.handshake_timeout,
        "Time from the coming of a connection to the end of its first request's headers, the handshake of TLS included; and",
        "from each answer to the end of the next headers."
    ),
    key!(server.echo, "Serve /echo, which sends every message back, to pages of any origin."),
    key!(server.chat, "Serve the chat page at /. It uses rooms named demo:*, which need a rule below."),
    key!(
        tls.certificate,
        "PEM files of certificate chains; with one the port speaks TLS (https, wss). Of several, a client gets the one for",
        "the name that it asks for, or else the first."
    ),
    key!(tls.key, "PEM files of the private keys, one for each certificate, in the same order."),
    key!(tls.client_ca, "PEM files of the authorities that sign certificates of clients."),
    key!(tls.client_certificates, "Ask clients for a certificate: \"off\", \"optional\" or \"required\"."),
    key!(tls.min_version, "The oldest version that is spoken: \"1.2\" or \"1.3\"."),
    key!(
        tls.reload_interval,
        "How often the files are looked at. When they have changed, new connections get what they say now."
    ),
    key!(
        tls.hsts,
        "Tell browsers for how long to come over TLS only (Strict-Transport-Security). Hard to take back."
    ),
    key!(limits.message, "The largest message that a client may send, after inflating."),
    key!(limits.fragments, "The most frames that one message may come in."),
    key!(limits.outbox, "What may wait for a client to read it. Without it four times `message`."),
    key!(
        limits.slow_consumer,
        "What happens to a client whose outbox is full: \"close\" it with code 4002 (it may come back and recover",
        "what it missed), \"drop-oldest\" events, or \"conflate\" (only the newest event of a kind waits)."
    ),
    key!(
        limits.rooms_per_connection,
        "Rooms that one connection may be in; a client of Socket.IO in each of its namespaces."
    ),
    key!(limits.namespaces_per_connection, "Namespaces that one connection of Socket.IO may be in."),
    key!(
        limits.connections_per_address,
        "Connections from one address (an IPv6 address counts as its /64). One more is answered with 429. This limit and",
        "those below may be \"off\"."
    ),
    key!(limits.connections_per_subnet, "Connections from one /24 of IPv4."),
    key!(limits.connections_per_user, "Connections of one user."),
    key!(
        limits.arrivals_per_address,
        "New connections a second from one address; five times as many at once. One more is dropped unseen."
    ),
    key!(
        limits.http_connections_per_address,
        "TCP connections from one address that are no WebSockets (yet). One more is dropped unseen."
    ),
    key!(
        limits.messages_per_second,
        "Messages, pings and pongs a second that one connection may send, but for /echo."
    ),
    key!(limits.message_burst, "How many of them at once."),
    key!(
        limits.bytes_per_second,
        "Bytes a second that one connection may send: as they come, or as they are after inflating, if that is more."
    ),
    key!(
        limits.byte_burst,
        "How many of them at once. Without it four of the largest messages, or those of a second if that is more."
    ),
    key!(
        limits.rate_action,
        "What happens to a client that sends more: \"delay\" (it is not read until it may send more) or \"close\" (4008)."
    ),
    key!(
        limits.memory,
        "Memory of the process above which new connections are refused with 503: a part of what the machine or its",
        "container has, or a size."
    ),
    key!(
        limits.exempt,
        "Addresses to which the limits per address and subnet and that of arrivals do not apply."
    ),
    key!(
        proxy.trusted,
        "Proxies in front of the server: their addresses or networks. Nobody else is believed who a client is."
    ),
    key!(
        proxy.headers,
        "The header in which they say it: \"x-forwarded-for\", \"forwarded\", \"x-real-ip\" or \"off\". Only this one is",
        "believed: proxies pass the others on as clients sent them."
    ),
    key!(
        proxy.protocol,
        "\"required\": every connection of theirs begins with a header of the PROXY protocol, version 1 or 2. \"off\": none."
    ),
    key!(heartbeat.interval, "A client that has been silent this long is sent a ping."),
    key!(heartbeat.timeout, "A client that has not answered a ping after this time is closed with 4000."),
    key!(
        compression.mode,
        "permessage-deflate: \"off\"; \"no-takeover\" (each message stands alone, idle connections hold no memory);",
        "\"takeover\" (clients may refer back to earlier messages: smaller, a few KiB of memory a connection)."
    ),
    key!(compression.threshold, "Smaller messages are sent as they are."),
    key!(
        auth.anonymous,
        "Let clients in that say nothing of who they are, where there is a way to say it. They may do what is open to",
        "\"anyone\". Without a method of authentication everybody comes in like that."
    ),
    key!(
        auth.token_from,
        "Where a token may stand: \"header\" (Authorization: Bearer), \"query\" (?token=), \"subprotocol\"",
        "(ropeway.token.TOKEN, for browsers), \"message\" (the first message of the client)."
    ),
    key!(auth.deadline, "Time for that first message. Until then a client is told nothing."),
    key!(
        auth.expiry_warning,
        "A client is warned this long before its token expires, so that it can send a new one."
    ),
    key!(
        auth.refusal,
        "How WebSockets are refused: \"status\" (401, 403, ... and JSON) or \"close\" (4001, 4003, ... after a handshake",
        "that succeeds, since browsers hide the status from pages)."
    ),
    key!(
        jwt.algorithms,
        "Tokens (JSON Web Tokens) are believed when one of the next four keys says how to verify them.",
        "These algorithms are allowed; without any, those that fit the key."
    ),
    key!(
        jwt.secret,
        "The secret for HS256, HS384 and HS512; better in the environment, as ROPEWAY_JWT_SECRET."
    ),
    key!(jwt.key, "Public keys for RS256, PS256, ES256, EdDSA, ... as PEM text."),
    key!(jwt.key_file, "A file of such keys."),
    key!(jwt.jwks_url, "Where the keys are published, as a JSON Web Key Set."),
    key!(
        jwt.jwks_refresh,
        "How often they are fetched; also, at most each 10s, when none of them verifies a token."
    ),
    key!(jwt.issuer, "What the claim `iss` must be."),
    key!(jwt.audience, "What the claim `aud` must name one of. Without any it is not looked at."),
    key!(jwt.leeway, "How far the clocks of issuer and server may be apart (10m at most)."),
    key!(jwt.require_expiry, "Refuse tokens that have no `exp` and so would be good for ever."),
    key!(
        shutdown.grace as TIME,
        "On SIGTERM or POST /api/drain /readyz turns 503, and for so long connections are still accepted: give load",
        "balancers the time to see it. \"0s\" without one."
    ),
    key!(
        shutdown.spread as OPTIONAL_TIME,
        "Then the connections are closed one by one over this time, so that they do not all come back at once. Without",
        "it, and without `rate`, one second."
    ),
    key!(shutdown.rate as OPTIONAL_COUNT, "Or so many of them in a second."),
    key!(shutdown.timeout, "What is still open this long after the beginning, `grace` included, is dropped."),
    key!(shutdown.code, "They are closed with 1001 (going away) or 1012 (service restart)."),
    key!(
        shutdown.reconnect_spread as TIME,
        "Clients are told to come back at a random moment within this time."
    ),
    key!(
        tickets.enabled,
        "One-time tickets, as a way of authentication: POST /api/tickets gives one, `?ticket=` takes it."
    ),
    key!(tickets.ttl, "How long a ticket is good, where its request does not say it; 5m at most."),
    key!(
        tickets.capacity,
        "Tickets that are neither used nor expired, at one time. One more is answered with 503."
    ),
    key!(
        sessions.cookie,
        "The cookie that names a session of your application, which is looked up in the store. Not together with",
        "`origins = [\"*\"]`."
    ),
    key!(
        sessions.store,
        "Where sessions are looked up: a Redis, or an endpoint that gets the cookie and answers with the session (200),",
        "or that there is none (401, 403, 404)."
    ),
    key!(sessions.redis_key, "The key of a session in Redis; {id} stands for what the cookie says."),
    key!(sessions.timeout, "Time for a lookup. Without an answer the client gets 503."),
    key!(
        sessions.user_path,
        "Where a session holds its user, for stores of other programs. Without it a session is a grant, as that of a",
        "ticket: {\"user\":\"ada\",\"join\":[\"news:*\"]}."
    ),
    key!(sessions.secret, "The secret of express-session. With it the cookie's signature is verified."),
    key!(webhook.connect_url, "Your endpoint that is asked about everybody who connects."),
    key!(webhook.secret, "The secret that requests are signed with, in the header Ropeway-Signature."),
    key!(webhook.timeout, "Time for an answer, all attempts together. Without one the client gets 503."),
    key!(webhook.retries, "Attempts after the first, when nobody was reached or the answer was 429 or 5xx."),
    key!(webhook.max_in_flight, "Requests at one time. One more waits for its turn, `timeout` at most."),
    key!(webhook.forward_cookie, "Pass the client's cookies on."),
    key!(
        outbound.ca,
        "PEM files of authorities to trust beside those of the system, when the webhook, the key set or the session store is",
        "called over TLS."
    ),
    key!(api.key, "The key for all below /api/ (\"Authorization: Bearer KEY\"). Without one they are off."),
    key!(
        socketio.enabled,
        "Serve clients of Socket.IO (3 and later). They come into the same rooms, by the same rules. The names of these",
        "keys are those of the reference's options."
    ),
    key!(socketio.path, "Where Socket.IO is served, and below it the builds of its client."),
    key!(
        socketio.add_trailing_slash,
        "Requests go to the path with a slash at its end, as clients do on their own."
    ),
    key!(
        socketio.namespaces,
        "Namespaces that clients may connect to. An application in Rust makes its own besides."
    ),
    key!(socketio.transports, "\"polling\", \"websocket\" or both."),
    key!(socketio.allow_upgrades, "A session that began with polling may go on over WebSocket."),
    key!(socketio.upgrade_timeout, "Time for such a change."),
    key!(socketio.ping_interval, "Time between two pings of the server."),
    key!(socketio.ping_timeout, "A client that has not answered a ping after this time is dropped."),
    key!(socketio.connect_timeout, "Time in which a client has to connect to a namespace."),
    key!(
        socketio.max_http_buffer_size,
        "The largest message that a client may send, and the largest body of a polling request (128B to 256MiB)."
    ),
    key!(socketio.http_compression, "Compress the answers to polling requests."),
    key!(socketio.http_compression_threshold, "Smaller ones are sent as they are."),
    key!(
        socketio.per_message_deflate,
        "permessage-deflate of WebSocket connections: \"off\", \"no-takeover\" or \"takeover\", as compression.mode."
    ),
    key!(socketio.per_message_deflate_threshold, "Smaller messages are sent as they are."),
    key!(socketio.allow_eio3, "Serve clients of Socket.IO 2 as well."),
    key!(
        socketio.serve_client,
        "Serve the builds of the JavaScript client, such as /socket.io/socket.io.min.js."
    ),
    key!(
        socketio.cookie,
        "The cookie that carries the session id, for load balancers that look at it. Without a name there is none."
    ),
    key!(socketio.cookie_attributes, "What stands behind the value of that cookie."),
    key!(
        socketio.initial_packet,
        "A message for every session, right after the handshake. The sample is a Socket.IO event."
    ),
    key!(
        socketio.cleanup_empty_child_namespaces,
        "Namespaces that an application made for a client, by pattern or function, are removed with their last socket."
    ),
    key!(
        socketio.recovery,
        "Connection state recovery: clients that come back in time have the same id, rooms and data, and get what they",
        "missed. It takes memory for the events of that time."
    ),
    key!(socketio.max_disconnection_duration, "How long the state of a client is kept for that."),
    key!(socketio.skip_middlewares, "Do not run an application's middleware for clients that come back."),
];

pub(super) const ROOM_KEYS: &[Key<RoomRule>] = &[
    key!(pattern, "The rooms that the rule is for. `*` stands for any characters."),
    key!(
        join,
        "Who may join: \"nobody\", \"granted\" (whose credentials name the room), \"users\" (who has proved a name) or",
        "\"anyone\". Credentials that list rooms keep their client out of all others, even of those for \"anyone\"."
    ),
    key!(publish, "Which members may publish, by the same words. The HTTP API may always."),
    key!(presence, "Tell members who else is there."),
    key!(history_size, "How many events are kept. Without it the room has no history and no recovery."),
    key!(history_bytes, "How much room they may take."),
    key!(history_age, "How long events are kept."),
];
