//! The Rust crate ministore as a command, so that tests can let it write and read journals.
//!
//!     append PATH MAX_BYTES_PER_SEGMENT   append each line of stdin as one record; no retention
//!     replay PATH                         print the text of each record
//!     replay-all                          the same for each path of stdin, behind a line with the path

use std::io::{self, BufRead, Write};

use ministore::{MiniStore, MiniStoreOptions};
use serde_json::value::RawValue;

type Outcome = Result<(), Box<dyn std::error::Error>>;

async fn append(path: &str, max_bytes_per_segment: u64) -> Outcome {
    let options = MiniStoreOptions::new().max_bytes_per_segment(max_bytes_per_segment).max_segments(usize::MAX);
    let mut store = options.open(path).await?;
    for line in io::stdin().lock().lines() {
        store.append(&RawValue::from_string(line?)?).await?;
    }
    Ok(())
}

async fn replay(path: &str, out: &mut impl Write) -> Outcome {
    for record in MiniStore::replay::<Box<RawValue>, _>(path).await? {
        writeln!(out, "{}", record.get())?;
    }
    Ok(())
}

async fn replay_all(out: &mut impl Write) -> Outcome {
    for path in io::stdin().lock().lines() {
        let path = path?;
        writeln!(out, "{path}")?;
        replay(&path, out).await.map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(())
}

async fn run(arguments: &[&str]) -> Outcome {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match arguments {
        ["append", path, max_bytes] => append(path, max_bytes.parse()?).await,
        ["replay", path] => replay(path, &mut out).await,
        ["replay-all"] => replay_all(&mut out).await,
        _ => Err("usage: append PATH MAX_BYTES_PER_SEGMENT | replay PATH | replay-all".into()),
    }?;
    Ok(out.flush()?)
}

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    tokio::runtime::Builder::new_current_thread().build()?.block_on(run(&arguments))
}
