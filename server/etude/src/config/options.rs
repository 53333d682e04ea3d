//! One definition per option: what `docs/configuration.md` and `etude config` say of it.

use std::fmt::Write as _;

use super::Config;

/// What the names of options of accounts begin with.
const ACCOUNTS: &str = "platform.accounts.";

/// What stands for the name of an account.
const ANY: &str = "<name>";

/// One option.
#[derive(Debug, Clone, Copy)]
pub struct OptionInfo {
    /// Its dotted name.
    pub name: &'static str,
    /// What is written: `path`, `text`, `address`, `number`, `duration`, `list` …
    pub kind: &'static str,
    /// The default where the schema has none of its own; empty: the schema's.
    pub default: &'static str,
    /// What it means, with unit and bounds.
    pub description: &'static str,
}

const fn option(
    name: &'static str,
    kind: &'static str,
    default: &'static str,
    description: &'static str,
) -> OptionInfo {
    OptionInfo {
        name,
        kind,
        default,
        description,
    }
}

/// Every option, in the order of the schema.
pub const OPTIONS: &[OptionInfo] = &[
    option(
        "server.listen",
        "address",
        "",
        "Address and port to listen on; port 0 takes any free port. An address that other machines can reach is refused, see `server.allow_insecure_bind`.",
    ),
    option(
        "server.allow_insecure_bind",
        "boolean",
        "",
        "Accept a `server.listen` that other machines can reach, although this server checks no credentials and speaks no TLS: only behind a proxy or mesh that does both.",
    ),
    option(
        "server.allowed_origins",
        "list",
        "",
        "Web origins whose pages may call over gRPC-Web, such as `https://tests.example.com`, besides those on loopback.",
    ),
    option(
        "server.max_concurrent_calls",
        "number",
        "",
        "Unary calls that may be answered at the same time; further ones are refused at once with SERVER_OVERLOADED.",
    ),
    option(
        "server.max_concurrent_streams",
        "number",
        "",
        "Streams that may be open at the same time, over all connections; further ones are refused at once with SERVER_OVERLOADED.",
    ),
    option(
        "server.max_connection_age",
        "duration",
        "",
        "How long a connection lives before its client is asked to open a new one, give or take a tenth; at least 10 s. Calls that are open then may go on for another 30 s.",
    ),
    option(
        "data_dir",
        "path",
        "`$XDG_DATA_HOME/etude`, else `~/.local/share/etude`",
        "The folder for the database, the artifacts and the browsers' profiles.",
    ),
    option(
        "browser.kind",
        "word: chromium or firefox",
        "",
        "The browser that executes commands.",
    ),
    option(
        "browser.path",
        "path",
        "looked for on `PATH` and in the usual places",
        "The browser's program.",
    ),
    option(
        "browser.driver_path",
        "path",
        "looked for on `PATH` and in the usual places",
        "The program of its driver: chromedriver or geckodriver.",
    ),
    option(
        "browser.webdriver_url",
        "text",
        "none: browsers run on this machine",
        "A WebDriver endpoint elsewhere, such as a Selenium Grid's.",
    ),
    option(
        "browser.headless",
        "boolean",
        "",
        "Without a window; `false` needs a display.",
    ),
    option(
        "browser.no_sandbox",
        "boolean",
        "",
        "Start Chromium without its sandbox. Chromium needs this when the server runs as root; then a container should isolate it, because pages run with fewer walls around them.",
    ),
    option(
        "browser.arguments",
        "list",
        "",
        "Further command-line arguments of the browser.",
    ),
    option(
        "browser.protocol",
        "word: auto or classic",
        "",
        "`auto`: WebDriver BiDi where the driver grants it; `classic`: never BiDi.",
    ),
    option(
        "browser.warm",
        "number",
        "",
        "Idle browsers that are kept ready, so that sessions open fast; 0 starts each on demand.",
    ),
    option(
        "browser.start_timeout",
        "duration",
        "",
        "How long a browser may take to start; at most 24 h.",
    ),
    option(
        "sessions.max",
        "number",
        "",
        "Live sessions that may be active at the same time; further ones are refused with SESSION_LIMIT.",
    ),
    option(
        "sessions.ttl",
        "duration",
        "",
        "How long a session lives when its creator does not say; at most 24 h.",
    ),
    option(
        "sessions.idle_timeout",
        "duration",
        "",
        "How long a session may stay without a command when its creator does not say; at most 24 h.",
    ),
    option(
        "runs.max_queued",
        "number",
        "",
        "Runs that may wait; further ones are refused with RUN_QUEUE_FULL.",
    ),
    option(
        "runs.max_parallel",
        "number",
        "",
        "Browsers that runs may use at the same time.",
    ),
    option(
        "runs.max_on_platform",
        "number",
        "",
        "Runs that platforms execute and that are followed at the same time; further ones wait.",
    ),
    option(
        "platform.port",
        "number",
        "none: it is not served",
        "The port of the local platform's HTTP API, which is compatible with Virtuoso's; 0 takes any free one. It is served on 127.0.0.1 only.",
    ),
    option(
        "platform.port_token_secret",
        "text",
        "none: any program of this machine may call",
        "Name of the secret (see `secrets.folder`) that callers of `platform.port` must send as `Authorization: Bearer …`.",
    ),
    option(
        "platform.default",
        "text",
        "virtuoso when a token is set, else local",
        "The platform that calls mean which name none by the metadata `etude-platform`: `local`, the one in this server; `virtuoso`, the cloud; or the name of an account.",
    ),
    option(
        "platform.url",
        "text",
        "",
        "Base address of the Virtuoso cloud's API. The variable `VIRTUOSO_BASE_URL` sets it too.",
    ),
    option(
        "platform.organization",
        "number",
        "asked of the cloud",
        "Number of the organization in the cloud. The variable `VIRTUOSO_ORG_ID` sets it too.",
    ),
    option(
        "platform.token_file",
        "path",
        "the secret that `platform.token_secret` names, else what `etude platform login` has kept",
        "A file that holds the cloud's API token and nothing else.",
    ),
    option(
        "platform.token_secret",
        "text",
        "",
        "Name of the secret that is the cloud's API token. The variable `VIRTUOSO_API_TOKEN` holds it too.",
    ),
    option(
        "platform.webhook_secret",
        "text",
        "none: they are refused",
        "Name of the secret (see `secrets.folder`), of at least 16 characters, that incoming webhooks of the cloud must bring, at `POST /webhooks/virtuoso` of `server.listen`.",
    ),
    option(
        "platform.max_concurrent",
        "number",
        "",
        "Requests to the cloud that may be under way at the same time, for each account; further ones wait.",
    ),
    option(
        "platform.max_queued",
        "number",
        "",
        "Requests to the cloud that may wait, for each account; further ones are refused with PLATFORM_QUEUE_FULL.",
    ),
    option(
        "platform.timeout",
        "duration",
        "",
        "How long a request to the cloud may take, its repetitions included; at most 24 h. Long ones, such as exports, may take ten times as long.",
    ),
    option(
        "platform.poll_interval",
        "duration",
        "",
        "How long until an execution in the cloud that somebody waits for is read again; at most 24 h. An incoming webhook makes it be read at once.",
    ),
    option(
        "platform.accounts.<name>.url",
        "text",
        "`platform.url`",
        "Base address of the API of a further account. Calls name the account by `<name>`: 1 to 63 lower-case letters, digits and hyphens, a letter first; not `local` or `virtuoso`.",
    ),
    option(
        "platform.accounts.<name>.organization",
        "number",
        "asked of the cloud",
        "Number of the account's organization.",
    ),
    option(
        "platform.accounts.<name>.token_file",
        "path",
        "none: `token_secret`",
        "A file that holds the account's API token and nothing else. One of the two is required.",
    ),
    option(
        "platform.accounts.<name>.token_secret",
        "text",
        "none: `token_file`",
        "Name of the secret (see `secrets.folder`) that is the account's API token.",
    ),
    option(
        "platform.accounts.<name>.webhook_secret",
        "text",
        "none: they are refused",
        "Name of the secret, of at least 16 characters, that incoming webhooks of the account must bring, at `POST /webhooks/<name>`.",
    ),
    option(
        "log.level",
        "text",
        "",
        "The least severe level that is logged: `error`, `warn`, `info`, `debug` or `trace`; also per module, such as `info,etude_engine=debug`. The variable `LOG_LEVEL` sets it too.",
    ),
    option(
        "log.format",
        "word: text or json",
        "",
        "The form of a log line: `text` for people, `json` for machines. Logs go to stderr.",
    ),
    option(
        "secrets.folder",
        "path",
        "none: only the variables `ETUDE_SECRET_…`",
        "A folder with one file a secret; the file's name is the secret's.",
    ),
];

/// The dotted name of every option.
pub fn names() -> impl Iterator<Item = &'static str> {
    OPTIONS.iter().map(|info| info.name)
}

/// The option in [`OPTIONS`] that a dotted name stands for: that of an account has its name there
/// as `<name>`.
pub(super) fn general(name: &str) -> String {
    let Some(rest) = name.strip_prefix(ACCOUNTS) else {
        return name.to_owned();
    };
    match rest.split_once('.') {
        Some((_, option)) => format!("{ACCOUNTS}{ANY}.{option}"),
        None => format!("{ACCOUNTS}{ANY}"),
    }
}

/// The reverse of [`general`]: an option, with the account's name that `named` has.
pub(super) fn particular(option: &str, named: &str) -> String {
    let account = named.strip_prefix(ACCOUNTS).unwrap_or_default();
    let account = account.split('.').next().unwrap_or_default();
    match account {
        "" => option.to_owned(),
        account => option.replace(ANY, account),
    }
}

/// The table of all options for `docs/configuration.md`.
pub fn markdown() -> String {
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    let mut out = String::from("| Option | Value | Default | Meaning |\n|---|---|---|---|\n");
    for info in OPTIONS {
        let pointer = format!("/{}", info.name.replace('.', "/"));
        let default = match (info.default, defaults.pointer(&pointer)) {
            ("", Some(serde_json::Value::String(text))) => format!("`{text}`"),
            ("", Some(value)) => format!("`{value}`"),
            (text, _) => text.to_owned(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "| `{}` | {} | {default} | {} |",
            info.name, info.kind, info.description
        );
    }
    out
}
