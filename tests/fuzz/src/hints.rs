//! Calls of Odoo's automation rules. Input: a line with the query, then the body.

use crossdock_hooks::hint;
use secrecy::SecretString;

const TOKEN: &str = "3f1c9a5be0274d6688ab12cd";

pub fn run(input: &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == b'\n');
    let query = parts.next().and_then(|line| std::str::from_utf8(line).ok()).unwrap_or_default();
    let body = parts.next().unwrap_or_default();
    let secrets = ["", TOKEN].map(|text| SecretString::from(text.to_owned()));
    let tokens: Vec<&str> = query.split('&').filter_map(|pair| pair.strip_prefix("token=")).collect();
    let read = hint::receive(&secrets, Some(query), body);
    assert_eq!(read.is_ok(), tokens == [TOKEN], "{query:?}");
    assert!(hint::receive(&secrets[..1], Some(query), body).is_err(), "a secret that is none opens");
    if let Ok(Some(hint)) = hint::receive(&secrets, Some(&format!("token={TOKEN}")), body) {
        assert!(hint.id > 0, "{hint:?}");
    }
}
