//! Charts, drawn here.

use maud::{Markup, html};

const WIDTH: usize = 720;
const HEIGHT: usize = 150;
const FLOOR: usize = 120;

/// One bar for each value; `label` names every `each`th of them.
pub(super) fn bars(title: &str, values: &[u64], each: usize, label: impl Fn(usize) -> String) -> Markup {
    let most = values.iter().copied().max().unwrap_or_default().max(1);
    let step = WIDTH / values.len().max(1);
    let height = |value: u64| usize::try_from(value * (FLOOR as u64 - 20) / most).unwrap_or_default();
    let spoken: Vec<String> =
        values.iter().enumerate().map(|(at, n)| format!("{}: {n}", label(at))).collect();
    html! {
        figure {
            figcaption { (title) }
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label={ (title) ". " (spoken.join(", ")) } {
                line.axis x1="0" y1=(FLOOR) x2=(WIDTH) y2=(FLOOR) {}
                @for (at, value) in values.iter().enumerate() {
                    rect.bar x=(at * step + 2) y=(FLOOR - height(*value)) width=(step.saturating_sub(4)) height=(height(*value)) {
                        title { (label(at)) ": " (value) }
                    }
                    @if *value > 0 {
                        text x=(at * step + step / 2) y=(FLOOR - height(*value) - 4) text-anchor="middle" { (value) }
                    }
                    @if at % each == 0 {
                        @if at == 0 { text x="0" y=(FLOOR + 18) { (label(at)) } }
                        @else { text x=(at * step + step / 2) y=(FLOOR + 18) text-anchor="middle" { (label(at)) } }
                    }
                }
            }
        }
    }
}
