//! WebDriver BiDi.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::bidi_events::{SUBSCRIPTIONS, apply};
use super::devtools::DevTools;
use super::{
    Connection, Cookie, EXCHANGE_LIMIT, FrameId, Load, Protocol, ProtocolError, Reply, Shot, World,
};
use crate::page::{Button, Dialog, Events};
use crate::script::RESOLVER;

/// The world of our own scripts.
const SANDBOX: &str = "etude";

/// A connection to a browser, and the user context of the present session.
#[derive(Debug)]
pub(crate) struct Bidi {
    connection: Connection,
    events: Arc<Events>,
    devtools: DevTools,
    user_context: String,
}

impl Bidi {
    /// Connects to a fresh browser: its events are taken note of, and our script is put in every
    /// document.
    pub(crate) async fn connect(url: &str, events: &Arc<Events>) -> Reply<Connection> {
        let heard = Arc::clone(events);
        let connection = Connection::open(url, move |method, params| {
            heard.update(|state| apply(state, method, params));
        });
        let connection = connection
            .await
            .map_err(|error| ProtocolError::Gone(error.to_string()))?;
        connection
            .send("session.subscribe", json!({ "events": SUBSCRIPTIONS }))
            .await?;
        let preload = json!({ "functionDeclaration": RESOLVER, "sandbox": SANDBOX });
        connection.send("script.addPreloadScript", preload).await?;
        Ok(connection)
    }

    /// Opens a user context with a tab: storage, cookies and downloads of its own.
    pub(crate) async fn open(
        connection: Connection,
        events: Arc<Events>,
        downloads: Option<&Path>,
    ) -> Reply<(Self, FrameId)> {
        // Leaving a page never asks. A browser that knows no such option gets none.
        let prompts = json!({ "default": "ignore", "beforeUnload": "accept" });
        let params = json!({ "unhandledPromptBehavior": prompts });
        let created = match connection.send("browser.createUserContext", params).await {
            Ok(created) => created,
            Err(_) => {
                let plain = connection.send("browser.createUserContext", json!({}));
                plain.await?
            }
        };
        let user_context = string(&created["userContext"]);
        let this = Self {
            connection,
            events,
            devtools: DevTools::default(),
            user_context,
        };
        if let Some(folder) = downloads {
            this.allow_downloads(folder).await;
        }
        // Tabs and frames of this session only: what was there before is not its business.
        this.events.clear();
        let tab = this.open_tab().await?;
        Ok((this, tab))
    }

    /// Firefox has no such command yet; its downloads then go to its own folder and are not seen.
    async fn allow_downloads(&self, folder: &Path) {
        let params = json!({
            "downloadBehavior": { "type": "allowed", "destinationFolder": folder },
            "userContexts": [self.user_context],
        });
        if let Err(error) = self.send("browser.setDownloadBehavior", params).await {
            tracing::debug!(%error, "downloads are not reported by this browser");
        }
    }

    /// Adds headers to every request of the user context's pages.
    pub(crate) async fn set_headers(&self, headers: &BTreeMap<String, String>) -> Reply<()> {
        let header = |(name, value): (&String, &String)| json!({ "name": name, "value": { "type": "string", "value": value } });
        let params = json!({
            "headers": headers.iter().map(header).collect::<Vec<_>>(),
            "userContexts": [self.user_context],
        });
        self.send_quick("network.setExtraHeaders", params)
            .await
            .map(drop)
    }

    /// Removes the user context and everything in it.
    pub(crate) async fn close_context(&self) -> Reply<()> {
        let params = json!({ "userContext": self.user_context });
        self.send("browser.removeUserContext", params)
            .await
            .map(drop)
    }

    /// Sends a command and waits for its answer, as long as the browser lives.
    async fn send(&self, method: &str, params: Value) -> Reply<Value> {
        self.connection.send(method, params).await
    }

    /// Like [`Self::send`] for what never waits for the page.
    async fn send_quick(&self, method: &str, params: Value) -> Reply<Value> {
        tokio::time::timeout(EXCHANGE_LIMIT, self.send(method, params))
            .await
            .map_err(|_| ProtocolError::Timeout)?
    }

    async fn call_function(&self, params: Value) -> Reply<Value> {
        let answer = self.send("script.callFunction", params).await?;
        if answer["type"] == "exception" {
            return Err(ProtocolError::Script(string(
                &answer["exceptionDetails"]["text"],
            )));
        }
        Ok(answer["result"].clone())
    }

    /// A function of our own script with one text, in our world.
    fn ours(frame: &FrameId, function: &str, argument: &str) -> Value {
        json!({
            "functionDeclaration": function,
            "awaitPromise": true,
            "target": { "context": &**frame, "sandbox": SANDBOX },
            "arguments": [{ "type": "string", "value": argument }],
        })
    }

    fn partition(tab: &FrameId) -> Value {
        json!({ "type": "context", "context": &**tab })
    }

    /// The host of the tab's page.
    async fn host(&self, tab: &FrameId) -> Reply<String> {
        self.call(tab, World::Ours, "() => location.hostname", "")
            .await
    }
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[async_trait]
impl Protocol for Bidi {
    fn is_bidi(&self) -> bool {
        true
    }

    async fn call(
        &self,
        frame: &FrameId,
        world: World,
        function: &str,
        argument: &str,
    ) -> Reply<String> {
        let mut params = Self::ours(frame, function, argument);
        if world == World::Page {
            params["target"] = json!({ "context": &**frame });
        }
        Ok(string(&self.call_function(params).await?["value"]))
    }

    async fn perform(&self, frame: &FrameId, actions: Value) -> Reply<()> {
        let params = json!({ "context": &**frame, "actions": actions });
        self.send("input.performActions", params).await.map(drop)
    }

    fn click(
        &self,
        tab: &FrameId,
        point: (f64, f64),
        button: Button,
        count: u8,
    ) -> Option<BoxFuture<'static, Reply<()>>> {
        self.devtools
            .click(&self.connection, tab, point, button, count)
    }

    async fn release(&self, frame: &FrameId) -> Reply<()> {
        self.send_quick("input.releaseActions", json!({ "context": &**frame }))
            .await
            .map(drop)
    }

    async fn navigate(&self, tab: &FrameId, url: &str, load: Load, _limit: Duration) -> Reply<()> {
        let wait = match load {
            Load::Committed => "none",
            Load::Parsed => "interactive",
            Load::Complete => "complete",
        };
        let params = json!({ "context": &**tab, "url": url, "wait": wait });
        self.send("browsingContext.navigate", params)
            .await
            .map(drop)
    }

    async fn reload(&self, tab: &FrameId) -> Reply<()> {
        let params = json!({ "context": &**tab, "wait": "complete" });
        self.send("browsingContext.reload", params).await.map(drop)
    }

    async fn traverse(&self, tab: &FrameId, delta: i32) -> Reply<()> {
        let params = json!({ "context": &**tab, "delta": delta });
        self.send("browsingContext.traverseHistory", params)
            .await
            .map(drop)
    }

    async fn screenshot(&self, tab: &FrameId, shot: Shot) -> Reply<Vec<u8>> {
        let mut params = json!({ "context": &**tab });
        if shot != Shot::Viewport {
            params["origin"] = json!("document");
        }
        if let Shot::Box(x, y, width, height) = shot {
            params["clip"] =
                json!({ "type": "box", "x": x, "y": y, "width": width, "height": height });
        }
        let answer = self
            .send_quick("browsingContext.captureScreenshot", params)
            .await?;
        base64::engine::general_purpose::STANDARD
            .decode(string(&answer["data"]))
            .map_err(|error| ProtocolError::Refused {
                code: "screenshot".to_owned(),
                message: error.to_string(),
            })
    }

    async fn open_tab(&self) -> Reply<FrameId> {
        let params = json!({ "type": "tab", "userContext": self.user_context });
        let answer = self.send_quick("browsingContext.create", params).await?;
        let tab = FrameId::from(string(&answer["context"]));
        self.devtools.attach(&self.connection, &tab).await;
        Ok(tab)
    }

    async fn close_tab(&self, tab: &FrameId) -> Reply<()> {
        self.devtools.detach(tab);
        self.send_quick("browsingContext.close", json!({ "context": &**tab }))
            .await
            .map(drop)
    }

    async fn activate(&self, tab: &FrameId) -> Reply<()> {
        self.send_quick("browsingContext.activate", json!({ "context": &**tab }))
            .await
            .map(drop)
    }

    async fn tabs(&self) -> Reply<Vec<FrameId>> {
        Ok(self.events.read().tabs.clone())
    }

    fn is_without_frames(&self, frame: &FrameId) -> bool {
        let state = self.events.read();
        state
            .frames
            .get(frame)
            .is_some_and(|info| info.children == 0)
    }

    async fn children(&self, frame: &FrameId) -> Reply<Vec<FrameId>> {
        if self.is_without_frames(frame) {
            return Ok(Vec::new());
        }
        let list = "() => globalThis[Symbol.for('etude.resolver')]?.frames() ?? []";
        let answer = self.call_function(Self::ours(frame, list, "")).await?;
        let windows = answer["value"].as_array().cloned().unwrap_or_default();
        Ok(windows
            .iter()
            .filter_map(|w| w["value"]["context"].as_str())
            .map(Into::into)
            .collect())
    }

    async fn set_files(&self, frame: &FrameId, handle: u64, files: &[String]) -> Reply<()> {
        let find = "(handle) => globalThis[Symbol.for('etude.resolver')].element(handle)";
        let element = self
            .call_function(Self::ours(frame, find, &handle.to_string()))
            .await?;
        let element = json!({ "sharedId": element["sharedId"] });
        let params = json!({ "context": &**frame, "element": element, "files": files });
        self.send_quick("input.setFiles", params).await.map(drop)
    }

    async fn dialog(&self, tab: &FrameId) -> Reply<Option<Dialog>> {
        Ok(self.events.read().dialog(tab).cloned())
    }

    async fn answer(&self, tab: &FrameId, accept: bool, text: Option<&str>) -> Reply<()> {
        let mut params = json!({ "context": &**tab, "accept": accept });
        // Without a text the browser would answer with an empty one.
        let proposal = self
            .events
            .read()
            .dialog(tab)
            .and_then(|dialog| dialog.proposal.clone());
        if let Some(text) = text.or(proposal.as_deref()) {
            params["userText"] = json!(text);
        }
        self.send_quick("browsingContext.handleUserPrompt", params)
            .await?;
        // The event may come after the answer; the next command must not see the dialog again.
        let closed = self
            .events
            .until(|state| state.dialog(tab).is_none().then_some(()));
        let _ = tokio::time::timeout(Duration::from_secs(2), closed).await;
        Ok(())
    }

    async fn cookies(&self, tab: &FrameId) -> Reply<Vec<Cookie>> {
        let params = json!({ "partition": Self::partition(tab) });
        let answer = self.send_quick("storage.getCookies", params).await?;
        let cookies = answer["cookies"].as_array().cloned().unwrap_or_default();
        let host = self.host(tab).await?;
        Ok(cookies
            .iter()
            .map(Cookie::from_bidi)
            .filter(|c| reaches(&c.domain, &host))
            .collect())
    }

    async fn set_cookie(&self, tab: &FrameId, cookie: &Cookie) -> Reply<()> {
        let params = json!({ "cookie": cookie.to_bidi(), "partition": Self::partition(tab) });
        self.send_quick("storage.setCookie", params).await.map(drop)
    }

    async fn delete_cookies(&self, tab: &FrameId, name: Option<&str>) -> Reply<()> {
        let Some(name) = name else {
            let partition = json!({ "type": "storageKey", "userContext": self.user_context });
            let params = json!({ "partition": partition });
            return self
                .send_quick("storage.deleteCookies", params)
                .await
                .map(drop);
        };
        for cookie in self
            .cookies(tab)
            .await?
            .iter()
            .filter(|cookie| cookie.name == name)
        {
            let filter = json!({ "name": name, "domain": cookie.domain, "path": cookie.path });
            let params = json!({ "filter": filter, "partition": Self::partition(tab) });
            self.send_quick("storage.deleteCookies", params).await?;
        }
        Ok(())
    }

    async fn resize(&self, tab: &FrameId, width: u32, height: u32) -> Reply<()> {
        let viewport = json!({ "width": width, "height": height });
        let params = json!({ "context": &**tab, "viewport": viewport });
        self.send_quick("browsingContext.setViewport", params)
            .await
            .map(drop)
    }

    async fn maximize(&self, tab: &FrameId) -> Reply<()> {
        let size = "() => `${screen.availWidth} ${screen.availHeight}`";
        let size = self.call(tab, World::Ours, size, "").await?;
        let (width, height) = size.split_once(' ').unwrap_or_default();
        match (width.parse(), height.parse()) {
            (Ok(width), Ok(height)) => self.resize(tab, width, height).await,
            _ => Err(ProtocolError::Refused {
                code: "screen".to_owned(),
                message: size,
            }),
        }
    }
}

/// Whether a cookie of this domain is sent to the host. A leading dot, where a browser keeps it,
/// means the same as none.
fn reaches(domain: &str, host: &str) -> bool {
    let domain = domain.trim_start_matches('.');
    host == domain
        || host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.'))
}
