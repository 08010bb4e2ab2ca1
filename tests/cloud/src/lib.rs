//! MiniStack for tests, and what they need to look into it.

use std::{path::PathBuf, sync::OnceLock};

use aws_config::{Region, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use crossdock::cloud::{
    aws,
    ministack::{self, ACCESS_KEY, Life, Ministack, REGION, SECRET_KEY},
    tools,
};
use crossdock_platform_aws::Aws;
use serde_json::Value;

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
#[must_use]
pub fn admin(port: u16) -> SdkConfig {
    let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "tests");
    Aws::defaults()
        .endpoint_url(ministack::endpoint(port))
        .region(Region::from_static(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// Asks the AWS at `port` through `aws.py`, with the account's own rights.
///
/// # Panics
/// When it refuses.
#[must_use]
pub fn ask(port: u16, request: &Value) -> Value {
    let answer = aws::run(port, include_str!("aws.py"), request);
    let answer = answer.unwrap_or_else(|error| panic!("{request}: {error:#}"));
    serde_json::from_str(&answer).expect("it answers in JSON")
}
