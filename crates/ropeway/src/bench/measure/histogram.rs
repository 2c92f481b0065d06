//! Durations in constant memory.

use hdrhistogram::Histogram as Hdr;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::clock::Nanos;

/// The longest duration that is told apart: one hour. What is longer counts as this.
const MOST: Nanos = 3_600 * 1_000_000_000;

/// Durations in nanoseconds, each kept to three decimal digits. Takes the same memory, some 250 KiB, however many are
/// recorded; nothing until the first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram(Option<Box<Hdr<u64>>>);

impl Histogram {
    pub(crate) fn record(&mut self, nanos: Nanos) {
        self.record_many(nanos, 1);
    }

    pub(crate) fn record_many(&mut self, nanos: Nanos, count: u64) {
        if let Some(hdr) = self.get_or_make() {
            hdr.saturating_record_n(nanos.clamp(1, MOST), count);
        }
    }

    /// Adds what another has recorded.
    pub(crate) fn add(&mut self, other: &Self) {
        let Some(theirs) = &other.0 else { return };
        if let Some(hdr) = self.get_or_make() {
            // Both have the same bounds, so nothing can be out of range.
            let _ = hdr.add(&**theirs);
        }
    }

    /// Forgets what was recorded and keeps the memory.
    pub(crate) fn reset(&mut self) {
        if let Some(hdr) = &mut self.0 {
            hdr.reset();
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, |hdr| hdr.len())
    }

    /// The duration that this part of all, from 0 to 1, does not exceed; nothing when none was recorded.
    pub(crate) fn quantile(&self, part: f64) -> Option<Nanos> {
        self.of_some().map(|hdr| hdr.value_at_quantile(part))
    }

    pub(crate) fn min(&self) -> Option<Nanos> {
        self.of_some().map(Hdr::min)
    }

    pub(crate) fn max(&self) -> Option<Nanos> {
        self.of_some().map(Hdr::max)
    }

    pub(crate) fn mean(&self) -> Option<f64> {
        self.of_some().map(Hdr::mean)
    }

    /// Durations and how often each came, ascending.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = (Nanos, u64)> {
        let recorded = self.0.iter().flat_map(|hdr| hdr.iter_recorded());
        recorded.map(|step| (step.value_iterated_to(), step.count_at_value()))
    }

    fn of_some(&self) -> Option<&Hdr<u64>> {
        self.0.as_deref().filter(|hdr| !hdr.is_empty())
    }

    /// Always there: the bounds are ones that the library takes.
    fn get_or_make(&mut self) -> Option<&mut Hdr<u64>> {
        if self.0.is_none() {
            self.0 = Hdr::new_with_bounds(1, MOST, 3).ok().map(Box::new);
        }
        self.0.as_deref_mut()
    }
}

/// As pairs of duration and count.
impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.buckets())
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut histogram = Self::default();
        for (nanos, count) in Vec::<(Nanos, u64)>::deserialize(deserializer)? {
            histogram.record_many(nanos, count);
        }
        Ok(histogram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_a_thousandth() {
        let mut histogram = Histogram::default();
        assert_eq!((histogram.quantile(0.5), histogram.max()), (None, None));
        (1..=1000).for_each(|micros| histogram.record(micros * 1000));
        let median = histogram.quantile(0.5).unwrap();
        assert!((499_500..=500_500).contains(&median), "{median}");
        assert!((999_000..=1_001_000).contains(&histogram.max().unwrap()));
    }

    #[test]
    fn what_is_out_of_range_counts_as_the_bound() {
        let mut histogram = Histogram::default();
        histogram.record(0);
        histogram.record(u64::MAX);
        assert_eq!((histogram.count(), histogram.min()), (2, Some(1)));
        assert!(histogram.max().unwrap() >= MOST);
    }

    #[test]
    fn parts_add_up_and_travel_as_text() {
        let mut all = Histogram::default();
        let mut part = Histogram::default();
        part.record(5_000);
        part.record_many(7_000_000, 3);
        let text = serde_json::to_string(&part).unwrap();
        all.add(&serde_json::from_str(&text).unwrap());
        all.add(&part);
        assert_eq!((all.count(), all.quantile(0.1)), (8, part.quantile(0.1)));
        part.reset();
        assert_eq!(part.count(), 0);
    }
}
