//! The fuzz targets of the connection. Those in `fuzz/` call the same functions, and what they start from is replayed here.

pub(crate) mod header;
pub(crate) mod stream;

use std::fs;
use std::path::Path;

#[test]
fn the_corpus_of_header() {
    replay("header", header::run);
}

#[test]
fn the_corpus_of_stream() {
    replay("stream", stream::run);
}

fn replay(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files = 0;
    for file in fs::read_dir(&corpus).unwrap_or_else(|error| panic!("{}: {error}", corpus.display())) {
        let path = file.unwrap().path();
        println!("{}", path.display());
        run(&fs::read(path).unwrap());
        files += 1;
    }
    assert!(files > 0, "{} is empty", corpus.display());
}
