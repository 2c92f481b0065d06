//! The proofs that `docs/security.md` names are there.

use std::fs;

use crate::root;

/// Files and the tests in them, as `` `tests/x.rs` `name_of_the_test` `` or `` `x.test.mjs` `what it says` ``.
fn proofs(page: &str) -> Vec<(&str, &str)> {
    let words: Vec<&str> = page.split('`').collect();
    let pairs = words.windows(3).filter(|words| is_source(words[0]) && words[1] == " ");
    pairs.map(|words| (words[0], words[2])).collect()
}

fn is_source(file: &str) -> bool {
    file.ends_with(".rs") || file.ends_with(".mjs")
}

/// How the test begins in its file.
fn opening(file: &str, test: &str) -> String {
    if file.ends_with(".rs") { format!("fn {test}(") } else { format!("test(\"{test}\"") }
}

#[test]
fn every_proof_of_the_page_about_security_exists() {
    let page = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let proofs = proofs(&page);
    assert!(proofs.len() > 10, "{proofs:?}");
    for (file, test) in proofs {
        let source = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(source.contains(&opening(file, test)), "{file} has no {test}");
    }
}

#[test]
fn a_proof_is_a_file_and_a_test() {
    let page = "| `a.key` | `tests/a.rs` `b`, `c.rs` | `d.mjs` `e, f` |";
    assert_eq!(proofs(page), [("tests/a.rs", "b"), ("d.mjs", "e, f")]);
}
