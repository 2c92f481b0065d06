//! The fuzz target of tokens. That in `fuzz/` calls the same function, and what it starts from is replayed here.

pub(crate) mod token;

use std::fs;
use std::path::Path;

#[test]
fn the_corpus_of_token() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/token");
    let files: Vec<_> = fs::read_dir(&corpus).unwrap().map(|file| file.unwrap().path()).collect();
    for path in &files {
        println!("{}", path.display());
        token::run(&fs::read(path).unwrap());
    }
    assert!(!files.is_empty(), "{} is empty", corpus.display());
}
