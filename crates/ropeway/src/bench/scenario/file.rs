//! The file as it is written.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::matcher::Matcher;
use super::template::Template;
use crate::bench::load::Protocol;
use crate::failure::{Failure, Kind};

/// A whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScenarioFile {
    /// The server; that of the command line where one is given there.
    pub(crate) url: Option<String>,
    /// What the steps `join`, `publish` and `emit` are written in.
    #[serde(default)]
    pub(crate) protocol: Protocol,
    /// One after the other.
    pub(crate) stages: Vec<Stage>,
    /// Each user takes one of them, the more often the greater its weight.
    pub(crate) scenarios: Vec<Scenario>,
}

/// A time, and the users in it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stage {
    #[serde(deserialize_with = "duration")]
    pub(crate) duration: Duration,
    #[serde(flatten)]
    pub(crate) arrival: Arrival,
}

/// How users come.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Arrival {
    /// The closed model: so many users at the end of the stage, from those before on in a straight line. Each begins anew
    /// when it is through.
    Users(usize),
    /// The open model: so many new users a second, however long the others take.
    Rate(f64),
}

/// What one kind of user does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    #[serde(default = "one")]
    pub(crate) weight: u32,
    /// Between connecting and closing.
    pub(crate) steps: Vec<Step>,
}

/// One thing that a user does.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Step {
    /// Send a text message.
    Send(Template),
    /// Wait for a message, or find it among those that came meanwhile.
    Expect(Expect),
    /// Do nothing.
    #[serde(deserialize_with = "duration")]
    Think(Duration),
    /// Go through other steps several times.
    Loop(Loop),
    /// Become a member of a room, and wait for the answer.
    Join(Template),
    /// Publish to a room, and wait for the acknowledgement.
    Publish(Publish),
    /// Send an event to the application.
    Emit(Emit),
}

/// The step `expect`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Expect {
    #[serde(default = "ten_seconds", deserialize_with = "duration")]
    pub(crate) within: Duration,
    #[serde(flatten)]
    pub(crate) message: Matcher,
}

/// The step `loop`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Loop {
    pub(crate) times: u64,
    pub(crate) steps: Vec<Step>,
}

/// The step `publish`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Publish {
    pub(crate) room: Template,
    pub(crate) event: Template,
    /// JSON.
    pub(crate) data: Template,
}

/// The step `emit`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Emit {
    pub(crate) event: Template,
    /// JSON.
    pub(crate) data: Template,
    /// Wait for the acknowledgement.
    #[serde(default)]
    pub(crate) ack: bool,
}

impl ScenarioFile {
    /// Reads and judges a file.
    ///
    /// # Errors
    /// What cannot be read, is no scenario, or makes no sense.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::new(Kind::Input, format!("cannot read {name}"), error))?;
        let wrong = |why: String| Failure::new(Kind::Config, format!("{name} is no scenario"), why);
        let file: Self = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        file.check().map_err(wrong)?;
        Ok(file)
    }

    /// All stages together.
    pub(crate) fn duration(&self) -> Duration {
        self.stages.iter().map(|stage| stage.duration).sum()
    }

    fn check(&self) -> Result<(), String> {
        if self.stages.is_empty() {
            return Err("there has to be a `[[stages]]`".to_owned());
        }
        if self.scenarios.iter().all(|scenario| scenario.weight == 0) {
            return Err("there has to be one of `[[scenarios]]` with a weight above 0".to_owned());
        }
        let is_open = |stage: &Stage| matches!(stage.arrival, Arrival::Rate(_));
        if self.stages.iter().any(is_open) && !self.stages.iter().all(is_open) {
            return Err(
                "stages have either `users` (closed model) or `rate` (open model), all the same".to_owned()
            );
        }
        let bad_rate =
            |stage: &Stage| matches!(stage.arrival, Arrival::Rate(rate) if !(rate > 0.0 && rate.is_finite()));
        if self.stages.iter().any(bad_rate) {
            return Err("a `rate` is a number of users a second, above 0".to_owned());
        }
        self.scenarios.iter().try_for_each(|scenario| check_steps(&scenario.steps, self.protocol))
    }
}

/// Rooms need a protocol that has them.
fn check_steps(steps: &[Step], protocol: Protocol) -> Result<(), String> {
    steps.iter().try_for_each(|step| match step {
        Step::Loop(inner) => check_steps(&inner.steps, protocol),
        Step::Join(_) | Step::Publish(_) | Step::Emit(_) if protocol == Protocol::Plain => {
            Err("`join`, `publish` and `emit` need `protocol = \"native\"` or `protocol = \"socketio\"`"
                .to_owned())
        }
        _ => Ok(()),
    })
}

fn one() -> u32 {
    1
}

fn ten_seconds() -> Duration {
    Duration::from_secs(10)
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    crate::values::duration(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ScenarioFile, String> {
        let file: ScenarioFile = toml::from_str(text).map_err(|error| error.to_string())?;
        file.check()?;
        Ok(file)
    }

    const STAGE: &str = "[[stages]]\nduration = '10s'\nusers = 5\n";

    #[test]
    fn every_step_can_be_written() {
        let text = format!(
            "protocol = 'native'\n{STAGE}[[scenarios]]\nname = 'all'\nweight = 2\nsteps = [
               {{ join = 'demo:{{user}}' }},
               {{ publish = {{ room = 'demo:{{user}}', event = 'e', data = '{{\"n\":{{iteration}}}}' }} }},
               {{ expect = {{ json = '$.type', equals = 'event', within = '2s' }} }},
               {{ emit = {{ event = 'e', data = '1', ack = true }} }},
               {{ loop = {{ times = 3, steps = [{{ send = 'x' }}, {{ think = '100ms' }}] }} }},
             ]"
        );
        let file = read(&text).unwrap();
        assert_eq!((file.scenarios[0].steps.len(), file.scenarios[0].weight), (5, 2));
        assert!(matches!(file.stages[0].arrival, Arrival::Users(5)));
        assert_eq!(file.duration(), Duration::from_secs(10));
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        let scenario = "[[scenarios]]\nname = 'a'\nsteps = []\n";
        for (text, part) in [
            (format!("stages = []\n{scenario}"), "[[stages]]"),
            (format!("{STAGE}[[scenarios]]\nname = 'a'\nweight = 0\nsteps = []"), "weight above 0"),
            (format!("{STAGE}[[stages]]\nduration = '1s'\nrate = 5.0\n{scenario}"), "all the same"),
            (format!("[[stages]]\nduration = '1s'\nrate = 0.0\n{scenario}"), "above 0"),
            (format!("{STAGE}[[scenarios]]\nname = 'a'\nsteps = [{{ join = 'r' }}]"), "need `protocol"),
            (
                format!("{STAGE}[[scenarios]]\nname = 'a'\nsteps = [{{ jump = 'r' }}]"),
                "unknown variant `jump`",
            ),
            (format!("[[stages]]\nduration = 'soon'\nusers = 1\n{scenario}"), "such as 10s"),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.contains(part), "{part} in {error}");
        }
    }
}
