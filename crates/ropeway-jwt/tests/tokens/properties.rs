//! What holds for every input.

use proptest::prelude::*;
use ropeway_jwt::{Algorithm, KeySet, VerifyingKey};

use crate::fuzzed;
use crate::support::{CLAIMS, all_keys, judge, token};

/// RS* and PS* differ in the hash and the padding alone; one of them is enough for a test that costs time.
const CHEAP: [Algorithm; 4] = [Algorithm::Hs256, Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];

/// Each byte of the text, changed in every bit.
#[test]
fn no_altered_token_verifies() {
    let keys = all_keys();
    for algorithm in CHEAP {
        let good = token(algorithm, CLAIMS);
        for (place, bit) in (0..good.len()).flat_map(|place| (0..7).map(move |bit| (place, bit))) {
            let mut altered = good.clone().into_bytes();
            altered[place] ^= 1 << bit;
            let altered = String::from_utf8(altered).unwrap();
            assert!(judge(&altered, &keys).is_err(), "{algorithm}: bit {bit} of byte {place}");
        }
    }
}

proptest! {
    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        fuzzed::token::run(&bytes);
        let _ = KeySet::parse(&bytes);
        let _ = VerifyingKey::from_secret(&bytes);
    }

    #[test]
    fn nothing_shaped_like_a_token_panics(text in r"[A-Za-z0-9_-]{0,80}\.[A-Za-z0-9_-]{0,80}\.[A-Za-z0-9_-]{0,90}") {
        prop_assert!(judge(&text, &all_keys()).is_err());
    }

    #[test]
    fn no_pem_panics(body in r"[A-Za-z0-9+/=\n]{0,400}") {
        let _ = VerifyingKey::from_pem(&format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"));
    }

    /// Cut, doubled or with something in between: not the token any more.
    #[test]
    fn no_spliced_token_verifies(which in 0..4usize, from in 0..500usize, to in 0..500usize, put in "[A-Za-z0-9_.=-]{0,4}") {
        let good = token(CHEAP[which], CLAIMS);
        let (from, to) = (from.min(good.len()), to.min(good.len()));
        let spliced = format!("{}{put}{}", &good[..from], &good[to..]);
        prop_assume!(spliced != good);
        prop_assert!(judge(&spliced, &all_keys()).is_err(), "{spliced}");
    }
}
