//! Mistakes, collected all at once and shown with their place.

use etude::v1::{Diagnostic, ErrorReason, Severity};

use crate::source::{Source, Span};

/// The most diagnostics that are reported.
pub(crate) const MAX_DIAGNOSTICS: usize = 1000;

/// One mistake.
#[derive(Debug)]
pub(crate) struct Mistake {
    pub(crate) span: Span,
    pub(crate) severity: Severity,
    pub(crate) reason: ErrorReason,
    pub(crate) message: String,
    pub(crate) suggestion: String,
}

impl Mistake {
    /// A mistake that keeps the file from being run.
    pub(crate) fn error(span: Span, reason: ErrorReason, message: String) -> Self {
        Self {
            span,
            severity: Severity::Error,
            reason,
            message,
            suggestion: String::new(),
        }
    }

    /// A mistake with which the file can be run.
    pub(crate) fn warning(span: Span, reason: ErrorReason, message: String) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(span, reason, message)
        }
    }

    /// Adds what to do.
    pub(crate) fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = suggestion.into();
        self
    }

    /// Adds `did you mean "…"?` when something near is known.
    pub(crate) fn did_you_mean(self, nearest: Option<&str>) -> Self {
        match nearest {
            Some(word) => self.suggest(format!("did you mean \"{word}\"?")),
            None => self,
        }
    }

    pub(crate) fn into_diagnostic(self, source: &Source<'_>) -> Diagnostic {
        Diagnostic {
            severity: self.severity.into(),
            reason: self.reason.name().to_owned(),
            message: self.message,
            location: Some(source.location(self.span)),
            length: self.span.length,
            source_line: source.of(self.span).shown_line(self.span.line),
            suggestion: self.suggestion,
        }
    }
}

/// A duration without a unit in a file of another tool, and how it was taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BareDuration {
    pub(crate) span: Span,
    pub(crate) number: f64,
    /// `s` or `ms`.
    pub(crate) unit: &'static str,
    /// Whether so short a time was probably not meant.
    pub(crate) is_doubtful: bool,
}

/// The mistakes found so far: of each severity as many as can be reported.
#[derive(Debug, Default)]
pub(crate) struct Mistakes {
    errors: Vec<Mistake>,
    warnings: Vec<Mistake>,
    bare: Vec<BareDuration>,
    passed_over: Vec<PassedOver>,
}

/// Something of the file that the test has no place for, and that a run does not need.
#[derive(Debug)]
pub(crate) struct PassedOver {
    pub(crate) span: Span,
    /// What it says, on one line.
    pub(crate) what: String,
}

impl Mistakes {
    /// Adds a mistake; one beyond the bound tells nothing new and is left out.
    pub(crate) fn add(&mut self, mistake: Mistake) {
        let list = match mistake.severity {
            Severity::Warning => &mut self.warnings,
            _ => &mut self.errors,
        };
        if list.len() < MAX_DIAGNOSTICS {
            list.push(mistake);
        }
    }

    /// Notes a duration without a unit, which lint tells of.
    pub(crate) fn note_bare(&mut self, bare: BareDuration) {
        self.bare.push(bare);
    }

    /// The durations without a unit.
    pub(crate) fn bare(&self) -> &[BareDuration] {
        &self.bare
    }

    /// The mistakes that keep the file from being run, in the order in which they were found.
    pub(crate) fn errors(&self) -> impl Iterator<Item = &Mistake> {
        self.errors.iter()
    }

    /// The others.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = &Mistake> {
        self.warnings.iter()
    }

    /// Adds all of another list.
    pub(crate) fn append(&mut self, other: Self) {
        self.bare.extend(other.bare);
        let all = other.errors.into_iter().chain(other.warnings);
        all.for_each(|mistake| self.add(mistake));
        self.passed_over.extend(other.passed_over);
    }

    /// Notes what is passed over, as far as it is told.
    pub(crate) fn pass_over(&mut self, span: Span, what: String) {
        if self.passed_over.len() < MAX_DIAGNOSTICS {
            self.passed_over.push(PassedOver { span, what });
        }
    }

    /// What was passed over, by place.
    pub(crate) fn take_passed_over(&mut self) -> Vec<PassedOver> {
        let mut all = std::mem::take(&mut self.passed_over);
        all.sort_by_key(|passed| (passed.span.line, passed.span.column));
        all
    }

    /// Whether the file cannot be run.
    pub(crate) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Whether a further error would be left out, so that its message need not be made.
    pub(crate) fn is_full(&self) -> bool {
        self.errors.len() >= MAX_DIAGNOSTICS
    }

    /// The diagnostics by place; errors displace warnings when there are too many.
    pub(crate) fn into_diagnostics(self, source: &Source<'_>) -> Vec<Diagnostic> {
        let mut all = self.errors;
        all.extend(self.warnings);
        all.truncate(MAX_DIAGNOSTICS);
        all.sort_by_key(|mistake| mistake.span.order());
        all.into_iter()
            .map(|mistake| mistake.into_diagnostic(source))
            .collect()
    }
}

/// The beginning of a text from the file, for a message.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let mut out: String = text
        .chars()
        .take(MOST)
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    if text.chars().nth(MOST).is_some() {
        out.push('…');
    }
    out
}
