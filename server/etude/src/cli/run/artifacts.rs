//! Fetching what runs leave into a folder.

use std::path::{Path, PathBuf};

use etude::Client;
use etude::v1::Artifact;
use futures::TryStreamExt as _;

use super::super::problem::Problem;

/// Fetches all artifacts of a run into a folder of its own below `folder`; their names and files.
pub(crate) async fn fetch_all(
    client: &Client,
    run: &str,
    folder: &Path,
) -> Result<Vec<(String, PathBuf)>, Problem> {
    if run.is_empty() {
        return Ok(Vec::new());
    }
    let folder = folder.join(run.rsplit('/').next().unwrap_or(run));
    let artifacts: Vec<Artifact> = client.artifacts(run).try_collect().await?;
    let mut files = Vec::new();
    for artifact in artifacts {
        let path = fetch(client, &artifact, &folder).await?;
        files.push((artifact.name, path));
    }
    Ok(files)
}

/// Fetches an artifact. A file of the same name is kept, and this one gets its id in front.
pub(crate) async fn fetch(
    client: &Client,
    artifact: &Artifact,
    folder: &Path,
) -> Result<PathBuf, Problem> {
    let unwritable = |error: std::io::Error| {
        Problem::could_not_run(format!("{} cannot be written: {error}", folder.display()))
    };
    tokio::fs::create_dir_all(folder)
        .await
        .map_err(unwritable)?;
    let name = safe_name(&artifact.file_name);
    let id = artifact.name.rsplit('/').next().unwrap_or_default();
    let mut path = folder.join(&name);
    if path.exists() {
        path = folder.join(format!("{id}-{name}"));
    }
    let mut file = tokio::fs::File::create(&path).await.map_err(unwritable)?;
    client.read_artifact(&artifact.name, &mut file).await?;
    Ok(path)
}

/// A page chooses the name of a download: it must not leave the folder or hide in it.
fn safe_name(name: &str) -> String {
    let clean: String = name
        .chars()
        .map(|letter| match letter {
            '/' | '\\' | '\0' => '_',
            letter if letter.is_control() => '_',
            letter => letter,
        })
        .collect();
    match clean.trim_start_matches('.') {
        "" => "artifact".to_owned(),
        clean => clean.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_stays_in_its_folder() {
        assert_eq!(safe_name("a b.png"), "a b.png");
        assert_eq!(safe_name("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(safe_name("..\\x"), "_x");
        assert_eq!(safe_name(".bashrc"), "bashrc");
        assert_eq!(safe_name(".."), "artifact");
        assert_eq!(safe_name("a\nb"), "a_b");
    }
}
