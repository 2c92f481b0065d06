//! Layers, messages and the default file of the configuration.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper may stop at the first surprise, as the tests that call it may"
)]

use std::time::Duration;

use ropeway_server::config::{
    ByteSize, Config, ConfigError, Pace, SlowConsumer, SocketIo, Sources, Transport, default_file,
};

fn file(text: &str) -> Result<Config, ConfigError> {
    Sources::new().file("ropeway.toml", text).load()
}

fn message(result: Result<Config, ConfigError>) -> String {
    result.unwrap_err().to_string()
}

fn environment(name: &str, value: &str) -> Result<Config, ConfigError> {
    Sources::new().environment([(name.to_owned(), value.to_owned())]).load()
}

#[test]
fn the_default_file_reads_back_as_the_defaults() {
    let text = default_file();
    assert_eq!(file(&text).unwrap(), Config::default());
    for key in
        ["[server]", "listen = \"127.0.0.1:8080\"", "interval = \"25s\"", "message = \"1MiB\"", "#key = "]
    {
        assert!(text.contains(key), "{key} in {text}");
    }
}

#[test]
fn the_example_rule_of_the_default_file_opens_the_demo_rooms() {
    let text = default_file();
    let (head, rules) = text.split_once("#[[rooms]]").unwrap();
    let opened: String = rules.lines().map(|line| line.strip_prefix('#').map_or(line, |rest| rest)).fold(
        String::from("[[rooms]]"),
        |text, line| if line.starts_with(' ') { text } else { text + "\n" + line },
    );
    let config = file(&format!("{head}{opened}")).unwrap();
    assert_eq!(config.rooms, Config::development().rooms);
}

#[test]
fn no_file_means_the_development_profile() {
    let config = Sources::new().load().unwrap();
    assert_eq!(config, Config::development());
    assert!(config.rule_for("demo:lobby").is_some_and(|rule| rule.presence));
    assert!(config.rule_for("secret").is_none());
    assert!(config.server.hosts.allow("localhost:8080") && !config.server.hosts.allow("any.example"));
}

#[test]
fn a_file_closes_what_it_does_not_open() {
    let config = file("").unwrap();
    assert_eq!(config, Config::default());
    assert!(config.rooms.is_empty() && config.api.key.is_none() && !config.server.echo);
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let sources = Sources::new().file("f", "[heartbeat]\ninterval='1s'\ntimeout='1s'\n[limits]\nfragments=1");
    let sources = sources.environment([
        ("ROPEWAY_HEARTBEAT_INTERVAL".to_owned(), "2s".to_owned()),
        ("ROPEWAY_HEARTBEAT_TIMEOUT".to_owned(), "2s".to_owned()),
        ("HOME".to_owned(), "/".to_owned()),
    ]);
    let config = sources.flag("--heartbeat", "heartbeat.interval", "3s").load().unwrap();
    assert_eq!(config.heartbeat.interval, Duration::from_secs(3));
    assert_eq!(config.heartbeat.timeout, Duration::from_secs(2));
    assert_eq!(config.limits.fragments, 1);
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_right_one() {
    let text = message(file("[server]\nlisten = \"127.0.0.1:1\"\n\nlimits = 3\n[server.x]\n"));
    assert!(text.starts_with("ropeway.toml:4: there is no key `server.limits`"), "{text}");
    let text = message(file("\n[limits]\nslow_consumr = \"close\""));
    assert_eq!(
        text,
        "ropeway.toml:3: there is no key `limits.slow_consumr`\n  hint: did you mean `limits.slow_consumer`?"
    );
    assert!(message(file("listen = 'x'")).contains("did you mean `server.listen`?"));
    assert!(message(file("[sever]\nlisten='x'")).contains("did you mean `server.listen`?"));
    assert!(!message(file("entirely_different = 1")).contains("hint"));
}

#[test]
fn a_refused_value_is_named_with_key_and_what_is_allowed() {
    let text = message(file("[heartbeat]\ninterval = 25"));
    assert_eq!(
        text,
        "ropeway.toml:2: `heartbeat.interval` cannot be 25: it must be a time with a unit (ms, s, m, h, d), \
         such as \"500ms\" or \"25s\", above 0"
    );
    let text = message(environment("ROPEWAY_LIMITS_SLOW_CONSUMER", "drop"));
    assert_eq!(
        text,
        "environment variable ROPEWAY_LIMITS_SLOW_CONSUMER: `limits.slow_consumer` cannot be \"drop\": it must be \
         \"close\", \"drop-oldest\" or \"conflate\""
    );
    let text = message(Sources::new().flag("--listen", "server.listen", "8080").load());
    assert!(
        text.starts_with("flag --listen: `server.listen` cannot be \"8080\": it must be an IP address"),
        "{text}"
    );
}

#[test]
fn a_refused_secret_is_not_shown() {
    let text = message(environment("ROPEWAY_API_KEY", "hunter2"));
    assert!(!text.contains("hunter2") && text.contains("at least 16"), "{text}");
}

#[test]
fn every_problem_is_told_at_once() {
    let error = file("[server]\nech = true\n[limits]\nmessage = 1").unwrap_err();
    assert_eq!(error.problems().len(), 2);
}

#[test]
fn a_file_that_is_no_toml_is_told_with_its_line() {
    let text = message(file("[server]\nlisten = \n"));
    assert!(text.starts_with("ropeway.toml:2: this is no TOML: "), "{text}");
}

#[test]
fn variables_name_keys_and_misspelt_ones_are_told() {
    let config = environment("ROPEWAY_LIMITS_SLOW_CONSUMER", "conflate").unwrap();
    assert_eq!(config.limits.slow_consumer, SlowConsumer::Conflate);
    assert_eq!(environment("ROPEWAY_LIMITS_MESSAGE", "2MiB").unwrap().limits.message, ByteSize::mib(2));
    let text = message(environment("ROPEWAY_SERVER_LISTN", "127.0.0.1:0"));
    assert!(text.contains("hint: did you mean `ROPEWAY_SERVER_LISTEN`?"), "{text}");
}

#[test]
fn service_links_of_kubernetes_are_no_keys() {
    assert!(environment("ROPEWAY_PORT_8080_TCP_ADDR", "10.0.0.1").is_ok());
    assert!(environment("ROPEWAY_SERVICE_HOST", "10.0.0.1").is_ok());
}

#[test]
fn room_rules_are_tried_in_order() {
    let config =
        file("[[rooms]]\npattern='a:1'\n[[rooms]]\npattern='a:*'\njoin='anyone'\nhistory_size=3").unwrap();
    assert_eq!(config.rule_for("a:1").and_then(|rule| rule.history_size), None);
    assert_eq!(config.rule_for("a:2").and_then(|rule| rule.history_size), Some(3));
    let from_text = environment("ROPEWAY_ROOMS", "[{ pattern = 'x', presence = true }]").unwrap();
    assert!(from_text.rule_for("x").is_some_and(|rule| rule.presence) && from_text.rooms.len() == 1);
}

#[test]
fn faults_in_room_rules_are_told() {
    assert!(
        message(file("[[rooms]]\njoin='anyone'")).contains("ropeway.toml:1: this room rule has no `pattern`")
    );
    assert!(message(file("[[rooms]]\npattern='x'\npresense=true")).contains("did you mean `presence`?"));
    assert!(message(file("[[rooms]]\npattern='x'\njoin='all'")).contains("`rooms.join` cannot be \"all\""));
    assert!(message(file("[[rooms]]\npattern='x'\nhistory_age='1h'")).contains("need `rooms.history_size`"));
    assert!(message(file("rooms = 3")).contains("`rooms` cannot be 3"));
    assert!(message(environment("ROPEWAY_ROOMS", "[{")).contains("`rooms` is no TOML array"));
}

#[test]
fn development_defaults_bind_loopback_only() {
    let text = message(Sources::new().flag("--listen", "server.listen", "0.0.0.0:8080").load());
    assert!(text.contains("bind loopback only") && text.contains("hint: write a configuration"), "{text}");
    assert!(Sources::new().flag("--listen", "server.listen", "[::1]:0").load().is_ok());
    assert!(Sources::new().file("f", "").flag("--listen", "server.listen", "0.0.0.0:8080").load().is_ok());
}

#[test]
fn the_outbox_follows_the_largest_message() {
    assert_eq!(file("").unwrap().outbox(), ByteSize::mib(4));
    assert_eq!(file("[limits]\nmessage='16MiB'").unwrap().outbox(), ByteSize::mib(64));
    assert_eq!(file("[limits]\noutbox='2MiB'").unwrap().outbox(), ByteSize::mib(2));
}

#[test]
fn contradictions_are_told() {
    assert!(message(file("[limits]\noutbox='1KiB'")).contains("`limits.outbox` (1KiB) is below"));
}

#[test]
fn cookies_need_the_check_of_origins_and_a_store() {
    let sessions = "[sessions]\ncookie='sid'\nstore='http://127.0.0.1/'\n";
    assert!(file(sessions).is_ok());
    let any = message(file(&format!("[server]\norigins=['*']\n{sessions}")));
    assert!(any.contains("`server.origins` cannot be [\"*\"] together with `sessions`"), "{any}");
    for half in ["cookie='sid'", "store='redis://127.0.0.1/'"] {
        let told = message(file(&format!("[sessions]\n{half}")));
        assert!(told.contains("`sessions.cookie` and `sessions.store` need each other"), "{told}");
    }
}

#[test]
fn tokens_need_a_place_where_they_may_stand() {
    let nowhere = "[auth]\ntoken_from=[]\n";
    assert!(file(nowhere).is_ok());
    let told = message(file(&format!("{nowhere}[jwt]\nkey_file='keys.pem'")));
    assert!(told.contains("`auth.token_from` is empty") && told.contains("hint: leave it out"), "{told}");
}

#[test]
fn a_refused_list_is_shown() {
    let told = message(file("[auth]\ntoken_from=['header', 'cookie', 7]"));
    assert!(told.contains(r#"cannot be ["header", "cookie", 7]: it must be a list of "header""#), "{told}");
    let long = message(file(&format!("[auth]\ntoken_from={:?}", ["x"; 17])));
    assert!(long.contains(r#""x", ...]:"#), "{long}");
}

#[test]
fn tickets_and_webhooks_need_their_secrets() {
    let key = "[api]\nkey='a-key-of-the-tests'\n[tickets]\nenabled=true\n";
    assert!(file(&format!("{key}ttl='5m'")).is_ok());
    assert!(message(file(&format!("{key}ttl='301s'"))).contains("`tickets.ttl` is longer than 5m"));
    assert!(message(file("[tickets]\nenabled=true")).contains("`tickets.enabled` needs `api.key`"));
    let url = "[webhook]\nconnect_url='https://app.example/'\n";
    assert!(file(&format!("{url}secret='a secret of 24 bytes'")).is_ok());
    assert!(
        message(file(&format!("{url}secret='a short secret'"))).contains("`webhook.secret` has fewer than")
    );
    assert!(message(file(url)).contains("`webhook.connect_url` needs `webhook.secret`"));
    assert!(message(file("[webhook]\nconnect_url='https://me:pw@app.example/'")).contains("without a user"));
}

#[test]
fn certificates_come_with_their_keys_and_clients_with_their_authorities() {
    let tls = |text: &str| file(&format!("[tls]\ncertificate='c.pem'\nkey='k.pem'\n{text}"));
    assert!(tls("").is_ok() && tls("client_ca='a.pem'\nclient_certificates='required'").is_ok());
    let told = message(file("[tls]\ncertificate=['c.pem','d.pem']\nkey='k.pem'"));
    assert!(told.contains("`tls.certificate` names 2 files and `tls.key` 1"), "{told}");
    assert!(message(tls("client_ca='a.pem'")).contains("clients are not asked for certificates"));
    for asked in ["optional", "required"] {
        let asked = format!("client_certificates='{asked}'");
        assert!(message(tls(&asked)).contains("without `tls.certificate` and `tls.client_ca`"));
        let plain = message(file(&format!("[tls]\nclient_ca='a.pem'\n{asked}")));
        assert!(plain.contains("without `tls.certificate` and `tls.client_ca`"), "{plain}");
    }
}

#[test]
fn a_shutdown_fits_into_its_time() {
    let shutdown = |text: &str| file(&format!("[shutdown]\n{text}")).map(|config| config.shutdown);
    let together = "`shutdown.grace` and `shutdown.spread` together are longer than `shutdown.timeout`";
    assert!(message(file("[shutdown]\nspread='1h'")).contains(together));
    assert!(message(file("[shutdown]\ngrace='6s'\nspread='5s'")).contains(together));
    assert!(message(file("[shutdown]\ngrace='10s'\nrate=5")).contains("a second after `shutdown.grace`"));
    assert!(message(file("[shutdown]\nspread='1s'\nrate=5")).contains("two ways to say the same"));
    assert!(message(file("[shutdown]\ncode=1000")).contains("it must be 1001 (going away) or 1012"));
    assert!(message(file("[shutdown]\ntimeout='0s'")).contains("above 0"));
    assert!(message(file("[server]\nshutdown_timeout='1s'")).contains("there is no key"));
    let config = shutdown("grace='0s'\nspread='0s'\nreconnect_spread='0s'\ncode=1012").unwrap();
    assert_eq!((config.pace(), config.code.code()), (Pace::Over(Duration::ZERO), 1012));
    assert_eq!(shutdown("rate=5").unwrap().pace(), Pace::Rate(5));
    assert_eq!(shutdown("").unwrap().pace(), Pace::Over(Duration::from_secs(1)));
}

fn socketio(text: &str) -> Result<SocketIo, ConfigError> {
    file(&format!("[socketio]\n{text}")).map(|config| config.socketio)
}

#[test]
fn socketio_is_served_as_the_reference_serves_it() {
    let config = file("").unwrap().socketio;
    assert!(
        config.enabled && config.serve_client && config.upgrades() && !config.allow_eio3 && !config.recovery
    );
    assert_eq!(config.endpoint(), "/socket.io/");
    assert_eq!((config.ping_interval.as_secs(), config.ping_timeout.as_secs()), (25, 20));
    assert_eq!(config.max_http_buffer_size, ByteSize::new(1_000_000));
    assert_eq!((config.cookie, config.initial_packet), (None, None));
}

#[test]
fn socketio_is_set_by_all_layers() {
    let config =
        socketio("enabled = false\ncookie = 'io'\nnamespaces = ['/', '/chat']\ninitial_packet = '2[\"a\"]'");
    let config = config.unwrap();
    assert!(!config.enabled && config.cookie.is_some_and(|name| name.as_str() == "io"));
    assert_eq!(config.namespaces[1].as_str(), "/chat");
    assert_eq!(config.initial_packet.unwrap().as_str(), "2[\"a\"]");
    let config = environment("ROPEWAY_SOCKETIO_TRANSPORTS", "websocket").unwrap().socketio;
    assert!(config.allows(Transport::WebSocket) && !config.allows(Transport::Polling) && !config.upgrades());
    let config = Sources::new().flag("--socketio", "socketio.enabled", "false").load().unwrap().socketio;
    assert!(!config.enabled);
    let config = socketio("path = '/realtime/v1'\nadd_trailing_slash = false").unwrap();
    assert_eq!(config.endpoint(), "/realtime/v1");
}

#[test]
fn nonsense_in_socketio_is_refused() {
    for (bad, said) in [
        ("ping_timeout = '0s'", "`socketio.ping_timeout` cannot be \"0s\": it must be a time"),
        ("transports = []", "a list of \"polling\" and \"websocket\", one at least and none twice"),
        ("transports = ['polling', 'polling']", "none twice"),
        ("transports = ['webtransport']", "one at least"),
        (
            "path = 'socket.io'",
            "`socketio.path` cannot be \"socket.io\": it must be a path such as \"/socket.io\"",
        ),
        ("path = '/socket.io/'", "no slash at the end"),
        ("namespaces = ['chat']", "a slash and at most 255 bytes"),
        ("namespaces = ['/', '/']", "none twice"),
        ("cookie = 'a b'", "the name of a cookie"),
        ("per_message_deflate = true", "\"off\", \"no-takeover\" or \"takeover\""),
        ("pingTimeout = '1s'", "did you mean `socketio.ping_timeout`?"),
    ] {
        let text = message(file(&format!("[socketio]\n{bad}")));
        assert!(text.starts_with("ropeway.toml:2: ") && text.contains(said), "{bad}: {text}");
    }
}

#[test]
fn values_of_socketio_that_contradict_others_are_told() {
    for (bad, said) in [
        ("transports = ['polling']", "set `socketio.allow_upgrades = false`"),
        ("path = '/ws'", "`socketio.path` is \"/ws\", which the server uses itself"),
        ("path = '/api/x'", "uses itself"),
        (
            "max_http_buffer_size = '127B'",
            "`socketio.max_http_buffer_size` is 127B: it must be 128B to 256MiB",
        ),
        ("max_http_buffer_size = '1GiB'", "it must be 128B to 256MiB"),
        ("ping_interval = '20d'\nping_timeout = '5d'", "`socketio.ping_timeout` together are over 24 days"),
        ("connect_timeout = '99999d'", "`socketio.connect_timeout` is over 24 days"),
        (
            "[limits]\nmessage = '1KiB'\noutbox = '2KiB'",
            "is below `socketio.max_http_buffer_size` (1000000B)",
        ),
    ] {
        let text = message(file(&format!("[socketio]\n{bad}")));
        assert!(text.starts_with("configuration: ") && text.contains(said), "{bad}: {text}");
        assert!(file(&format!("[socketio]\nenabled = false\n{bad}")).is_ok(), "{bad}");
    }
    assert!(socketio("transports = ['polling']\nallow_upgrades = false").is_ok());
    assert!(socketio("path = '/wss'").is_ok());
}

#[test]
fn the_outbox_holds_messages_of_socketio_too() {
    let config = file("[socketio]\nmax_http_buffer_size = '2MiB'").unwrap();
    assert_eq!(config.outbox(), ByteSize::mib(8));
    let config = file("[limits]\nmessage = '1KiB'\n[socketio]\nenabled = false").unwrap();
    assert_eq!(config.outbox(), ByteSize::new(4096));
}

/// Every key of `[limits]` stands in the table of all limits, with its default, and nothing else does.
#[test]
fn the_table_of_limits_is_that_of_the_configuration() {
    let table = include_str!("../../../docs/limits.md");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split(" | ").collect())
        .collect();
    let text = default_file();
    let (_, section) = text.split_once("[limits]").unwrap();
    let keys =
        section.lines().take_while(|line| !line.starts_with('[')).filter(|line| !line.starts_with("# "));
    let mut found = 0;
    for (name, default) in keys.filter_map(|line| line.split_once(" = ")) {
        let (is_set, name) = (!name.starts_with('#'), name.trim_start_matches('#'));
        let cell = format!("| `limits.{name}`");
        let row = rows.iter().find(|row| row[0] == cell);
        let row = row.unwrap_or_else(|| panic!("docs/limits.md lacks {name}"));
        assert!(!is_set || row[1] == format!("`{default}`"), "{name} is {default}, not {}", row[1]);
        let off = file(&format!("[limits]\n{name} = 'off'"));
        assert_eq!(off.is_ok(), row[2] == "yes", "whether {name} may be off");
        found += 1;
    }
    assert_eq!(rows.iter().filter(|row| row[0].starts_with("| `limits.")).count(), found);
}

#[test]
fn limits_that_contradict_each_other_are_told() {
    assert!(message(file("[limits]\nbyte_burst='1KiB'")).contains("is below the largest message"));
    assert!(message(file("[limits]\nmessage_burst=2000001")).contains("2000000 at most"));
    assert!(
        message(file("[limits]\nconnections_per_subnet=1"))
            .contains("`limits.connections_per_address` (1000)")
    );
    assert!(message(file("[proxy]\nprotocol='required'")).contains("`proxy.trusted` lists nobody"));
    assert!(message(file("[limits]\nmemory='101%'")).contains("a part such as"));
}
