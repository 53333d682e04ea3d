//! The JSON report: `{"run": …, "events": […]}`, both in the canonical protobuf JSON of the
//! contract's messages Run and RunEvent.
//!
//! The run is as it ended. The events are its whole log up to the report; RunFinished, which
//! names the report, comes after it.

use etude::v1::{self, RunEvent};

/// Writes a JSON report.
pub(super) struct JsonReport {
    first: bool,
}

impl JsonReport {
    pub(super) fn begin(run: &v1::Run, out: &mut String) -> Self {
        out.push_str("{\"run\":");
        out.push_str(&etude::json::to_value(run).to_string());
        out.push_str(",\"events\":[");
        Self { first: true }
    }

    pub(super) fn event(&mut self, event: &RunEvent, out: &mut String) {
        out.push_str(if self.first { "\n" } else { ",\n" });
        self.first = false;
        out.push_str(&etude::json::to_value(event).to_string());
    }

    pub(super) fn end(self, out: &mut String) {
        out.push_str("\n]}\n");
    }
}
