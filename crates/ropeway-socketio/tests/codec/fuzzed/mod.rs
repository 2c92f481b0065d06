//! The fuzz target of the codecs. That in `fuzz/` calls the same function, and what it starts from is replayed here.

pub(crate) mod socketio;

use std::fs;
use std::path::Path;

#[test]
fn the_corpus_of_socketio() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/socketio");
    let mut files = 0;
    for file in fs::read_dir(&corpus).unwrap_or_else(|error| panic!("{}: {error}", corpus.display())) {
        let path = file.unwrap().path();
        println!("{}", path.display());
        socketio::run(&fs::read(path).unwrap());
        files += 1;
    }
    assert!(files > 0, "{} is empty", corpus.display());
}
