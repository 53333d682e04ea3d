//! Which files are converted, and where each goes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{Args, Layout, Target, shown};
use crate::cli::files;
use crate::cli::problem::Problem;

/// One file to convert.
pub(super) struct Job {
    pub(super) source: PathBuf,
    /// Absent: stdout.
    pub(super) target: Option<PathBuf>,
    pub(super) layout: Layout,
    /// Another source that goes to the same place.
    pub(super) clash: Option<PathBuf>,
}

/// All files to convert.
pub(super) struct Jobs {
    pub(super) list: Vec<Job>,
    pub(super) to_stdout: bool,
    /// The folder outside which nothing is written. Absent: a file was named.
    pub(super) root: Option<PathBuf>,
}

impl Jobs {
    pub(super) fn plan(args: &Args) -> Result<Self, Problem> {
        match args.source.is_dir() {
            true => Self::of_folder(args),
            false => Self::of_file(args),
        }
    }

    fn of_folder(args: &Args) -> Result<Self, Problem> {
        let root = match (&args.out, args.in_place, args.check) {
            (Some(out), ..) => Some(out.clone()),
            (None, true, _) => Some(args.source.clone()),
            (None, false, true) => None,
            (None, false, false) => {
                let message = format!(
                    "{} is a folder; name the folder to write with --out",
                    shown(&args.source)
                );
                return Err(Problem::bad_input(message));
            }
        };
        if let Some(out) = &args.out {
            check_apart(&args.source, out)?;
        }
        let mut list: Vec<Job> = Vec::new();
        let mut taken: HashMap<PathBuf, PathBuf> = HashMap::new();
        for source in files::find_tests(&args.source)? {
            let layout = layout(args, &source, None);
            let relative = source.strip_prefix(&args.source).unwrap_or(&source);
            let target = root.as_ref().map(|root| root.join(named(relative, layout)));
            let clash = target
                .as_ref()
                .and_then(|target| taken.get(target).cloned());
            if let Some(target) = &target {
                taken
                    .entry(target.clone())
                    .or_insert_with(|| source.clone());
            }
            list.push(Job {
                source,
                target,
                layout,
                clash,
            });
        }
        Ok(Self {
            list,
            to_stdout: false,
            root,
        })
    }

    fn of_file(args: &Args) -> Result<Self, Problem> {
        let source = args.source.clone();
        let is_stdin = source.as_os_str() == files::STDIN;
        if !is_stdin && !source.exists() {
            let message = format!(
                "{} does not exist; name a test file or a folder of test files",
                shown(&source)
            );
            return Err(Problem::bad_input(message));
        }
        let is_folder =
            |out: &Path| out.is_dir() || shown(out).ends_with(std::path::MAIN_SEPARATOR);
        let layout = layout(
            args,
            &source,
            args.out.as_deref().filter(|out| !is_folder(out)),
        );
        let (target, root) = match &args.out {
            Some(out) if is_folder(out) => {
                let file = if is_stdin {
                    Path::new("stdin")
                } else {
                    &source
                };
                let file = file.file_name().map(PathBuf::from).unwrap_or_default();
                (Some(out.join(named(&file, layout))), Some(out.clone()))
            }
            Some(out) => (Some(out.clone()), None),
            None if args.in_place && is_stdin => {
                return Err(Problem::bad_input("stdin cannot be replaced; name a file"));
            }
            None if args.in_place => (
                Some(source.with_file_name(file_name(&source, layout))),
                None,
            ),
            None => (None, None),
        };
        let to_stdout = target.is_none();
        let job = Job {
            source,
            target,
            layout,
            clash: None,
        };
        Ok(Self {
            list: vec![job],
            to_stdout,
            root,
        })
    }
}

/// Neither folder may be in the other: what is written would be converted the next time.
fn check_apart(source: &Path, out: &Path) -> Result<(), Problem> {
    let source_at = source.canonicalize();
    // A folder that is still to be made lies where the nearest one above it does.
    let out_at = out.ancestors().find_map(|above| {
        let above_at = match above.as_os_str().is_empty() {
            true => Path::new(".").canonicalize(),
            false => above.canonicalize(),
        };
        let rest = out.strip_prefix(above).ok()?;
        above_at.ok().map(|at| at.join(rest))
    });
    if let (Ok(source_at), Some(out_at)) = (source_at, out_at)
        && out_at.starts_with(&source_at)
    {
        let message = match out_at == source_at {
            true => format!(
                "{} would be replaced by what is made of it; give --in-place if that is meant",
                shown(source)
            ),
            false => format!(
                "{} lies in the folder that is converted; choose one outside of it",
                shown(out)
            ),
        };
        return Err(Problem::bad_input(message));
    }
    Ok(())
}

/// The layout of a file: the one that is asked for, else by the end of its name.
fn layout(args: &Args, source: &Path, out: Option<&Path>) -> Layout {
    let of = |path: &Path| match path.extension().and_then(|end| end.to_str()) {
        Some("json") => Some(Layout::Json),
        Some("yaml" | "yml") => Some(Layout::Yaml),
        Some("txt") if args.to == Target::Natural => Some(Layout::Text),
        _ => None,
    };
    if let Some(layout) = args.layout.or_else(|| of(out?)) {
        return layout;
    }
    match args.to {
        Target::Natural => Layout::Text,
        _ => of(source).unwrap_or(Layout::Yaml),
    }
}

/// The path with the end that the layout has.
fn named(path: &Path, layout: Layout) -> PathBuf {
    path.with_file_name(file_name(path, layout))
}

fn file_name(path: &Path, layout: Layout) -> PathBuf {
    let name = PathBuf::from(path.file_name().unwrap_or_default());
    match layout {
        Layout::Text => name.with_extension("txt"),
        Layout::Json => name.with_extension("json"),
        Layout::Yaml if name.extension().is_some_and(|end| end == "yml") => name,
        Layout::Yaml => name.with_extension("yaml"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_its_place_and_gets_the_end_of_its_layout() {
        let named = |path, layout| named(Path::new(path), layout).display().to_string();
        assert_eq!(named("a/b.yml", Layout::Yaml), "a/b.yml");
        assert_eq!(named("a/b.json", Layout::Yaml), "a/b.yaml");
        assert_eq!(named("a/b.c.yaml", Layout::Text), "a/b.c.txt");
        assert_eq!(named("stdin", Layout::Json), "stdin.json");
    }
}
