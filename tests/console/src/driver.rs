//! The commands of [WebDriver](https://www.w3.org/TR/webdriver2/) that the test needs, over our own HTTP client: JSON by
//! POST. A client of its own would bring another ICU and other features of what everything is built on, and build all
//! of it twice.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use crossdock_core::Clock;
use crossdock_http::Client;
use http::{Method, Request};
use serde_json::{Value, json};

/// The name that the protocol has for what stands for an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// A page that takes longer to load, or a script to run, is an error.
const LONGEST: Duration = Duration::from_secs(60);
pub const STALE: &str = "stale element reference";

/// A session with a browser.
pub struct Driver {
    client: Client,
    /// Down to the session's id.
    session: String,
}

/// What stands for an element of the page until the page is another.
pub struct Element(String);

impl Driver {
    /// Asks a driver for a session.
    ///
    /// # Errors
    /// When the driver is not there, or its browser does not start.
    pub async fn connect(address: &str, capabilities: Value) -> Result<Self> {
        let mut driver =
            Self { client: Client::network(Clock::System), session: format!("{address}/session") };
        let wanted = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let answer = driver.command(Method::POST, "", wanted).await?;
        let id = answer["sessionId"].as_str().context("a session without an id")?;
        driver.session = format!("{}/{id}", driver.session);
        Ok(driver)
    }

    async fn command(&self, method: Method, path: &str, body: Value) -> Result<Value> {
        let sent = if method == Method::POST { body.to_string() } else { String::new() };
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.session))
            .header("content-type", "application/json")
            .body(Bytes::from(sent))?;
        let answer = self.client.send("chromedriver", request, LONGEST).await?;
        let mut body: Value = serde_json::from_slice(answer.body())?;
        let value = body["value"].take();
        if let Some(error) = value["error"].as_str().filter(|_| !answer.status().is_success()) {
            bail!("{error}: {}", value["message"].as_str().unwrap_or_default());
        }
        Ok(value)
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.command(Method::POST, path, body).await
    }

    async fn get(&self, path: &str) -> Result<Value> {
        self.command(Method::GET, path, Value::Null).await
    }

    /// # Errors
    /// When the page does not load.
    pub async fn goto(&self, url: &str) -> Result<()> {
        self.post("/url", json!({ "url": url })).await.map(drop)
    }

    /// # Errors
    /// When the page does not load.
    pub async fn refresh(&self) -> Result<()> {
        self.post("/refresh", json!({})).await.map(drop)
    }

    /// # Errors
    /// When the page does not load.
    pub async fn back(&self) -> Result<()> {
        self.post("/back", json!({})).await.map(drop)
    }

    /// The path of the page's address.
    ///
    /// # Errors
    /// When the driver does not answer.
    pub async fn path(&self) -> Result<String> {
        let url: http::Uri = self.get("/url").await?.as_str().context("no address")?.parse()?;
        Ok(url.path().to_owned())
    }

    /// Every element of an XPath.
    ///
    /// # Errors
    /// When the driver does not answer.
    pub async fn find(&self, path: &str) -> Result<Vec<Element>> {
        let found = self.post("/elements", json!({ "using": "xpath", "value": path })).await?;
        let elements = found.as_array().into_iter().flatten();
        Ok(elements.filter_map(|one| Some(Element(one[ELEMENT].as_str()?.to_owned()))).collect())
    }

    /// The first element of an XPath.
    ///
    /// # Errors
    /// When there is none.
    pub async fn one(&self, path: &str) -> Result<Element> {
        self.find(path).await?.into_iter().next().with_context(|| format!("nothing is {path}"))
    }

    /// # Errors
    /// When something is in front of it.
    pub async fn click(&self, element: &Element) -> Result<()> {
        self.post(&format!("/element/{}/click", element.0), json!({})).await.map(drop)
    }

    /// What a person reads of it.
    ///
    /// # Errors
    /// [`STALE`] begins the error where its page is gone.
    pub async fn text(&self, element: &Element) -> Result<String> {
        let text = self.get(&format!("/element/{}/text", element.0)).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// What a script returns.
    ///
    /// # Errors
    /// What it throws.
    pub async fn execute(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        self.post("/execute/sync", json!({ "script": script, "args": arguments })).await
    }

    /// What a script gives to the function that is its last argument.
    ///
    /// # Errors
    /// What it throws, or that it never does.
    pub async fn execute_async(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        self.post("/execute/async", json!({ "script": script, "args": arguments })).await
    }

    /// A command of Chromium's own protocol.
    ///
    /// # Errors
    /// When the browser does not know it.
    pub async fn chromium(&self, command: &str, parameters: Value) -> Result<()> {
        self.post("/goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await.map(drop)
    }

    /// The page as a PNG file.
    ///
    /// # Errors
    /// When the driver does not answer.
    pub async fn screenshot(&self) -> Result<Vec<u8>> {
        let image = self.get("/screenshot").await?;
        Ok(STANDARD.decode(image.as_str().unwrap_or_default())?)
    }

    /// Ends the session and its browser.
    ///
    /// # Errors
    /// When the driver does not answer.
    pub async fn quit(&self) -> Result<()> {
        self.command(Method::DELETE, "", Value::Null).await.map(drop)
    }
}
