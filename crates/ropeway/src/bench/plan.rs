//! From flags to what is to be run.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::director::Times;
use super::flags::{Profile, Run};
use super::load::{Dialect, Exchange, Fanout, Job, Load, Pace, Payload, Protocol};
use super::preflight;
use super::report::{Conditions, Model};
use super::scenario::{Arrival, ScenarioFile};
use crate::failure::Failure;
use crate::network;

/// The rate of a fan-out where none is given: messages a second.
const FANOUT_RATE: f64 = 100.0;

/// The load that the flags describe, with another rate where one is given; and in how many processes it is made.
pub(super) fn load(options: &Run, rate: Option<f64>) -> Result<(Load, usize), Failure> {
    let scenario = options.scenario.as_deref().map(ScenarioFile::read).transpose()?.map(Arc::new);
    let payload = Payload::new(options.size);
    if options.depth as u64 >= payload.modulus() {
        let why = format!("{} bytes tell at most {} messages apart", options.size, payload.modulus());
        return Err(Failure::usage("--size", why));
    }
    let url = url(options, scenario.as_deref())?;
    let connect = network::prepare(&url, &options.network)?;
    let resources = preflight::check(options, &url, connections(options, scenario.as_deref()))?;
    let load = Load {
        connect,
        sources: resources.sources,
        connections: options.connections,
        connect_rate: options.connect_rate,
        job: if scenario.is_some() { Job::Scenario } else { job(options.profile) },
        exchange: Exchange::new(options.protocol, &options.room, &options.event),
        fanout: fanout(options, rate)?,
        payload,
        binary: options.binary,
        pace: pace(options, rate.or(options.rate)),
        scenario,
    };
    Ok((load, resources.processes))
}

/// That of the command line, or of the file, with what Socket.IO wants in it.
fn url(options: &Run, scenario: Option<&ScenarioFile>) -> Result<String, Failure> {
    let url = options.url.as_deref().or_else(|| scenario?.url.as_deref());
    let url =
        url.ok_or_else(|| Failure::usage("--scenario", "neither the command line nor the file has a URL"))?;
    let protocol = scenario.map_or(options.protocol, |file| file.protocol);
    let is_complete = protocol != Protocol::Socketio || url.contains("EIO=");
    Ok(if is_complete { network::complete(url) } else { network::socketio::url(url) })
}

/// Connections at one time. How many users of an open scenario there are depends on the server; a process is taken to be
/// enough for them.
fn connections(options: &Run, scenario: Option<&ScenarioFile>) -> usize {
    let Some(file) = scenario else { return options.connections };
    let users = file.stages.iter().map(|stage| match stage.arrival {
        Arrival::Users(users) => users,
        Arrival::Rate(_) => 1,
    });
    users.max().unwrap_or(1)
}

/// Stages of a file say themselves how long they take.
pub(super) fn times(options: &Run, load: &Load) -> Times {
    match &load.scenario {
        Some(file) => Times { warmup: Duration::ZERO, duration: file.duration() },
        None => Times { warmup: options.warmup, duration: options.duration },
    }
}

/// What a reader of the report has to know of how it came about.
pub(super) fn conditions(
    options: &Run,
    load: &Load,
    processes: usize,
    began: SystemTime,
    seconds: f64,
) -> Conditions {
    let scenario = load.scenario.as_deref();
    Conditions {
        url: url(options, scenario).unwrap_or_default(),
        profile: name(options),
        model: model(load),
        began: humantime::format_rfc3339_seconds(began).to_string(),
        warmup_seconds: options.warmup.as_secs_f64(),
        seconds,
        connections: options.connections,
        workers: options.workers * processes,
        processes,
        size: options.size,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn job(profile: Profile) -> Job {
    match profile {
        Profile::Echo | Profile::Limit => Job::Echo,
        Profile::Fanout | Profile::SlowConsumer => Job::Fanout,
        Profile::Connect => Job::Connect,
        Profile::Idle => Job::Idle,
        Profile::ReconnectStorm => Job::Storm,
    }
}

fn pace(options: &Run, rate: Option<f64>) -> Pace {
    match (options.profile, rate) {
        (Profile::Connect | Profile::Idle | Profile::ReconnectStorm, _) => Pace::Idle,
        (_, Some(rate)) => Pace::Open { rate },
        (_, None) => Pace::Closed { depth: options.depth },
    }
}

fn fanout(options: &Run, rate: Option<f64>) -> Result<Option<Arc<Fanout>>, Failure> {
    if job(options.profile) != Job::Fanout {
        return Ok(None);
    }
    if usize::from(options.publishers) > options.connections {
        return Err(Failure::usage("--publishers", "there are not as many connections"));
    }
    let slow = match options.profile {
        Profile::SlowConsumer => options.slow.unwrap_or(options.connections.div_ceil(10)),
        _ => options.slow.unwrap_or(0),
    };
    let dialect = Dialect { protocol: options.protocol, room: options.room.clone() };
    let rate = rate.or(options.rate).unwrap_or(FANOUT_RATE);
    Ok(Some(Arc::new(Fanout::new(dialect, options.publishers, rate, options.size, slow))))
}

/// What the run is called.
pub(super) fn name(options: &Run) -> String {
    match &options.scenario {
        Some(path) => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        None => options.profile.to_string(),
    }
}

fn model(load: &Load) -> Model {
    if let Some(file) = &load.scenario {
        let is_open = file.stages.iter().any(|stage| matches!(stage.arrival, Arrival::Rate(_)));
        return if is_open { Model::OpenUsers } else { Model::ClosedUsers };
    }
    match (load.pace, &load.fanout) {
        (_, Some(fanout)) => Model::Open { rate: fanout.rate },
        (Pace::Open { rate }, None) => Model::Open { rate },
        (Pace::Closed { depth }, None) => Model::Closed { depth },
        (Pace::Idle, None) => Model::Idle,
    }
}
