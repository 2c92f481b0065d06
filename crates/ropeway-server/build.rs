//! Lists the files of the chat page, so that `http::pages` can embed them whatever they are called.

use std::path::Path;
use std::{env, fs, io};

/// What browsers are given; anything else in the folder is not for them.
const KINDS: [&str; 4] = ["html", "js", "css", "svg"];

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let folder = Path::new(&root).join("../../web/chat");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().and_then(|kind| kind.to_str()).is_some_and(|kind| KINDS.contains(&kind)) {
            files.push(path.canonicalize()?);
        }
    }
    files.sort();
    let list: String = files.iter().map(|path| asset(path)).collect();
    let target = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&target).join("chat.rs"), format!("&[\n{list}]\n"))
}

fn asset(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("    Asset {{ name: {name:?}, contents: include_bytes!({path:?}) }},\n")
}
