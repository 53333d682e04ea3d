//! The machine and the commit that figures belong to.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use crate::stats::{median, millis};

/// Prints what a reader needs to judge the figures.
pub(crate) fn print() {
    let model = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!(
        "machine: {cores} cores, {}",
        model.map_or("unknown processor", |(_, name)| name.trim())
    );
    println!(
        "commit:  {}",
        said("git", &["describe", "--always", "--dirty"])
    );
    println!(
        "load:    {}",
        fs::read_to_string("/proc/loadavg")
            .unwrap_or_default()
            .trim()
    );
    println!();
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or("unknown".to_owned(), |output| {
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    })
}

/// Median time in milliseconds to write 4 KiB to a file in `folder` and have it on the disk.
pub(crate) fn fsync_millis(folder: &Path) -> Result<f64> {
    const ROUNDS: usize = 200;
    let path = folder.join("fsync-probe");
    let mut file = File::create(&path)?;
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        file.write_all(&[0x5a; 4096])?;
        file.sync_data()?;
        times.push(millis(start.elapsed()));
    }
    fs::remove_file(path)?;
    Ok(median(&times))
}

/// Resident memory of a process in KiB.
pub(crate) fn resident_kib(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().split(' ').next());
    Ok(number.unwrap_or_default().parse()?)
}
