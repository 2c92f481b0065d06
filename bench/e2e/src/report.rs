//! Medians and Markdown.

use crate::servers::Server;

/// Median, least and greatest of several rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    median: f64,
    least: f64,
    greatest: f64,
}

impl Spread {
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = match values.len() {
            0 => f64::NAN,
            odd if odd % 2 == 1 => values[middle],
            _ => f64::midpoint(values[middle - 1], values[middle]),
        };
        Spread {
            median,
            least: values.first().copied().unwrap_or(median),
            greatest: values.last().copied().unwrap_or(median),
        }
    }

    /// `median (least-greatest)`, or the median alone when they are the same.
    pub(crate) fn with(self, digits: usize) -> String {
        let Spread { median, least, greatest } = self;
        let [least, greatest] = [least, greatest].map(|value| format!("{value:.digits$}"));
        if least == greatest {
            return format!("{median:.digits$}");
        }
        format!("{median:.digits$} ({least}-{greatest})")
    }

    fn median(self, digits: usize) -> String {
        format!("{:.digits$}", self.median)
    }
}

/// One server in one case.
pub(crate) struct Row {
    pub(crate) server: Server,
    pub(crate) per_second: Spread,
    pub(crate) cpu_micros: Spread,
    /// Of one core. Below 1 the load was the bottleneck.
    pub(crate) cpu_share: Spread,
    pub(crate) bytes: Spread,
    pub(crate) relative: Option<Spread>,
}

/// A line per case, a column per server: CPU relative to bare TCP.
pub(crate) fn print_relative(title: &str, tables: &[(&str, Vec<Row>)]) {
    let Some((_, rows)) = tables.first() else { return };
    let others: Vec<Server> =
        rows.iter().map(|row| row.server).filter(|server| *server != Server::Tcp).collect();
    let mut header = vec!["case"];
    header.extend(others.iter().map(|server| server.name()));
    let line = |(case, rows): &(&str, Vec<Row>)| {
        let cells = rows.iter().filter(|row| row.server != Server::Tcp);
        let cells = cells.map(|row| row.relative.map_or_else(String::new, |relative| relative.with(2)));
        std::iter::once((*case).to_owned()).chain(cells).collect()
    };
    print_table(title, &header, &tables.iter().map(line).collect::<Vec<_>>());
}

/// A line per case, a column per server: CPU in microseconds.
pub(crate) fn print_cpu(title: &str, tables: &[(&str, &[Row])]) {
    let Some((_, rows)) = tables.first() else { return };
    let mut header = vec!["case"];
    header.extend(rows.iter().map(|row| row.server.name()));
    let line = |(case, rows): &(&str, &[Row])| {
        std::iter::once((*case).to_owned()).chain(rows.iter().map(|row| row.cpu_micros.with(2))).collect()
    };
    print_table(title, &header, &tables.iter().map(line).collect::<Vec<_>>());
}

/// A line per case and server, with everything measured. `unit` is what is counted.
pub(crate) fn print_rows(title: &str, unit: &str, tables: &[(&str, Vec<Row>)]) {
    let bytes = format!("B out a {unit}");
    let cpu = format!("server CPU us a {unit}");
    let per_second = format!("{unit}s/s").replace("deliverys", "deliveries");
    let compared = tables.iter().flat_map(|(_, rows)| rows).any(|row| row.relative.is_some());
    let mut header = vec!["case", "server", &per_second, &cpu];
    header.extend(compared.then_some("relative to TCP"));
    header.extend(["server's share of its core", &bytes]);
    let lines: Vec<Vec<String>> =
        tables.iter().flat_map(|(case, rows)| rows.iter().map(|row| line(case, row))).collect();
    print_table(title, &header, &lines);
}

fn line(case: &str, row: &Row) -> Vec<String> {
    let mut cells =
        vec![case.to_owned(), row.server.to_string(), row.per_second.median(0), row.cpu_micros.with(2)];
    cells.extend(row.relative.map(|relative| relative.with(2)));
    cells.extend([row.cpu_share.median(2), row.bytes.median(0)]);
    cells
}

/// A Markdown table on standard output.
pub(crate) fn print_table(title: &str, header: &[&str], lines: &[Vec<String>]) {
    println!("\n### {title}\n");
    println!("| {} |", header.join(" | "));
    println!("|{}", " --- |".repeat(header.len()));
    for line in lines {
        println!("| {} |", line.join(" | "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_ends() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0].into_iter()).with(1), "2.0 (1.0-3.0)");
        assert_eq!(Spread::of([1.0, 2.0].into_iter()).with(1), "1.5 (1.0-2.0)");
        assert_eq!(Spread::of([1.01, 1.02].into_iter()).with(0), "1");
    }
}
