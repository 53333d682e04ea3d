//! What has been done when a deployment ends before its end.

use etude::v1;

use super::super::problem::Problem;
use super::super::style::one_line;

/// What has been done so far.
#[derive(Debug)]
pub(super) struct SoFar {
    /// How many files there are, and how many of them are deployed.
    files: usize,
    deployed: usize,
    /// The one that is being deployed.
    file: String,
    /// Of its changes: how many were made, how many there are, and the last.
    done: u32,
    total: u32,
    last: String,
}

impl SoFar {
    pub(super) fn new(files: usize) -> Self {
        Self {
            files,
            deployed: 0,
            file: String::new(),
            done: 0,
            total: 0,
            last: String::new(),
        }
    }

    /// A file is begun.
    pub(super) fn begin(&mut self, file: &str) {
        *self = Self {
            deployed: self.deployed,
            file: file.to_owned(),
            ..Self::new(self.files)
        };
    }

    /// The file is deployed.
    pub(super) fn end(&mut self) {
        self.deployed += 1;
        self.begin("");
    }

    /// A change was made and read back.
    pub(super) fn progress(&mut self, progress: &v1::DeployProgress, plan: &v1::DeployPlan) {
        let at = (progress.change as usize).checked_sub(1);
        let change = at.and_then(|at| plan.changes.get(at));
        (self.done, self.total) = (progress.done, progress.total);
        self.last = change.map(|one| one.path.clone()).unwrap_or_default();
    }

    /// The problem of a user who stops the deployment.
    pub(super) fn stopped(&self) -> Problem {
        match self.lines() {
            lines if lines.is_empty() => Problem::stopped("stopped; nothing was made yet"),
            lines => self.with_remedy(Problem::stopped(format!("stopped; {}", lines.join("; ")))),
        }
    }

    /// A problem with the file that it is about, and what had been done when the connection broke.
    /// What the platform says is complete: the server adds how far it has come.
    pub(super) fn explain(&self, problem: Problem) -> Problem {
        let lost = problem.is_unreachable();
        let problem = problem.of(&self.file).with_options();
        let lines = match lost {
            true => self.lines(),
            false => self.files_deployed().into_iter().collect(),
        };
        let is_begun = lost && !lines.is_empty();
        let problem = lines.into_iter().fold(problem, Problem::with_detail);
        match (lost, is_begun) {
            (true, true) => self.with_remedy(problem),
            (true, false) => problem.with_detail(
                "no change was told; the same command sees what is there and goes on from it",
            ),
            _ => problem,
        }
    }

    fn with_remedy(&self, problem: Problem) -> Problem {
        problem.with_detail("the platform keeps what was made; the same command completes it")
    }

    fn lines(&self) -> Vec<String> {
        let changes = (self.done > 0).then(|| {
            format!(
                "{}: {} of {} changes were made and read back, the last of them `{}`",
                one_line(&self.file),
                self.done,
                self.total,
                one_line(&self.last)
            )
        });
        self.files_deployed().into_iter().chain(changes).collect()
    }

    fn files_deployed(&self) -> Option<String> {
        let (deployed, files) = (self.deployed, self.files);
        (deployed > 0).then(|| format!("{deployed} of {files} files are deployed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_told_with_its_file() {
        let mut so_far = SoFar::new(3);
        assert!(so_far.stopped().message().contains("nothing was made"));
        so_far.begin("a.yaml");
        so_far.end();
        so_far.begin("b.yaml");
        let plan = v1::DeployPlan {
            changes: vec![v1::DeployChange {
                path: "Shop/Web".to_owned(),
                ..v1::DeployChange::default()
            }],
            ..v1::DeployPlan::default()
        };
        let progress = v1::DeployProgress {
            change: 1,
            done: 1,
            total: 7,
            ..v1::DeployProgress::default()
        };
        so_far.progress(&progress, &plan);
        let expected = "stopped; 1 of 3 files are deployed; b.yaml: 1 of 7 changes were made and read \
                        back, the last of them `Shop/Web`";
        assert_eq!(so_far.stopped().message(), expected);
        so_far.end();
        let told = "stopped; 2 of 3 files are deployed";
        assert_eq!(so_far.stopped().message(), told);
    }
}
