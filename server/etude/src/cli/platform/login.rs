//! Keeping a token: only one that the cloud takes, in a file that only its owner can read.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use etude::v1::{self, ErrorReason, TokenState};
use etude_platform::client::Client;
use etude_platform::resources::platforms;
use etude_server::config::Config;
use secrecy::{ExposeSecret as _, SecretString};

use super::super::connect::sources;
use super::super::output::note;
use super::super::problem::{Exit, Problem};
use super::prompt;

/// The variable of other programs, which comes before what is kept.
const VARIABLE: &str = "VIRTUOSO_API_TOKEN";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Read the token from stdin instead of asking for it
    #[arg(long)]
    token_stdin: bool,

    /// Base address of the cloud's API [default: platform.url]
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// Number of the organization [default: platform.organization, else asked of the cloud]
    #[arg(long, value_name = "NUMBER")]
    organization: Option<u64>,

    /// Configuration file [default: $ETUDE_CONFIG, else ~/.config/etude/config.yaml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) async fn login(args: Args) -> Result<Exit, Problem> {
    let mut sources = sources(args.config.clone());
    if let Some(url) = &args.url {
        sources = sources.flag("platform.url", url);
    }
    if let Some(organization) = args.organization {
        sources = sources.flag("platform.organization", organization);
    }
    let file = sources.login_file.clone().ok_or_else(no_home)?;
    let config = Config::load(&sources)?;
    let token = match args.token_stdin {
        true => prompt::from_stdin(),
        false => prompt::from_terminal("Token for the Virtuoso cloud: ").await,
    }?;
    let options = config.platform.client_options(token.clone());
    let client = Client::remote(options)
        .map_err(|error| Problem::bad_input(error.message.clone()).with_reason(error.reason))?;
    let platform = platforms::present(&client).await;
    check(&platform)?;
    keep(&file, &token)?;
    tell(&args, &config, &platform, &file);
    Ok(Exit::Passed)
}

/// Only a token that the cloud takes is kept.
fn check(platform: &v1::Platform) -> Result<(), Problem> {
    let url = &platform.url;
    let problem = match platform.token() {
        TokenState::Valid => return Ok(()),
        TokenState::Refused => Problem::bad_input(format!("{url} does not take the token"))
            .with_reason(ErrorReason::PlatformUnauthenticated),
        _ => Problem::could_not_run(format!("{url} cannot be asked whether it takes the token"))
            .with_reason(ErrorReason::PlatformUnavailable),
    };
    Err(problem
        .with_detail(platform.detail.clone())
        .with_detail("nothing was kept"))
}

/// Writes the file whole or not at all; a temporary file can be read by its owner only.
fn keep(file: &Path, token: &SecretString) -> Result<(), Problem> {
    let unwritable = |error: std::io::Error| {
        Problem::could_not_run(format!("{} cannot be written: {error}", file.display()))
    };
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    let mut written = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
    let text = format!("{}\n", token.expose_secret());
    written.write_all(text.as_bytes()).map_err(unwritable)?;
    written.as_file().sync_all().map_err(unwritable)?;
    written
        .persist(file)
        .map_err(|error| unwritable(error.error))?;
    Ok(())
}

fn tell(args: &Args, config: &Config, platform: &v1::Platform, file: &Path) {
    note(&format!(
        "{} takes the token; it is kept in {}",
        platform.url,
        file.display()
    ));
    note(
        "`etude serve` reads it when it starts, and calls go to the cloud then; \
          platform.default: local changes that",
    );
    if args.url.is_some() {
        note(&format!(
            "set platform.url: {} in the configuration, too",
            platform.url
        ));
    }
    match platform.organization {
        0 => note(
            "the token's user has not exactly one organization; set platform.organization in the \
             configuration",
        ),
        number if args.organization.is_some() => {
            note(&format!(
                "set platform.organization: {number} in the configuration, too"
            ));
        }
        _ => {}
    }
    if config.platform.token_file.is_some() {
        note("platform.token_file is set and comes before what is kept");
    } else if std::env::var_os(VARIABLE).is_some_and(|token| !token.is_empty()) {
        note(&format!("{VARIABLE} is set and comes before what is kept"));
    }
}

pub(super) fn logout() -> Result<Exit, Problem> {
    let file = sources(None).login_file.ok_or_else(no_home)?;
    match std::fs::remove_file(&file) {
        Ok(()) => note(&format!("removed {}", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            note(&format!("no token is kept; there is no {}", file.display()));
        }
        Err(error) => {
            let file = file.display();
            return Err(Problem::could_not_run(format!(
                "{file} cannot be removed: {error}"
            )));
        }
    }
    Ok(Exit::Passed)
}

fn no_home() -> Problem {
    Problem::bad_input("neither XDG_CONFIG_HOME nor HOME says where the token is kept")
        .with_detail("set one, or name a file by platform.token_file in the configuration")
}
