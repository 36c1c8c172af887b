//! The Rust peers of the benchmark: bench-rust WORK [KEY=VALUE]... prints {"name":,"value":,"unit":} lines.
//! Works: crate_append, crate_replay (types=value|struct), okaywal_append, okaywal_make, okaywal_replay.

use std::collections::HashMap;
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use ministore::MiniStoreOptions;
use okaywal::{Configuration, Entry, EntryId, LogManager, ReadChunkResult, SegmentReader, WriteAheadLog};
use serde::{Deserialize, Serialize};

const RECORD_BYTES: usize = 120;
const MAKE_BATCH: u64 = 1000;

#[derive(Serialize, Deserialize)]
struct Event {
    id: u64,
    user: String,
    amount: f64,
    currency: String,
    note: String,
    ok: bool,
    n: Vec<u64>,
}

fn event(id: u64) -> Event {
    Event {
        id: 100_000_000 + id,
        user: "ada.lovelace".into(),
        amount: 12.5,
        currency: "EUR".into(),
        note: "paid in full, thanks!".into(),
        ok: true,
        n: vec![1, 2],
    }
}

struct Arguments(HashMap<String, String>);

impl Arguments {
    fn number(&self, key: &str, otherwise: u64) -> u64 {
        self.0.get(key).map_or(otherwise, |text| text.parse().expect("a number"))
    }
    fn text<'a>(&'a self, key: &str, otherwise: &'a str) -> &'a str {
        self.0.get(key).map_or(otherwise, String::as_str)
    }
    fn turn(&self) -> Duration {
        Duration::from_secs_f64(self.text("seconds", "1").parse().expect("seconds"))
    }
}

fn answer(name: &str, value: f64, unit: &str) {
    println!("{{\"name\":\"{name}\",\"value\":{value},\"unit\":\"{unit}\"}}");
}

fn answer_rate(records: u64, start: Instant) {
    answer("rate", records as f64 / start.elapsed().as_secs_f64(), "records/s");
}

// ---- the crate ----

/// It has one writer at a time, so more of them share it behind a lock.
fn crate_append(arguments: &Arguments) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = MiniStoreOptions::new().max_bytes_per_segment(u64::MAX);
        let store = Arc::new(tokio::sync::Mutex::new(options.open("crate").await.unwrap()));
        let start = Instant::now();
        let end = start + arguments.turn();
        let tasks: Vec<_> = (0..arguments.number("writers", 1))
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move {
                    let mut done = 0;
                    while Instant::now() < end {
                        store.lock().await.append(&event(done)).await.unwrap();
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        let mut done = 0;
        for task in tasks {
            done += task.await.unwrap();
        }
        answer_rate(done, start);
    });
}

async fn stream<T: serde::de::DeserializeOwned>(path: &str, end: Instant) -> u64 {
    let mut records = 0;
    let mut stream = ministore::MiniStore::stream::<T>(path).await.unwrap();
    while let Some(record) = stream.next().await {
        record.unwrap();
        records += 1;
        if records % 1000 == 0 && Instant::now() > end {
            break;
        }
    }
    records
}

/// As far as the turn reaches: it reads some 30 to 100 MB a second.
fn crate_replay(arguments: &Arguments) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (path, start) = (arguments.text("path", "j"), Instant::now());
        let records = match arguments.text("types", "value") {
            "struct" => stream::<Event>(path, start + arguments.turn()).await,
            _ => stream::<serde_json::Value>(path, start + arguments.turn()).await,
        };
        answer("rate", records as f64 * (RECORD_BYTES + 1) as f64 / 1e6 / start.elapsed().as_secs_f64(), "MB/s");
        answer("memory", peak_mib(), "MiB");
    });
}

fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

// ---- okaywal ----

#[derive(Debug)]
struct Counter {
    records: Arc<AtomicU64>,
}

impl LogManager for Counter {
    fn recover(&mut self, entry: &mut Entry<'_>) -> std::io::Result<()> {
        let mut bytes = Vec::with_capacity(RECORD_BYTES);
        while let ReadChunkResult::Chunk(mut chunk) = entry.read_chunk()? {
            bytes.clear();
            chunk.read_to_end(&mut bytes)?;
            assert!(bytes.len() == RECORD_BYTES && chunk.check_crc()?);
            self.records.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
    fn checkpoint_to(&mut self, _: EntryId, _: &mut SegmentReader, _: &WriteAheadLog) -> std::io::Result<()> {
        Ok(())
    }
}

/// With segments allocated by 64 MiB, and none of them given up.
fn open_okaywal(arguments: &Arguments) -> (WriteAheadLog, Arc<AtomicU64>) {
    let records = Arc::new(AtomicU64::new(0));
    let configuration = Configuration::default_for(arguments.text("path", "okaywal"))
        .preallocate_bytes(64 << 20)
        .checkpoint_after_bytes(u64::MAX);
    (configuration.open(Counter { records: records.clone() }).unwrap(), records)
}

fn write_entry(log: &WriteAheadLog, record: &[u8], records: u64) {
    let mut entry = log.begin_entry().unwrap();
    for _ in 0..records {
        entry.write_chunk(record).unwrap();
    }
    entry.commit().unwrap();
}

fn okaywal_append(arguments: &Arguments) {
    let (log, _) = open_okaywal(arguments);
    let (writers, batch) = (arguments.number("writers", 1), arguments.number("batch", 1));
    let most = arguments.number("records", u64::MAX) / writers;
    let record = serde_json::to_vec(&event(0)).unwrap();
    let ready = Barrier::new(writers as usize + 1);
    let all = AtomicU64::new(0);
    let turn = arguments.turn();
    let mut start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..writers {
            scope.spawn(|| {
                ready.wait();
                let end = Instant::now() + turn;
                let mut done = 0;
                while Instant::now() < end && done < most {
                    write_entry(&log, &record, batch);
                    done += batch;
                }
                all.fetch_add(done, Ordering::Relaxed);
            });
        }
        ready.wait();
        start = Instant::now();
    });
    answer_rate(all.load(Ordering::Relaxed), start);
    std::process::exit(0); // without the checkpoint that a shutdown makes
}

fn okaywal_make(arguments: &Arguments) {
    let (log, _) = open_okaywal(arguments);
    let record = serde_json::to_vec(&event(0)).unwrap();
    for _ in 0..arguments.number("records", 1000) / MAKE_BATCH {
        write_entry(&log, &record, MAKE_BATCH);
    }
    std::process::exit(0);
}

/// What it reads is what it recovers at opening.
fn okaywal_replay(arguments: &Arguments) {
    let start = Instant::now();
    let (_log, records) = open_okaywal(arguments);
    let seconds = start.elapsed().as_secs_f64();
    let records = records.load(Ordering::Relaxed);
    assert_eq!(records, arguments.number("records", records));
    answer("rate", records as f64 * (RECORD_BYTES + 1) as f64 / 1e6 / seconds, "MB/s");
    std::process::exit(0);
}

fn main() {
    let mut given = std::env::args().skip(1);
    let work = given.next().unwrap_or_default();
    let pairs = given.map(|pair| pair.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())).expect("KEY=VALUE"));
    let arguments = Arguments(pairs.collect());
    assert_eq!(serde_json::to_vec(&event(0)).unwrap().len(), RECORD_BYTES);
    match work.as_str() {
        "crate_append" => crate_append(&arguments),
        "crate_replay" => crate_replay(&arguments),
        "okaywal_append" => okaywal_append(&arguments),
        "okaywal_make" => okaywal_make(&arguments),
        "okaywal_replay" => okaywal_replay(&arguments),
        _ => panic!("there is no work '{work}'"),
    }
}
