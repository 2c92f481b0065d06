//! Charts as SVG: lines over time, curves over quantiles, bars of a histogram.

use std::fmt::Write;

/// Size of a drawing, in its own units; the page scales it.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 260.0;
/// Room for the labels of the axes.
const LEFT: f64 = 64.0;
const BOTTOM: f64 = 28.0;
const TOP: f64 = 34.0;
/// Where the names of lines stand, above the frame.
const LEGEND: f64 = 12.0;
const RIGHT: f64 = 14.0;

/// One line of a chart.
pub(super) struct Series<'a> {
    pub(super) name: &'a str,
    /// Of the page's style sheet.
    pub(super) class: &'a str,
    /// Ascending in the first.
    pub(super) points: Vec<(f64, f64)>,
}

/// How values of an axis are laid out and written.
#[derive(Clone, Copy)]
pub(super) struct Axis {
    pub(super) scale: Scale,
    pub(super) label: fn(f64) -> String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// From nought on.
    Linear,
    /// By powers of ten; values above nought only.
    Log,
}

/// Lines over a common axis, with their names.
pub(super) fn lines(title: &str, series: &[Series<'_>], x: Axis, y: Axis) -> String {
    let all = || series.iter().flat_map(|series| series.points.iter().copied());
    let frame = Frame::new(
        x,
        y,
        &all().map(|point| point.0).collect::<Vec<_>>(),
        &all().map(|point| point.1).collect::<Vec<_>>(),
    );
    let mut out = open(title);
    frame.draw_axes(&mut out);
    for one in series {
        push(&mut out, format_args!("<polyline class=\"line {}\" points=\"", one.class));
        one.points.iter().for_each(|(at, value)| {
            push(&mut out, format_args!("{:.1},{:.1} ", frame.x(*at), frame.y(*value)));
        });
        push(&mut out, format_args!("\"/>"));
    }
    legend(&mut out, series);
    out.push_str("</svg>");
    out
}

/// Bars from one value to the next.
pub(super) fn bars(title: &str, steps: &[(f64, u64)], x: Axis, y: Axis) -> String {
    let mut out = open(title);
    let Some((first, _)) = steps.first() else { return out + "</svg>" };
    let edges: Vec<f64> = std::iter::once(first / 1.1).chain(steps.iter().map(|step| step.0)).collect();
    let counts: Vec<f64> = steps.iter().map(|step| step.1 as f64).collect();
    let frame = Frame::new(x, y, &edges, &counts);
    frame.draw_axes(&mut out);
    for (edge, (at, count)) in edges.windows(2).zip(steps) {
        let (left, right) = (frame.x(edge[0]), frame.x(edge[1]));
        let top = frame.y(*count as f64);
        let height = HEIGHT - BOTTOM - top;
        let width = (right - left - 0.5).max(0.5);
        push(
            &mut out,
            format_args!(
                "<rect class=\"bar\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\">\
                 <title>up to {}: {count}</title></rect>",
                (x.label)(*at)
            ),
        );
    }
    out.push_str("</svg>");
    out
}

/// The rectangle in which is drawn, and what its edges stand for.
struct Frame {
    x: Axis,
    y: Axis,
    xs: (f64, f64),
    ys: (f64, f64),
}

impl Frame {
    fn new(x: Axis, y: Axis, xs: &[f64], ys: &[f64]) -> Self {
        Self { x, y, xs: x.scale.bounds(xs), ys: y.scale.bounds(ys) }
    }

    fn x(&self, value: f64) -> f64 {
        LEFT + self.x.scale.part(value, self.xs) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - self.y.scale.part(value, self.ys) * (HEIGHT - BOTTOM - TOP)
    }

    fn draw_axes(&self, out: &mut String) {
        for value in self.y.scale.ticks(self.ys) {
            let y = self.y(value);
            push(
                out,
                format_args!(
                    "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>",
                    WIDTH - RIGHT
                ),
            );
            push(
                out,
                format_args!(
                    "<text class=\"y\" x=\"{}\" y=\"{:.1}\">{}</text>",
                    LEFT - 6.0,
                    y + 4.0,
                    (self.y.label)(value)
                ),
            );
        }
        for value in self.x.scale.ticks(self.xs) {
            let x = self.x(value);
            push(
                out,
                format_args!(
                    "<text class=\"x\" x=\"{x:.1}\" y=\"{}\">{}</text>",
                    HEIGHT - 8.0,
                    (self.x.label)(value)
                ),
            );
        }
    }
}

impl Scale {
    fn bounds(self, values: &[f64]) -> (f64, f64) {
        let most = values.iter().copied().fold(0.0, f64::max);
        match self {
            Self::Linear => (0.0, if most > 0.0 { most * 1.05 } else { 1.0 }),
            Self::Log => {
                let least = values.iter().copied().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
                let least = if least.is_finite() { least } else { 1.0 };
                (least, if most > least { most } else { least * 10.0 })
            }
        }
    }

    /// From 0 to 1.
    fn part(self, value: f64, (least, most): (f64, f64)) -> f64 {
        let part = match self {
            Self::Linear => (value - least) / (most - least),
            Self::Log => (value.max(least) / least).ln() / (most / least).ln(),
        };
        part.clamp(0.0, 1.0)
    }

    fn ticks(self, (least, most): (f64, f64)) -> Vec<f64> {
        match self {
            Self::Linear => {
                let step = round_step(most / 5.0);
                (0..).map(|count| f64::from(count) * step).take_while(|tick| *tick <= most).collect()
            }
            Self::Log => {
                let first = least.log10().ceil() as i32;
                let powers = (first..).map(|power| 10_f64.powi(power)).take_while(|tick| *tick <= most);
                powers.collect()
            }
        }
    }
}

/// 1, 2 or 5 times a power of ten, not below what is given.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.max(f64::MIN_POSITIVE).log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .iter()
        .map(|factor| factor * power)
        .find(|step| *step >= least)
        .unwrap_or(power * 10.0)
}

fn open(title: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>"
    )
}

fn legend(out: &mut String, series: &[Series<'_>]) {
    if series.len() < 2 {
        return;
    }
    for (at, one) in series.iter().enumerate() {
        let x = LEFT + 140.0 * at as f64;
        push(
            out,
            format_args!(
                "<line class=\"line {}\" x1=\"{x}\" x2=\"{}\" y1=\"{LEGEND}\" y2=\"{LEGEND}\"/>",
                one.class,
                x + 18.0
            ),
        );
        push(out, format_args!("<text x=\"{}\" y=\"{}\">{}</text>", x + 24.0, LEGEND + 4.0, one.name));
    }
}

/// Writing to a string does not fail.
fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        assert_eq!([0.3, 1.0, 1.1, 4.0, 7.0].map(round_step), [0.5, 1.0, 2.0, 5.0, 10.0]);
    }

    #[test]
    fn scales_fill_the_frame_and_nothing_leaves_it() {
        let linear = Scale::Linear.bounds(&[1.0, 20.0]);
        assert_eq!(Scale::Linear.ticks(linear), [0.0, 5.0, 10.0, 15.0, 20.0]);
        let log = Scale::Log.bounds(&[0.0, 3.0, 3_000.0]);
        assert_eq!(Scale::Log.ticks(log), [10.0, 100.0, 1_000.0]);
        assert_eq!((Scale::Log.part(3.0, log), Scale::Log.part(9e9, log)), (0.0, 1.0));
    }

    #[test]
    fn nothing_measured_is_drawn_as_an_empty_chart() {
        let axis = Axis { scale: Scale::Log, label: |value| value.to_string() };
        assert!(bars("t", &[], axis, axis).ends_with("</svg>"));
        assert!(!lines("t", &[], axis, axis).contains("NaN"));
    }
}
