//! Where tests are executed: in browsers of the server, or by a platform.

use clap::ValueEnum;
use etude::v1::{self, PlatformRun};
use etude_platform::remote::goal;

use super::super::connect::full_name;
use super::super::one_place::{self, Destination};
use super::super::platform_calls::{platform_name, title};
use super::super::problem::Problem;
use super::plan::Planned;

/// Where tests are executed.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PlatformArgs {
    /// Where the tests are executed
    #[arg(long, value_name = "PLACE", default_value = "browser")]
    on: Place,

    /// The platform of --on virtuoso: local, virtuoso (the cloud) or an account's name [default: the
    /// server's]
    #[arg(long, value_name = "PLATFORM", value_parser = platform_name)]
    platform: Option<String>,

    /// The platform's project, created when there is none [default: Étude]
    #[arg(long, value_name = "NAME", value_parser = title)]
    project: Option<String>,

    /// The platform's goal, created when there is none [default: the host of the test's address]
    #[arg(long, value_name = "NAME", value_parser = title)]
    goal: Option<String>,

    /// The address that a new goal starts at [default: the test's own]
    #[arg(long, value_name = "URL")]
    goal_url: Option<String>,

    /// The platform's environment to execute the tests in [default: the goal's]
    #[arg(long, value_name = "ID")]
    platform_environment: Option<String>,
}

/// Where tests are executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Place {
    /// In browsers of the server
    Browser,
    /// By a Virtuoso platform, which the tests are deployed to first
    Virtuoso,
}

/// Refuses tests of which several would be brought to one journey: each would change what another
/// one executes. `base_url` takes the place of the tests' own unless it is empty.
///
/// # Errors
///
/// There are such tests.
pub(super) fn refuse_one_place(
    platform: &PlatformRun,
    tests: &[Planned],
    base_url: &str,
) -> Result<(), Problem> {
    let place = |planned| place(platform, planned, base_url);
    one_place::refuse(tests.iter().filter_map(place), "nothing was run")
}

/// Where a test goes; of one without an address the server says what it lacks.
fn place<'t>(
    platform: &PlatformRun,
    planned: &'t Planned,
    base_url: &str,
) -> Option<Destination<'t>> {
    let mut addressed = v1::Test {
        base_url: planned.test.base_url.clone(),
        starting_url: planned.test.starting_url.clone(),
        ..v1::Test::default()
    };
    if !base_url.is_empty() {
        base_url.clone_into(&mut addressed.base_url);
    }
    Some(Destination {
        file: &planned.file,
        goal: goal(platform, &addressed).ok()?,
        journey: &planned.test.name,
    })
}

impl PlatformArgs {
    /// What runs ask for; `None`: browsers of the server.
    ///
    /// # Errors
    ///
    /// An option is given that has no meaning there.
    pub(super) fn to_run(&self) -> Result<Option<PlatformRun>, Problem> {
        if self.on == Place::Browser {
            return match self.stray() {
                None => Ok(None),
                Some(option) => Err(Problem::bad_input(format!(
                    "{option} is for tests that a platform executes; add --on virtuoso"
                ))),
            };
        }
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let environment = self.platform_environment.as_ref();
        Ok(Some(PlatformRun {
            platform: text(&self.platform),
            project: text(&self.project),
            goal: text(&self.goal),
            goal_url: text(&self.goal_url),
            environment: environment.map_or_else(String::new, |id| full_name("environments", id)),
        }))
    }

    /// An option that is given although no platform is asked for.
    fn stray(&self) -> Option<&'static str> {
        let given = [
            ("--platform", self.platform.is_some()),
            ("--project", self.project.is_some()),
            ("--goal", self.goal.is_some()),
            ("--goal-url", self.goal_url.is_some()),
            (
                "--platform-environment",
                self.platform_environment.is_some(),
            ),
        ];
        let stray = given.into_iter().find(|(_, is_given)| *is_given);
        stray.map(|(option, _)| option)
    }
}
