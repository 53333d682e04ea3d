//! Browsers other than the headless one that the command starts by itself.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::{Done, Shop, etude, file, sandbox};

/// A chromedriver that somebody else has started.
struct Driver {
    process: Child,
    url: String,
}

impl Driver {
    fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is needed: apt-get install -y chromium chromium-driver");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once("successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        // What it says later must find a reader.
        std::thread::spawn(move || lines.for_each(drop));
        let url = format!("http://127.0.0.1:{}", port.unwrap());
        Self { process, url }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A display that nobody looks at.
struct Display {
    process: Child,
    name: String,
}

impl Display {
    fn start() -> Self {
        let mut process = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1600x1200x24"])
            .args(["-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is needed: apt-get install -y xvfb");
        let mut number = String::new();
        let stdout = process.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut number).unwrap();
        let name = format!(":{}", number.trim());
        Self { process, name }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn run_on_shop(change: impl FnOnce(&mut Command), steps: &str) -> Done {
    let shop = Shop::start();
    let content = format!("name: A test\nstarting_url: /terms.html\nsteps:\n{steps}");
    let test = file("a.yaml", content);
    let path = test.path.to_str().unwrap();
    let mut command = etude(["run", path, "--base-url", &shop.url]);
    command.args(sandbox());
    change(&mut command);
    command.output().unwrap().into()
}

#[test]
fn a_driver_of_somebody_else_is_used_with_bidi_and_without() {
    let driver = Driver::start();
    for protocol in ["auto", "classic"] {
        let done = run_on_shop(
            |command| {
                command.args(["--webdriver-url", &driver.url]);
                // Where it finds no browser of its own.
                command.env("PATH", "/nowhere");
                command.env("ETUDE_BROWSER__PROTOCOL", protocol);
            },
            "  - assert_exists: Returns\n  - navigate: /login.html\n  - write: {text: alice, into: Username}\n",
        );
        done.expect(0);
    }
}

#[test]
fn a_driver_that_is_not_there_is_named() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let done = run_on_shop(
        |command| {
            command.args(["--webdriver-url", &format!("http://{address}")]);
        },
        "  - assert_exists: Returns\n",
    );
    let said = format!("{}{}", done.stdout, done.stderr);
    assert_eq!(done.code, Some(3), "{said}");
    assert!(said.contains(&address), "{said}");
}

#[test]
fn a_headed_browser_shows_its_window_on_the_display() {
    let seen =
        "  - wait_expression: \"!navigator.userAgent.includes('Headless')\"\n  - click: Prices\n";
    let headed = |command: &mut Command| {
        command.arg("--headed");
        command.env_remove("WAYLAND_DISPLAY").env_remove("DISPLAY");
    };
    let display = Display::start();
    let on_display = |command: &mut Command| {
        headed(command);
        command.env("DISPLAY", &display.name);
    };
    run_on_shop(on_display, seen).expect(0);
    // A browser without a window would not miss the display.
    let done = run_on_shop(headed, seen);
    assert_eq!(done.code, Some(3), "{}{}", done.stdout, done.stderr);
    // Nor would the page say so of a headless one.
    let seen =
        "  - {wait_expression: \"!navigator.userAgent.includes('Headless')\", timeout: 1s}\n";
    let done = run_on_shop(|_| {}, seen);
    assert_eq!(done.code, Some(1), "{}{}", done.stdout, done.stderr);
}
