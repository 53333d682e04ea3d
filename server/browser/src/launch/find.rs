//! Finds the browser and its driver, and checks that they fit together.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::config::{BrowserConfig, BrowserKind};
use crate::error::LaunchError;

/// The two programs a local session needs.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    /// The browser.
    pub(crate) browser: PathBuf,
    /// Its driver.
    pub(crate) driver: PathBuf,
    /// The browser's version as it prints it.
    pub(crate) version: String,
}

/// Finds both programs and compares their versions.
pub(crate) async fn find_programs(config: &BrowserConfig) -> Result<Programs, LaunchError> {
    let wanted = wanted(config.kind);
    let browser = find(config.browser_path.as_deref(), wanted.browsers).ok_or_else(|| {
        LaunchError::BrowserNotFound {
            name: wanted.browser,
            looked_for: looked_for(config.browser_path.as_deref(), wanted.browsers),
            install: wanted.install,
        }
    })?;
    let driver = find(config.driver_path.as_deref(), wanted.drivers).ok_or_else(|| {
        LaunchError::DriverNotFound {
            name: wanted.driver,
            looked_for: looked_for(config.driver_path.as_deref(), wanted.drivers),
            install: wanted.install,
        }
    })?;
    let (version, driver_version) =
        tokio::try_join!(print_version(&browser), print_version(&driver))?;
    if config.kind == BrowserKind::Chromium && major(&version) != major(&driver_version) {
        return Err(LaunchError::VersionMismatch {
            browser,
            browser_version: number(&version),
            driver,
            driver_version: number(&driver_version),
        });
    }
    Ok(Programs {
        browser,
        driver,
        version,
    })
}

struct Wanted {
    browser: &'static str,
    browsers: &'static [&'static str],
    driver: &'static str,
    drivers: &'static [&'static str],
    install: &'static str,
}

fn wanted(kind: BrowserKind) -> Wanted {
    match kind {
        BrowserKind::Chromium => Wanted {
            browser: "Chromium or Google Chrome",
            browsers: &[
                "chromium",
                "chromium-browser",
                "google-chrome",
                "google-chrome-stable",
                "chrome",
                "/snap/bin/chromium",
                "/opt/google/chrome/chrome",
                "/Applications/Chromium.app/Contents/MacOS/Chromium",
                "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            ],
            driver: "chromedriver",
            drivers: &[
                "chromedriver",
                "/usr/lib/chromium/chromedriver",
                "/usr/lib/chromium-browser/chromedriver",
                "/opt/homebrew/bin/chromedriver",
                "/usr/local/bin/chromedriver",
            ],
            install: "install both, on Debian or Ubuntu with \
                      `apt-get install -y chromium chromium-driver`",
        },
        BrowserKind::Firefox => Wanted {
            browser: "Firefox",
            browsers: &[
                "firefox",
                "firefox-esr",
                "/snap/bin/firefox",
                "/Applications/Firefox.app/Contents/MacOS/firefox",
            ],
            driver: "geckodriver",
            drivers: &[
                "geckodriver",
                "/snap/bin/geckodriver",
                "/usr/local/bin/geckodriver",
            ],
            install: "install Firefox, on Debian with `apt-get install -y firefox-esr`, and the \
                      driver with `cargo install geckodriver`",
        },
    }
}

/// A configured path counts alone: a mistake in it must not be hidden by another browser.
fn find(configured: Option<&Path>, names: &[&str]) -> Option<PathBuf> {
    if let Some(path) = configured {
        return is_program(path).then(|| path.to_path_buf());
    }
    names.iter().find_map(|name| on_path(name))
}

fn on_path(name: &str) -> Option<PathBuf> {
    if name.starts_with('/') {
        return is_program(Path::new(name)).then(|| PathBuf::from(name));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| is_program(file))
}

fn is_program(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok() && path.is_file()
}

fn looked_for(configured: Option<&Path>, names: &[&str]) -> String {
    match configured {
        Some(path) => format!("the configured {}", path.display()),
        None => names.join(", "),
    }
}

async fn print_version(program: &Path) -> Result<String, LaunchError> {
    let start = |cause: String| LaunchError::Start {
        program: program.to_path_buf(),
        cause,
    };
    let output = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(20), output)
        .await
        .map_err(|_| start("`--version` did not answer within 20 s".to_owned()))?
        .map_err(|error| start(error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// The first word that looks like a version: `156.0.8078.79`.
fn number(version: &str) -> String {
    let word = version
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    word.unwrap_or("unknown").to_owned()
}

fn major(version: &str) -> Option<u32> {
    number(version).split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(browser: &str, driver: &str) -> BrowserConfig {
        BrowserConfig {
            browser_path: Some(browser.into()),
            driver_path: Some(driver.into()),
            ..BrowserConfig::new("unused")
        }
    }

    fn program(folder: &Path, name: &str, prints: &str) -> String {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join(name);
        std::fs::write(&path, format!("#!/bin/sh\necho '{prints}'\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path.to_string_lossy().into_owned()
    }

    #[tokio::test]
    async fn a_missing_browser_says_what_to_install() {
        let error = find_programs(&config("/nowhere/chromium", "/nowhere/driver"))
            .await
            .unwrap_err();
        let text = error.to_string();
        assert!(text.contains("/nowhere/chromium"), "{text}");
        assert!(
            text.contains("apt-get install -y chromium chromium-driver"),
            "{text}"
        );
        assert_eq!(error.reason(), etude::v1::ErrorReason::BrowserNotFound);
    }

    #[tokio::test]
    async fn a_missing_driver_says_what_to_install() {
        let folder = tempfile::tempdir().unwrap();
        let browser = program(
            folder.path(),
            "chromium",
            "Chromium 156.0.1.2 built on Debian",
        );
        let error = find_programs(&config(&browser, "/nowhere/driver"))
            .await
            .unwrap_err();
        assert!(error.to_string().contains("chromium-driver"), "{error}");
        assert_eq!(error.reason(), etude::v1::ErrorReason::DriverNotFound);
    }

    #[tokio::test]
    async fn different_major_versions_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let browser = program(
            folder.path(),
            "chromium",
            "Chromium 156.0.1.2 built on Debian",
        );
        let driver = program(
            folder.path(),
            "chromedriver",
            "ChromeDriver 155.0.9.9 (abc)",
        );
        let error = find_programs(&config(&browser, &driver))
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("156.0.1.2") && error.contains("155.0.9.9"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn equal_major_versions_fit() {
        let folder = tempfile::tempdir().unwrap();
        let browser = program(
            folder.path(),
            "chromium",
            "Chromium 156.0.1.2 built on Debian",
        );
        let driver = program(
            folder.path(),
            "chromedriver",
            "ChromeDriver 156.0.9.9 (abc)",
        );
        let programs = find_programs(&config(&browser, &driver)).await.unwrap();
        assert_eq!(programs.version, "Chromium 156.0.1.2 built on Debian");
    }
}
