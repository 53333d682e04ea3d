//! The reports of a run: JUnit XML for CI, JSON for programs, HTML for people.
//!
//! They are built from the log, page by page, so a long run needs no more memory than its
//! longest data row.

mod collect;
mod html;
mod json;
mod junit;
mod overview;
mod screenshots;

use std::sync::Arc;

use bytes::Bytes;
use etude::v1::{self, ArtifactKind, RunEvent};

use self::collect::{Collector, RowAttempt};
use self::html::HtmlReport;
use self::json::JsonReport;
use self::junit::JunitReport;
use self::overview::Overview;
use self::screenshots::Screenshots;
use crate::error::{Error, Result};
use crate::runs::PAGE_EVENTS;
use crate::store::{ArtifactSink, ArtifactWriter, NewArtifact, PageRequest, Store};

/// A report is handed to the store in pieces of at least this size.
const PIECE_BYTES: usize = 64 * 1024;

/// Builds and stores the reports of a run that has come to its end. `run` is as it will be
/// recorded, its outcome and statistics included. Returns the artifacts' names.
///
/// # Errors
///
/// `STORAGE_FULL`; `STORAGE_FAILED`.
pub(crate) async fn store(store: &Arc<dyn Store>, run: v1::Run) -> Result<Vec<String>> {
    let store = store.as_ref();
    // A recovered run may have some already.
    remove(store, &run.name).await?;
    let mut overview = Overview::default();
    each_row(store, &run.name, |row| overview.add(row)).await?;
    let screenshots = Screenshots::load(store, overview.screenshots()).await?;

    let mut junit = Sink::open(store, &run, ArtifactKind::Junit).await?;
    let mut json = Sink::open(store, &run, ArtifactKind::Json).await?;
    let mut html = Sink::open(store, &run, ArtifactKind::Html).await?;
    let mut junit_report = JunitReport::begin(&run, &overview, &mut junit.buffer);
    let mut json_report = JsonReport::begin(&run, &mut json.buffer);
    let html_report = HtmlReport::begin(&run, &overview, &screenshots, &mut html.buffer);
    let mut collector = Collector::default();
    let mut pages = Pages::new(store, &run.name);
    while let Some(page) = pages.next().await? {
        for event in &page {
            json_report.event(event, &mut json.buffer);
            if let Some(row) = collector.add(event) {
                junit_report.row(&row, &mut junit.buffer);
                html_report.row_if(&row, Overview::is_bad(&row), &mut html.buffer);
            }
        }
        junit.write(PIECE_BYTES).await?;
        json.write(PIECE_BYTES).await?;
        html.write(PIECE_BYTES).await?;
    }
    // People look for what went wrong, so the rows that passed come last.
    each_row_into(store, &run.name, &mut html, |row, out| {
        html_report.row_if(row, !Overview::is_bad(row), out);
    })
    .await?;
    junit_report.end(&mut junit.buffer);
    json_report.end(&mut json.buffer);
    html_report.end(&mut html.buffer);
    Ok(vec![
        junit.finish().await?,
        json.finish().await?,
        html.finish().await?,
    ])
}

/// Removes the reports of a run: those of an earlier end, or those that were stored before one
/// could not be.
///
/// # Errors
///
/// `STORAGE_FAILED`.
pub(crate) async fn remove(store: &dyn Store, run: &str) -> Result<()> {
    let mut page = PageRequest {
        size: 200,
        token: String::new(),
    };
    loop {
        let artifacts = store.list_artifacts(run, page.clone()).await?;
        for artifact in artifacts.items {
            let kind = artifact.kind();
            if matches!(
                kind,
                ArtifactKind::Junit | ArtifactKind::Json | ArtifactKind::Html
            ) {
                store.delete_artifact(&artifact.name).await?;
            }
        }
        if artifacts.next.is_empty() {
            return Ok(());
        }
        page.token = artifacts.next;
    }
}

/// Reads a log page by page.
struct Pages<'a> {
    store: &'a dyn Store,
    run: &'a str,
    after: i64,
    ended: bool,
}

impl<'a> Pages<'a> {
    fn new(store: &'a dyn Store, run: &'a str) -> Self {
        Self {
            store,
            run,
            after: 0,
            ended: false,
        }
    }

    async fn next(&mut self) -> Result<Option<Vec<Arc<RunEvent>>>> {
        if self.ended {
            return Ok(None);
        }
        let page = self.store.events(self.run, self.after, PAGE_EVENTS).await?;
        self.ended = page.len() < PAGE_EVENTS;
        let Some(last) = page.last() else {
            return Ok(None);
        };
        self.after = last.sequence;
        Ok(Some(page))
    }
}

/// Calls `visit` with every execution of a row, in the order of their ends.
async fn each_row(store: &dyn Store, run: &str, mut visit: impl FnMut(&RowAttempt)) -> Result<()> {
    let mut collector = Collector::default();
    let mut pages = Pages::new(store, run);
    while let Some(page) = pages.next().await? {
        let rows = page.iter().filter_map(|event| collector.add(event));
        rows.for_each(|row| visit(&row));
    }
    Ok(())
}

async fn each_row_into(
    store: &dyn Store,
    run: &str,
    sink: &mut Sink,
    visit: impl Fn(&RowAttempt, &mut String),
) -> Result<()> {
    let mut collector = Collector::default();
    let mut pages = Pages::new(store, run);
    while let Some(page) = pages.next().await? {
        let rows = page.iter().filter_map(|event| collector.add(event));
        rows.for_each(|row| visit(&row, &mut sink.buffer));
        sink.write(PIECE_BYTES).await?;
    }
    Ok(())
}

/// A report on its way into the store.
struct Sink {
    buffer: String,
    writer: Box<dyn ArtifactWriter>,
}

impl Sink {
    async fn open(store: &dyn Store, run: &v1::Run, kind: ArtifactKind) -> Result<Self> {
        let (file_name, media_type) = match kind {
            ArtifactKind::Junit => ("junit.xml", "application/xml"),
            ArtifactKind::Json => ("report.json", "application/json"),
            _ => ("report.html", "text/html; charset=utf-8"),
        };
        let artifact = NewArtifact {
            parent: run.name.clone(),
            file_name: file_name.to_owned(),
            kind,
            media_type: media_type.to_owned(),
            ..NewArtifact::default()
        };
        match store.begin_artifact(artifact).await? {
            ArtifactSink::Open(writer) => Ok(Self {
                buffer: String::new(),
                writer,
            }),
            ArtifactSink::Known(known) => {
                let message = format!("{} was stored without a request id", known.name);
                Err(Error::internal(message))
            }
        }
    }

    /// Hands over what is in the buffer when it is at least `least` bytes.
    async fn write(&mut self, least: usize) -> Result<()> {
        if self.buffer.len() < least.max(1) {
            return Ok(());
        }
        let piece = std::mem::take(&mut self.buffer);
        self.writer.write(Bytes::from(piece)).await
    }

    async fn finish(mut self) -> Result<String> {
        self.write(0).await?;
        Ok(self.writer.finish().await?.name)
    }
}
