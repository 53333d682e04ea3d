//! `etude demo`: the bundled shop, its tests, and a server, all in one go.

mod shop;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use super::connect::{EmbeddedArgs, Host};
use super::interrupt::Interrupt;
use super::output::note;
use super::problem::{Exit, Problem};
use super::run::{self, HowArgs};
use super::style::Style;
use shop::Shop;

static TESTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../examples/tests");

/// The test that fails on purpose.
const FAILING: &str = "failing.yaml";

/// A secret that the tests name, and the password of the shop's user.
const SECRET: (&str, &str) = ("SHOP_PASSWORD", "wonderland");

/// Watch tests of the bundled shop pass in a real browser, over gRPC
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Also run the test that fails on purpose, to see what a failure looks like
    #[arg(long)]
    with_failure: bool,

    /// Only serve the shop, until Ctrl-C
    #[arg(long)]
    serve_shop: bool,

    /// Port of the shop; 0 takes any free one
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    port: u16,

    #[command(flatten)]
    embedded: EmbeddedArgs,

    #[command(flatten)]
    how: HowArgs,
}

pub(crate) async fn run(args: Args) -> Result<Exit, Problem> {
    let mut interrupt = Interrupt::listen()?;
    let shop = Shop::serve(args.port).await?;
    let style = Style::of_stderr();
    note(&format!("the shop is at {}", style.bold(&shop.url())));
    if args.serve_shop {
        interrupt.wait().await;
        return Ok(Exit::Passed);
    }
    let folder = unpack()?;
    let tests = tests(folder.path(), &args)?;
    let mut config = args
        .embedded
        .load(usize::from(args.how.parallel), args.how.headed)?;
    config.secrets.folder = Some(folder.path().join("secrets"));
    let host = Host::embedded(config).await?;
    if let Some(address) = host.address() {
        let address = style.bold(&address.to_string());
        note(&format!("the gRPC server is at {address}"));
    }
    let mut how = args.how;
    how.base_url.get_or_insert_with(|| shop.url());
    let outcome = run::run_on(&host, tests, &how, &mut interrupt).await;
    interrupt.unless_again(host.close()).await;
    outcome
}

/// The tests and their secret in a folder, because `upload_file` names files beside a test.
fn unpack() -> Result<tempfile::TempDir, Problem> {
    let unwritable = |error: std::io::Error| {
        Problem::could_not_run(format!(
            "the folder for temporary files cannot be written: {error}; set TMPDIR to another"
        ))
    };
    let folder = tempfile::Builder::new()
        .prefix("etude-demo-")
        .tempdir()
        .map_err(unwritable)?;
    TESTS.extract(folder.path()).map_err(unwritable)?;
    let secrets = folder.path().join("secrets");
    std::fs::create_dir(&secrets).map_err(unwritable)?;
    let mut secret = std::fs::File::create(secrets.join(SECRET.0)).map_err(unwritable)?;
    secret.write_all(SECRET.1.as_bytes()).map_err(unwritable)?;
    Ok(folder)
}

fn tests(folder: &Path, args: &Args) -> Result<run::Plan, Problem> {
    let mut files: Vec<PathBuf> = TESTS
        .files()
        .map(|file| file.path().to_owned())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .filter(|path| args.with_failure || path.as_os_str() != FAILING)
        .collect();
    files.sort();
    let files: Vec<_> = files
        .into_iter()
        .map(|path| {
            let shown = format!("examples/tests/{}", path.display());
            (folder.join(path), shown)
        })
        .collect();
    run::plan(&files, &args.how)
}
