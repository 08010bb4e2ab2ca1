//! The report: aligned lines for people, an array for programs.

use std::io::{self, Write};

use crossdock_core::config::Config;
use crossdock_odoo::check::{Area, Finding, Level};

/// Where an area stands in the report: channels, warehouses and carriers as the configuration lists them.
pub(super) fn place(area: &Area, config: &Config) -> (u8, usize) {
    let at = |position: Option<usize>| position.unwrap_or(usize::MAX);
    match area {
        Area::Config => (0, 0),
        Area::Secrets => (1, 0),
        Area::Odoo => (2, 0),
        Area::Channel(id) => (3, at(config.channels.iter().position(|channel| &channel.id == id))),
        Area::Warehouse(id) => (4, at(config.warehouses.iter().position(|warehouse| &warehouse.id == id))),
        Area::Carrier(id) => (5, at(config.carriers.iter().position(|carrier| &carrier.id == id))),
    }
}

pub(super) fn all(out: &mut impl Write, found: &[Finding], json: bool) -> io::Result<()> {
    if json {
        let text = serde_json::to_string_pretty(found).map_err(io::Error::other)?;
        return writeln!(out, "{text}");
    }
    let width = found.iter().map(|finding| finding.area.to_string().len()).max().unwrap_or_default();
    for finding in found {
        let level = said(finding.level);
        writeln!(out, "{level:4}  {:width$}  {}", finding.area, printable(&finding.what))?;
        if let Some(todo) = &finding.todo {
            writeln!(out, "      {:width$}  → {}", "", printable(todo))?;
        }
    }
    let count = |level| found.iter().filter(|finding| finding.level == level).count();
    let [ok, note, warn, fail] = [Level::Ok, Level::Note, Level::Warn, Level::Fail].map(count);
    writeln!(out, "\n{ok} ok, {note} to note, {warn} to better, {fail} to mend")
}

fn said(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Note => "note",
        Level::Warn => "warn",
        Level::Fail => "FAIL",
    }
}

/// Names come from other systems: none of them may steer a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use crossdock_core::ChannelId;

    use super::*;

    fn findings() -> Vec<Finding> {
        let shop = Area::Channel(ChannelId::new("shop").unwrap());
        vec![
            Finding::ok(&Area::Config, "config.file", "c.yaml is sound"),
            Finding::fail(&shop, "channel.api", "refused\u{1b}[2J", "renew the key"),
        ]
    }

    #[test]
    fn lines_stand_in_columns_and_a_name_cannot_steer_the_terminal() {
        let mut out = Vec::new();
        all(&mut out, &findings(), false).unwrap();
        let expected = "ok    config  c.yaml is sound\n\
                        FAIL  shop    refused [2J\n              → renew the key\n\n\
                        1 ok, 0 to note, 0 to better, 1 to mend\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn programs_get_an_array_with_codes() {
        let mut out = Vec::new();
        all(&mut out, &findings(), true).unwrap();
        let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(read[1]["area"], "shop");
        assert_eq!(read[1]["level"], "fail");
        assert_eq!(read[1]["code"], "channel.api");
        assert_eq!(read[0]["todo"], serde_json::Value::Null);
    }
}
