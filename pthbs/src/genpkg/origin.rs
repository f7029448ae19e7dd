//! Where a change of a script comes from: the line of a template that wrote a line, or the place that set a fact.

use super::catalog::Catalog;
use super::compare::Hunk;
use super::instance::Rendering;
use super::output::Output;
use super::place;
use super::project::Project;
use super::trace::Origin;

impl Project {
    /// The origin of a change, after a traced run.
    pub fn origin(&self, output: &Output, label: &str, hunk: &Hunk) -> Option<Origin> {
        let rendering = output.scripts.get(label)?;
        let changed = hunk.added.iter().chain(&hunk.removed);
        if let Some(line) = changed.clone().find(|line| line.starts_with("#@ ")) {
            return self.origin_of_fact(rendering, line);
        }
        // What was removed is looked for at the line that follows it.
        let last = rendering.origins.len().checked_sub(1)?;
        rendering.origins.get((hunk.line - 1).min(last))?.clone()
    }

    /// The place that makes a line of the header.
    fn origin_of_fact(&self, rendering: &Rendering, line: &str) -> Option<Origin> {
        let name = &rendering.script.header.name;
        let (key, value) = line.strip_prefix("#@ ")?.split_once(' ')?;
        let here = Catalog::definition_place(name);
        let texts = std::iter::once((here.clone(), self.catalog().definition(name).ok()?))
            .chain(self.template_texts());
        let find = |words: &[String]| {
            texts.clone().find_map(|(file, text)| {
                let at = words.iter().find_map(|word| text.find(word.as_str()))?;
                Some(Origin { file, line: place::line_of(&text, at) })
            })
        };
        match key {
            "version" | "system" | "target" => find(&[format!("set {key} ")]),
            "source" => {
                let used = rendering.sources.iter().find(|used| value == used.source.to_string());
                let (file, line) = used?.place.rsplit_once(':')?;
                Some(Origin { file: file.to_string(), line: line.parse().ok()? })
            }
            "tool" | "dep" | "needs" => {
                let package = value.split('@').next()?;
                find(&[format!("{key}(\"{package}\""), format!("\"{package}\"")])
            }
            "build" => {
                let facts = ["sandbox", "set_path", "static"];
                find(&facts.map(|fact| format!("set {fact} ")))
                    .or_else(|| find(&facts.map(|fact| format!("\"{fact}\""))))
            }
            _ => None,
        }
    }
}
