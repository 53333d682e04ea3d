//! CSV that is larger than one call takes: it is sent in parts of whole rows, of which the first makes
//! the table and the others are appended.

use std::ops::Range;

use etude_platform::quotes;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, MethodDescriptor, ReflectMessage as _, Value,
};

use super::super::fields;
use super::super::interrupt::Interrupt;
use super::super::output::note;
use super::super::problem::Problem;
use super::calls::Call;

/// The most bytes of a file.
pub(super) const MOST_BYTES: usize = 256 << 20;

/// The most bytes of a part that has more than one row.
const PART_BYTES: usize = 512 << 10;

/// The fields that hold the CSV of a table.
const FIELDS: [&str; 2] = [
    "etude.v1.CreateTestDataTableRequest.csv",
    "etude.v1.ImportTestDataRowsRequest.csv",
];

/// The method that appends rows.
const APPEND: &str = "ImportTestDataRows";

/// Whether a path leads to the CSV of a table.
pub(super) fn holds(path: &[FieldDescriptor]) -> bool {
    matches!(path, [only] if FIELDS.contains(&only.full_name()))
}

/// CSV and the parts that it is sent in.
#[derive(Debug, PartialEq)]
pub(super) struct LargeCsv {
    text: String,
    /// The row of names, which all parts begin with.
    head: Range<usize>,
    parts: Vec<Part>,
}

/// Whole rows.
#[derive(Debug, Clone, PartialEq)]
struct Part {
    bytes: Range<usize>,
    rows: usize,
    /// The line that it begins at.
    line: u64,
}

/// The CSV of a request, if it is larger than one call takes.
///
/// # Errors
///
/// It is not one that can be divided, with the line.
pub(super) fn of(request: &DynamicMessage) -> Result<Option<LargeCsv>, Problem> {
    let mut fields = request.fields();
    let csv = fields.find(|(field, _)| FIELDS.contains(&field.full_name()));
    let text = csv.and_then(|(_, csv)| csv.as_str().map(str::to_owned));
    match text.filter(|text| text.len() > fields::MOST_BYTES) {
        Some(text) => LargeCsv::divide(text).map(Some),
        None => Ok(None),
    }
}

impl LargeCsv {
    fn divide(text: String) -> Result<Self, Problem> {
        let refused = |wrong| Problem::bad_input(format!("csv: {wrong}; nothing was sent"));
        quotes::check(&text).map_err(refused)?;
        let from = text.len() - text.trim_start_matches('\u{feff}').len();
        let mut reader = csv::ReaderBuilder::new().from_reader(&text.as_bytes()[from..]);
        let place = |position: &csv::Position| {
            let at = from + usize::try_from(position.byte()).unwrap_or(usize::MAX);
            // The reader ends a row behind the first of two characters that end it.
            match text.as_bytes().get(at.saturating_sub(1)..=at) {
                Some(b"\r\n") => (at + 1, position.line() + 1),
                _ => (at, position.line()),
            }
        };
        reader.byte_headers().map_err(|error| wrong(&error))?;
        let head = from..place(reader.position()).0;
        let mut parts = Vec::new();
        let mut row = csv::ByteRecord::new();
        loop {
            let (begin, line) = place(reader.position());
            let read = reader.read_byte_record(&mut row);
            if !read.map_err(|error| wrong(&error))? {
                break;
            }
            let (end, _) = place(reader.position());
            if head.len() + (end - begin) > fields::MOST_BYTES {
                let message = format!("line {line}: one row is larger than 1 MiB");
                return Err(Problem::bad_input(message));
            }
            add_row(&mut parts, begin..end, line);
        }
        Ok(Self { text, head, parts })
    }

    fn rows(&self) -> usize {
        self.parts.iter().map(|part| part.rows).sum()
    }

    fn content(&self, part: &Part) -> String {
        let (head, rows) = (self.head.clone(), part.bytes.clone());
        format!("{}{}", &self.text[head], &self.text[rows])
    }
}

/// Adds a row to the last part, or to a new one when that is full.
fn add_row(parts: &mut Vec<Part>, row: Range<usize>, line: u64) {
    match parts.last_mut() {
        Some(part) if row.end - part.bytes.start <= PART_BYTES => {
            part.bytes.end = row.end;
            part.rows += 1;
        }
        _ => parts.push(Part {
            bytes: row,
            rows: 1,
            line,
        }),
    }
}

fn wrong(error: &csv::Error) -> Problem {
    Problem::bad_input(format!("{error}; nothing was sent"))
}

/// Sends all parts, and tells how far it is; the answer is the one that a single call would have
/// had.
///
/// # Errors
///
/// What a call answers, and how many rows are in.
pub(super) async fn send(call: &Call<'_>, csv: LargeCsv) -> Result<DynamicMessage, Problem> {
    let id = call.request.get_field_by_name("request_id");
    if id.is_some_and(|id| id.as_str().is_some_and(|id| !id.is_empty())) {
        return Err(Problem::bad_input(format!(
            "--request-id is of one call, and this CSV takes {}; leave it out",
            csv.parts.len()
        )));
    }
    let append = appending(call.method)?;
    let mut interrupt = Interrupt::listen()?;
    let mut sent = Sent::new(call, csv.rows());
    let mut last = DynamicMessage::new(append.output());
    for part in &csv.parts {
        let step = sent.step(call, &append, csv.content(part));
        let answer = tokio::select! {
            answer = step.unary(step.request.clone()) => answer,
            () = interrupt.wait() => Err(Problem::stopped("stopped")),
        };
        last = answer.map_err(|problem| sent.explain(problem, part.line))?;
        sent.add(part.rows, &last);
    }
    Ok(sent.answer(call, &last))
}

/// The method that appends rows, of the service that a method belongs to.
fn appending(method: &MethodDescriptor) -> Result<MethodDescriptor, Problem> {
    let service = method.parent_service();
    let append = service.methods().find(|method| method.name() == APPEND);
    append.ok_or_else(|| Problem::could_not_run(format!("the contract has no method {APPEND}")))
}

/// How far it is.
struct Sent {
    /// The table; empty: it has to be made.
    table: String,
    is_new: bool,
    rows: usize,
    total: usize,
}

impl Sent {
    fn new(call: &Call<'_>, total: usize) -> Self {
        let is_new = call.method.name() != APPEND;
        let table = call.request.get_field_by_name("name");
        let table = table.and_then(|name| name.as_str().map(str::to_owned));
        Self {
            table: table.unwrap_or_default(),
            is_new,
            rows: 0,
            total,
        }
    }

    /// The call for the next part: the user's own, or one that appends to the table.
    fn step<'a>(&self, call: &'a Call<'_>, append: &'a MethodDescriptor, csv: String) -> Call<'a> {
        let (method, mut request) = match self.table.as_str() {
            "" => (call.method, call.request.clone()),
            table => {
                let mut request = DynamicMessage::new(append.input());
                request.set_field_by_name("name", Value::String(table.to_owned()));
                (append, request)
            }
        };
        request.set_field_by_name("csv", Value::String(csv));
        Call {
            client: call.client,
            method,
            request,
            metadata: call.metadata.clone(),
            form: call.form,
            asked: Vec::new(),
        }
    }

    fn add(&mut self, rows: usize, answer: &DynamicMessage) {
        self.rows += rows;
        if let Some(table) = answer.get_field_by_name("table")
            && let Some(name) = table
                .as_message()
                .and_then(|table| table.get_field_by_name("name"))
            && let Some(name) = name.as_str()
        {
            name.clone_into(&mut self.table);
        }
        note(&format!(
            "{} of {} rows are in {}",
            self.rows, self.total, self.table
        ));
    }

    /// A problem with how many rows are in, and what to do with the others.
    fn explain(&self, problem: Problem, line: u64) -> Problem {
        let Self {
            table, rows, total, ..
        } = self;
        let problem = match problem.is_unreachable() && !table.is_empty() {
            true => problem.with_detail(format!(
                "`etude testdata get {table}` tells whether more rows have arrived than were answered"
            )),
            false => problem,
        };
        match (rows, self.is_new) {
            (0, _) => problem,
            (_, true) => problem.with_detail(format!(
                "{table} was created with the first {rows} of {total} rows; import the others into \
                 it, which begin at line {line}, or delete it and create it again"
            )),
            (_, false) => problem.with_detail(format!(
                "the first {rows} of {total} rows are in {table}; import only the others, which \
                 begin at line {line}"
            )),
        }
    }

    /// What one call would have answered.
    fn answer(&self, call: &Call<'_>, last: &DynamicMessage) -> DynamicMessage {
        let mut whole = DynamicMessage::new(call.method.output());
        if let Some(table) = last.get_field_by_name("table") {
            whole.set_field_by_name("table", table.into_owned());
        }
        if let Some(imported) = whole.descriptor().get_field_by_name("imported") {
            let rows = i32::try_from(self.rows).unwrap_or(i32::MAX);
            whole.set_field(&imported, Value::I32(rows));
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_whole_rows_and_together_the_whole() {
        let long = "x".repeat(1000);
        let row = |number: usize| format!("{number},\"{long}\n, é\"\r\n");
        let rows: String = (0..3000).map(row).collect();
        let csv = LargeCsv::divide(format!("\u{feff}id,text\r\n{rows}")).unwrap();
        assert_eq!(csv.rows(), 3000);
        assert!(csv.parts.len() > 4);
        let mut together = String::new();
        for part in &csv.parts {
            let content = csv.content(part);
            let inner = content.strip_prefix("id,text\r\n").unwrap();
            assert!(content.len() <= fields::MOST_BYTES);
            assert!(inner.starts_with(|letter: char| letter.is_ascii_digit()));
            together += inner;
        }
        assert_eq!(together, rows);
        // Each row has two lines.
        let second = &csv.parts[1];
        assert_eq!(second.line, 2 + 2 * csv.parts[0].rows as u64);
    }

    #[test]
    fn a_break_says_how_many_rows_are_in_and_where_the_others_begin() {
        let mut sent = Sent {
            table: "testDataTables/7".to_owned(),
            is_new: true,
            rows: 0,
            total: 9,
        };
        let told = |sent: &Sent| {
            let problem = sent.explain(Problem::could_not_run("gone"), 12);
            problem.details().join("\n")
        };
        assert_eq!(told(&sent), "");
        sent.rows = 5;
        let text = told(&sent);
        for part in ["testDataTables/7", "first 5 of 9 rows", "begin at line 12"] {
            assert!(text.contains(part), "{text}");
        }
        sent.is_new = false;
        assert!(told(&sent).contains("import only the others"));
    }

    #[test]
    fn what_cannot_be_divided_is_told_with_its_line() {
        let ragged = LargeCsv::divide("a,b\n1,2\n3\n".to_owned()).unwrap_err();
        assert!(ragged.message().contains("line: 3"), "{}", ragged.message());
        let open = LargeCsv::divide("a,b\n1,\"x\n2,y\n".to_owned()).unwrap_err();
        assert!(
            open.message().contains("line 2: nothing closes"),
            "{}",
            open.message()
        );
        let long = "x".repeat(fields::MOST_BYTES);
        let large = LargeCsv::divide(format!("a,b\n1,2\n3,{long}\n")).unwrap_err();
        assert!(large.message().contains("line 3"), "{}", large.message());
    }
}
