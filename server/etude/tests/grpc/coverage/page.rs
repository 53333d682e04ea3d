//! docs/coverage.md.

use std::fmt::Write as _;

use super::bench::ADDS;
use super::rows::{Command, Group, Step};

/// The page: every command, what does it here, and what reaches the platform.
pub(super) fn page(steps: &[Group<Step>], commands: &[Group<Command>], covered: usize) -> String {
    let rows = commands.iter().flat_map(|(_, rows)| rows);
    let otherwise = rows.filter(|row| row.otherwise).count();
    let mut page = format!(
        "\
# The reference CLI's commands, over gRPC

**{covered} of 93** commands of the reference CLI (`api-cli`) have a method here that does what they
say; {otherwise} of these reach their aim in another way, which their rows tell. This page is written by a
test (`server/etude/tests/grpc/coverage`), which calls every method below over gRPC, with the Virtuoso
client pointed at the local platform, notes the requests that reach it, and reads back what was done.
[from-api-cli.md](from-api-cli.md) is the guide for the CLI's users.

## Commands that add a step

Each is a command of an authoring session: the method has the session in its `context`, and
`etude exec --session S` calls it too. The test adds each step in three ways, by its method, by the
command line, and with the very body that the reference CLI sends, and compares what is stored. Each is
one `{ADDS}`, whose answer shows the step in its checkpoint; the position is the server's to count.

"
    );
    for (name, rows) in steps {
        writeln!(page, "### {name}: {}\n", rows.len()).unwrap();
        page.push_str("| reference CLI | `etude exec --session S …` | method |\n|---|---|---|\n");
        for row in rows {
            let note = note(row.note.as_deref());
            let (command, exec, rpc) = (cell(&row.command), cell(&row.exec), &row.rpc);
            writeln!(page, "| `{command}` | `{exec}`{note} | {rpc} |").unwrap();
        }
        page.push('\n');
    }
    page.push_str(
        "## All others\n\nIds are resource names here: `projects/12`, `goals/7`, `journeys/9`, \
         `checkpoints/104`, `steps/9001`.\n\n",
    );
    for (name, rows) in commands {
        writeln!(page, "### {name}: {}\n", rows.len()).unwrap();
        page.push_str("| reference CLI | here | requests to the platform |\n|---|---|---|\n");
        for row in rows {
            writeln!(
                page,
                "| `{}` | {}{} | {} |",
                cell(&row.command),
                here(row),
                note(row.note.as_deref()),
                listed(&row.http)
            )
            .unwrap();
        }
        page.push('\n');
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

/// What does a command here: methods, and the command line.
fn here(row: &Command) -> String {
    let mut methods: Vec<&str> = row.does.iter().map(|call| call.rpc.as_str()).collect();
    methods.dedup();
    let line = row.etude.iter().map(|line| format!("`{}`", cell(line)));
    let all: Vec<String> = line.chain(methods.into_iter().map(str::to_owned)).collect();
    match all.is_empty() {
        true => "nothing".to_owned(),
        false => all.join("<br>"),
    }
}

fn listed(requests: &[String]) -> String {
    match requests.is_empty() {
        true => "none".to_owned(),
        false => {
            let requests = requests.iter().map(|request| format!("`{request}`"));
            requests.collect::<Vec<_>>().join("<br>")
        }
    }
}

fn note(note: Option<&str>) -> String {
    note.map(|note| format!("<br>{}", cell(note)))
        .unwrap_or_default()
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
