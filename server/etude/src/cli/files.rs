//! Test files: finding and reading them.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::problem::Problem;
use super::sources;

/// The most bytes that are read of a file: one more than a test file may have, so that a larger
/// one is recognised and never loaded whole.
const READ_LIMIT: u64 = (1 << 20) + 1;

/// The name for stdin.
pub(crate) const STDIN: &str = "-";

/// What a file of environments is called where no other is named. It is no test file.
pub(crate) const ENVIRONMENTS: [&str; 2] = ["etude.environments.yaml", "etude.environments.yml"];

/// What sets the levels of lint's rules for the files beside and below it. It is no test.
pub(crate) const LINT_CONFIG: &str = "etude.lint.yaml";

/// The test files that the arguments name: files as they are, folders with all `.yaml`, `.yml` and
/// `.json` files in them, sorted. Hidden folders, files of settings, and files that another one in
/// the folder includes, imports or takes data from are passed over.
pub(crate) fn find(arguments: &[PathBuf]) -> Result<Vec<PathBuf>, Problem> {
    let mut found = Vec::new();
    for argument in arguments {
        if argument.as_os_str() == STDIN {
            found.push(argument.clone());
        } else if argument.is_dir() {
            let mut of_folder = Vec::new();
            search(argument, &mut of_folder, &is_test)?;
            if of_folder.is_empty() {
                return Err(Problem::bad_input(format!(
                    "{} holds no test file; test files end in .yaml, .yml or .json",
                    argument.display()
                )));
            }
            found.extend(sources::without_shared(of_folder));
        } else if argument.exists() {
            found.push(argument.clone());
        } else {
            return Err(Problem::bad_input(format!(
                "{} does not exist; name a test file or a folder of test files",
                argument.display()
            )));
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|file| seen.insert(file.clone()));
    Ok(found)
}

/// The test files of a folder and of those in it, files of statements included, sorted; without
/// those that another one names.
pub(crate) fn find_tests(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut found = Vec::new();
    let is_any = |path: &Path| is_test(path) || is_text(path);
    search(folder, &mut found, &is_any)?;
    match found.is_empty() {
        false => Ok(sources::without_shared(found)),
        true => Err(Problem::bad_input(format!(
            "{} holds no test file; test files end in .yaml, .yml or .json, or are statements in \
             .txt",
            folder.display()
        ))),
    }
}

fn is_test(path: &Path) -> bool {
    let is_lint = path.file_name().is_some_and(|name| name == LINT_CONFIG);
    let end = path.extension();
    end.is_some_and(|end| end == "yaml" || end == "yml" || end == "json")
        && !is_lint
        && !holds_environments(path)
}

/// Whether a file is called as one of environments.
pub(crate) fn holds_environments(file: &Path) -> bool {
    let name = file.file_name();
    name.is_some_and(|name| ENVIRONMENTS.iter().any(|other| name == *other))
}

/// Whether it is a file of statements: other texts stand beside tests too.
fn is_text(path: &Path) -> bool {
    let named = path.extension().is_some_and(|end| end == "txt");
    named && read(path).is_ok_and(|content| etude_language::has_statements(&content))
}

fn search(
    folder: &Path,
    found: &mut Vec<PathBuf>,
    is_test: &dyn Fn(&Path) -> bool,
) -> Result<(), Problem> {
    let unreadable = |error: std::io::Error| {
        Problem::bad_input(format!("{} cannot be read: {error}", folder.display()))
    };
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>, std::io::Error>>()
        .map_err(unreadable)?;
    paths.sort();
    for path in paths {
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        // A link to a folder above would never end.
        if path.is_dir() && !path.is_symlink() && !hidden {
            search(&path, found, is_test)?;
        } else if path.is_file() && !hidden && is_test(&path) {
            found.push(path);
        }
    }
    Ok(())
}

/// A file's content, or that of stdin for `-`; cut above the size that a test file may have.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, Problem> {
    read_until(file, READ_LIMIT)
}

/// The same, cut behind so many bytes.
pub(crate) fn read_until(file: &Path, most: u64) -> Result<Vec<u8>, Problem> {
    let mut content = Vec::new();
    let read = match file.as_os_str() == STDIN {
        true => std::io::stdin().lock().take(most).read_to_end(&mut content),
        false => {
            std::fs::File::open(file).and_then(|file| file.take(most).read_to_end(&mut content))
        }
    };
    match read {
        Ok(_) => Ok(content),
        Err(error) => Err(Problem::bad_input(format!(
            "{} cannot be read: {error}",
            file.display()
        ))),
    }
}

/// What messages call the file.
pub(crate) fn name(file: &Path) -> String {
    match file.as_os_str() == STDIN {
        true => "stdin".to_owned(),
        false => file.display().to_string(),
    }
}

/// Writes a file at once or not at all, with the folders that lead to it. `prepare` gets it before it
/// is in place.
///
/// # Errors
///
/// The system refuses it; without `replace` `AlreadyExists`: something stands there.
pub(crate) fn store(
    target: &Path,
    content: &[u8],
    replace: bool,
    prepare: impl FnOnce(&tempfile::NamedTempFile) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder)?;
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(content)?;
    prepare(&temporary)?;
    temporary.as_file().sync_all()?;
    let placed = match replace {
        true => temporary.persist(target),
        // Another process may have made the file meanwhile.
        false => temporary.persist_noclobber(target),
    };
    placed.map(drop).map_err(|error| error.error)
}

/// Puts the new content in place at once: a full disk or a crash leaves the old file. The file
/// behind a link is replaced, not the link.
pub(crate) fn replace(file: &Path, content: &[u8]) -> Result<(), Problem> {
    let unwritable = |error: std::io::Error| {
        Problem::could_not_run(format!("{} cannot be written: {error}", file.display()))
    };
    let target = file.canonicalize().map_err(unwritable)?;
    let folder = target.parent().unwrap_or(Path::new("."));
    let permissions = std::fs::metadata(&target)
        .map_err(unwritable)?
        .permissions();
    let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
    temporary.write_all(content).map_err(unwritable)?;
    temporary
        .as_file()
        .set_permissions(permissions)
        .map_err(unwritable)?;
    temporary.as_file().sync_all().map_err(unwritable)?;
    temporary
        .persist(&target)
        .map_err(|error| unwritable(error.error))?;
    Ok(())
}
