//! Runs other engines that match Sigma rules over packed files of CloudTrail, with all
//! cores, each a share of the files, and prints what bench-detect prints of a stage.
//!
//! usage: peer -stage rsigma|sigma-rust -dir FOLDER -rules FILE

use std::collections::HashMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use rsigma_eval::event::JsonEvent;
use serde_json::Value;

type Failure = Box<dyn Error + Send + Sync>;

/// What answers how many rules a record matches, and takes the record.
type Matcher<'a> = dyn Fn(Value) -> Result<usize, Failure> + Sync + 'a;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().collect();
    let flags: HashMap<&str, &str> = args[1..]
        .chunks(2)
        .filter(|c| c.len() == 2)
        .map(|c| (c[0].as_str(), c[1].as_str()))
        .collect();
    let flag = |name: &str| flags.get(name).copied().ok_or(format!("{name} is missing"));
    let text = fs::read_to_string(flag("-rules")?)?;
    match flag("-stage")? {
        "rsigma" => {
            let mut engine = rsigma_eval::Engine::new();
            engine.add_collection(&rsigma_parser::parse_sigma_yaml(&text)?)?;
            measure(flag("-dir")?, &|v| Ok(engine.evaluate(&JsonEvent::borrow(&v)).len()))
        }
        "sigma-rust" => {
            let rules = text
                .split("\n---\n")
                .map(sigma_rust::rule_from_yaml)
                .collect::<Result<Vec<_>, _>>()?;
            measure(flag("-dir")?, &|v| {
                let event = sigma_rust::Event::try_from(v).map_err(|e| format!("{e:?}"))?;
                Ok(rules.iter().filter(|r| r.is_match(&event)).count())
            })
        }
        other => Err(format!("no stage {other}").into()),
    }
}

fn measure(dir: &str, matcher: &Matcher<'_>) -> Result<(), Failure> {
    let mut files = Vec::new();
    find(Path::new(dir), &mut files)?;
    files.sort();
    let next = AtomicUsize::new(0);
    let (began, cpu) = (Instant::now(), usage().0);
    let cores = thread::available_parallelism()?.get();
    let (records, hits) = thread::scope(|s| {
        let share = || -> Result<(usize, usize), Failure> {
            let (mut records, mut hits) = (0, 0);
            let mut body = Vec::new();
            while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                body.clear();
                flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(64 << 10, File::open(path)?)).read_to_end(&mut body)?;
                let mut file: Value = serde_json::from_slice(&body)?;
                if let Value::Array(list) = file["Records"].take() {
                    for record in list {
                        records += 1;
                        hits += matcher(record)?;
                    }
                }
            }
            Ok((records, hits))
        };
        let threads: Vec<_> = (0..cores).map(|_| s.spawn(share)).collect();
        let mut sum = (0, 0);
        for t in threads {
            let (r, h) = t.join().map_err(|_| "a thread panicked")??;
            sum = (sum.0 + r, sum.1 + h);
        }
        Ok::<_, Failure>(sum)
    })?;
    let (after, peak) = usage();
    println!(
        "{{\"records\":{records},\"hits\":{hits},\"wall\":{},\"cpu\":{},\"peak\":{},\"allocs\":-1}}",
        began.elapsed().as_secs_f64(),
        after - cpu,
        peak << 10
    );
    Ok(())
}

fn find(dir: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "gz") {
            files.push(path);
        }
    }
    Ok(())
}

/// Seconds of CPU, and the peak of memory in KiB.
fn usage() -> (f64, i64) {
    let mut use_: libc::rusage = unsafe { std::mem::zeroed() };
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut use_) };
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
    (seconds(use_.ru_utime) + seconds(use_.ru_stime), use_.ru_maxrss)
}
