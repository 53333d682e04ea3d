//! Headers of the pages' requests, as the command line gives them.

use std::collections::BTreeMap;

use super::problem::Problem;

/// Headers that are added to every request. No message shows a value: it may be a credential.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct HeaderArgs {
    /// A header that the browser adds to every request of the pages, whichever host it goes to, as
    /// 'Name: value', or @FILE with one on each line. Its value is hidden
    #[arg(long = "header", value_name = "HEADER")]
    headers: Vec<String>,
}

impl HeaderArgs {
    /// The headers by name.
    pub(crate) fn read(&self) -> Result<BTreeMap<String, String>, Problem> {
        let mut headers = BTreeMap::new();
        for (number, given) in (1..).zip(&self.headers) {
            match given.strip_prefix('@') {
                None => add(&mut headers, given, &format!("--header, number {number}"))?,
                Some(path) => {
                    let text = std::fs::read_to_string(path).map_err(|error| {
                        Problem::bad_input(format!(
                            "--header @{path}: cannot read the file: {error}"
                        ))
                    })?;
                    let lines = (1..).zip(text.lines());
                    for (line, header) in lines.filter(|(_, text)| !text.trim().is_empty()) {
                        add(
                            &mut headers,
                            header,
                            &format!("--header @{path}, line {line}"),
                        )?;
                    }
                }
            }
        }
        Ok(headers)
    }
}

fn add(headers: &mut BTreeMap<String, String>, given: &str, at: &str) -> Result<(), Problem> {
    let Some((name, value)) = given.split_once(':') else {
        let message = format!("{at}: write it as 'Name: value'");
        return Err(Problem::bad_input(message));
    };
    let name = name.trim();
    let again = headers.insert(name.to_owned(), value.trim().to_owned());
    match again {
        None => Ok(()),
        Some(_) => Err(Problem::bad_input(format!("{at}: {name} is there twice"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[&str]) -> Result<BTreeMap<String, String>, String> {
        let headers = headers.iter().map(|header| (*header).to_owned());
        let args = HeaderArgs {
            headers: headers.collect(),
        };
        args.read().map_err(|problem| format!("{problem:?}"))
    }

    #[test]
    fn headers_come_from_arguments_and_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("headers");
        std::fs::write(&path, "X-One: 1\n\nX-Time: 12:30\n").unwrap();
        let file = format!("@{}", path.display());
        let headers = read(&["Authorization: Bearer a:b", &file]).unwrap();
        let pairs: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            pairs,
            ["Authorization=Bearer a:b", "X-One=1", "X-Time=12:30"]
        );
    }

    #[test]
    fn what_is_wrong_is_told_without_the_value() {
        for (given, part) in [
            (&["X-A: 1", "c4n4ry"][..], "number 2"),
            (&["X-A: c4n4ry", "X-A: 2"], "X-A is there twice"),
            (&["@/nonexistent/headers"], "cannot read the file"),
        ] {
            let problem = read(given).unwrap_err();
            assert!(
                problem.contains(part) && !problem.contains("c4n4ry"),
                "{problem}"
            );
        }
    }
}
