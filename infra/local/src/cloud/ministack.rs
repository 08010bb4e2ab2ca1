//! MiniStack: AWS's protocols on one port of this machine.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use super::tools;

/// The account's own key: with `AUTH=true` it may do everything, and everybody else what their policies say.
pub const ACCESS_KEY: &str = "crossdock-admin";
pub const SECRET_KEY: &str = "crossdock-admin-key";
pub const REGION: &str = "eu-central-1";

/// How it is started by Python.
const STARTS: &str = include_str!("ministack.py");
/// MiniStack answers within two seconds; a busy machine takes longer.
const START: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(200);

/// How MiniStack is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It dies with whoever started it, however that ends.
    WithStarter,
    /// It goes on until it is stopped.
    Detached,
}

pub struct Ministack {
    pub port: u16,
    child: Child,
}

impl Ministack {
    /// Starts it on `port` and waits until it answers. Its log goes into `folder`.
    ///
    /// # Errors
    /// When it does not answer in time, with the end of its log.
    pub fn start(folder: &Path, port: u16, life: Life) -> Result<Self> {
        let python = tools::ensure(tools::MINISTACK)?.join("python");
        std::fs::create_dir_all(folder)?;
        let log = folder.join("ministack.log");
        let output = File::create(&log)?;
        let mut command = match life {
            Life::Detached => Command::new(&python),
            // The shell reads until its input ends, which is when the starter is gone, and then stops it.
            Life::WithStarter => {
                let mut shell = Command::new("sh");
                shell.args(["-c", "\"$@\" & cat > /dev/null; kill $!", "ministack"]).arg(&python);
                shell
            }
        };
        let endpoint = endpoint(port);
        command
            .args(["-c", STARTS])
            .env("GATEWAY_PORT", port.to_string())
            .env("BIND_HOST", "127.0.0.1")
            .env("MINISTACK_REGION", REGION)
            // Signatures are verified and the roles' policies enforced, as on AWS.
            .env("AUTH", "true")
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            // Without this its functions would call the real AWS.
            .env("AWS_ENDPOINT_URL", &endpoint)
            .env_remove("AWS_SESSION_TOKEN")
            .env_remove("AWS_PROFILE")
            .stdin(if life == Life::WithStarter { Stdio::piped() } else { Stdio::null() })
            .stdout(output.try_clone()?)
            .stderr(output);
        #[cfg(unix)]
        // A Ctrl-C at the terminal is meant for the command, not for what it started.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut started = Self { port, child: command.spawn().context("MiniStack cannot be started")? };
        started.wait(&log)?;
        Ok(started)
    }

    fn wait(&mut self, log: &Path) -> Result<()> {
        let mut waited = Duration::ZERO;
        while !answers(self.port) {
            if let Some(status) = self.child.try_wait()? {
                bail!("MiniStack ended with {status}:\n{}", tail(log));
            }
            if waited > START {
                bail!("MiniStack did not answer within {} s:\n{}", START.as_secs(), tail(log));
            }
            std::thread::sleep(PAUSE);
            waited += PAUSE;
        }
        Ok(())
    }

    /// The id of its process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }
}

/// Where every service of AWS answers on a MiniStack.
#[must_use]
pub fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// A port that was free a moment ago.
///
/// # Errors
/// When the machine gives none.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Whether a MiniStack answers on `port`.
#[must_use]
pub fn answers(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Ok(mut stream) = TcpStream::connect_timeout(&address, PAUSE) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let request = "GET /_ministack/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let mut answer = [0; 12];
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && answer.ends_with(b" 200")
}

/// The last lines of a log, for an error.
#[must_use]
pub fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
