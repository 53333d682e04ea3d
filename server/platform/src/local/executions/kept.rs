//! Executions, as they are kept: what was asked for, and which runs execute it. What came of them
//! is read from the runs, which are durable by themselves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::local::entity::Entity;
use crate::model::Object;

/// An execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::local) struct KeptExecution {
    pub(super) id: i64,
    pub(super) goal: i64,
    pub(super) snapshot: i64,
    pub(super) environment: Option<i64>,
    /// When it was asked for, in milliseconds since 1970.
    pub(super) submitted: i64,
    /// The plan that it belongs to.
    pub(super) plan: Option<i64>,
    pub(super) tags: Vec<String>,
    /// The request as it is answered: without the values of variables and headers.
    pub(super) request: Object,
    /// Headers of the browser's requests, for executing it again; never answered.
    #[serde(default)]
    pub(super) http_headers: BTreeMap<String, String>,
    pub(super) suites: Vec<KeptSuite>,
}

impl KeptExecution {
    /// `executions/{id}`.
    pub(super) fn name(&self) -> String {
        format!("executions/{}", self.id)
    }
}

impl Entity for KeptExecution {
    const KIND: &'static str = "execution";
    const NOUN: &'static str = "Execution";

    fn id(&self) -> i64 {
        self.id
    }

    fn parent(&self) -> i64 {
        self.goal
    }
}

/// A journey in an execution, as it was then.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeptSuite {
    pub(super) id: i64,
    pub(super) canonical_id: String,
    pub(super) title: String,
    pub(super) run: Start,
    /// How many data rows it has; 0: it has no data.
    pub(super) rows: usize,
    pub(super) cases: Vec<KeptCase>,
}

/// What executes a journey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Start {
    /// Nothing. Older versions wrote this down before there were runs, and it stays so when the server
    /// stopped then.
    None,
    /// The journey has no steps.
    Empty,
    /// A run: `runs/{id}`. There is none of this name when the server stopped before it had answered.
    Run(String),
}

/// A checkpoint in an execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeptCase {
    pub(super) id: i64,
    pub(super) canonical_id: String,
    /// `None`: older versions did not keep it, nor the steps' texts.
    #[serde(default)]
    pub(super) title: Option<String>,
    pub(super) library: bool,
    /// Its number in the run, from 1; 0: it has no steps.
    pub(super) checkpoint: u32,
    /// Whether its steps are executed only as long as a condition holds.
    #[serde(default)]
    pub(super) conditional: bool,
    pub(super) steps: Vec<RunStep>,
}

/// A step in an execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RunStep {
    pub(super) id: i64,
    pub(super) canonical_id: String,
    pub(super) action: String,
    pub(super) value: String,
    /// The step in words.
    #[serde(default)]
    pub(super) text: Option<String>,
}

impl KeptSuite {
    /// How many results each of its data rows has at most.
    pub(super) fn steps(&self) -> usize {
        self.cases.iter().map(|case| case.steps.len()).sum()
    }

    /// Whether all of it is kept under the names that it had.
    pub(super) fn is_whole(&self) -> bool {
        self.cases.iter().all(|case| case.title.is_some())
    }

    /// How many results it has at most.
    pub(super) fn results(&self) -> usize {
        self.steps() * self.rows.max(1)
    }
}
