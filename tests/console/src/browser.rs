//! Chromium, headless, with an empty profile, driven over WebDriver.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use tokio::process::{Child, Command};

use crate::driver::{Driver, Element, STALE};

/// A click that leads somewhere leads there within this time.
const SOON: Duration = Duration::from_secs(20);
const ARGUMENTS: [&str; 9] = [
    "--headless",
    // It shows pages of our own alone, and CI runs as root.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

pub struct Browser {
    pub driver: Driver,
    process: Child,
}

impl Browser {
    /// Starts a driver and a browser whose profile is in `folder`, which must be empty.
    ///
    /// # Errors
    /// When one of them is missing; the error says what to install.
    pub async fn start(folder: &Path) -> Result<Self> {
        let port = crossdock::cloud::ministack::free_port()?;
        let process = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("chromedriver: apt-get install chromium chromium-driver")?;
        let profile = format!("--user-data-dir={}", folder.display());
        let arguments: Vec<&str> = ARGUMENTS.into_iter().chain([profile.as_str()]).collect();
        let wanted = json!({ "goog:chromeOptions": { "args": arguments }, "pageLoadStrategy": "normal" });
        let address = format!("http://127.0.0.1:{port}");
        let mut last = None;
        for _ in 0..100 {
            match Driver::connect(&address, wanted.clone()).await {
                Ok(driver) => return Ok(Self { driver, process }),
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Err(last.context("no try")?).context("no session with the browser")
    }

    /// # Errors
    /// When the driver does not answer.
    pub async fn stop(mut self) -> Result<()> {
        self.driver.quit().await?;
        self.process.kill().await?;
        Ok(())
    }

    /// # Errors
    /// When the driver does not answer.
    pub async fn goto(&self, url: &str) -> Result<()> {
        self.driver.goto(url).await
    }

    /// Clicks what has just this text, and waits for the page that it leads to.
    ///
    /// # Errors
    /// When there is none.
    pub async fn click(&self, text: &str) -> Result<()> {
        let path = format!("//*[self::a or self::button][normalize-space()='{text}']");
        let here = self.driver.one(&path).await.with_context(|| format!("no \"{text}\""))?;
        let before = self.driver.one("/html").await?;
        self.driver.click(&here).await?;
        self.gone(&before).await
    }

    /// Waits until the document that `element` is of has been replaced.
    async fn gone(&self, element: &Element) -> Result<()> {
        let begin = tokio::time::Instant::now();
        while begin.elapsed() < SOON {
            // Other errors come while the browser is still on its way.
            let gone =
                self.driver.text(element).await.is_err_and(|error| error.to_string().starts_with(STALE));
            if gone && self.driver.one("//h1").await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("nothing came of a click")
    }

    /// The text of the page as a person reads it.
    ///
    /// # Errors
    /// When there is no page.
    pub async fn text(&self) -> Result<String> {
        self.driver.text(&self.driver.one("/html/body").await?).await
    }

    /// Whether there is a button or link with this text.
    ///
    /// # Errors
    /// When the driver does not answer.
    pub async fn has(&self, text: &str) -> Result<bool> {
        let path = format!("//*[self::a or self::button][starts-with(normalize-space(), '{text}')]");
        Ok(!self.driver.find(&path).await?.is_empty())
    }

    /// Loads the page again until it says so.
    ///
    /// # Errors
    /// When it does not within `longest`.
    pub async fn until(&self, said: &str, longest: Duration) -> Result<()> {
        let begin = tokio::time::Instant::now();
        loop {
            let text = self.text().await?;
            if text.contains(said) {
                return Ok(());
            }
            if begin.elapsed() > longest {
                bail!("the page never said \"{said}\": {text}");
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
            self.driver.refresh().await?;
        }
    }

    /// Waits until the page says so, without loading it again.
    ///
    /// # Errors
    /// When it does not soon.
    pub async fn says(&self, said: &str) -> Result<()> {
        let begin = tokio::time::Instant::now();
        while begin.elapsed() < SOON {
            // Between two documents there is none.
            if self.text().await.is_ok_and(|text| text.contains(said)) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("the page never said \"{said}\"")
    }

    /// As on a screen of this size.
    ///
    /// # Errors
    /// When the driver does not answer.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        // A window cannot be narrower than 500 pixels; what it emulates can.
        self.driver.chromium("Emulation.setDeviceMetricsOverride", metrics).await
    }

    /// Whether the page is wider than the screen.
    ///
    /// # Errors
    /// When the driver does not answer.
    pub async fn overflows(&self) -> Result<bool> {
        let script = "return document.documentElement.scrollWidth > document.documentElement.clientWidth;";
        Ok(self.driver.execute(script, Vec::new()).await?.as_bool().unwrap_or_default())
    }
}
