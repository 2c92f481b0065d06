//! The server's process, if it is on this machine.

use std::fs;

use crate::failure::{Failure, Kind};

/// Bytes of memory that a process has in use (its resident set).
pub(super) fn memory(pid: u32) -> Result<u64, Failure> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path)
        .map_err(|error| Failure::new(Kind::Input, format!("cannot look at the process {pid}"), error))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| {
        Failure::new(Kind::Input, format!("the process {pid} has no memory"), format!("{path} has no VmRSS"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_processes() {
        assert!(memory(std::process::id()).unwrap() > 100_000);
        assert_eq!(memory(u32::MAX).unwrap_err().kind, Kind::Input);
    }
}
