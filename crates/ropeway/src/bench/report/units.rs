//! Figures with their units, for people.

/// Three digits and a unit.
pub(crate) fn time(micros: f64) -> String {
    match micros {
        micros if micros < 1_000.0 => format!("{micros:.1} us"),
        micros if micros < 100_000.0 => format!("{:.2} ms", micros / 1e3),
        micros if micros < 1_000_000.0 => format!("{:.0} ms", micros / 1e3),
        micros => format!("{:.2} s", micros / 1e6),
    }
}

/// With separators.
pub(crate) fn count(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Binary units.
pub(crate) fn bytes(number: f64) -> String {
    let units = ["B", "KiB", "MiB", "GiB"];
    let (mut number, mut at) = (number, 0);
    while number >= 1024.0 && at + 1 < units.len() {
        (number, at) = (number / 1024.0, at + 1);
    }
    format!("{number:.1} {}", units[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_units() {
        assert_eq!(
            (time(12.34), time(1234.0), time(2.5e6)),
            ("12.3 us".into(), "1.23 ms".into(), "2.50 s".into())
        );
        assert_eq!((count(1234567.0), count(12.0)), ("1,234,567".into(), "12".into()));
        assert_eq!((bytes(12.0), bytes(3.5 * 1024.0 * 1024.0)), ("12.0 B".into(), "3.5 MiB".into()));
    }
}
