//! `pthbs plan`: what `build` would do.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Global, build, context, items};
use crate::base::Result;
use crate::build::{Estimate, Plan, Step};
use crate::cli::{config, report};

/// Print the steps that `build` would take, without taking any
///
/// One line for each step on stdout, a fetch or a build, in an order in which they could be done; then one for each
/// install that is there already. How long it may take is known from earlier builds of the same packages.
///
/// Example: pthbs plan --why zsh
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Packages, variants, ids, or paths of scripts
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Say behind each step what it is for
    #[arg(long)]
    why: bool,
    /// Print one object: steps with what they wait for, seconds, and what they are for
    #[arg(long, conflicts_with_all = ["why", "dot"])]
    json: bool,
    /// Print a graph for Graphviz: pthbs plan --dot zsh | dot -Tsvg >plan.svg
    #[arg(long, conflicts_with = "why")]
    dot: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let store = context::store(global)?;
    let scripts = context::Scripts::open(global)?;
    let asked = scripts.all_asked(&arguments.names)?;
    let known = context::known(&store, &scripts, &asked);
    let plan = build::plan(&store, &known, &asked)?;
    let estimate = Estimate::of(&plan, &store, config::processors());
    if arguments.json {
        items::print_json(&object(&plan, &estimate));
        return Ok(());
    }
    report::data(&if arguments.dot { graph(&plan) } else { lines(&plan, arguments.why) });
    report::say(&summary(&plan, &estimate));
    Ok(())
}

fn lines(plan: &Plan, with_why: bool) -> String {
    let mut text = String::new();
    for (number, step) in plan.steps.iter().enumerate() {
        text += &label(step);
        if with_why {
            let users = users(plan, number);
            let why = users.iter().map(|user| format!(" for {user}")).collect::<String>();
            text += if why.is_empty() { " as asked" } else { &why };
        }
        text.push('\n');
    }
    for install in &plan.present {
        let _ = writeln!(text, "kept {} {}", install.name, install.id.short());
    }
    text
}

/// `build zlib 3f9c1b2e`
fn label(step: &Step) -> String {
    match step {
        Step::Fetch(source) => format!("fetch {} {}", source.name(), &source.key()[..8]),
        Step::Build(build) => format!("build {} {}", build.script.header.name, build.script.id.short()),
    }
}

/// Who needs a step, who needs that one, and so on to what was asked for.
fn users(plan: &Plan, step: usize) -> Vec<&str> {
    plan.why(step)[1..].iter().map(|user| plan.steps[*user].name()).collect()
}

/// `12 steps, about 14m20s (guessed for 3 of 9 builds, never done here)`
fn summary(plan: &Plan, estimate: &Estimate) -> String {
    if plan.steps.is_empty() {
        return "nothing to do".to_string();
    }
    let steps = report::count(plan.steps.len(), "step");
    let builds = plan.steps.iter().filter(|step| matches!(step, Step::Build(_))).count();
    let about = report::seconds(estimate.all());
    match estimate.unknown {
        0 => format!("{steps}, about {about}"),
        unknown => {
            format!("{steps}, about {about} (guessed for {unknown} of {builds} builds, never done here)")
        }
    }
}

fn object(plan: &Plan, estimate: &Estimate) -> Value {
    let step = |(number, step): (usize, &Step)| {
        let (seconds, why) = (estimate.seconds()[number], users(plan, number));
        match step {
            Step::Fetch(source) => {
                json!({ "step": "fetch", "name": source.name(), "hash": source.key(), "seconds": seconds, "why": why })
            }
            Step::Build(build) => json!({
                "step": "build", "name": build.script.header.name.as_str(), "id": build.script.id.to_string(),
                "after": build.after, "seconds": seconds, "why": why,
            }),
        }
    };
    json!({
        "asked": plan.asked.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "steps": plan.steps.iter().enumerate().map(step).collect::<Vec<_>>(),
        "present": plan.present.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "seconds": estimate.all().as_secs_f64(),
        "guessed": estimate.unknown,
    })
}

/// An arrow leads from a step to each that waits for it. Names have no character that dot would take for another.
fn graph(plan: &Plan) -> String {
    let mut text = "digraph plan {\n\trankdir=LR;\n\tnode [shape=box];\n".to_string();
    for (number, step) in plan.steps.iter().enumerate() {
        let shape = if matches!(step, Step::Fetch(_)) { ", shape=note" } else { "" };
        let words = label(step).replace(['"', '\\'], "_");
        let _ = writeln!(text, "\t{number} [label=\"{words}\"{shape}];");
        for before in plan.after(number) {
            let _ = writeln!(text, "\t{before} -> {number};");
        }
    }
    text + "}\n"
}
