//! JUnit XML of several runs: their own reports, put together.

use std::fmt::Write as _;

use etude::Client;
use etude::v1::{Artifact, ArtifactKind};
use futures::TryStreamExt as _;

use super::super::problem::Problem;
use super::tally::Tally;

/// The counts of a report's root.
const COUNTS: [&str; 4] = ["tests", "failures", "errors", "skipped"];

/// One document with the suites of all runs. A test that left no report is a suite with an error.
pub(crate) async fn merged(client: &Client, tallies: &[Tally]) -> Result<String, Problem> {
    let mut suites = String::new();
    let mut counts = [0; COUNTS.len()];
    for tally in tallies {
        match report(client, tally.run_name()).await? {
            Some(report) => {
                for (count, name) in counts.iter_mut().zip(COUNTS) {
                    *count += attribute(&report, name);
                }
                suites += inner(&report);
            }
            None => {
                counts[0] += 1;
                counts[2] += 1;
                suites += &missing(tally);
            }
        }
    }
    let mut out =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"etude\"");
    for (count, name) in counts.iter().zip(COUNTS) {
        // Writing to a String cannot fail.
        let _ = write!(out, " {name}=\"{count}\"");
    }
    Ok(out + ">\n" + suites.trim_matches('\n') + "\n</testsuites>\n")
}

async fn report(client: &Client, run: &str) -> Result<Option<String>, Problem> {
    if run.is_empty() {
        return Ok(None);
    }
    let artifacts: Vec<Artifact> = client.artifacts(run).try_collect().await?;
    let report = artifacts
        .iter()
        .rfind(|artifact| artifact.kind() == ArtifactKind::Junit);
    let Some(report) = report else {
        return Ok(None);
    };
    let content = client.artifact_bytes(&report.name).await?;
    Ok(Some(String::from_utf8_lossy(&content).into_owned()))
}

/// What stands between the root's tags.
fn inner(report: &str) -> &str {
    let begin = report.find("<testsuites").unwrap_or_default();
    let rest = &report[begin..];
    let rest = rest.split_once('>').map_or("", |(_, rest)| rest);
    rest.rsplit_once("</testsuites>")
        .map_or(rest, |(inner, _)| inner)
}

fn attribute(report: &str, name: &str) -> u64 {
    let root = report
        .split_once("<testsuites")
        .map_or("", |(_, rest)| rest);
    let root = root.split_once('>').map_or(root, |(root, _)| root);
    let value = root
        .split_once(&format!(" {name}=\""))
        .map(|(_, rest)| rest);
    let value = value.and_then(|rest| rest.split('"').next());
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or_default()
}

fn missing(tally: &Tally) -> String {
    let name = escape(tally.test_name());
    format!(
        "  <testsuite name=\"{name}\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n    \
         <testcase name=\"{name}\" classname=\"{}\"><error message=\"the test was not run\"/></testcase>\n  \
         </testsuite>\n",
        escape(&tally.file)
    )
}

fn escape(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"a &gt; b\" tests=\"3\" failures=\"1\">\n  <testsuite name=\"x\"/>\n</testsuites>\n";

    #[test]
    fn the_suites_and_counts_of_a_report_are_found() {
        assert_eq!(inner(REPORT).trim(), "<testsuite name=\"x\"/>");
        assert_eq!(attribute(REPORT, "tests"), 3);
        assert_eq!(attribute(REPORT, "failures"), 1);
        assert_eq!(attribute(REPORT, "errors"), 0);
    }

    #[tokio::test]
    async fn a_test_without_a_report_is_an_error() {
        let client = Client::builder("127.0.0.1:1").connect_lazy().unwrap();
        let test = etude::v1::Test {
            name: "a <b> \"c\"".to_owned(),
            ..Default::default()
        };
        let text = merged(&client, &[Tally::new("a.yaml".to_owned(), test)])
            .await
            .unwrap();
        assert!(
            text.contains("tests=\"1\" failures=\"0\" errors=\"1\""),
            "{text}"
        );
        assert!(
            text.contains("name=\"a &lt;b&gt; &quot;c&quot;\""),
            "{text}"
        );
    }
}
