//! Descriptions: plain text in Odoo, HTML in shops.

/// Tags that end a line or a part of one; all others stand within words.
const BREAKS: [&str; 17] =
    ["br", "p", "div", "li", "ul", "ol", "table", "tr", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "hr"];

/// Longer names of signs are none.
const NAME_AT_MOST: usize = 10;

/// Plain text as HTML: a line stays a line.
pub(crate) fn html(text: &str) -> String {
    let signs = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;")];
    let sign = |c: char| {
        signs.iter().find(|(sign, _)| *sign == c).map_or_else(|| c.to_string(), |(_, text)| (*text).into())
    };
    let safe: String = text.chars().map(sign).collect();
    safe.replace('\n', "<br>")
}

/// The words of some HTML, with one blank between two; none where there are none. How it is set is left out: what
/// people made of a text in the shop is the same text.
pub(crate) fn words(html: &str) -> Option<String> {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(next) = rest.chars().next() {
        rest = match next {
            '<' => tag(rest, &mut text),
            '&' => sign(rest, &mut text),
            _ => {
                text.push(next);
                &rest[next.len_utf8()..]
            }
        };
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    Some(words.join(" ")).filter(|text| !text.is_empty())
}

/// What comes after the tag.
fn tag<'a>(rest: &'a str, text: &mut String) -> &'a str {
    let Some((inside, after)) = rest[1..].split_once('>') else {
        text.push('<');
        return &rest[1..];
    };
    let name = inside.trim_start_matches('/');
    let name: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
    if BREAKS.contains(&name.to_ascii_lowercase().as_str()) {
        text.push(' ');
    }
    after
}

/// What comes after the sign that is written by its name or number.
fn sign<'a>(rest: &'a str, text: &mut String) -> &'a str {
    let end = rest.char_indices().take(NAME_AT_MOST).find(|(_, c)| *c == ';').map(|(at, _)| at);
    let found = end.and_then(|end| Some((named(&rest[1..end])?, &rest[end + 1..])));
    let (sign, after) = found.unwrap_or(('&', &rest[1..]));
    text.push(sign);
    after
}

fn named(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let code = hex.map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok());
        return code.and_then(char::from_u32);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_the_same_after_it_was_html() {
        for text in ["Cotton & <wool>", "Two\nlines", "5 > 4 &amp; \"so\"", "&", "a &b; c;", "ünï&#8217;"] {
            let words_of = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(words(&html(text)).as_deref(), Some(words_of.as_str()), "{text}");
        }
    }

    #[test]
    fn how_a_text_is_set_does_not_count() {
        for html in [
            "<p>Soft <b>cot</b>ton.</p>\n<p>Red&nbsp;&amp; blue</p>",
            "<ul class=\"a\"><li>Soft cotton.</li><li>Red &#38; blue</li></ul>",
            "Soft cotton.<BR/>Red &#x26; blue",
        ] {
            assert_eq!(words(html).as_deref(), Some("Soft cotton. Red & blue"), "{html}");
        }
        for nothing in ["", "<p></p>", "&nbsp;", "<p"] {
            assert_eq!(words(nothing).is_none(), nothing != "<p", "{nothing}");
        }
    }
}
