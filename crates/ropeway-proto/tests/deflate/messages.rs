//! Compressing and decompressing by RFC 7692 section 7.2, with wire bytes as literals.

use std::convert::Infallible;

use proptest::prelude::*;
use ropeway_proto::{
    Role,
    deflate::{Config, Deflater, InflateError, Inflater, Params},
};

const LIMIT: usize = 1 << 24;

fn no_takeover() -> Params {
    Params { server_no_context_takeover: true, client_no_context_takeover: true, ..Params::default() }
}

fn deflater(params: &Params) -> Deflater {
    Deflater::new(params, Role::Server, &Config::default()).unwrap()
}

fn inflater(params: &Params) -> Inflater {
    Inflater::new(params, Role::Client)
}

fn compress(deflater: &mut Deflater, text: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    deflater.compress(text, &mut wire).unwrap();
    deflater.commit(text);
    wire
}

fn try_inflate(
    inflater: &mut Inflater,
    pieces: &[&[u8]],
    limit: usize,
) -> Result<Vec<u8>, InflateError<Infallible>> {
    let mut plain = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        inflater.push(piece, at + 1 == pieces.len(), limit, &mut |bytes: &[u8]| {
            plain.extend_from_slice(bytes);
            Ok(())
        })?;
    }
    Ok(plain)
}

fn inflate(inflater: &mut Inflater, wire: &[u8]) -> Vec<u8> {
    try_inflate(inflater, &[wire], LIMIT).unwrap()
}

/// Bytes that do not compress.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    })
    .take(size)
    .collect()
}

#[test]
fn rfc7692_section_7_2_3_1_one_compressed_block() {
    let wire = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    assert_eq!(compress(&mut deflater(&Params::default()), b"Hello"), wire);
    assert_eq!(inflate(&mut inflater(&Params::default()), &wire), b"Hello");
    let pieces: [&[u8]; 2] = [&wire[..3], &wire[3..]];
    assert_eq!(try_inflate(&mut inflater(&no_takeover()), &pieces, LIMIT).unwrap(), b"Hello");
}

#[test]
fn rfc7692_section_7_2_3_2_sharing_the_window() {
    let second = [0xf2, 0x00, 0x11, 0x00, 0x00];
    let mut deflater = deflater(&Params::default());
    let first = compress(&mut deflater, b"Hello");
    assert_eq!(compress(&mut deflater, b"Hello"), second);
    let mut inflater = inflater(&Params::default());
    assert_eq!(inflate(&mut inflater, &first), b"Hello");
    assert_eq!(inflate(&mut inflater, &second), b"Hello");
}

#[test]
fn rfc7692_section_7_1_1_without_takeover_each_message_stands_alone() {
    let mut deflater = deflater(&no_takeover());
    assert_eq!(compress(&mut deflater, b"Hello"), compress(&mut deflater, b"Hello"));
    // The second message of section 7.2.3.2 refers to a first one that this inflater must not remember.
    let mut inflater = inflater(&no_takeover());
    inflate(&mut inflater, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    let result = try_inflate(&mut inflater, &[&[0xf2, 0x00, 0x11, 0x00, 0x00]], LIMIT);
    assert!(matches!(result, Err(InflateError::Corrupt(_))), "{result:?}");
}

#[test]
fn rfc7692_section_7_2_3_3_block_without_compression() {
    let wire = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
    assert_eq!(inflate(&mut inflater(&Params::default()), &wire), b"Hello");
}

#[test]
fn rfc7692_section_7_2_3_4_block_with_bfinal() {
    let wire = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
    for params in [Params::default(), no_takeover()] {
        let mut inflater = inflater(&params);
        assert_eq!(inflate(&mut inflater, &wire), b"Hello");
        assert_eq!(inflate(&mut inflater, &wire), b"Hello");
        let twice = [&wire[..7], &wire[..]].concat();
        assert_eq!(inflate(&mut inflater, &twice), b"HelloHello");
        // Ended streams without the empty block behind them: what they mean is clear.
        assert_eq!(inflate(&mut inflater, &wire[..7]), b"Hello");
    }
}

#[test]
fn rfc7692_section_7_2_3_4_takeover_reaches_across_bfinal() {
    let mut inflater = inflater(&Params::default());
    inflate(&mut inflater, &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]);
    assert_eq!(inflate(&mut inflater, &[0xf2, 0x00, 0x11, 0x00, 0x00]), b"Hello");
}

#[test]
fn rfc7692_section_7_2_3_5_two_blocks_in_one_message() {
    let wire = [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
    assert_eq!(inflate(&mut inflater(&Params::default()), &wire), b"Hello");
}

#[test]
fn rfc7692_section_7_2_3_6_empty_message() {
    for params in [Params::default(), no_takeover()] {
        let (mut deflater, mut inflater) = (deflater(&params), inflater(&params));
        assert_eq!(compress(&mut deflater, b""), [0x00]);
        assert_eq!(inflate(&mut inflater, &[0x00]), b"");
        // zlib flushes nothing at all when there is nothing, and some senders send that.
        assert_eq!(inflate(&mut inflater, b""), b"");
        assert_eq!(try_inflate(&mut inflater, &[b"", b"", b"\x00", b""], LIMIT).unwrap(), b"");
        assert_eq!(compress(&mut deflater, b"Hello"), [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    }
}

#[test]
fn a_message_in_all_its_splits() {
    let text = "{\"room\":\"demo:1\",\"data\":[1,2,3]}".repeat(9);
    let mut deflater = deflater(&Params::default());
    let wires = [compress(&mut deflater, text.as_bytes()), compress(&mut deflater, text.as_bytes())];
    for split in 0..=wires[0].len() {
        let mut inflater = inflater(&Params::default());
        for wire in &wires {
            let (one, two) = wire.split_at(split.min(wire.len()));
            assert_eq!(try_inflate(&mut inflater, &[one, two], LIMIT).unwrap(), text.as_bytes(), "{split}");
        }
    }
    let mut inflater = inflater(&Params::default());
    for wire in &wires {
        let bytes: Vec<&[u8]> = wire.chunks(1).collect();
        assert_eq!(try_inflate(&mut inflater, &bytes, LIMIT).unwrap(), text.as_bytes());
    }
}

#[test]
fn takeover_stays_in_step_when_a_result_is_discarded() {
    let mut deflater = deflater(&Params::default());
    let mut inflater = inflater(&Params::default());
    let first = compress(&mut deflater, b"the first message, which is sent");
    let mut discarded = Vec::new();
    deflater.compress(b"a second message, which is not", &mut discarded).unwrap();
    let third = compress(&mut deflater, b"the first message, and a second message, which is not");
    assert_eq!(inflate(&mut inflater, &first), b"the first message, which is sent");
    let expected = b"the first message, and a second message, which is not";
    assert_eq!(inflate(&mut inflater, &third), expected);
}

#[test]
fn forgetting_what_was_sent_is_allowed_at_any_time() {
    let mut deflater = deflater(&Params::default());
    let mut inflater = inflater(&Params::default());
    let first = compress(&mut deflater, b"Hello");
    deflater.forget();
    let second = compress(&mut deflater, b"Hello");
    assert_eq!(first, second);
    assert_eq!(inflate(&mut inflater, &first), b"Hello");
    assert_eq!(inflate(&mut inflater, &second), b"Hello");
}

#[test]
fn incompressible_data_is_not_truncated() {
    for size in [1, 63, 64, 65, 1000, 16_383, 16_384, 65_536, 200_000] {
        let text = noise(size);
        for level in 1..=9 {
            let mut config = Config::default();
            config.level = level;
            let mut deflater = Deflater::new(&Params::default(), Role::Server, &config).unwrap();
            let wire = compress(&mut deflater, &text);
            assert!(inflate(&mut inflater(&Params::default()), &wire) == text, "size {size}, level {level}");
            assert!(wire.len() <= size + size / 8 + 16, "size {size}, level {level}: {}", wire.len());
        }
    }
}

#[test]
fn output_of_any_capacity_gets_all_of_it() {
    let text = noise(700);
    let mut whole = Vec::new();
    deflater(&no_takeover()).compress(&text, &mut whole).unwrap();
    for capacity in 0..whole.len() + 80 {
        let mut wire = Vec::with_capacity(capacity);
        wire.extend_from_slice(&b"before"[..capacity.min(6)]);
        let start = wire.len();
        deflater(&no_takeover()).compress(&text, &mut wire).unwrap();
        // A buffer that is just full makes zlib flush once more: one more empty block.
        assert!(wire.len() - start <= whole.len() + 5, "capacity {capacity}");
        assert!(inflate(&mut inflater(&no_takeover()), &wire[start..]) == text, "capacity {capacity}");
    }
}

/// CVE-2026-1526: a bomb.
#[test]
fn a_bomb_of_one_to_a_thousand_stops_at_the_limit() {
    let wire = compress(&mut deflater(&no_takeover()), &vec![0; 16 << 20]);
    assert!(wire.len() < (16 << 20) / 900);
    for limit in [0, 1, 1000, 16 * 1024, 1 << 20, (16 << 20) - 1] {
        let mut handed_out = 0;
        let result = inflater(&no_takeover()).push(&wire, true, limit, &mut |bytes: &[u8]| {
            handed_out += bytes.len();
            Ok::<(), Infallible>(())
        });
        assert_eq!(result, Err(InflateError::TooLarge { limit }));
        assert!(handed_out <= limit);
    }
    assert_eq!(try_inflate(&mut inflater(&no_takeover()), &[&wire], 16 << 20).unwrap().len(), 16 << 20);
}

#[test]
fn the_limit_is_for_the_message_not_for_the_fragment() {
    let wire = compress(&mut deflater(&no_takeover()), &[7; 1000]);
    let pieces: Vec<&[u8]> = wire.chunks(1).collect();
    let mut inflater = inflater(&no_takeover());
    assert_eq!(try_inflate(&mut inflater, &pieces, 999), Err(InflateError::TooLarge { limit: 999 }));
}

#[test]
fn the_limit_starts_anew_with_each_message() {
    let mut inflater = inflater(&Params::default());
    for _ in 0..3 {
        let wire = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        assert_eq!(try_inflate(&mut inflater, &[&wire], 5).unwrap(), b"Hello");
    }
}

#[test]
fn damaged_messages_are_an_error() {
    let cases: [(&str, &[u8]); 7] = [
        ("reserved block type", &[0x07]),
        ("stored length without its complement", &[0x00, 0x05, 0x00, 0xfa, 0xfe]),
        ("too far back", &[0xf2, 0x00, 0x11, 0x00, 0x00]),
        ("cut in a Huffman block", &[0xf2, 0x48, 0xcd]),
        ("cut in a stored block", &[0x00, 0x05, 0x00, 0xfa, 0xff]),
        ("garbage", &[0xff, 0xff, 0xff, 0xff]),
        ("an end of its own", &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00, 0x00, 0xff, 0xff]),
    ];
    for (what, wire) in cases {
        for params in [Params::default(), no_takeover()] {
            let result = try_inflate(&mut inflater(&params), &[wire], LIMIT);
            assert!(matches!(result, Err(InflateError::Corrupt(_))), "{what}: {result:?}");
        }
    }
}

/// Each final block makes the inflater begin anew, which two bytes must not buy without end.
#[test]
fn a_flood_of_final_blocks_is_refused() {
    let mut inflater = inflater(&Params::default());
    let few = [&[0x03, 0x00].repeat(100)[..], &[0x00]].concat();
    assert_eq!(inflate(&mut inflater, &few), b"");
    let result = try_inflate(&mut inflater, &[&[0x03, 0x00].repeat(1000)], LIMIT);
    assert!(matches!(result, Err(InflateError::Corrupt(_))));
}

#[test]
fn an_error_of_the_sink_stops_the_work() {
    let wire = compress(&mut deflater(&no_takeover()), &[0; 1 << 20]);
    let mut calls = 0;
    let result = inflater(&no_takeover()).push(&wire, true, LIMIT, &mut |_: &[u8]| {
        calls += 1;
        Err("enough")
    });
    assert_eq!((result, calls), (Err(InflateError::Sink("enough")), 1));
}

/// The pool lends one state to connection after connection: nothing of the one may show in the other.
#[test]
fn what_one_connection_said_does_not_reach_another() {
    let secret = noise(32 * 1024);
    let mut one = deflater(&no_takeover());
    inflate(&mut inflater(&no_takeover()), &compress(&mut one, &secret));
    // A match of 8 bytes, 32 KiB back, as the first thing of a message.
    let wire = [0x1b, 0xbd, 0xff, 0x1f, 0x00];
    let result = try_inflate(&mut inflater(&no_takeover()), &[&wire], LIMIT);
    assert!(matches!(result, Err(InflateError::Corrupt(_))), "{result:?}");
    let repeated = compress(&mut deflater(&no_takeover()), &secret[..1000]);
    assert!(repeated.len() >= 1000, "the compressor remembered another connection");
}

#[test]
fn a_message_broken_off_leaves_a_clean_pool() {
    for _ in 0..20 {
        let mut broken = inflater(&no_takeover());
        let _ = try_inflate(&mut broken, &[&[0xf2, 0x48, 0xcd], &[0xff; 9]], LIMIT);
        let wire = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        assert_eq!(inflate(&mut inflater(&no_takeover()), &wire), b"Hello");
    }
}

#[test]
fn messages_of_many_connections_interleave() {
    let wire = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let mut inflaters: Vec<Inflater> = (0..30).map(|_| inflater(&Params::default())).collect();
    let mut texts = vec![Vec::new(); inflaters.len()];
    for (at, byte) in wire.iter().enumerate() {
        for (inflater, text) in inflaters.iter_mut().zip(&mut texts) {
            let mut sink = |bytes: &[u8]| -> Result<(), Infallible> {
                text.extend_from_slice(bytes);
                Ok(())
            };
            inflater.push(&[*byte], at + 1 == wire.len(), 5, &mut sink).unwrap();
        }
    }
    assert!(texts.iter().all(|text| text == b"Hello"));
}

/// CVE-2026-2229: window bits that were not validated. 8 is what zlib cannot compress with.
#[test]
fn rfc7692_section_7_1_2_window_bits_out_of_range_do_no_harm() {
    for bits in [0, 1, 7, 8] {
        let params = Params { server_max_window_bits: bits, ..Params::default() };
        assert!(Deflater::new(&params, Role::Server, &Config::default()).is_none());
        inflate(&mut Inflater::new(&params, Role::Client), &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    }
    let params = Params { server_max_window_bits: 255, ..Params::default() };
    let mut config = Config::default();
    (config.level, config.send_history_bits, config.receive_window_bits) = (200, 200, 0);
    let mut deflater = Deflater::new(&params, Role::Server, &config).unwrap();
    for _ in 0..2 {
        assert!(!compress(&mut deflater, &[1; 100_000]).is_empty());
    }
}

/// The peer with a small window keeps only that much: nothing may refer to what is further back, in the same
/// message or in the one before.
#[test]
fn rfc7692_section_7_1_2_1_a_small_window_is_kept_to() {
    for bits in 9..=15 {
        let params = Params { server_max_window_bits: bits, ..Params::default() };
        let mut config = Config::default();
        config.send_history_bits = 15;
        let sizes = |distance: usize| {
            let mut deflater = Deflater::new(&params, Role::Server, &config).unwrap();
            let (text, mut twice) = (noise(distance), Vec::new());
            deflater.compress(&text.repeat(2), &mut twice).unwrap();
            let once = compress(&mut deflater, &text).len();
            (twice.len() - once, compress(&mut deflater, &text).len())
        };
        let too_far = (1 << bits) + 1;
        let (in_message, in_next) = sizes(too_far);
        assert!(in_message >= too_far && in_next >= too_far, "{bits} bits: {in_message}, {in_next}");
        // zlib does not refer to the last 262 bytes of a window.
        let near = (1 << bits) - 300;
        let (in_message, in_next) = sizes(near);
        assert!(in_message < near / 2 && in_next < near / 2, "{bits} bits: {in_message}, {in_next}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_agreed_and_said_comes_out_the_same(
        takeover: bool,
        bits in 9u8..=15,
        history_bits in 8u8..=15,
        level in 1u8..=9,
        messages in prop::collection::vec((text(), any::<bool>(), 1usize..5000), 1..8),
    ) {
        let params = Params {
            client_no_context_takeover: !takeover,
            client_max_window_bits: bits,
            ..Params::default()
        };
        let mut config = Config::default();
        (config.level, config.send_history_bits) = (level, history_bits);
        let mut deflater = Deflater::new(&params, Role::Client, &config).unwrap();
        let mut inflater = Inflater::new(&params, Role::Server);
        for (text, sent, piece) in &messages {
            let mut wire = Vec::new();
            deflater.compress(text, &mut wire).unwrap();
            if *sent {
                deflater.commit(text);
                let pieces: Vec<&[u8]> = wire.chunks(*piece).collect();
                let plain = try_inflate(&mut inflater, &pieces, text.len()).unwrap();
                prop_assert!(&plain == text);
            }
        }
    }

    #[test]
    fn no_input_can_panic(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..6)) {
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let _ = try_inflate(&mut inflater(&Params::default()), &pieces, 100_000);
    }
}

/// Text that repeats itself, and text that does not, up to some tens of KiB.
fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        (prop::collection::vec(any::<u8>(), 1..200), 1usize..300)
            .prop_map(|(text, times)| text.repeat(times)),
        (0usize..70_000).prop_map(noise),
    ]
}
