//! `genpkg graph`: what uses what.

use std::collections::BTreeSet;

use super::show::resolve;
use super::{OptionArguments, ProjectArguments};
use crate::base::Result;
use crate::genpkg::Output;

/// Print what uses what, one use a line: label, relation (tool, dep, needs), label, with tabs between.
///
/// With a name, only what that package uses, and what those use.
///
/// Example: genpkg graph --dot zsh | dot -Tsvg >zsh.svg
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The package; all when none is named.
    name: Option<String>,
    /// Print the graph for graphviz.
    #[arg(long, conflicts_with = "json")]
    dot: bool,
    /// Print JSON: an object with, for each label, what it uses.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: OptionArguments,
}

pub(super) fn run(project: &ProjectArguments, arguments: &Arguments) -> Result<()> {
    let output = project.render(&arguments.options, &[])?;
    let labels = match &arguments.name {
        Some(name) => reachable(&output, resolve(&output, name)?),
        None => output.scripts.keys().cloned().collect(),
    };
    let edges =
        || labels.iter().flat_map(|label| output.scripts[label].edges.iter().map(move |edge| (label, edge)));
    super::print(&if arguments.json {
        let uses = |label: &String| {
            let edges = output.scripts[label].edges.iter();
            let uses: Vec<_> = edges
                .map(|edge| serde_json::json!({ "relation": edge.relation.as_str(), "label": edge.label }))
                .collect();
            (label.clone(), serde_json::Value::Array(uses))
        };
        format!("{:#}\n", serde_json::Value::Object(labels.iter().map(uses).collect()))
    } else if arguments.dot {
        let nodes: String = labels.iter().map(|label| format!("\t\"{label}\"\n")).collect();
        let edges: String = edges()
            .map(|(label, edge)| {
                let style = match edge.relation.as_str() {
                    "tool" => " [style=dashed]",
                    "needs" => " [style=bold]",
                    _ => "",
                };
                format!("\t\"{label}\" -> \"{}\"{style}\n", edge.label)
            })
            .collect();
        format!("digraph packages {{\n\trankdir=LR\n{nodes}{edges}}}\n")
    } else {
        edges()
            .map(|(label, edge)| format!("{label}\t{}\t{}\n", edge.relation.as_str(), edge.label))
            .collect()
    })
}

/// A label and all that it uses, directly or not.
fn reachable(output: &Output, label: String) -> BTreeSet<String> {
    let mut labels = BTreeSet::new();
    let mut open = vec![label];
    while let Some(label) = open.pop() {
        if labels.insert(label.clone()) {
            open.extend(output.scripts[&label].edges.iter().map(|edge| edge.label.clone()));
        }
    }
    labels
}
