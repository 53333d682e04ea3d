//! What a test asks for on the platform, or all that the platform cannot hold of it.

use std::collections::BTreeSet;

use etude::v1::command::Action;
use etude::v1::{self, Diagnostic, ErrorReason, Severity, TestPart};
use etude_engine::{Error, Result};
use etude_language::{natural, template};

use super::table::Table;
use super::{Deployment, blank, raw};
use crate::codec;
use crate::model::{DeviceSize, ParsedStep};

/// What a test asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Desired {
    /// The journey's title, where that is not there yet.
    pub(crate) title: String,
    pub(crate) tags: Vec<String>,
    /// `None`: the journey's table is none of the test's business, or it has none.
    pub(crate) table: Option<Table>,
    /// In order. The first may be the one that opens the address.
    pub(crate) parts: Vec<Part>,
    /// An address for a goal that has to be made; empty when the test names none.
    pub(crate) address: String,
    /// The viewport of a goal that has to be made.
    pub(crate) size: DeviceSize,
    pub(crate) notes: Vec<String>,
}

/// A part of a test.
#[derive(Debug, Clone, Default)]
pub(crate) struct Part {
    pub(crate) part: TestPart,
    /// The checkpoint's number, from 1; 0 for setup and teardown.
    pub(crate) number: u32,
    pub(crate) name: String,
    /// Whether it is the step that opens the address.
    pub(crate) opens: bool,
    pub(crate) steps: Vec<Wanted>,
}

/// A step that is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) number: u32,
    pub(crate) within: Vec<v1::BlockPosition>,
    pub(crate) wire: ParsedStep,
    pub(crate) words: String,
    pub(crate) location: Option<v1::SourceLocation>,
}

impl Part {
    /// The address that it opens, or the variable or expression that gives it.
    pub(crate) fn address(&self) -> String {
        let wire = self.steps.first().map(|step| &step.wire);
        let from = |text: &Option<String>, mark: &str| {
            let text = text.as_deref().filter(|text| !text.is_empty())?;
            Some(format!("{mark}{text}"))
        };
        let address = wire.and_then(|wire| {
            let value = from(&wire.value, "");
            value
                .or_else(|| from(&wire.variable, "$"))
                .or_else(|| from(&wire.expression, ""))
        });
        address.unwrap_or_default()
    }
}

impl Desired {
    /// Whether it begins with opening an address.
    pub(crate) fn opens(&self) -> bool {
        self.parts.first().is_some_and(|part| part.opens)
    }

    /// What a test asks for.
    ///
    /// # Errors
    ///
    /// INVALID_REQUEST: names that are blank; COMMAND_UNSUPPORTED: all that the platform cannot hold.
    pub(crate) fn of(deployment: &Deployment) -> Result<Self> {
        blank::refuse(deployment)?;
        let test = &deployment.test;
        let mut reading = Reading::new(test);
        let parts = reading.parts();
        let table = match deployment.leave_data {
            true => None,
            false => reading.table(),
        };
        reading.settings();
        if !reading.refused.is_empty() {
            return Err(refused(reading.refused));
        }
        Ok(Self {
            title: match deployment.journey.as_str() {
                "" => test.name.clone(),
                name => name.to_owned(),
            },
            tags: test.tags.clone(),
            table,
            address: address(test, &parts),
            parts,
            size: size(test),
            notes: reading.notes,
        })
    }
}

/// The error of a test that the platform cannot hold.
fn refused(diagnostics: Vec<Diagnostic>) -> Error {
    let first = diagnostics.first().map(|first| {
        let at = first.location.as_ref();
        let at = at.map(|at| format!("{}:{}:{}: ", at.file, at.line, at.column));
        format!(
            "{}{}; {}",
            at.unwrap_or_default(),
            first.message,
            first.suggestion
        )
    });
    let first = first.unwrap_or_default();
    let message = match diagnostics.len() {
        1 => format!("the test cannot be deployed, and nothing was made: {first}"),
        count => format!(
            "the test cannot be deployed for {count} reasons, and nothing was made; the first: {first}"
        ),
    };
    Error {
        diagnostics,
        ..Error::new(ErrorReason::CommandUnsupported, message)
    }
}

/// The first of the test's addresses that says everything.
fn address(test: &v1::Test, parts: &[Part]) -> String {
    let steps = parts.iter().flat_map(|part| &part.steps);
    let opened = steps
        .filter(|step| step.wire.action == "NAVIGATE")
        .filter_map(|step| step.wire.value.clone());
    let mut all = std::iter::once(test.base_url.clone()).chain(opened);
    all.find(|url| is_web(url) && template::is_literal(url))
        .unwrap_or_default()
}

fn is_web(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

fn size(test: &v1::Test) -> DeviceSize {
    let viewport = test.config.as_ref().and_then(|config| config.viewport);
    viewport.map_or_else(DeviceSize::default, |viewport| DeviceSize {
        width: viewport.width,
        height: viewport.height,
    })
}

/// A test that is being read.
struct Reading<'t> {
    test: &'t v1::Test,
    refused: Vec<Diagnostic>,
    notes: Vec<String>,
    names: usize,
}

impl<'t> Reading<'t> {
    fn new(test: &'t v1::Test) -> Self {
        Self {
            test,
            refused: Vec::new(),
            notes: Vec::new(),
            names: 0,
        }
    }

    fn refuse(
        &mut self,
        at: Option<&v1::SourceLocation>,
        message: impl Into<String>,
        instead: impl Into<String>,
    ) {
        self.refused.push(Diagnostic {
            severity: Severity::Error.into(),
            reason: ErrorReason::CommandUnsupported.name().to_owned(),
            message: message.into(),
            location: at.cloned(),
            suggestion: instead.into(),
            ..Diagnostic::default()
        });
    }

    // === Parts ===

    fn parts(&mut self) -> Vec<Part> {
        let test = self.test;
        let mut parts = Vec::new();
        if !test.starting_url.is_empty() {
            parts.push(self.opening());
        }
        let first = u32::try_from(parts.len()).unwrap_or_default() + 1;
        if !test.setup.is_empty() {
            parts.push(Part {
                part: TestPart::Setup,
                steps: self.steps(&test.setup, first),
                ..Part::default()
            });
            self.note("a FAIL in the setup does not stop the journey: the platform knows no setup");
        }
        for (number, checkpoint) in (1..).zip(&test.checkpoints) {
            if !checkpoint.tags.is_empty() {
                let at = checkpoint.steps.first().and_then(|s| s.location.as_ref());
                let what = format!(
                    "the platform cannot hold tags of the checkpoint `{}`",
                    checkpoint.name
                );
                self.refuse(at, what, "give them to the test");
            }
            parts.push(Part {
                part: TestPart::Checkpoint,
                number,
                name: checkpoint.name.clone(),
                steps: self.steps(&checkpoint.steps, 1),
                ..Part::default()
            });
        }
        if !test.teardown.is_empty() {
            parts.push(Part {
                part: TestPart::Teardown,
                steps: self.steps(&test.teardown, 1),
                ..Part::default()
            });
            self.note("after an ERROR the teardown is not executed: the platform ends the journey");
        }
        parts
    }

    /// The part that opens the starting URL.
    fn opening(&mut self) -> Part {
        let navigate = v1::Navigate {
            url: self.test.starting_url.clone(),
            ..v1::Navigate::default()
        };
        let step = v1::Step {
            command: Some(navigate.into()),
            ..v1::Step::default()
        };
        Part {
            part: TestPart::Setup,
            opens: true,
            steps: self.steps(&[step], 1),
            ..Part::default()
        }
    }

    fn steps(&mut self, steps: &[v1::Step], first: u32) -> Vec<Wanted> {
        let mut wanted = Vec::with_capacity(steps.len());
        for (number, step) in (first..).zip(steps) {
            self.step(step, number, &[], &mut wanted);
        }
        wanted
    }

    fn step(
        &mut self,
        step: &v1::Step,
        number: u32,
        within: &[v1::BlockPosition],
        wanted: &mut Vec<Wanted>,
    ) {
        self.names += usize::from(!step.name.is_empty());
        let block = step.block.as_ref().and_then(|block| block.kind.as_ref());
        if let Some(v1::block::Kind::UseBlock(used)) = block {
            self.written_out(step, used, number, within, wanted);
            return;
        }
        let step = &self.completed(step);
        let encoded = match raw::carried(step) {
            Some(carried) => Ok(carried),
            None => codec::encode(step),
        };
        match encoded {
            Ok(wire) => wanted.push(Wanted {
                number,
                within: within.to_vec(),
                words: words(step, &wire),
                wire,
                location: step.location.clone(),
            }),
            Err(unsupported) => {
                let (what, instead) = (unsupported.what(), unsupported.alternative);
                self.refuse(step.location.as_ref(), what, instead);
            }
        }
    }

    /// The steps of a definition, in place of its use.
    fn written_out(
        &mut self,
        step: &v1::Step,
        used: &v1::UseBlock,
        number: u32,
        within: &[v1::BlockPosition],
        wanted: &mut Vec<Wanted>,
    ) {
        let at = step.location.as_ref();
        let test = self.test;
        let Some(definition) = test.definitions.iter().find(|one| one.name == used.block) else {
            let what = format!("there is no block `{}`", used.block);
            return self.refuse(at, what, "define it in the test");
        };
        if !definition.parameters.is_empty() {
            let what = format!(
                "the platform cannot hold a use of `{}`, which has parameters",
                used.block
            );
            let instead = "write its steps out, or let them use variables of the test";
            return self.refuse(at, what, instead);
        }
        if step
            .flags
            .is_some_and(|flags| flags != v1::StepFlags::default())
        {
            let what = format!(
                "the platform cannot hold flags of a use of `{}`",
                used.block
            );
            return self.refuse(at, what, "give them to the steps of the block");
        }
        for (inner, step) in (1..).zip(&definition.steps) {
            let mut within = within.to_vec();
            within.push(v1::BlockPosition {
                section: v1::BlockSection::Used.into(),
                step: inner,
                ..v1::BlockPosition::default()
            });
            self.step(step, number, &within, wanted);
        }
    }

    /// The step with a whole address.
    fn completed(&self, step: &v1::Step) -> v1::Step {
        let mut step = step.clone();
        let action = step.command.as_mut().and_then(|one| one.action.as_mut());
        if let Some(Action::Navigate(navigate)) = action {
            navigate.url = completed(&navigate.url, &self.test.base_url);
        }
        step
    }

    // === Data ===

    /// The test's variables and rows as a table.
    fn table(&mut self) -> Option<Table> {
        let test = self.test;
        let secret = |one: &&v1::Variable| {
            !matches!(one.source, Some(v1::variable::Source::Value(_)) | None)
        };
        let of_rows = test.data_rows.iter().flat_map(|row| &row.variables);
        let hidden: BTreeSet<_> = of_rows
            .filter(secret)
            .map(|one| one.name.as_str())
            .collect();
        for name in hidden {
            let what =
                format!("the platform cannot hold `{name}`, which is a secret of a data row");
            let instead = "make one variable of it, and give the platform's environment a hidden \
                           variable of this name";
            self.refuse(None, what, instead);
        }
        for variable in test.variables.iter().filter(secret) {
            let note = format!(
                "`{0}` is not kept in the test: give the environment that the journey is executed \
                 with a hidden variable `{0}`",
                variable.name
            );
            self.notes.push(note);
        }
        if test.data_rows.iter().any(|row| !row.name.is_empty()) {
            self.note("the names of the data rows are left out: the platform numbers its rows");
        }
        Table::of(test)
    }

    // === What else a test says ===

    fn note(&mut self, note: &str) {
        self.notes.push(note.to_owned());
    }

    fn settings(&mut self) {
        if !self.test.description.is_empty() {
            self.note("the description is left out: a journey of the platform has none");
        }
        if self.names > 0 {
            let note = format!(
                "the names of {} steps are left out: the platform words its steps itself",
                self.names
            );
            self.notes.push(note);
        }
        let config = self.test.config.clone().unwrap_or_default();
        let given = [
            ("step_timeout", config.step_timeout.is_some()),
            ("navigation_timeout", config.navigation_timeout.is_some()),
            ("timeout", config.timeout.is_some()),
            ("browser", config.browser.is_some()),
            ("screenshots", config.screenshots != 0),
            ("continue_on_error", config.continue_on_error),
            ("retries", config.retries != 0),
            ("keep_dialogs", config.keep_dialogs),
            ("recovery", config.recovery != 0),
        ];
        let given = given.iter().filter(|(_, given)| *given);
        let names: Vec<_> = given.map(|(name, _)| *name).collect();
        if !names.is_empty() {
            let note = format!(
                "of `config`, {} are left out: on the platform the goal and the plan say how a \
                 journey is executed",
                names.join(", ")
            );
            self.notes.push(note);
        }
    }
}

/// What a step does, in words.
fn words(step: &v1::Step, wire: &ParsedStep) -> String {
    match (raw::carried(step), &step.command) {
        (None, Some(command)) => natural::text(command),
        _ => codec::raw_in_words(wire),
    }
}

/// An address, completed where it is relative and the base says everything.
fn completed(url: &str, base: &str) -> String {
    if !template::is_literal(base) || base.is_empty() {
        return url.to_owned();
    }
    let Ok(base) = reqwest::Url::parse(base) else {
        return url.to_owned();
    };
    if template::is_literal(url) {
        return match reqwest::Url::parse(url) {
            Ok(_) => url.to_owned(),
            Err(_) => base.join(url).map_or_else(|_| url.to_owned(), String::from),
        };
    }
    match url.starts_with('/') && !url.starts_with("//") {
        true => {
            let origin = base.origin().ascii_serialization();
            format!("{}{url}", template::escape(&origin))
        }
        false => url.to_owned(),
    }
}
