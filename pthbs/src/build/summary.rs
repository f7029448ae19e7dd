//! What became of a run, for the line at its end and for its exit code.

use super::plan::{Plan, Step};
use super::schedule::{Because, Outcome};
use super::trace::Trace;
use crate::base::{Error, Kind};
use crate::script::InstallId;

/// Every step of a run, by what became of it.
#[derive(Debug, Default)]
pub struct Summary {
    /// How many sources were fetched.
    pub fetched: usize,
    /// What was built.
    pub built: Vec<InstallId>,
    /// What was there before, or was built by somebody else meanwhile.
    pub kept: Vec<InstallId>,
    /// What was tried and failed, by the name of the package or source.
    pub failed: Vec<(String, Error)>,
    /// What was not built, and why.
    pub not_built: Vec<(InstallId, NotBuilt)>,
    /// The signal that stopped the run.
    pub stopped: Option<i32>,
    /// How long it took.
    pub seconds: f64,
    /// What ran when, where that was asked for.
    pub trace: Option<Trace>,
}

/// Why something was not built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotBuilt {
    /// It needs this package or source, which failed.
    Needs(String),
    /// Another step had failed, and the first failure was to end everything.
    FirstFailure,
    /// The run was stopped.
    Stopped,
}

impl Summary {
    pub(super) fn of(plan: &Plan, outcomes: Vec<Outcome>, stopped: Option<i32>) -> Summary {
        let mut summary = Summary { kept: plan.present.clone(), stopped, ..Summary::default() };
        for (step, outcome) in plan.steps.iter().zip(outcomes) {
            let install = match step {
                Step::Fetch(_) => None,
                Step::Build(build) => Some(build.script.install_id()),
            };
            match (outcome, install) {
                (Outcome::Failed(error), _) => summary.failed.push((step.name().to_string(), error)),
                (Outcome::Made, Some(install)) => summary.built.push(install),
                (Outcome::Made | Outcome::Found, None) => summary.fetched += 1,
                (Outcome::Found, Some(install)) => summary.kept.push(install),
                (Outcome::Skipped(_), None) => {}
                (Outcome::Skipped(because), Some(install)) => {
                    let why = match because {
                        Because::Failed(step) => NotBuilt::Needs(plan.steps[step].name().to_string()),
                        Because::FirstFailure => NotBuilt::FirstFailure,
                        Because::Stopped => NotBuilt::Stopped,
                    };
                    summary.not_built.push((install, why));
                }
            }
        }
        summary
    }

    /// The run as one error, if not all of it was done: it holds every failure, and decides the exit code.
    pub fn error(&self) -> Option<Error> {
        if let Some(signal) = self.stopped {
            return Some(Error::new(Kind::Signal(signal), "stopped before everything was done"));
        }
        let with_users = |(name, error): &(String, Error)| match self.because_of(name) {
            users if users.is_empty() => error.clone(),
            users => error.clone().with("not built because of it", users.join(", ")),
        };
        Error::all(self.failed.iter().map(with_users))
    }

    /// The packages that were not built because this package or source failed.
    fn because_of(&self, failed: &str) -> Vec<&str> {
        let needs = |why: &NotBuilt| matches!(why, NotBuilt::Needs(name) if name == failed);
        let users = self.not_built.iter().filter(|(_, why)| needs(why));
        users.map(|(install, _)| install.name.as_str()).collect()
    }
}
