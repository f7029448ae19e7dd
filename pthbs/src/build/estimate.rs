//! How long a plan may take, from what earlier builds took.

use std::time::Duration;

use super::history::{history, usual_seconds};
use super::plan::{Plan, Step};
use crate::store::Store;

/// What is assumed of a build when nothing is known of any in the plan.
const BUILD: f64 = 30.0;
/// What is assumed of a fetch.
const FETCH: f64 = 3.0;

/// The seconds of each step, known or assumed.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    seconds: Vec<f64>,
    ranks: Vec<f64>,
    builds: usize,
    /// How many builds of the plan nothing is known of.
    pub unknown: usize,
}

impl Estimate {
    /// The estimate for a plan, with so many builds at once.
    pub fn of(plan: &Plan, store: &Store, builds: usize) -> Estimate {
        let usual = |step: &Step| match step {
            Step::Fetch(_) => Some(FETCH),
            Step::Build(build) => {
                usual_seconds(&history(store, &build.script.header.name).unwrap_or_default())
            }
        };
        Estimate::from(plan, plan.steps.iter().map(usual).collect(), builds)
    }

    /// Of a package that was never built nothing is known but that it is probably like the others.
    fn from(plan: &Plan, known: Vec<Option<f64>>, builds: usize) -> Estimate {
        let is_build = |step: &Step| matches!(step, Step::Build(_));
        let mut times: Vec<f64> = plan
            .steps
            .iter()
            .zip(&known)
            .filter_map(|(step, time)| time.filter(|_| is_build(step)))
            .collect();
        times.sort_by(f64::total_cmp);
        let middle = times.get(times.len() / 2).copied().unwrap_or(BUILD);
        let unknown = known.iter().filter(|time| time.is_none()).count();
        let seconds: Vec<f64> = known.into_iter().map(|time| time.unwrap_or(middle)).collect();
        let ranks = plan.lengths(|step| seconds[step]);
        Estimate { seconds, ranks, builds: builds.max(1), unknown }
    }

    /// The seconds of each step.
    pub fn seconds(&self) -> &[f64] {
        &self.seconds
    }

    /// The seconds from the start of each step to the end of everything that waits for it.
    pub fn ranks(&self) -> &[f64] {
        &self.ranks
    }

    /// Builds at once.
    pub(super) fn builds(&self) -> usize {
        self.builds
    }

    /// The whole plan: its longest way, or all of it shared out, whichever is more.
    pub fn all(&self) -> Duration {
        let longest = self.ranks.iter().copied().fold(0.0, f64::max);
        let shared = self.seconds.iter().sum::<f64>() / self.builds as f64;
        Duration::try_from_secs_f64(longest.max(shared)).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::Sha256;
    use crate::build::plan::Build;
    use crate::script::Script;

    fn build(name: &str, after: &[usize]) -> Step {
        let text = format!(
            "#!/bin/sh\n#@ pthbs 1\n#@ name {name}\n#@ version 1\n#@ system s\n#@ target t\n\
             #@ build sandbox=on set_path=on static=on\n"
        );
        Step::Build(Build { script: Arc::new(Script::parse(text, name).unwrap()), after: after.to_vec() })
    }

    #[test]
    fn what_is_not_known_is_like_the_others() {
        let plan =
            Plan { steps: vec![build("a", &[]), build("b", &[]), build("c", &[0, 1])], ..Plan::default() };
        let estimate = Estimate::from(&plan, vec![Some(10.0), None, Some(4.0)], 2);
        assert_eq!((estimate.seconds(), estimate.unknown), (&[10.0, 10.0, 4.0][..], 1));
        assert_eq!(estimate.ranks(), [14.0, 14.0, 4.0]);
        assert_eq!(estimate.all(), Duration::from_secs(14), "its longest way");
        assert_eq!(
            Estimate::from(&plan, vec![Some(10.0); 3], 1).all(),
            Duration::from_secs(30),
            "shared out"
        );
        assert_eq!(Estimate::from(&plan, vec![None; 3], 9).seconds(), [BUILD; 3]);
    }

    #[test]
    fn history_is_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let past = super::super::history::Past {
            id: Sha256::of(b"another script").to_string(),
            seconds: 7.0,
            is_built: true,
            ..Default::default()
        };
        super::super::history::remember(&store, &"a".parse().unwrap(), &past).unwrap();
        let plan = Plan { steps: vec![build("a", &[])], ..Plan::default() };
        assert_eq!(Estimate::of(&plan, &store, 1).all(), Duration::from_secs(7));
    }
}
