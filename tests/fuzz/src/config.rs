//! The configuration file. Input: its text.

use crossdock_core::config::{Config, parse};

pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match parse(text) {
        Ok(config) => sound(&config),
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a reason");
            // In YAML a carriage return ends a line too.
            let lines = u64::try_from(text.split(['\r', '\n']).count()).unwrap();
            for error in errors {
                assert!(!error.to_string().is_empty());
                assert!((1..=lines).contains(&error.line.unwrap_or(1)), "{error} of {lines} lines");
            }
        }
    }
}

fn sound(config: &Config) {
    // JSON is YAML: what we write is a configuration again.
    let written = serde_json::to_string(config).unwrap();
    let read = parse(&written).unwrap_or_else(|errors| panic!("{errors:?} in {written}"));
    assert_eq!(&read, config);
    assert_eq!(read.digest(), config.digest());
    for url in config.channels.iter().filter_map(|channel| channel.url.as_ref()).chain([&config.odoo.url]) {
        let local = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
        let safe = url.starts_with("https://") || local.iter().any(|start| url.starts_with(start));
        assert!(safe || url.contains(".in-process"), "credentials would travel in the open to {url}");
    }
    for channel in &config.channels {
        assert_eq!(config.channel(&channel.id), Some(channel), "two channels of one name");
        assert!(!channel.pricelists.is_empty() && channel.requests_per_second > 0);
    }
}
