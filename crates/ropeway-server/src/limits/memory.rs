//! Memory of the process: new connections are refused before the system ends it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tracing::{info, warn};

use crate::config::{ByteSize, Memory};

/// Knows whether there is memory for newcomers. Where the system does not tell how much is used there always is.
///
/// What is measured is what the process holds, and of that the allocator keeps much for later when connections have
/// gone: a crowd that came once would shut the door for good. So newcomers are also let in when there are fewer
/// connections than at the [`Worst`], to have what those who left gave back.
#[derive(Debug)]
pub(crate) struct MemoryGuard {
    /// Bytes; nothing where there is no limit.
    limit: Option<u64>,
    is_exceeded: AtomicBool,
    /// Since the limit was exceeded, until less is used. Locked several times a second, by who looks.
    worst: Mutex<Option<Worst>>,
}

/// The most that was used and the most connections there were, while newcomers were refused the last time.
#[derive(Clone, Copy, Debug)]
struct Worst {
    used: u64,
    connections: usize,
}

impl Worst {
    /// Whether a quarter of the connections has gone.
    fn has_thinned(self, connections: usize) -> bool {
        connections.saturating_mul(4) < self.connections.saturating_mul(3)
    }
}

impl MemoryGuard {
    pub(crate) fn new(memory: Memory) -> Self {
        let limit = match memory {
            Memory::Off => None,
            Memory::At(size) => Some(size.bytes() as u64),
            Memory::Percent(percent) => available().map(|bytes| bytes / 100 * u64::from(percent)),
        };
        Self { limit, is_exceeded: AtomicBool::new(false), worst: Mutex::default() }
    }

    /// Whether newcomers are to be refused.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.is_exceeded.load(Ordering::Relaxed)
    }

    /// Looks at what is used, by so many connections. To be called several times a second.
    pub(crate) fn look(&self, connections: usize) {
        if self.limit.is_some()
            && let Some(used) = resident()
        {
            self.judge(used, connections);
        }
    }

    fn judge(&self, used: u64, connections: usize) {
        let Some(limit) = self.limit else { return };
        let was_exceeded = self.is_exceeded();
        let is_exceeded = self.exceeds(limit, used, connections);
        if is_exceeded == was_exceeded {
            return;
        }
        self.is_exceeded.store(is_exceeded, Ordering::Relaxed);
        let (used, limit) = (mebibytes(used), mebibytes(limit));
        if is_exceeded {
            warn!(%used, %limit, connections, "the memory is used up: new connections are refused");
        } else {
            info!(%used, %limit, connections, "there is memory again: new connections are welcome");
        }
    }

    /// Newcomers are welcome again a little below the limit, so that it does not change with every one of them. Above it
    /// those who replace others are, as long as not more is used than before and not much more than the limit: so
    /// nobody gets higher step by step.
    fn exceeds(&self, limit: u64, used: u64, connections: usize) -> bool {
        let mut worst = self.worst.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Worst { used, connections };
        if used <= limit / 100 * 95 {
            *worst = None;
            return false;
        }
        match &mut *worst {
            Some(worst) if self.is_exceeded() => {
                worst.used = worst.used.max(used);
                worst.connections = worst.connections.max(connections);
                !worst.has_thinned(connections) || used > limit / 8 * 9
            }
            Some(worst) if used <= worst.used => false,
            worst => {
                let is_exceeded = used > limit;
                *worst = is_exceeded.then_some(now);
                is_exceeded
            }
        }
    }
}

fn mebibytes(bytes: u64) -> ByteSize {
    ByteSize::mib(usize::try_from(bytes >> 20).unwrap_or(usize::MAX >> 20))
}

/// Bytes of memory that the process holds.
fn resident() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// Bytes that the process could have: those of the machine, or fewer by a cgroup around it.
fn available() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| kibibytes(&text, "MemTotal:"));
    let cgroups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    machine.into_iter().chain(cgroup_files(&cgroups).iter().filter_map(|file| limit_in(file))).min()
}

fn limit_in(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// The value of a line such as `VmRSS:     1234 kB`, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Where the limits of a process stand, by its `/proc/self/cgroup`: its own and those around it, of version 2 and 1.
fn cgroup_files(cgroups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in cgroups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        let (root, name) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            list if list.split(',').any(|controller| controller == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let ancestors = Path::new(path.trim_start_matches('/')).ancestors();
        files.extend(ancestors.map(|ancestor| Path::new(root).join(ancestor).join(name)));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_turns_at_the_limit_and_back_a_little_below() {
        let guard = MemoryGuard::new(Memory::At(ByteSize::new(1000)));
        let at = |used| {
            guard.judge(used, 8);
            guard.is_exceeded()
        };
        assert_eq!([1000, 1001, 1000, 951, 950, 1000].map(at), [false, true, true, true, false, false]);
    }

    /// The allocator keeps what connections gave back.
    #[test]
    fn who_replaces_others_is_let_in_though_as_much_is_used() {
        let guard = MemoryGuard::new(Memory::At(ByteSize::new(1000)));
        let at = |(used, connections)| {
            guard.judge(used, connections);
            guard.is_exceeded()
        };
        let looks =
            [(1001, 8), (1020, 12), (1020, 9), (1020, 8), (1020, 13), (1021, 13), (1021, 10), (1021, 9)];
        assert_eq!(looks.map(at), [true, true, true, false, false, true, true, false]);
        assert_eq!([(950, 9), (1000, 20), (1001, 20)].map(at), [false, false, true], "it forgets");
        assert_eq!([(1125, 2), (1126, 2)].map(at), [false, true], "not for any price");
        assert!(at((1126, 0)) && !at((1125, 0)));
    }

    /// Where nobody is connected, nobody who left has given anything back.
    #[test]
    fn a_process_that_is_too_large_by_itself_lets_nobody_in() {
        let guard = MemoryGuard::new(Memory::At(ByteSize::new(1000)));
        guard.judge(1001, 0);
        guard.judge(1001, 0);
        assert!(guard.is_exceeded());
    }

    #[test]
    fn the_system_tells_what_is_used_and_what_there_is() {
        assert!(resident().is_none_or(|used| used > 100_000));
        assert!(available().is_none_or(|bytes| bytes > resident().unwrap_or(0)));
        let guard = MemoryGuard::new(Memory::Percent(100));
        guard.look(0);
        assert!(!guard.is_exceeded());
        let half = MemoryGuard::new(Memory::Percent(50));
        assert_eq!(half.limit, available().map(|bytes| bytes / 100 * 50));
    }

    #[test]
    fn what_the_system_writes_is_understood() {
        assert_eq!(kibibytes("VmHWM:\t 9 kB\nVmRSS:\t    5400 kB\n", "VmRSS:"), Some(5400 * 1024));
        assert_eq!(kibibytes("VmRSS: much", "VmRSS:"), None);
        let files: Vec<String> = cgroup_files("4:cpu,memory:/a/b\n0::/\n1:cpu:/x\nrubbish\n")
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        let expected = [
            "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/a/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory.max",
        ];
        assert_eq!(files, expected);
    }
}
