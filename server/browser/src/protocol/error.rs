//! What can go wrong in one exchange with a browser, whichever protocol.

use thirtyfour::error::{WebDriverError, WebDriverErrorInner};

/// One exchange that failed.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum ProtocolError {
    /// The browser or its driver is gone.
    #[error("the browser is gone: {0}")]
    Gone(String),
    /// The document that the script ran in was replaced, or its frame or tab was closed.
    #[error("the page went away: {0}")]
    PageLeft(String),
    /// A dialog is open and blocks the page.
    #[error("a dialog blocks the page")]
    DialogOpen,
    /// There is no dialog to answer.
    #[error("no dialog is open")]
    NoDialog,
    /// A script threw an exception or its promise was rejected.
    #[error("{0}")]
    Script(String),
    /// The browser refused: a code and its words.
    #[error("{message} ({code})")]
    Refused {
        /// The protocol's error code.
        code: String,
        /// The browser's words.
        message: String,
    },
    /// No answer in time.
    #[error("the browser did not answer in time")]
    Timeout,
}

impl ProtocolError {
    /// A refusal over BiDi: its code and the browser's words.
    pub(crate) fn from_bidi(code: String, message: String) -> Self {
        match code.as_str() {
            "invalid session id" => Self::Gone(message),
            "no such frame" => Self::PageLeft(message),
            "no such alert" => Self::NoDialog,
            _ if is_page_left(&message) => Self::PageLeft(message),
            _ => Self::Refused { code, message },
        }
    }
}

/// The words of Chromium and Firefox for a document that is no longer there.
fn is_page_left(message: &str) -> bool {
    const WORDS: [&str; 7] = [
        "Inspected target navigated or closed",
        "Cannot find context with specified id",
        "Execution context was destroyed",
        "Execution context is not available",
        "uniqueContextId not found",
        "AbortError: Actor 'MessageHandlerFrame' destroyed",
        "Session with given id not found",
    ];
    WORDS.iter().any(|words| message.contains(words))
}

impl From<WebDriverError> for ProtocolError {
    fn from(error: WebDriverError) -> Self {
        use WebDriverErrorInner as E;
        let message = words(&error);
        match &*error {
            E::RequestFailed(_) | E::HttpError(_) | E::InvalidSessionId(_) => Self::Gone(message),
            E::NoSuchWindow(_) | E::NoSuchFrame(_) | E::StaleElementReference(_) => {
                Self::PageLeft(message)
            }
            E::UnexpectedAlertOpen(_) => Self::DialogOpen,
            E::NoSuchAlert(_) => Self::NoDialog,
            E::JavascriptError(_) if !is_page_left(&message) => Self::Script(message),
            E::ScriptTimeout(_) | E::WebDriverTimeout(_) | E::Timeout(_) => Self::Timeout,
            _ if is_page_left(&message) => Self::PageLeft(message),
            _ => Self::Refused {
                code: "webdriver".to_owned(),
                message,
            },
        }
    }
}

/// The driver's own sentence, without its stack trace.
fn words(error: &WebDriverError) -> String {
    let text = error.to_string();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let sentence = lines
        .filter(|line| !line.starts_with("Status:") && !line.starts_with("Additional info"))
        .map(|line| line.strip_prefix("State: ").unwrap_or(line))
        .take_while(|line| !line.starts_with("Stacktrace") && !line.starts_with("#0"))
        .collect::<Vec<_>>()
        .join(" ");
    sentence.replace("(Session info: chrome", "(chrome")
}
