//! Scenario files: what users do, step by step, and how many of them come when.

mod file;
mod matcher;
mod template;

pub(crate) use file::{Arrival, Emit, Expect, Publish, Scenario, ScenarioFile, Stage, Step};
pub(crate) use template::{Template, Variables};
