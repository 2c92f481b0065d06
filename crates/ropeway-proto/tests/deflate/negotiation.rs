//! The negotiation of RFC 7692 section 7.1, server and client.

use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use ropeway_proto::{
    deflate::{Answer, Config, NegotiationError, Params},
    handshake::grammar,
};

/// Takeover both ways and the largest windows: whatever is in an answer, the offer asked for it.
fn obliging() -> Config {
    let mut config = Config::default();
    (config.send_history_bits, config.receive_window_bits) = (15, 15);
    config
}

fn headers(line: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("sec-websocket-extensions", HeaderValue::from_str(line).unwrap());
    headers
}

fn accept(config: &Config, offers: &str) -> Option<Answer> {
    config.accept(&grammar::extensions(&headers(offers)).unwrap())
}

fn answer(config: &Config, offers: &str) -> Option<String> {
    accept(config, offers).map(|answer| answer.header)
}

fn confirm(config: &Config, answer: &str) -> Result<Params, NegotiationError> {
    config.confirm(&grammar::extensions(&headers(answer)).unwrap()[0])
}

fn params(server: (bool, u8), client: (bool, u8)) -> Params {
    Params {
        server_no_context_takeover: server.0,
        client_no_context_takeover: client.0,
        server_max_window_bits: server.1,
        client_max_window_bits: client.1,
    }
}

#[test]
fn rfc7692_section_7_1_server_answers_each_parameter() {
    let cases = [
        ("", "", params((false, 15), (false, 15))),
        ("; server_no_context_takeover", "; server_no_context_takeover", params((true, 15), (false, 15))),
        ("; client_no_context_takeover", "; client_no_context_takeover", params((false, 15), (true, 15))),
        ("; server_max_window_bits=10", "; server_max_window_bits=10", params((false, 10), (false, 15))),
        ("; server_max_window_bits=15", "; server_max_window_bits=15", params((false, 15), (false, 15))),
        ("; server_max_window_bits=\"9\"", "; server_max_window_bits=9", params((false, 9), (false, 15))),
        (
            "; server_max_window_bits=\"1\\2\"",
            "; server_max_window_bits=12",
            params((false, 12), (false, 15)),
        ),
        ("; client_max_window_bits", "", params((false, 15), (false, 15))),
        ("; client_max_window_bits=8", "", params((false, 15), (false, 8))),
    ];
    for (offer, want, agreed) in cases {
        let answer = accept(&obliging(), &format!("permessage-deflate{offer}")).expect(offer);
        assert_eq!(answer.header, format!("permessage-deflate{want}"), "{offer}");
        assert_eq!(answer.params, agreed, "{offer}");
    }
}

#[test]
fn rfc7692_section_7_1_server_answers_all_four_at_once() {
    let offer = "Permessage-Deflate; server_no_context_takeover; client_no_context_takeover; \
                 server_max_window_bits=11; client_max_window_bits=\"13\"";
    let answer = accept(&Config::default(), offer).unwrap();
    let want = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
                server_max_window_bits=11";
    assert_eq!(answer.header, want);
    assert_eq!(answer.params, params((true, 11), (true, 13)));
}

#[test]
fn rfc7692_section_7_1_a_bad_offer_is_declined() {
    for offer in [
        "permessage-deflate; unknown",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover=\"true\"",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
        "x-webkit-deflate-frame",
        "permessage-bzip2",
    ] {
        assert_eq!(answer(&obliging(), offer), None, "{offer}");
    }
}

/// CVE-2026-2229: window bits are validated before use. zlib cannot compress with 8.
#[test]
fn rfc7692_section_7_1_2_window_bits_are_8_to_15() {
    for bits in ["0", "1", "7", "16", "99", "256", "264", "4294967304", "-9", "+9", "09", "9.0", "x"] {
        for side in ["server", "client"] {
            let offer = format!("permessage-deflate; {side}_max_window_bits={bits}");
            assert_eq!(answer(&obliging(), &offer), None, "{offer}");
            let error = confirm(&obliging(), &offer).unwrap_err();
            let name = format!("{side}_max_window_bits");
            assert_eq!(error, NegotiationError::BadParameter(name), "{offer}");
        }
    }
    assert_eq!(answer(&obliging(), "permessage-deflate; server_max_window_bits=8"), None);
    for bits in 9..=15 {
        let offer =
            format!("permessage-deflate; server_max_window_bits={bits}; client_max_window_bits={bits}");
        let agreed = accept(&obliging(), &offer).unwrap().params;
        assert_eq!(agreed, params((false, bits), (false, bits)));
    }
}

#[test]
fn rfc7692_section_5_offers_are_tried_in_order() {
    let offers = "x-other, permessage-deflate; unknown, permessage-deflate; server_max_window_bits=8, \
                  permessage-deflate; server_max_window_bits=10, permessage-deflate";
    assert_eq!(answer(&obliging(), offers).unwrap(), "permessage-deflate; server_max_window_bits=10");
}

#[test]
fn a_server_bounds_its_memory() {
    let config = Config::default();
    // A client that can shrink its window is asked to.
    for (offer, bits) in [("client_max_window_bits", 12), ("client_max_window_bits=14", 12)] {
        let answer = accept(&config, &format!("permessage-deflate; {offer}")).unwrap();
        assert_eq!(answer.header, "permessage-deflate; client_max_window_bits=12");
        assert_eq!(answer.params, params((false, 15), (false, bits)));
    }
    // One that promises to use less anyway is not.
    let answer = accept(&config, "permessage-deflate; client_max_window_bits=10").unwrap();
    assert_eq!(answer.header, "permessage-deflate");
    assert_eq!(answer.params, params((false, 15), (false, 10)));
    // One that cannot is asked to do without takeover (RFC 7692 section 7.1.1.2 allows it unasked).
    let answer = accept(&config, "permessage-deflate").unwrap();
    assert_eq!(answer.header, "permessage-deflate; client_no_context_takeover");
    assert_eq!(answer.params, params((false, 15), (true, 15)));
}

#[test]
fn a_server_without_takeover_says_so() {
    let answer = accept(&Config::without_takeover(), "permessage-deflate; client_max_window_bits").unwrap();
    let want = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    assert_eq!(answer.header, want);
    assert_eq!(answer.params, params((true, 15), (true, 15)));
}

#[test]
fn what_a_client_offers() {
    let plain = "permessage-deflate; client_max_window_bits";
    assert_eq!(obliging().offer(), plain);
    assert_eq!(
        Config::default().offer(),
        format!("permessage-deflate; server_max_window_bits=12; client_max_window_bits, {plain}")
    );
    assert_eq!(
        Config::without_takeover().offer(),
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits"
    );
}

#[test]
fn rfc7692_section_7_1_client_reads_the_answer() {
    let cases = [
        ("", params((false, 15), (false, 15))),
        ("; server_no_context_takeover", params((true, 15), (false, 15))),
        ("; client_no_context_takeover", params((false, 15), (true, 15))),
        ("; server_max_window_bits=8", params((false, 8), (false, 15))),
        ("; client_max_window_bits=\"8\"", params((false, 15), (false, 8))),
        ("; server_max_window_bits=12; client_max_window_bits=10", params((false, 12), (false, 10))),
    ];
    for (answer, agreed) in cases {
        assert_eq!(confirm(&Config::default(), &format!("permessage-deflate{answer}")).unwrap(), agreed);
    }
}

#[test]
fn rfc7692_section_7_1_client_refuses_a_bad_answer() {
    for answer in [
        "unknown",
        "server_no_context_takeover=1",
        "server_no_context_takeover; server_no_context_takeover",
        "server_max_window_bits",
        "server_max_window_bits=10; server_max_window_bits=10",
        // Without a value it belongs into offers (section 7.1.2.2).
        "client_max_window_bits",
        "client_max_window_bits=10; client_max_window_bits=10",
    ] {
        let result = confirm(&Config::default(), &format!("permessage-deflate; {answer}"));
        assert!(matches!(result, Err(NegotiationError::BadParameter(_))), "{answer}: {result:?}");
    }
}

#[test]
fn rfc7692_section_7_1_1_1_client_insists_on_no_takeover() {
    let config = Config::without_takeover();
    assert_eq!(confirm(&config, "permessage-deflate"), Err(NegotiationError::TakeoverRefused));
    // What we do without, we need not be told.
    let agreed = confirm(&config, "permessage-deflate; server_no_context_takeover").unwrap();
    assert_eq!(agreed, params((true, 15), (true, 15)));
}

proptest! {
    /// Whatever the two want, they come to the same parameters.
    #[test]
    fn both_ends_agree(client in config(), server in config()) {
        let answer = accept(&server, &client.offer()).unwrap();
        let mut confirmed = confirm(&client, &answer.header).unwrap();
        // What the client is not told it may use in full, and what it does not use it need not be told.
        confirmed.client_no_context_takeover |= answer.params.client_no_context_takeover;
        prop_assert_eq!(confirmed, answer.params);
    }
}

fn config() -> impl Strategy<Value = Config> {
    (any::<bool>(), any::<bool>(), 9u8..=15).prop_map(|(send, receive, bits)| {
        let mut config = Config::default();
        (config.send_takeover, config.receive_takeover, config.receive_window_bits) = (send, receive, bits);
        config
    })
}
