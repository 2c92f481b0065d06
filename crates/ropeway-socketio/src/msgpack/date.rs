//! `Date.prototype.toISOString`.

use std::fmt::Write;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// What a JavaScript `Date` can be, in milliseconds from 1970 either way.
const MAX: i64 = 100_000_000 * DAY;

/// Appends a date as JSON has it: a string, or `null` for one that JavaScript cannot have.
pub(super) fn push(out: &mut String, milliseconds: i64) {
    if !(-MAX..=MAX).contains(&milliseconds) {
        out.push_str("null");
        return;
    }
    let (year, month, day) = civil(milliseconds.div_euclid(DAY));
    let time = milliseconds.rem_euclid(DAY);
    let (hour, minute) = (time / 3_600_000, time / 60_000 % 60);
    let (second, millisecond) = (time / 1000 % 60, time % 1000);
    out.push('"');
    // Writing to a `String` cannot fail.
    let _ = match year {
        0..=9999 => write!(out, "{year:04}"),
        _ => write!(out, "{year:+07}"),
    };
    let _ = write!(out, "-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z\"");
}

/// Year, month and day of the Gregorian calendar, for days since 1970: eras of 400 years that begin on 1 March of the
/// year 0, so that the day that some years have more is the last one of the year.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_based = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_based + 2) / 5 + 1;
    let month = if march_based < 10 { march_based + 3 } else { march_based - 9 };
    (400 * era + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The right side is what Node.js 20 says.
    #[test]
    fn dates_are_written_as_javascript_writes_them() {
        let cases = [
            (0, r#""1970-01-01T00:00:00.000Z""#),
            (-1, r#""1969-12-31T23:59:59.999Z""#),
            (951_782_400_000, r#""2000-02-29T00:00:00.000Z""#),
            (4_107_542_399_999, r#""2100-02-28T23:59:59.999Z""#),
            (4_107_542_400_000, r#""2100-03-01T00:00:00.000Z""#),
            (1_792_345_678_901, r#""2026-10-18T17:47:58.901Z""#),
            (-62_167_219_200_000, r#""0000-01-01T00:00:00.000Z""#),
            (-62_167_219_200_001, r#""-000001-12-31T23:59:59.999Z""#),
            (253_402_300_800_000, r#""+010000-01-01T00:00:00.000Z""#),
            (8_640_000_000_000_000, r#""+275760-09-13T00:00:00.000Z""#),
            (-8_640_000_000_000_000, r#""-271821-04-20T00:00:00.000Z""#),
            (8_640_000_000_000_001, "null"),
            (i64::MIN, "null"),
        ];
        for (milliseconds, json) in cases {
            let mut out = String::new();
            push(&mut out, milliseconds);
            assert_eq!(out, json, "{milliseconds}");
        }
    }
}
