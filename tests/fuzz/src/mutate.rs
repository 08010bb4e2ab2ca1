//! Changes values of JSON and leaves it JSON: what libFuzzer's own changes of bytes seldom do.

use std::{fs, path::Path};

use crossdock_core::Entropy;
use serde_json::{Value, json};

/// The texts between quotes in the source of a parser: topics, states and codes, which no change of bytes would
/// ever hit upon. `source` is a folder below `shared`.
#[must_use]
pub fn words(source: &str) -> Vec<String> {
    let mut words = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(source), &mut words);
    words.sort();
    words.dedup();
    words
}

fn collect(folder: &Path, words: &mut Vec<String>) {
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, words);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let quoted = text.lines().flat_map(|line| line.split('"').skip(1).step_by(2));
            words.extend(quoted.filter(|word| is_word(word)).map(str::to_owned));
        }
    }
}

/// A state, a topic or a code, and no sentence, number or time.
fn is_word(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'/' | b'.');
    (3..=32).contains(&text.len()) && text.bytes().all(letter)
}

/// One of the JSON texts in `data` changed, within `max` bytes. None where there is no such text, and one time
/// in four, so that bytes get their turn.
#[must_use]
pub fn json(data: &[u8], max: usize, seed: u32, words: &[String]) -> Option<Vec<u8>> {
    let dice = Entropy::seeded(seed.into());
    if dice.chance(250) {
        return None;
    }
    // A text begins on a line of its own, or behind the byte that chooses a call.
    let begins = |at: &usize| matches!(data[*at], b'{' | b'[') && (*at <= 2 || data[at - 1] == b'\n');
    let starts: Vec<usize> = (0..data.len()).filter(begins).collect();
    let start = *pick(&dice, &starts)?;
    let mut stream = serde_json::Deserializer::from_slice(&data[start..]).into_iter::<Value>();
    let mut value = stream.next()?.ok()?;
    let end = start + stream.byte_offset();
    for _ in 0..=dice.below(2) {
        change(&mut value, &dice, words);
    }
    let changed = [&data[..start], value.to_string().as_bytes(), &data[end..]].concat();
    (changed.len() <= max).then_some(changed)
}

fn pick<'a, T>(dice: &Entropy, from: &'a [T]) -> Option<&'a T> {
    from.get(usize::try_from(dice.below(from.len() as u64)).ok()?)
}

/// Every place of a value, by its pointer.
fn places(value: &Value, here: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, inner)| {
            places(inner, format!("{here}/{}", key.replace('~', "~0").replace('/', "~1")), found);
        }),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, inner)| places(inner, format!("{here}/{at}"), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found.push(here);
}

fn change(root: &mut Value, dice: &Entropy, words: &[String]) {
    let mut found = Vec::new();
    places(root, String::new(), &mut found);
    let (Some(here), Some(there)) = (pick(dice, &found).cloned(), pick(dice, &found).cloned()) else {
        return;
    };
    let (here, there) = (here.as_str(), there.as_str());
    let other = root.pointer(there).cloned().unwrap_or_default();
    match dice.below(10) {
        0 => put(root, here, other),
        1 => put(root, here, unlikely(dice)),
        2 => remove(root, here),
        3 => add(root, here, there, other),
        4..7 => {
            found.retain(|place| root.pointer(place).and_then(Value::as_str).is_some_and(is_word));
            if let (Some(here), Some(word)) = (pick(dice, &found), pick(dice, words)) {
                put(root, here, json!(word));
            }
        }
        _ => {
            if let Some(value) = root.pointer_mut(here) {
                tweak(value, dice);
            }
        }
    }
}

fn put(root: &mut Value, here: &str, value: Value) {
    if let Some(place) = root.pointer_mut(here) {
        *place = value;
    }
}

/// Values at the edge of what a parser takes, or beyond.
fn unlikely(dice: &Entropy) -> Value {
    let values = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(1e-7),
        json!(1e300),
        json!(""),
        json!("0.00"),
        json!("-0.01"),
        json!("0.000000000001"),
        json!("99999999999"),
        json!("99999999999.999999999999"),
        json!("79228162514264337593543950335"),
        json!("NaN"),
        json!("JPY"),
        json!("9999-12-31T23:59:59Z"),
        json!("-009999-01-01T00:00:00Z"),
        json!("gid://shopify/Order/5001?a=b"),
        json!("a\u{0}b\u{202e}c"),
        json!(", expected ann@example.test"),
        json!("x".repeat(300)),
        json!([]),
        json!({}),
    ];
    pick(dice, &values).cloned().unwrap_or_default()
}

fn parent(here: &str) -> Option<(&str, &str)> {
    here.rsplit_once('/')
}

fn remove(root: &mut Value, here: &str) {
    let Some((above, name)) = parent(here) else { return };
    match root.pointer_mut(above) {
        Some(Value::Object(fields)) => {
            fields.remove(name);
        }
        Some(Value::Array(items)) => {
            if let Some(at) = name.parse().ok().filter(|at| *at < items.len()) {
                items.remove(at);
            }
        }
        _ => {}
    }
}

/// A further item of a list, or a further field under a name that is used elsewhere.
fn add(root: &mut Value, here: &str, there: &str, value: Value) {
    let name = parent(there).map(|(_, name)| name.to_owned()).unwrap_or_default();
    match root.pointer_mut(here) {
        Some(Value::Array(items)) => items.push(items.last().cloned().unwrap_or(value)),
        Some(Value::Object(fields)) => {
            fields.insert(name, value);
        }
        _ => {}
    }
}

fn tweak(value: &mut Value, dice: &Entropy) {
    match value {
        Value::Bool(truth) => *truth = !*truth,
        Value::Number(number) => *value = json!(number.as_f64().unwrap_or_default() * -1.5),
        Value::String(text) => *text = tweaked(text, dice),
        Value::Array(items) => items.reverse(),
        Value::Null | Value::Object(_) => *value = unlikely(dice),
    }
}

fn tweaked(text: &str, dice: &Entropy) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let at = usize::try_from(dice.below(letters.len() as u64)).unwrap_or_default();
    let letter = ['0', '1', '9', '-', '.', '/', '_', ' ', '"', '\n', 'e', 'Z', '\u{e9}', '\u{2028}'];
    let letter = pick(dice, &letter).copied().unwrap_or('0');
    match dice.below(4) {
        0 => letters.insert(at, letter),
        1 => letters.truncate(at),
        2 => letters.extend_from_within(at..),
        _ => letters.iter_mut().skip(at).take(1).for_each(|old| *old = letter),
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_json_stays_json_and_all_around_it_stays_as_it_was() {
        let data = br#"o200
{"a": [1, "2.00", null], "b/c": {"d": true}}
---
rest"#;
        let mut changed = 0;
        for seed in 0..2000 {
            let Some(new) = json(data, 4096, seed, &[]) else { continue };
            let text = String::from_utf8(new).unwrap();
            let body = text.strip_prefix("o200\n").and_then(|t| t.strip_suffix("\n---\nrest")).unwrap();
            serde_json::from_str::<Value>(body).unwrap();
            changed += usize::from(text.as_bytes() != data);
        }
        assert!(changed > 500, "only {changed} of 2000 were changed");
    }

    #[test]
    fn the_words_of_the_parsers_are_known() {
        let known = words("channels/src/shopify");
        for word in ["expired", "gift_card", "orders/create"] {
            assert!(known.iter().any(|known| known == word), "{word} is not among {known:?}");
        }
    }

    #[test]
    fn an_input_that_would_grow_too_long_is_left_to_libfuzzer() {
        assert!((0..500).all(|seed| json(b"[1]", 3, seed, &[]).is_none_or(|new| new.len() <= 3)));
    }
}
