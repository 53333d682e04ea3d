//! Classic WebDriver, where BiDi is not granted: older grid nodes, Safari.
//!
//! A session has one current window and frame; a call for another one switches first. There are no
//! events: console and network are not seen, and a dialog is noticed by the next call.

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use http::Method;
use serde_json::{Value, json};
use thirtyfour::common::command::FormatRequestData;
use thirtyfour::{RequestData, SessionId, WebDriver};
use tokio::sync::{Mutex, MutexGuard, watch};

use super::{Cookie, FrameId, Load, Protocol, ProtocolError, Reply, Shot, World};
use crate::page::{Dialog, DialogKind};
use crate::script::RESOLVER;

/// The key under which W3C WebDriver hides an element's id.
const ELEMENT_KEY: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A classic session.
pub(crate) struct Classic {
    driver: WebDriver,
    gone: watch::Receiver<bool>,
    /// The window and frame that the driver is at; none when that is not known.
    current: Mutex<Option<FrameId>>,
}

/// One request below the session's path.
#[derive(Debug)]
struct Request {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl FormatRequestData for Request {
    fn format_request(&self, session: &SessionId) -> RequestData {
        let data = RequestData::new(
            self.method.clone(),
            format!("session/{session}/{}", self.path),
        );
        match &self.body {
            Some(body) => data.add_body(body.clone()),
            None => data,
        }
    }
}

impl Classic {
    /// Takes over a fresh session, whose only window becomes the tab.
    pub(crate) async fn open(
        driver: WebDriver,
        gone: watch::Receiver<bool>,
    ) -> Reply<(Self, FrameId)> {
        let this = Self {
            driver,
            gone,
            current: Mutex::new(None),
        };
        let script_limit = Duration::from_secs(600).as_millis() as u64;
        this.post("timeouts", json!({ "script": script_limit }))
            .await?;
        let tab = FrameId::from(string(&this.get("window").await?));
        Ok((this, tab))
    }

    async fn request(&self, method: Method, path: &str, body: Option<Value>) -> Reply<Value> {
        let request = Request {
            method,
            path: path.to_owned(),
            body,
        };
        let mut gone = self.gone.clone();
        tokio::select! {
            biased;
            answer = self.driver.handle().cmd(request) => Ok(answer?.value_json()?),
            // Of a driver that somebody else has started, nobody tells the end.
            Ok(_) = gone.wait_for(|gone| *gone) => {
                Err(ProtocolError::Gone("its driver ended".to_owned()))
            }
        }
    }

    async fn get(&self, path: &str) -> Reply<Value> {
        self.request(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Reply<Value> {
        self.request(Method::POST, path, Some(body)).await
    }

    async fn delete(&self, path: &str) -> Reply<Value> {
        self.request(Method::DELETE, path, None).await
    }

    /// Makes a frame the current one and keeps it so while the guard lives.
    async fn at(&self, frame: &FrameId) -> Reply<MutexGuard<'_, Option<FrameId>>> {
        let mut current = self.current.lock().await;
        if current.as_ref() == Some(frame) {
            return Ok(current);
        }
        // A switch that fails or is dropped half-way leaves the driver anywhere.
        *current = None;
        let mut parts = frame.split('/');
        let window = parts.next().unwrap_or_default();
        self.post("window", json!({ "handle": window })).await?;
        self.post("frame", json!({ "id": null })).await?;
        for index in parts {
            let element = self.element_by_script(&frame_finder(), index).await?;
            self.post("frame", json!({ "id": { ELEMENT_KEY: element } }))
                .await?;
        }
        *current = Some(frame.clone());
        Ok(current)
    }

    /// Runs a function of one text in the current frame. Firefox gives every script a global object
    /// of its own: what a script leaves for the next is left in the page's.
    async fn run(&self, function: &str, argument: &str) -> Reply<Value> {
        let script = format!(
            "const done = arguments[arguments.length - 1], given = arguments[0];\
             const inPage = (globalThis) => ({function})(given);\
             new Promise((resolve) => resolve(inPage(window.wrappedJSObject ?? window)))\
             .then((value) => done([true, value]), (error) => done([false, String(error)]));"
        );
        let answer = self
            .post(
                "execute/async",
                json!({ "script": script, "args": [argument] }),
            )
            .await?;
        match answer[0].as_bool() {
            Some(true) => Ok(answer[1].clone()),
            _ => Err(ProtocolError::Script(string(&answer[1]))),
        }
    }

    async fn element_by_script(&self, function: &str, argument: &str) -> Reply<String> {
        let element = self.run(function, argument).await?;
        match element[ELEMENT_KEY].as_str() {
            Some(id) => Ok(id.to_owned()),
            None => Err(ProtocolError::PageLeft("the element is gone".to_owned())),
        }
    }

    /// One DevTools command, which chromedriver passes on.
    async fn devtools(&self, command: &str, params: Value) -> Reply<Value> {
        self.post(
            "goog/cdp/execute",
            json!({ "cmd": command, "params": params }),
        )
        .await
    }

    async fn capture(&self, shot: Shot) -> Reply<Value> {
        let clip = match shot {
            Shot::Viewport => return self.get("screenshot").await,
            Shot::Box(x, y, width, height) => (x, y, width, height),
            Shot::FullPage => {
                if let Ok(image) = self.get("moz/screenshot/full").await {
                    return Ok(image);
                }
                let metrics = self.devtools("Page.getLayoutMetrics", json!({})).await?;
                let size = &metrics["cssContentSize"];
                let side = |name: &str| size[name].as_f64().unwrap_or(0.0);
                (0.0, 0.0, side("width"), side("height"))
            }
        };
        let (x, y, width, height) = clip;
        let clip = json!({ "x": x, "y": y, "width": width, "height": height, "scale": 1 });
        let params = json!({ "format": "png", "clip": clip, "captureBeyondViewport": true });
        Ok(self.devtools("Page.captureScreenshot", params).await?["data"].clone())
    }

    /// Runs a function in the current frame that needs our script, which is installed first.
    async fn run_installed(&self, body: &str) -> Reply<Value> {
        self.run(&format!("() => {{ ({RESOLVER})(); {body} }}"), "")
            .await
    }
}

/// A function that finds a frame element by its index among all frames of the document.
fn frame_finder() -> String {
    format!(
        "(index) => {{ ({RESOLVER})(); \
         return globalThis[Symbol.for('etude.resolver')].frameAt(index); }}"
    )
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[async_trait]
impl Protocol for Classic {
    fn is_bidi(&self) -> bool {
        false
    }

    async fn call(
        &self,
        frame: &FrameId,
        _world: World,
        function: &str,
        argument: &str,
    ) -> Reply<String> {
        let _at = self.at(frame).await?;
        Ok(string(&self.run(function, argument).await?))
    }

    async fn perform(&self, frame: &FrameId, actions: Value) -> Reply<()> {
        let _at = self.at(frame).await?;
        self.post("actions", json!({ "actions": actions }))
            .await
            .map(drop)
    }

    async fn release(&self, frame: &FrameId) -> Reply<()> {
        let _at = self.at(frame).await?;
        self.delete("actions").await.map(drop)
    }

    async fn navigate(&self, tab: &FrameId, url: &str, _load: Load, limit: Duration) -> Reply<()> {
        let _at = self.at(tab).await?;
        // The driver takes no other command until the page has loaded or this limit has passed.
        let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        self.post("timeouts", json!({ "pageLoad": limit })).await?;
        self.post("url", json!({ "url": url })).await.map(drop)
    }

    async fn reload(&self, tab: &FrameId) -> Reply<()> {
        let _at = self.at(tab).await?;
        self.post("refresh", json!({})).await.map(drop)
    }

    async fn traverse(&self, tab: &FrameId, delta: i32) -> Reply<()> {
        let _at = self.at(tab).await?;
        let path = if delta < 0 { "back" } else { "forward" };
        self.post(path, json!({})).await.map(drop)
    }

    async fn screenshot(&self, tab: &FrameId, shot: Shot) -> Reply<Vec<u8>> {
        let _at = self.at(tab).await?;
        let image = self.capture(shot).await?;
        base64::engine::general_purpose::STANDARD
            .decode(string(&image))
            .map_err(|error| ProtocolError::Refused {
                code: "screenshot".to_owned(),
                message: error.to_string(),
            })
    }

    async fn open_tab(&self) -> Reply<FrameId> {
        let answer = self.post("window/new", json!({ "type": "tab" })).await?;
        Ok(FrameId::from(string(&answer["handle"])))
    }

    async fn close_tab(&self, tab: &FrameId) -> Reply<()> {
        let mut at = self.at(tab).await?;
        *at = None;
        self.delete("window").await.map(drop)
    }

    async fn activate(&self, tab: &FrameId) -> Reply<()> {
        self.at(tab).await.map(drop)
    }

    async fn tabs(&self) -> Reply<Vec<FrameId>> {
        let handles = self.get("window/handles").await?;
        let handles = handles.as_array().cloned().unwrap_or_default();
        Ok(handles
            .iter()
            .filter_map(Value::as_str)
            .map(FrameId::from)
            .collect())
    }

    async fn children(&self, frame: &FrameId) -> Reply<Vec<FrameId>> {
        let _at = self.at(frame).await?;
        let count = "return globalThis[Symbol.for('etude.resolver')].frames().length;";
        let count = self.run_installed(count).await?.as_u64().unwrap_or(0);
        Ok((0..count)
            .map(|index| FrameId::from(format!("{frame}/{index}")))
            .collect())
    }

    async fn set_files(&self, frame: &FrameId, handle: u64, files: &[String]) -> Reply<()> {
        let _at = self.at(frame).await?;
        let find = "(handle) => globalThis[Symbol.for('etude.resolver')].element(handle)";
        let element = self.element_by_script(find, &handle.to_string()).await?;
        let body = json!({ "text": files.join("\n") });
        self.post(&format!("element/{element}/value"), body)
            .await
            .map(drop)
    }

    async fn dialog(&self, tab: &FrameId) -> Reply<Option<Dialog>> {
        match self.get("alert/text").await {
            Ok(text) => {
                let kind = DialogKind::Unknown;
                Ok(Some(Dialog {
                    tab: tab.clone(),
                    kind,
                    text: string(&text),
                    proposal: None,
                }))
            }
            Err(ProtocolError::NoDialog | ProtocolError::PageLeft(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn answer(&self, _tab: &FrameId, accept: bool, text: Option<&str>) -> Reply<()> {
        if let Some(text) = text {
            self.post("alert/text", json!({ "text": text })).await?;
        }
        let path = if accept {
            "alert/accept"
        } else {
            "alert/dismiss"
        };
        self.post(path, json!({})).await.map(drop)
    }

    async fn cookies(&self, tab: &FrameId) -> Reply<Vec<Cookie>> {
        let _at = self.at(tab).await?;
        let cookies = self.get("cookie").await?;
        Ok(cookies
            .as_array()
            .into_iter()
            .flatten()
            .map(Cookie::from_classic)
            .collect())
    }

    async fn set_cookie(&self, tab: &FrameId, cookie: &Cookie) -> Reply<()> {
        let _at = self.at(tab).await?;
        self.post("cookie", cookie.to_classic()).await.map(drop)
    }

    async fn delete_cookies(&self, tab: &FrameId, name: Option<&str>) -> Reply<()> {
        let _at = self.at(tab).await?;
        match name {
            Some(name) => self
                .delete(&format!("cookie/{}", path_segment(name)))
                .await
                .map(drop),
            // The standard command only reaches the page's own site.
            None => match self
                .devtools("Network.clearBrowserCookies", json!({}))
                .await
            {
                Ok(_) => Ok(()),
                Err(_) => self.delete("cookie").await.map(drop),
            },
        }
    }

    async fn resize(&self, tab: &FrameId, width: u32, height: u32) -> Reply<()> {
        let _at = self.at(tab).await?;
        let frame = "() => [outerWidth - innerWidth, outerHeight - innerHeight]";
        let frame = self.run(frame, "").await?;
        let outer = |size: u32, extra: &Value| i64::from(size) + extra.as_i64().unwrap_or(0);
        let size = json!({ "width": outer(width, &frame[0]), "height": outer(height, &frame[1]) });
        self.post("window/rect", size).await.map(drop)
    }

    async fn maximize(&self, tab: &FrameId) -> Reply<()> {
        let _at = self.at(tab).await?;
        self.post("window/maximize", json!({})).await.map(drop)
    }
}

/// A cookie's name as one segment of a path.
fn path_segment(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
