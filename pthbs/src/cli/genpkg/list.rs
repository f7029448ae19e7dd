//! `genpkg list`: the packages.

use serde_json::json;

use super::{OptionArguments, ProjectArguments};
use crate::base::Result;

/// List the packages and their variants: label, version, description, with tabs between.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Print JSON: one object for each script.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: OptionArguments,
}

pub(super) fn run(project: &ProjectArguments, arguments: &Arguments) -> Result<()> {
    let output = project.render(&arguments.options, &[])?;
    let mut text = String::new();
    if arguments.json {
        let list: Vec<_> = output
            .scripts
            .iter()
            .map(|(label, one)| {
                let header = &one.script.header;
                let options: Vec<_> = one
                    .options
                    .iter()
                    .map(|option| {
                        json!({ "name": option.name, "default": option.default, "choices": option.choices, "doc": option.doc })
                    })
                    .collect();
                json!({
                    "label": label,
                    "name": header.name.as_str(),
                    "version": header.version,
                    "id": one.script.id.to_string(),
                    "description": one.meta.description,
                    "license": one.meta.license,
                    "homepage": one.meta.homepage,
                    "unverified": one.meta.unverified,
                    "options": options,
                })
            })
            .collect();
        text = format!("{:#}\n", serde_json::Value::Array(list));
    } else {
        for (label, one) in &output.scripts {
            text.push_str(&format!("{label}\t{}\t{}\n", one.script.header.version, one.meta.description));
        }
    }
    super::print(&text)
}
