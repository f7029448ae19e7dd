//! What has to be done for the asked installs to be there: fetches, then builds in an order that works. Touches no file.
//!
//! What is present is not descended into, so a plan with nothing to do costs one look for each asked install.

mod walk;

use std::sync::Arc;

use super::visible::Scripts;
use crate::base::Result;
use crate::script::{InstallId, Script, Source};

/// The steps that lead to the asked installs.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// What was asked for, in that order.
    pub asked: Vec<InstallId>,
    /// Fetches, then builds; a step stands after all that it needs.
    pub steps: Vec<Step>,
    /// What was met on the way and is there already.
    pub present: Vec<InstallId>,
}

/// One thing to do.
#[derive(Debug, Clone)]
pub enum Step {
    /// Bring a source into the store.
    Fetch(Source),
    /// Run a script.
    Build(Build),
}

/// A script to run.
#[derive(Debug, Clone)]
pub struct Build {
    /// The script.
    pub script: Arc<Script>,
    /// The steps that must be done before, by their place in the plan.
    pub after: Vec<usize>,
}

/// What exists already.
#[derive(Clone, Copy)]
pub struct Exists<'a> {
    /// Whether an install is there.
    pub install: &'a dyn Fn(&InstallId) -> bool,
    /// Whether a source is kept.
    pub source: &'a dyn Fn(&Source) -> bool,
}

/// The machine that this program runs scripts on, as headers name it.
pub const SYSTEM: &str = if cfg!(target_arch = "x86_64") {
    "x86_64-linux"
} else if cfg!(target_arch = "aarch64") {
    "aarch64-linux"
} else if cfg!(target_arch = "riscv64") {
    "riscv64-linux"
} else {
    "unknown"
};

/// The plan for some installs. Equal arguments give equal plans.
pub fn plan(asked: &[InstallId], scripts: &dyn Scripts, exists: Exists<'_>) -> Result<Plan> {
    let mut walk = walk::Walk::new(scripts, exists);
    asked.iter().try_for_each(|install| walk.ask(install))?;
    Ok(walk.finish(asked))
}

impl Step {
    /// The name of what it brings: a package's, or a source's.
    pub fn name(&self) -> &str {
        match self {
            Step::Fetch(source) => match source {
                Source::File { name, .. } | Source::Git { name, .. } => name,
            },
            Step::Build(build) => build.script.header.name.as_str(),
        }
    }
}

impl Plan {
    /// The steps before this one.
    pub fn after(&self, step: usize) -> &[usize] {
        match &self.steps[step] {
            Step::Fetch(_) => &[],
            Step::Build(build) => &build.after,
        }
    }

    /// For each step the steps that wait for it.
    pub fn users(&self) -> Vec<Vec<usize>> {
        let mut users = vec![Vec::new(); self.steps.len()];
        for step in 0..self.steps.len() {
            self.after(step).iter().for_each(|before| users[*before].push(step));
        }
        users
    }

    /// Why a step is there: the steps from it to one that was asked for.
    pub fn why(&self, step: usize) -> Vec<usize> {
        let users = self.users();
        let mut chain = vec![step];
        let mut at = step;
        while !self.is_asked(at)
            && let Some(user) = users[at].first()
        {
            at = *user;
            chain.push(at);
        }
        chain
    }

    /// For each step the seconds from its start to the end of everything that waits for it, when nothing else delays it.
    pub fn lengths(&self, seconds: impl Fn(usize) -> f64) -> Vec<f64> {
        let users = self.users();
        let mut lengths = vec![0.0; self.steps.len()];
        for step in (0..self.steps.len()).rev() {
            let longest = users[step].iter().map(|user| lengths[*user]).fold(0.0, f64::max);
            lengths[step] = longest + seconds(step);
        }
        lengths
    }

    fn is_asked(&self, step: usize) -> bool {
        match &self.steps[step] {
            Step::Fetch(_) => false,
            Step::Build(build) => self.asked.contains(&build.script.install_id()),
        }
    }
}

#[cfg(test)]
mod tests;
