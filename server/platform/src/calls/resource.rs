//! Which resource of the contract a request is about.

use serde_json::Value;

use super::ApiRequest;

/// The wire's words for collections, and the contract's.
const COLLECTIONS: [(&str, &str); 12] = [
    ("/projects", "projects"),
    ("/goals", "goals"),
    ("/testsuites", "journeys"),
    ("/testcases", "checkpoints"),
    ("/teststeps", "steps"),
    ("/library/checkpoints", "libraryCheckpoints"),
    ("/environments", "environments"),
    ("/testdata/tables", "testDataTables"),
    ("/scripts", "extensions"),
    ("/executions", "executions"),
    ("/plans/executions/status", "planExecutions"),
    ("/plans/executions", "plans"),
];

/// Fields of a request that name what it is about when its path does not, the nearest first.
const HOLDERS: [(&str, &str); 4] = [
    ("checkpointId", "checkpoints"),
    ("testDataTableId", "testDataTables"),
    ("goalId", "goals"),
    ("projectId", "projects"),
];

/// Further fields that name something.
const REFERENCES: [(&str, &str); 7] = [
    ("libraryCheckpointId", "libraryCheckpoints"),
    ("dataTableId", "testDataTables"),
    ("environmentId", "environments"),
    ("inheritsFrom", "environments"),
    ("snapshotId", "snapshots"),
    ("versionId", "snapshots"),
    ("jobId", "executions"),
];

/// What the platform calls things in its errors.
const NOUNS: [(&str, &str); 13] = [
    ("Project", "projects"),
    ("Goal", "goals"),
    ("Snapshot", "snapshots"),
    ("Journey", "journeys"),
    ("Checkpoint", "checkpoints"),
    ("Library checkpoint", "libraryCheckpoints"),
    ("Test step", "steps"),
    ("Environment", "environments"),
    ("Test data table", "testDataTables"),
    ("Script", "extensions"),
    ("Execution", "executions"),
    ("Plan", "plans"),
    ("Plan execution", "planExecutions"),
];

impl ApiRequest {
    /// The name of the resource that it is about: `journeys/12`. Of one that is to be created, what
    /// shall hold it. Where neither is known, the path.
    pub(crate) fn resource(&self) -> String {
        let of_path = || {
            COLLECTIONS
                .iter()
                .find_map(|(wire, ours)| self.below(wire, ours))
        };
        let of_holder = || {
            let mut holders = HOLDERS.iter();
            holders.find_map(|(field, ours)| Some(format!("{ours}/{}", self.number(field)?)))
        };
        let path = || self.path.trim_start_matches('/').to_owned();
        self.step()
            .or_else(of_path)
            .or_else(of_holder)
            .unwrap_or_else(path)
    }

    /// The resource that an answer says is not there: of the kind that its words name, with the id that
    /// it tells, or else the one of this kind in the request.
    pub(crate) fn missing(&self, words: &str, id: Option<i64>) -> Option<String> {
        let (noun, _) = words.split_once(" not found")?;
        let (_, collection) = NOUNS.iter().find(|(known, _)| *known == noun)?;
        let id = id.or_else(|| self.only(collection))?;
        match *collection {
            "snapshots" => Some(format!("goals/{}/snapshots/{id}", self.only("goals")?)),
            collection => Some(format!("{collection}/{id}")),
        }
    }

    /// The id of a collection's resource that the path names, or else a field.
    fn only(&self, collection: &str) -> Option<i64> {
        let of_path = COLLECTIONS.iter().find(|(_, ours)| *ours == collection);
        let of_path = of_path.and_then(|(wire, _)| id(self.path.strip_prefix(wire)?.get(1..)?));
        let within = || id(self.path.split_once(&format!("/{collection}/"))?.1);
        let fields = HOLDERS.iter().chain(&REFERENCES);
        let mut fields = fields.filter(|(_, ours)| *ours == collection);
        of_path
            .or_else(within)
            .or_else(|| fields.find_map(|(field, _)| self.number(field)))
    }

    /// The step of a checkpoint that the path names.
    fn step(&self) -> Option<String> {
        let (_, rest) = self.path.split_once("/steps/")?;
        Some(format!("steps/{}", id(rest)?))
    }

    fn below(&self, wire: &str, ours: &str) -> Option<String> {
        let rest = self.path.strip_prefix(wire)?.strip_prefix('/')?;
        Some(format!("{ours}/{}", id(rest)?))
    }

    /// A number in the body or the query.
    fn number(&self, field: &str) -> Option<i64> {
        let in_body = self.body.as_ref().and_then(|body| body.get(field));
        let in_query = || self.query.iter().find(|(name, _)| name == field);
        in_body
            .and_then(Value::as_i64)
            .or_else(|| in_query()?.1.parse().ok())
    }
}

/// The number that a path begins with.
fn id(rest: &str) -> Option<i64> {
    rest.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use crate::calls;

    #[test]
    fn a_request_is_about_what_its_path_names() {
        let named = [
            (calls::journeys::get(12).request, "journeys/12"),
            (calls::checkpoints::get(7).request, "checkpoints/7"),
            (calls::checkpoints::delete_step(7, 9).request, "steps/9"),
            (calls::library::get(5).request, "libraryCheckpoints/5"),
            (calls::library::delete_step(5, 6).request, "steps/6"),
            (calls::test_data::values(3).request, "testDataTables/3"),
            (calls::plans::get(4).request, "plans/4"),
            (calls::plans::status(4).request, "planExecutions/4"),
            (calls::goals::versions(8).request, "goals/8"),
        ];
        for (request, name) in named {
            assert_eq!(request.resource(), name, "{}", request.path);
        }
    }

    #[test]
    fn what_is_missing_is_of_the_kind_that_the_answer_names() {
        use crate::calls::journeys::{Attached, attach};
        let attached = attach(5, Attached::Checkpoint(17), 2).request;
        let library = attach(5, Attached::Library(18), 2).request;
        let start = calls::executions::start(&calls::executions::Start {
            goal: 7,
            snapshot: Some(31),
            environment: Some(9),
            journeys: vec![1, 2],
            ..Default::default()
        })
        .request;
        for (request, words, id, name) in [
            (
                &attached,
                "Checkpoint not found",
                None,
                Some("checkpoints/17"),
            ),
            (&attached, "Journey not found", None, Some("journeys/5")),
            (&attached, "Project not found", None, None),
            (
                &library,
                "Library checkpoint not found",
                None,
                Some("libraryCheckpoints/18"),
            ),
            (
                &start,
                "Environment not found",
                None,
                Some("environments/9"),
            ),
            (
                &start,
                "Snapshot not found",
                None,
                Some("goals/7/snapshots/31"),
            ),
            (&start, "Journey not found", None, None),
            (&start, "Journey not found", Some(2), Some("journeys/2")),
            (
                &start,
                "Test data table not found: it is gone",
                Some(3),
                Some("testDataTables/3"),
            ),
        ] {
            assert_eq!(request.missing(words, id).as_deref(), name, "{words}");
        }
    }

    #[test]
    fn a_request_that_creates_is_about_what_shall_hold_it() {
        let journey = calls::journeys::create(&calls::journeys::NewJourney {
            goal: 7,
            snapshot: 31,
            title: "First".into(),
            ..Default::default()
        })
        .request;
        assert_eq!(journey.resource(), "goals/7");
        let table = calls::test_data::clone(3, 1, "Copy").request;
        assert_eq!(table.resource(), "testDataTables/3");
        assert_eq!(
            calls::scripts::api_tests(2).request.resource(),
            "projects/2"
        );
        let project = calls::projects::create(1, "Shop", "").request;
        assert_eq!(project.resource(), "projects");
    }
}
