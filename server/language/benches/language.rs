//! How fast test files are validated, beside PyYAML with its C loader parsing the same bytes.
//!
//! `make bench-language` installs the peer and runs this. `ETUDE_CORPUS=DIR` adds a folder of test
//! files of any dialect to the examples of the repository.

// A benchmark that cannot be carried out may panic.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rayon::prelude::*;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const STEPS: usize = 10_000;

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(5));
    targets = long_files, folder, other_work
}
criterion_main!(benches);

/// One file of 10,000 steps, in the canonical form and in an older dialect.
fn long_files(criterion: &mut Criterion) {
    let mut peer = Peer::start();
    for (name, content) in [("canonical", canonical()), ("simplified", simplified())] {
        let path =
            std::env::temp_dir().join(format!("etude-bench-{}-{name}.yaml", std::process::id()));
        std::fs::write(&path, &content).unwrap();
        validated(&path, content.as_bytes());
        let mut group = criterion.benchmark_group(format!("10,000 steps, {name}"));
        group.throughput(Throughput::Bytes(content.len() as u64));
        group.bench_function("validate", |bencher| {
            bencher.iter(|| etude_language::parse("t.yaml", black_box(content.as_bytes())));
        });
        group.bench_function("PyYAML, parsing alone", |bencher| {
            bencher.iter_custom(|times| peer.parse(times, &path));
        });
        group.finish();
        std::fs::remove_file(&path).unwrap();
    }
}

/// Every file of a folder: in turn on one thread, and on all of them as `etude validate` does.
fn folder(criterion: &mut Criterion) {
    let mut files = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    collect(&root.join("examples/tests"), &mut files);
    if let Some(corpus) = std::env::var_os("ETUDE_CORPUS") {
        collect(Path::new(&corpus), &mut files);
    }
    let size: usize = files.iter().map(|(_, content)| content.len()).sum();
    let mut peer = Peer::start();
    let mut group = criterion.benchmark_group(format!("{} files", files.len()));
    group.throughput(Throughput::Bytes(size as u64));
    group.bench_function("validate", |bencher| {
        bencher.iter(|| {
            for (path, content) in &files {
                black_box(etude_language::parse(path.to_str().unwrap(), content));
            }
        });
    });
    group.bench_function(
        format!("validate, {} threads", rayon::current_num_threads()),
        |bencher| {
            bencher.iter(|| {
                files
                    .par_iter()
                    .map(|(path, content)| etude_language::parse(path.to_str().unwrap(), content))
                    .collect::<Vec<_>>()
            });
        },
    );
    let readable: Vec<&PathBuf> = files
        .iter()
        .map(|(path, _)| path)
        .filter(|path| peer.reads(path))
        .collect();
    group.bench_function(
        format!("PyYAML, parsing {} of them", readable.len()),
        |bencher| {
            bencher.iter_custom(|times| readable.iter().map(|path| peer.parse(times, path)).sum());
        },
    );
    group.finish();
}

/// What editors and the command line ask for besides: format and detection of one long file.
fn other_work(criterion: &mut Criterion) {
    let content = canonical();
    let yaml = etude::v1::DocumentFormat::Yaml;
    let mut group = criterion.benchmark_group("10,000 steps, canonical, also");
    group.throughput(Throughput::Bytes(content.len() as u64));
    group.bench_function("format", |bencher| {
        bencher.iter(|| etude_language::format_document("t.yaml", content.as_bytes(), yaml));
    });
    group.bench_function("detect", |bencher| {
        bencher.iter(|| etude_language::detect("t.yaml", content.as_bytes()));
    });
    group.finish();
}

/// A test of the steps that people write most, ten to a checkpoint.
fn canonical() -> String {
    let mut text = String::from(
        "name: Long\nstarting_url: http://localhost/\nvariables:\n  user: ada\ncheckpoints:\n",
    );
    for checkpoint in 0..STEPS / 10 {
        write!(
            text,
            "  - name: Checkpoint {checkpoint}\n    steps:\n      - navigate: /page/{checkpoint}\n      \
             - write: {{text: $user, into: Username}}\n      - write: {{text: secret-{checkpoint}, into: Password}}\n      \
             - click: Log in\n      - assert_exists: Welcome\n      - wait_visible: {{test_id: row-{checkpoint}}}\n      \
             - store_text: {{target: {{css: '#total'}}, variable: total}}\n      - assert_equals: {{target: Total, value: $total}}\n      \
             - select: {{option: Spain, from: Country}}\n      - press_key: Enter\n"
        )
        .unwrap();
    }
    text
}

/// The same number of steps in the simplified dialect of the older command line.
fn simplified() -> String {
    let mut text = String::from("name: Long\nbase_url: http://localhost/\nsteps:\n");
    for group in 0..STEPS / 10 {
        write!(
            text,
            "  - navigate: /page/{group}\n  - write:\n      selector: '#user'\n      text: ada\n  - click: '#login'\n  \
             - wait: 200\n  - assert: Welcome\n  - click: Item {group}\n  - hover: Menu\n  - key: Enter\n  - comment: group {group}\n  \
             - scroll: bottom\n"
        )
        .unwrap();
    }
    text
}

/// A benchmark of a file that is refused would measure nothing.
fn validated(path: &Path, content: &[u8]) {
    let parsed = etude_language::parse(path.to_str().unwrap(), content);
    assert_eq!(parsed.diagnostics.first(), None, "{}", path.display());
    let test = parsed.test.unwrap();
    let steps: usize = test.checkpoints.iter().map(|c| c.steps.len()).sum();
    assert_eq!(steps, STEPS);
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        let kind = path.extension().and_then(|e| e.to_str());
        if path.is_dir() {
            collect(&path, files);
        } else if matches!(kind, Some("yaml" | "yml" | "json")) {
            let content = std::fs::read(&path).unwrap();
            files.push((path, content));
        }
    }
}

/// A Python process that parses files when asked.
struct Peer {
    process: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    fn start() -> Self {
        let python = std::env::var("ETUDE_BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/pyyaml.py");
        let mut process = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 with PyYAML is needed: run `make bench-language`");
        let ask = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Self {
            process,
            ask,
            answers,
        }
    }

    fn parse(&mut self, times: u64, path: &Path) -> Duration {
        self.asked(times, path)
            .unwrap_or_else(|| panic!("PyYAML did not read {}", path.display()))
    }

    fn reads(&mut self, path: &Path) -> bool {
        self.asked(1, path).is_some()
    }

    fn asked(&mut self, times: u64, path: &Path) -> Option<Duration> {
        writeln!(self.ask, "{times} {}", path.display()).ok()?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).ok()?;
        answer.trim().parse().ok().map(Duration::from_nanos)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
