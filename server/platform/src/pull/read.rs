//! A journey as a test.

use etude::v1::command::Action;
use etude::v1::{self, TestPart};

use crate::codec::{self, Decoded};
use crate::deploy::{Table, opens, raw, titles};
use crate::model::{Checkpoint, Journey};

/// Most characters of a test's name.
const NAME: usize = 512;

/// Most rows of a test's data.
const ROWS: usize = 10_000;

/// A journey as a test, and what the test does not have of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pulled {
    /// The test.
    pub test: v1::Test,
    /// What the journey has and the test does not.
    pub notes: Vec<String>,
}

/// Reads a journey with the table that it is bound to.
pub fn read(journey: &Journey, table: Option<Table>) -> Pulled {
    let mut pulled = Pulled::default();
    pulled.head(journey);
    if let Some(table) = table {
        pulled.data(table);
    }
    let all = journey.cases.as_deref().unwrap_or_default();
    let mut cases: Vec<(&Checkpoint, Vec<v1::Step>)> = Vec::new();
    let mut decoded = codec::decode_steps(all.iter().flat_map(|case| &case.steps)).into_iter();
    for case in all {
        let own: Vec<Decoded> = decoded.by_ref().take(case.steps.len()).collect();
        pulled.told_of(case);
        if case.steps.is_empty() {
            pulled.note(format!(
                "the checkpoint `{}` has no steps and is left out",
                case.title
            ));
            continue;
        }
        let steps = (1..).zip(own);
        let steps = steps
            .map(|(number, one)| pulled.step(case, number, one))
            .collect();
        cases.push((case, steps));
    }
    if cases.len() > 1
        && opens(cases[0].0)
        && let Some(address) = address(&cases[0].1)
    {
        pulled.test.starting_url = address;
        cases.remove(0);
    }
    pulled.parts(&journey.title, cases);
    pulled
}

impl Pulled {
    fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    fn head(&mut self, journey: &Journey) {
        let title = match journey.title.trim() {
            "" => &journey.name,
            _ => &journey.title,
        };
        self.test.name = title.chars().take(NAME).collect();
        if self.test.name != *title {
            self.note(format!("the journey's title is cut at {NAME} characters"));
        }
        for tag in &journey.tags {
            match tag.is_empty() || tag.chars().count() > 128 || self.test.tags.contains(tag) {
                true => self.note(format!("the tag `{tag}` is left out")),
                false => self.test.tags.push(tag.clone()),
            }
        }
    }

    fn data(&mut self, mut table: Table) {
        let is_name = |name: &String| {
            let mut letters = name.chars();
            let first = letters.next();
            let known = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            first.is_some_and(|one| known(one) && !one.is_ascii_digit())
                && letters.all(known)
                && name.len() <= 128
        };
        for at in (0..table.columns.len()).rev() {
            if !is_name(&table.columns[at]) {
                let column = table.columns.remove(at);
                self.note(format!(
                    "the column `{column}` of the data is left out: no variable can have this name"
                ));
                for row in &mut table.rows {
                    row.remove(at);
                }
            }
        }
        if table.rows.len() > ROWS {
            self.note(format!(
                "of {} rows of data the first {ROWS} are kept",
                table.rows.len()
            ));
            table.rows.truncate(ROWS);
        }
        if !table.columns.is_empty() {
            table.into_test(&mut self.test);
        }
    }

    /// What a test has no place for.
    fn told_of(&mut self, case: &Checkpoint) {
        if let Some(library) = case.library_checkpoint_id {
            self.note(format!(
                "`{}` is libraryCheckpoints/{library}: its steps are written out",
                case.title
            ));
        }
        if !case.tags.is_empty() {
            self.note(format!(
                "the tags of the checkpoint `{}` are left out: {}",
                case.title,
                case.tags.join(", ")
            ));
        }
        let meta = case.checkpoint_meta.clone().unwrap_or_default();
        let iterations = meta.loop_iterations.filter(|value| !value.is_null());
        let condition = meta
            .loop_condition
            .filter(|condition| !condition.is_empty());
        if iterations.is_some() || condition.is_some() {
            let times = iterations.map_or(String::new(), |times| format!(" {times} times"));
            let until = condition.map_or(String::new(), |one| format!(" under `{one}`"));
            self.note(format!(
                "the checkpoint `{}` is a loop{times}{until} on the platform, and stands here once",
                case.title
            ));
        }
    }

    fn step(&mut self, case: &Checkpoint, number: usize, decoded: Decoded) -> v1::Step {
        let place = || format!("step {number} of `{}`", case.title);
        match decoded {
            Decoded::Exact(step) => step,
            Decoded::Near(step) => {
                self.note(format!(
                    "{} says more, or says it in another way, than the command it is read as",
                    place()
                ));
                step
            }
            Decoded::Opaque(wire) => {
                self.note(format!(
                    "{} ({}) is no command: it is kept as it is, and only the platform can execute \
                     it",
                    place(),
                    wire.action
                ));
                raw::carry(&wire)
            }
        }
    }

    fn parts(&mut self, journey: &str, cases: Vec<(&Checkpoint, Vec<v1::Step>)>) {
        let all: Vec<String> = cases.iter().map(|(case, _)| case.title.clone()).collect();
        let names = titles::names(journey, &all);
        for ((_, steps), (part, name)) in cases.into_iter().zip(names) {
            match part {
                TestPart::Setup => self.test.setup = steps,
                TestPart::Teardown => self.test.teardown = steps,
                _ => self.test.checkpoints.push(v1::Checkpoint {
                    name: name.chars().take(NAME).collect(),
                    steps,
                    ..v1::Checkpoint::default()
                }),
            }
        }
    }
}

/// The address that the only step opens.
fn address(steps: &[v1::Step]) -> Option<String> {
    let [only] = steps else { return None };
    match only.command.as_ref()?.action.as_ref()? {
        Action::Navigate(navigate) => Some(navigate.url.clone()),
        _ => None,
    }
}
