//! The platform's resources as they stand on the wire, one file a resource.
//!
//! Reading is tolerant, as the platform's answers ask for: ids arrive as number or as string, lists
//! as array or as map by id, fields as null, and fields that nobody has described are kept in
//! `rest`, so that a write can hand them back. Writing gives exactly what the platform answers.

pub mod api_test;
pub mod checkpoint;
pub mod envelope;
pub mod environment;
pub mod execution;
pub mod goal;
pub mod journey;
pub mod library;
pub(crate) mod loose;
pub mod plan;
pub mod project;
pub mod script;
pub mod snapshot;
pub mod step;
pub mod test_data;

pub use api_test::{ApiFolder, ApiTest, ApiTests};
pub use checkpoint::{Checkpoint, CheckpointSummary, Checkpoints};
pub use envelope::ApiError;
pub use environment::{Environment, Variable};
pub use execution::{
    CaseResult, Counts, Execution, ExecutionMeta, Output, RowResult, Statistics, StepResult,
    SuiteResult, Tracking,
};
pub use goal::{DeviceSize, Goal};
pub use journey::{CheckpointMeta, Journey, JourneyStatus};
pub use library::LibraryCheckpoint;
pub use plan::{Plan, PlanExecution};
pub use project::Project;
pub use script::{Resource, Script};
pub use snapshot::{Snapshot, Versions};
pub use step::{Element, ParsedStep, Selector, Step, StepAdded, Target};
pub use test_data::{TestDataTable, TestDataValues};

/// The fields of a JSON object, in order.
pub type Object = serde_json::Map<String, serde_json::Value>;

#[cfg(test)]
mod tests;
