//! `etude projects`, `etude goals` and so on, on the local platform.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{
    Done, Running, Serving, Shop, etude, file, of_environment, root, run_with_stdin, word,
};

/// A server with a project `Shop`, a goal `Web` in it, and its first journey.
pub(crate) struct Bench {
    pub(crate) serving: Serving,
}

pub(crate) const JOURNEY: &str = "Shop/Web/First journey";
const CHECKPOINT: &str = "Shop/Web/First journey/Log in";

impl Bench {
    pub(crate) fn start() -> Self {
        Self::at("https://shop.example.com")
    }

    fn at(url: &str) -> Self {
        let bench = Self {
            serving: Serving::start(),
        };
        bench.run(["projects", "create", "Shop"]).expect(0);
        bench.run(["goals", "create", "Shop", "Web", url]).expect(0);
        bench
    }

    /// With a checkpoint that has two steps.
    fn with_steps() -> Self {
        let bench = Self::start();
        bench
            .run(["checkpoints", "create", JOURNEY, "Log in"])
            .expect(0);
        let write = "write: {text: $user, into: Username}";
        bench.run(["steps", "create", CHECKPOINT, write]).expect(0);
        bench
            .run(["steps", "create", CHECKPOINT, "click: Log in"])
            .expect(0);
        bench
    }

    pub(crate) fn command<'a>(&'a self, words: impl IntoIterator<Item = &'a str>) -> Command {
        let words: Vec<_> = words.into_iter().collect();
        let mut command = etude(words);
        command.env("ETUDE_SERVER", &self.serving.url);
        command
    }

    pub(crate) fn run<'a>(&'a self, words: impl IntoIterator<Item = &'a str>) -> Done {
        self.command(words).output().unwrap().into()
    }

    fn json<'a>(&'a self, words: impl IntoIterator<Item = &'a str>) -> Value {
        let words = words.into_iter().chain(["-o", "json"]);
        serde_json::from_str(&self.run(words).expect(0).stdout).unwrap()
    }

    /// The name of a resource.
    pub(crate) fn name<'a>(&'a self, words: impl IntoIterator<Item = &'a str>) -> String {
        let done = self.run(words.into_iter().chain(["-o", "name"])).expect(0);
        done.stdout.trim().to_owned()
    }
}

#[test]
fn a_resource_is_named_by_its_name_its_number_and_its_path() {
    let bench = Bench::with_steps();
    let name = bench.name(["journeys", "get", JOURNEY]);
    let number = name.strip_prefix("journeys/").unwrap();
    let shown = bench.run(["journeys", "get", JOURNEY]).expect(0).stdout;
    for spelling in [name.as_str(), number] {
        assert_eq!(
            bench.run(["journeys", "get", spelling]).expect(0).stdout,
            shown
        );
        let named = bench.run(["journeys", "get", "--name", spelling]);
        assert_eq!(named.expect(0).stdout, shown);
    }
    for part in [
        "DISPLAY NAME  First journey",
        "CHECKPOINTS",
        "  Log in",
        "write $user in",
    ] {
        assert!(shown.contains(part), "no {part:?} in:\n{shown}");
    }
    let goal = bench.name(["goals", "get", "Shop/Web"]);
    let within = format!("{goal}/First journey");
    assert_eq!(bench.name(["journeys", "get", &within]), name);

    bench.run(["projects", "create", "A/B 🎻"]).expect(0);
    let odd = bench.json(["projects", "get", r"A\/B 🎻"]);
    assert_eq!(odd["displayName"], "A/B 🎻");
}

#[test]
fn lists_are_tables_json_yaml_and_names() {
    let bench = Bench::with_steps();
    bench
        .run(["journeys", "create", "Shop/Web", "検索する"])
        .expect(0);
    let table = bench.run(["journeys", "list", "Shop/Web"]).expect(0).stdout;
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[0].starts_with("NAME"), "{table}");
    // The goal was asked for, and no journey has tags.
    assert!(
        !lines[0].contains("GOAL") && !lines[0].contains("TAGS"),
        "{table}"
    );
    let names = bench.name(["journeys", "list", "Shop/Web"]);
    let json = bench.json(["journeys", "list", "Shop/Web"]);
    let of_json: Vec<_> = json
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names.lines().collect::<Vec<_>>(), of_json);
    let yaml = bench
        .run(["journeys", "list", "Shop/Web", "-o", "yaml"])
        .expect(0)
        .stdout;
    assert!(yaml.contains("displayName: 検索する"), "{yaml}");
    let one = bench.name(["journeys", "list", "Shop/Web", "--limit", "1"]);
    assert_eq!(one.lines().count(), 1, "{one}");
    let none = bench.run(["executions", "list", "Shop"]).expect(0);
    assert_eq!(
        (none.stdout.as_str(), none.stderr.trim()),
        ("", "there are none")
    );
}

#[test]
fn steps_are_written_as_in_a_test_file() {
    let bench = Bench::with_steps();
    let insert = [
        "steps",
        "create",
        CHECKPOINT,
        "navigate: https://a.test/",
        "--position",
        "1",
    ];
    bench.run(insert).expect(0);
    let steps = bench.json(["steps", "list", CHECKPOINT]);
    let texts: Vec<_> = steps
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["text"])
        .collect();
    let expected = [
        "navigate to \"https://a.test/\"",
        "write $user in \"Username\"",
        "click on \"Log in\"",
    ];
    assert_eq!(texts, expected);

    let third = format!("{CHECKPOINT}/3");
    let flagged = "{click: Log in, skip: true}";
    bench
        .run(["steps", "update", &third, "--step", flagged])
        .expect(0);
    let other = ["steps", "update", &third, "--step", "click: Sign in"];
    let step = bench.json(other);
    assert_eq!(step["text"], "click on \"Sign in\"");
    // The flags were not written, and so they stay.
    assert_eq!(step["step"]["flags"]["skip"], true, "{step}");

    bench
        .run(["steps", "update", &third])
        .complains(2, &["nothing is given", "--help"]);
    let wrong = bench.run(["steps", "create", CHECKPOINT, "clik: x"]);
    wrong.complains(2, &["did you mean \"click\"?"]);
    let unable = bench.run(["steps", "create", CHECKPOINT, "go_back: {}"]);
    unable.complains(3, &["COMMAND_UNSUPPORTED", &format!("is {CHECKPOINT}")]);
    let gone = bench.run(["steps", "delete", CHECKPOINT, &third]).expect(0);
    assert!(
        gone.stderr.contains(&format!("({third})")),
        "{}",
        gone.stderr
    );
}

#[test]
fn mistakes_say_what_is_near() {
    let bench = Bench::start();
    let done = bench.run(["journeys", "list", "Shop/Wbe"]);
    done.complains(2, &["no goal `Wbe`", "`Web`", "PLATFORM_NOT_FOUND"]);
    bench
        .run(["journeys", "list", "Web"])
        .complains(2, &["PROJECT/GOAL"]);
    bench
        .run(["goals", "get", "99999"])
        .complains(2, &["PLATFORM_NOT_FOUND"]);
    bench.run(["goals", "lst"]).complains(2, &["'list'"]);
    bench.run(["gaols", "list"]).complains(2, &["'goals'"]);
    let done = bench.run(["goals", "create", "Shop"]);
    done.complains(2, &["DISPLAY-NAME is missing", "--display-name"]);
    let done = bench.run(["goals", "create", "Shop", "Web", "ftp://x"]);
    done.complains(2, &["url", "INVALID_REQUEST"]);
    let done = bench.run(["projects", "create", "Shop"]);
    done.complains(2, &["PLATFORM_ALREADY_EXISTS"]);
    let done = bench.run(["projects", "list", "--platform", "virtuoso"]);
    done.complains(3, &["PLATFORM_NOT_CONFIGURED", "etude platform login"]);
    for verb in [["projects", "list"], ["platform", "status"]] {
        let done = bench.run([verb[0], verb[1], "--platform", "team-a"]);
        done.complains(2, &["`team-a`", "write local or virtuoso"]);
        let done = bench.run([verb[0], verb[1], "--platform", "Team A"]);
        done.complains(2, &["--platform", "an account of the server"]);
    }
}

#[test]
fn a_table_of_data_comes_from_a_file_and_goes_to_one() {
    let bench = Bench::start();
    let csv = "name,city\nalice,Graz\nbob,\"São Paulo, SP\"\n";
    let users = file("users.csv", csv);
    let at = format!("@{}", users.path.display());
    bench
        .run(["testdata", "create", "Shop", "Users", &at])
        .expect(0);
    let mut import = bench.command(["testdata", "import", "Shop/Users", "-"]);
    let mut import = import.stdin(Stdio::piped()).spawn().unwrap();
    let rows = "city,name\n東京,検索\n".as_bytes();
    import.stdin.take().unwrap().write_all(rows).unwrap();
    let done: Done = import.wait_with_output().unwrap().into();
    done.expect(0);

    let whole = format!("{csv}検索,東京\n");
    let exported = bench.run(["testdata", "export", "Shop/Users"]).expect(0);
    assert_eq!(exported.stdout, whole);
    let out = users.path.with_file_name("out.csv");
    let to_file = [
        "testdata",
        "export",
        "Shop/Users",
        "--out",
        out.to_str().unwrap(),
    ];
    bench.run(to_file).expect(0);
    assert_eq!(std::fs::read_to_string(&out).unwrap(), whole);

    let cell = "{row: 1, column: city, value: Linz}";
    bench
        .run(["testdata", "set-cells", "Shop/Users", cell])
        .expect(0);
    let rows = bench
        .run(["testdata", "rows", "Shop/Users", "-o", "json"])
        .expect(0)
        .stdout;
    let first = "{\"row\":1,\"values\":{\"city\":\"Linz\",\"name\":\"alice\"}}";
    assert_eq!(rows.lines().next(), Some(first));
    let ragged = ["testdata", "create", "Shop", "Odd", "a,b\n1\n"];
    bench.run(ragged).complains(2, &["line 2"]);
    let missing = ["testdata", "create", "Shop", "Odd", "@nowhere.csv"];
    bench.run(missing).complains(2, &["nowhere.csv"]);
}

#[test]
fn environments_extensions_and_the_library_are_within_reach() {
    let bench = Bench::with_steps();
    let hidden = "{name: password, value: c4n4ry, hidden: true}";
    let create = [
        "environments",
        "create",
        "Shop",
        "Staging",
        "--variable",
        "user=alice",
    ];
    let done = bench
        .run(create.into_iter().chain(["--variable", hidden]))
        .expect(0);
    assert!(
        done.stdout.contains("alice") && !done.stdout.contains("c4n4ry"),
        "{}",
        done.stdout
    );
    let set = [
        "environments",
        "set",
        "Shop",
        "Staging",
        "city",
        "--value",
        "-x",
    ];
    assert!(bench.run(set).expect(0).stdout.contains("-x"));

    let script = file("greet.js", "return 'hello';\n");
    let at = format!("@{}", script.path.display());
    let create = [
        "extensions",
        "create",
        "Shop",
        "--display-name",
        "greet",
        "--script",
        &at,
    ];
    bench.run(create).expect(0);
    let describe = [
        "extensions",
        "update",
        "Shop/greet",
        "--description",
        "says hello",
    ];
    let extension = bench.json(describe);
    assert_eq!(extension["description"], "says hello");
    assert_eq!(extension["script"], "return 'hello';\n");

    bench
        .run(["library", "create", CHECKPOINT, "--display-name", "Shared"])
        .expect(0);
    let attached = bench
        .run(["journeys", "attach", JOURNEY, "Shop/Shared"])
        .expect(0);
    assert!(attached.stdout.contains("Shared"), "{}", attached.stdout);
    let gone = bench
        .run(["environments", "delete", "Shop/Staging"])
        .expect(0);
    assert!(gone.stderr.contains("(Shop/Staging)"), "{}", gone.stderr);
}

#[test]
fn an_execution_is_started_followed_and_shown_as_a_tree() {
    let shop = Shop::start();
    let bench = Bench::at(&shop.url);
    let created = bench.run(["journeys", "update", JOURNEY, "--display-name", "Visit"]);
    created.expect(0);
    bench
        .run(["checkpoints", "create", "Shop/Web/Visit", "Look"])
        .expect(0);
    let look = [
        "steps",
        "create",
        "Shop/Web/Visit/Look",
        "assert_exists: {target: {css: body}}",
    ];
    bench.run(look).expect(0);
    let wrong = "assert_variable: {expression: 'document.title', equals: Nonsense}";
    bench
        .run(["steps", "create", "Shop/Web/Visit/Look", wrong])
        .expect(0);
    let start = [
        "executions",
        "start",
        "Shop/Web",
        "--journeys",
        "Visit",
        "--wait",
    ];
    let done = bench.run(start).expect(1);
    let lines: Vec<_> = done.stdout.lines().collect();
    assert!(lines[0].starts_with("✗ Visit"), "{}", done.stdout);
    assert!(lines[1].starts_with("  ✓ "), "{}", done.stdout);
    assert!(lines[3].starts_with("  ✗ Look"), "{}", done.stdout);
    assert!(done.stdout.contains("finished  FAIL"), "{}", done.stdout);

    let name = bench.name(["executions", "list", "Shop"]);
    let watched = bench.run(["executions", "watch", &name]).expect(1).stdout;
    assert!(
        watched.contains(&name) && watched.contains("FAIL"),
        "{watched}"
    );
    let results = bench.run(["executions", "results", &name]).expect(0).stdout;
    assert_eq!(results, done.stdout);
    let json = bench.json(["executions", "get", &name]);
    assert_eq!(json["outcome"], "OUTCOME_FAIL");

    // The platform is not served over HTTP, so that its pictures have names and no addresses.
    let run = word(lines[0], "runs/");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let fetched = bench.run(["runs", "artifacts", &run, "--download", path]);
    let fetched = fetched.expect(0).stderr;
    let picture = lines.iter().find(|line| line.contains("artifacts/"));
    let picture = word(picture.unwrap(), "artifacts/");
    assert!(fetched.contains(&picture), "{fetched}");
    assert!(!done.stdout.contains("http://localhost"), "{}", done.stdout);
    let listed = bench.run(["runs", "list"]).expect(0).stdout;
    assert!(!listed.contains(&run), "{listed}");
    let listed = bench.run(["runs", "list", "--show-owned"]).expect(0).stdout;
    assert!(listed.contains(&run), "{listed}");
    let refused = bench.run(["runs", "delete", &run]);
    refused.complains(3, &["RUN_OWNED", &name]);
}

#[test]
fn the_commands_of_the_page_do_what_it_says() {
    let page = std::fs::read_to_string(root().join("docs/resources.md")).unwrap();
    let section = page.split("## On the command line").nth(1).unwrap();
    let commands = section.split("```sh\n").nth(1).unwrap();
    let commands = commands.split("```").next().unwrap();
    let serving = Serving::start();
    let folder = tempfile::tempdir().unwrap();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_etude"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let done: Done = of_environment("bash")
        .args(["-euo", "pipefail", "-c", commands])
        .current_dir(folder.path())
        .env("ETUDE_SERVER", &serving.url)
        .env("PATH", path)
        .output()
        .unwrap()
        .into();
    let done = done.expect(0);
    for part in [
        "DISPLAY NAME     Web shop",
        "write $user in \"Username\"",
        "alice",
    ] {
        assert!(
            done.stdout.contains(part),
            "no {part:?} in:\n{}",
            done.stdout
        );
    }
}

// === The token ===

/// A cloud that takes one token: `good`.
fn cloud() -> String {
    use std::io::{BufRead as _, BufReader};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let head: String = BufReader::new(stream.try_clone().unwrap())
                .lines()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .collect::<Vec<_>>()
                .join("\n")
                .to_lowercase();
            let (status, body) = match head.contains("bearer good") {
                true => ("200 OK", "{\"id\": 3, \"organizationId\": 77}"),
                false => ("401 Unauthorized", "{\"success\": false}"),
            };
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
                 Connection: close\r\n\r\n{body}"
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

fn login(config: &std::path::Path, url: &str, token: &str) -> Done {
    let mut command = etude(["platform", "login", "--token-stdin", "--url", url]);
    command.env("XDG_CONFIG_HOME", config).stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(token.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap().into()
}

#[test]
fn a_token_is_kept_when_the_cloud_takes_it_and_served_from_then_on() {
    use std::os::unix::fs::PermissionsExt as _;
    let (config, url) = (tempfile::tempdir().unwrap(), cloud());
    let kept = config.path().join("etude/virtuoso-token");
    let refused = login(config.path(), &url, "b4dt0ken\n");
    assert!(!refused.stderr.contains("b4dt0ken"), "{}", refused.stderr);
    refused.complains(
        2,
        &[
            "does not take the token",
            "nothing was kept",
            "UNAUTHENTICATED",
        ],
    );
    assert!(!kept.exists());

    let done = login(config.path(), &url, " good\n").expect(0);
    assert!(
        done.stdout.is_empty() && done.stderr.contains("virtuoso-token"),
        "{}",
        done.stderr
    );
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "good\n");
    assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    let mut serve = etude(["serve", "--listen", "127.0.0.1:0", "--data-dir", folder]);
    serve
        .env("XDG_CONFIG_HOME", config.path())
        .env("VIRTUOSO_BASE_URL", &url);
    let serving = Running::of(serve);
    let line = serving.line_with("etude serves at");
    let address = crate::support::word(&line, "127.0.0.1:");
    let status: Done = etude(["platform", "status", "--server", &address])
        .output()
        .unwrap()
        .into();
    let status = status.expect(0).stdout;
    for part in ["virtuoso (the default)", &url, "77", "valid", "closed"] {
        assert!(status.contains(part), "no {part:?} in:\n{status}");
    }

    let logout = || -> Done {
        let mut logout = etude(["platform", "logout"]);
        logout
            .env("XDG_CONFIG_HOME", config.path())
            .output()
            .unwrap()
            .into()
    };
    assert!(logout().expect(0).stderr.contains("removed"));
    assert!(!kept.exists());
    assert!(logout().expect(0).stderr.contains("no token is kept"));
}

#[test]
fn a_token_is_not_shown_while_it_is_typed() {
    let (config, url) = (tempfile::tempdir().unwrap(), cloud());
    let program = env!("CARGO_BIN_EXE_etude");
    let line = format!("exec '{program}' platform login --url {url}");
    let mut script = of_environment("script");
    script
        .args([
            "--quiet",
            "--return",
            "--echo",
            "never",
            "--command",
            &line,
            "/dev/null",
        ])
        .env("XDG_CONFIG_HOME", config.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = script
        .spawn()
        .expect("install `script`: apt-get install -y bsdutils");
    let mut stdin = child.stdin.take().unwrap();
    let mut shown = String::new();
    let mut stdout = child.stdout.take().unwrap();
    let mut buffer = [0_u8; 256];
    while !shown.contains("Token for the Virtuoso cloud: ") {
        let count = std::io::Read::read(&mut stdout, &mut buffer).unwrap();
        assert!(count > 0, "no question in {shown:?}");
        shown += &String::from_utf8_lossy(&buffer[..count]);
    }
    stdin.write_all(b"good\n").unwrap();
    std::io::Read::read_to_string(&mut stdout, &mut shown).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{shown}");
    assert!(!shown.contains("good"), "{shown}");
    let kept = config.path().join("etude/virtuoso-token");
    assert_eq!(std::fs::read_to_string(kept).unwrap(), "good\n");
}

#[test]
fn a_login_without_a_token_keeps_nothing() {
    let done = run_with_stdin(["platform", "login"], b"good\n");
    done.complains(2, &["stdin is no terminal", "--token-stdin"]);
    let config = tempfile::tempdir().unwrap();
    let done = login(config.path(), "http://127.0.0.1:1/api", "\n");
    done.complains(2, &["the token is empty"]);
    let done = login(config.path(), "http://127.0.0.1:1/api", "x\n");
    done.complains(3, &["cannot be asked", "nothing was kept"]);
    assert!(!config.path().join("etude/virtuoso-token").exists());
}
