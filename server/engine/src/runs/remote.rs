//! Runs that a platform executes.
//!
//! Each data row is deployed and started there, and followed to its end. Before the platform is
//! asked to start, the log says so; when it has, the execution's name is stored together with the
//! row's beginning. So whatever happens, nothing is executed twice: a row that has begun is
//! followed again, and of one that was just being started nobody claims to know anything.

mod follow;
mod given;
mod row;
mod told;
mod walk;

use std::sync::Arc;

use etude::v1::{self, run_spec::Source};
use tokio::sync::OwnedSemaphorePermit;

use self::row::{RowRun, Way};
pub(super) use self::told::Told;
use super::context::RunContext;
use super::execute::{Sum, announce, finish};
use super::history::History;
use super::interrupt::{Cause, Interrupt};
use super::recovery::begin_again_remote;
use super::row::RowEnd;
use super::{Services, ending};
use crate::error::Result;
use crate::mask::Mask;
use crate::remote::{Remote, RemoteExecution, RemoteTest};
use crate::store::ClaimedRun;
use crate::variables::Variables;

/// Checks a run that asks for a platform, and notes which one is meant.
///
/// # Errors
///
/// The platform cannot execute it.
pub(super) fn check(services: &Services, spec: &mut v1::RunSpec) -> Result<()> {
    let Some(test) = remote_test(spec) else {
        return Ok(());
    };
    given::of_rows(spec)?;
    let name = services.remote()?.check(&test)?;
    if let Some(platform) = &mut spec.platform {
        platform.platform = name;
    }
    Ok(())
}

/// The test that goes to the platform.
fn remote_test(spec: &v1::RunSpec) -> Option<RemoteTest> {
    let test = match &spec.source {
        Some(Source::Test(test)) => test.clone(),
        _ => v1::Test::default(),
    };
    Some(RemoteTest {
        platform: spec.platform.clone()?,
        http_headers: spec.http_headers.clone(),
        test: v1::Test {
            data_rows: Vec::new(),
            ..test
        },
    })
}

/// Executes a run to its end, or follows it to there. When the server is shut down, it is left as
/// it is, and goes on after the next start. `slot` is its own until then.
pub(super) async fn execute(
    services: Arc<Services>,
    claimed: ClaimedRun,
    interrupt: Arc<Interrupt>,
    slot: OwnedSemaphorePermit,
) {
    let name = claimed.run.name.clone();
    let ended = attempt(&services, claimed, interrupt).await;
    ending::unless_ended(&services, &name, ended).await;
    drop(slot);
}

async fn attempt(
    services: &Arc<Services>,
    claimed: ClaimedRun,
    interrupt: Arc<Interrupt>,
) -> Result<()> {
    let Some(test) = remote_test(&claimed.spec) else {
        return Ok(());
    };
    let remote = services.remote()?;
    let values = given::of_rows(&claimed.spec)?;
    let told = Told::read(&services.store, &claimed.run.name).await?;
    let open = claimed.execution.clone();
    let run = RunContext::new(services, claimed, interrupt, History::default());
    if !told.has_begun {
        announce(&run).await?;
    }
    let mut hidden = Variables::new();
    hidden.hide_headers(&test.http_headers);
    let rows = Rows {
        services,
        mask: hidden.masking(),
        remote: &*remote,
        run: &run,
        test: &test,
        told: &told,
    };
    let Some(sum) = rows.all(values, open).await? else {
        return begin_again_remote(services, &run.run).await;
    };
    match run.interrupt.cause() {
        Some(Cause::Shutdown) if sum.is_short_of(run.rows) => Ok(()),
        _ => finish(services, &run, sum).await,
    }
}

/// What the rows of a run share.
struct Rows<'a> {
    services: &'a Services,
    /// Hides what the platform says of headers' values.
    mask: &'a Mask,
    remote: &'a dyn Remote,
    run: &'a RunContext,
    test: &'a RemoteTest,
    told: &'a Told,
}

impl Rows<'_> {
    /// Brings all rows to their ends, one after the other, as far as the run is not interrupted.
    /// `None`: an execution was broken off, and the run is to begin again.
    async fn all(
        &self,
        values: Vec<given::Values>,
        mut open: Option<RemoteExecution>,
    ) -> Result<Option<Sum>> {
        let mut sum = Sum::default();
        for (number, values) in (1..).zip(values) {
            match self.row(number, values, &mut open).await? {
                Way::Ended { end, goes_on } => {
                    sum.add(end);
                    if !goes_on {
                        break;
                    }
                }
                Way::NotBegun | Way::Left => break,
                Way::BrokenOff => return Ok(None),
            }
        }
        Ok(Some(sum))
    }

    /// Brings a row to its end, from wherever it is.
    async fn row(
        &self,
        number: u32,
        values: given::Values,
        open: &mut Option<RemoteExecution>,
    ) -> Result<Way> {
        let told = self.told.row(number);
        if told.is_over() {
            self.run.advance(&told.counts());
            return Ok(Way::Ended {
                end: earlier_end(number, &told),
                goes_on: true,
            });
        }
        let execution = if told.is_open { open.take() } else { None };
        let row = RowRun::new(self, number, values, told);
        row.complete(execution).await
    }
}

/// The end of a row that the log tells of.
fn earlier_end(number: u32, told: &told::ToldRow) -> RowEnd {
    let end = told.ended.clone().unwrap_or_default();
    RowEnd {
        row: number,
        outcome: end.outcome(),
        failure: end.failure,
        interrupted: false,
    }
}
