//! MiniStack for tests, and what they need to look into it.

use std::{path::PathBuf, sync::OnceLock};

use aws_config::{Region, SdkConfig};
use aws_sdk_sqs::config::Credentials;
use crossdock::cloud::{
    ministack::{self, ACCESS_KEY, Life, Ministack, REGION, SECRET_KEY},
    tools,
};
use crossdock_platform_aws::Aws;

/// The MiniStack of this test program: started once, gone with it.
///
/// # Panics
/// When it cannot start; the message says what is missing.
pub fn port() -> u16 {
    static MINISTACK: OnceLock<Ministack> = OnceLock::new();
    let start = || {
        let port = ministack::free_port().expect("a port");
        let started = Ministack::start(&folder("ministack"), port, Life::WithStarter);
        started.unwrap_or_else(|error| panic!("{error:#}"))
    };
    MINISTACK.get_or_init(start).port
}

/// A folder of this test program's own.
#[must_use]
pub fn folder(name: &str) -> PathBuf {
    tools::scratch().join("cloud-tests").join(format!("{name}-{}", std::process::id()))
}

/// The account's own rights on the MiniStack at `port`.
pub async fn admin(port: u16) -> SdkConfig {
    Aws::loader()
        .endpoint_url(ministack::endpoint(port))
        .region(Region::from_static(REGION))
        .credentials_provider(Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "tests"))
        .load()
        .await
}
