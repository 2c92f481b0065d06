//! Before a run: are there files and ports enough for all connections, and what to do if not.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};

use http::Uri;

use super::flags::Run;
use crate::failure::{Failure, Kind};

/// Descriptors that a process needs beside its connections: standard streams, pipes, libraries; and of each worker.
const OWN: usize = 32;
const OF_WORKER: usize = 8;

/// A part of the ports is left to whoever else is on the machine.
const USABLE: f64 = 0.95;

/// The range where the system does not tell it, which is that of Linux.
const PORTS: usize = 28_232;

/// What a run can count on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resources {
    /// Processes that share the connections.
    pub(super) processes: usize,
    /// Addresses of ours to come from; the system chooses where there are none.
    pub(super) sources: Vec<IpAddr>,
}

/// Raises the limit of open files as far as it goes, and shares the connections out to processes and local addresses.
///
/// # Errors
/// There are not files or ports enough.
pub(super) fn check(options: &Run, url: &str, connections: usize) -> Result<Resources, Failure> {
    let limit = descriptor_limit()?;
    let own = OWN + OF_WORKER * options.workers;
    let processes = processes(options, connections, limit, own)?;
    let is_tcp = options.network.unix_socket.is_none();
    let sources = if is_tcp { sources(options, url, connections, ports())? } else { Vec::new() };
    Ok(Resources { processes, sources })
}

fn descriptor_limit() -> Result<usize, Failure> {
    let limit = rlimit::increase_nofile_limit(u64::MAX);
    let limit =
        limit.map_err(|error| Failure::new(Kind::System, "the limit of open files is not told", error))?;
    Ok(usize::try_from(limit).unwrap_or(usize::MAX))
}

fn processes(options: &Run, connections: usize, limit: usize, own: usize) -> Result<usize, Failure> {
    let each = limit.saturating_sub(own);
    if let Some(processes) = options.processes {
        let is_enough = connections.div_ceil(processes) <= each;
        return if is_enough { Ok(processes) } else { Err(too_few_files(connections, processes, limit)) };
    }
    let needed = connections.div_ceil(each.max(1)).max(1);
    // The parent has pipes to and from each of them.
    if each == 0 || needed > 1 && needed * 2 + OWN > limit {
        return Err(too_few_files(connections, needed, limit));
    }
    Ok(needed)
}

fn too_few_files(connections: usize, processes: usize, limit: usize) -> Failure {
    let what = format!("{connections} connections are too many for {processes} processes");
    let why = format!("a process may open {limit} files (RLIMIT_NOFILE)");
    Failure::new(Kind::System, what, why)
        .hint("raise the limit with `ulimit -Hn`, or take more `--processes`")
}

/// As many of our addresses as are needed to have a port for each connection.
fn sources(options: &Run, url: &str, connections: usize, ports: usize) -> Result<Vec<IpAddr>, Failure> {
    let usable = (ports as f64 * USABLE) as usize;
    let needed = connections.div_ceil(usable.max(1));
    let given = &options.local_addresses;
    if needed <= given.len().max(1) {
        return Ok(given.clone());
    }
    if given.is_empty() && options.network.proxy.is_none() && is_loopback(url) && needed < 250 {
        return Ok((1..=needed).map(|last| IpAddr::V4(Ipv4Addr::new(127, 0, 0, last as u8))).collect());
    }
    let what = format!("{connections} connections need more ports than there are");
    let why = format!("a local address has {ports} for one server (net.ipv4.ip_local_port_range)");
    let hint = format!("come from {needed} addresses of this machine: `--local-address A,B,...`");
    Err(Failure::new(Kind::System, what, why).hint(hint))
}

/// Of the IPv4 loopback network, all of which is ours.
fn is_loopback(url: &str) -> bool {
    let uri: Option<Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    host == "localhost" || host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
}

/// Ports that connections of this machine may come from.
fn ports() -> usize {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut bounds = range.split_whitespace().filter_map(|bound| bound.parse::<usize>().ok());
    match (bounds.next(), bounds.next()) {
        (Some(first), Some(last)) if first <= last => last - first + 1,
        _ => PORTS,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn options(flags: &[&str]) -> Run {
        let arguments = ["ropeway", "bench", "ws://localhost/"].iter().chain(flags);
        match Cli::parse_from(arguments).command {
            Command::Bench(bench) => bench.run,
            _ => unreachable!("it was `bench`"),
        }
    }

    #[test]
    fn connections_are_spread_over_processes() {
        let count = |flags: &[&str], connections| processes(&options(flags), connections, 1_024, 40).ok();
        assert_eq!(
            [1, 984, 985, 9_840, 9_841].map(|wanted| count(&[], wanted)),
            [Some(1), Some(1), Some(2), Some(10), Some(11)]
        );
        assert_eq!(count(&["--processes", "3"], 10), Some(3));
        assert_eq!(count(&["--processes", "3"], 10_000), None);
        let error = processes(&options(&[]), 10, 40, 40).unwrap_err();
        assert!(error.kind == Kind::System && error.why.contains("40 files"), "{error}");
    }

    #[test]
    fn connections_are_spread_over_addresses() {
        let take = |flags: &[&str], url, connections| sources(&options(flags), url, connections, 1_000);
        let addresses = |found: Result<Vec<IpAddr>, Failure>| found.unwrap().len();
        assert_eq!(addresses(take(&[], "ws://example.org/", 950)), 0);
        assert_eq!(addresses(take(&[], "ws://127.0.0.1:80/", 951)), 2);
        assert_eq!(addresses(take(&[], "ws://localhost:80/", 2_800)), 3);
        let given = ["--local-address", "10.0.0.1,10.0.0.2"];
        assert_eq!(addresses(take(&given, "ws://example.org/", 1_800)), 2);
        let error = take(&given, "ws://example.org/", 2_000).unwrap_err();
        assert!(error.hint.unwrap().contains("3 addresses"));
        assert!(take(&[], "ws://[::1]:80/", 951).is_err());
    }
}
