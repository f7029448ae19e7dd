//! What differs between two sets of scripts, and why: a script's own text, or only the ids of what it uses.

use std::collections::{BTreeMap, BTreeSet};

use similar::{ChangeTag, TextDiff};

use super::output::Output;
use crate::base::{Result, Sha256};
use crate::script::rendered::OptionValue;
use crate::script::{PackageName, Rendered, Script, ScriptId};

/// A set of scripts by label.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The options they were rendered with.
    pub options: BTreeMap<String, OptionValue>,
    /// The scripts.
    pub scripts: BTreeMap<String, Script>,
    labels: BTreeMap<ScriptId, String>,
}

/// What became of one script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It was not there before.
    Added,
    /// It is no longer there.
    Removed,
    /// Its own text has changed.
    Own,
    /// Only the ids of these, which it uses, have changed.
    Follows(BTreeSet<String>),
}

/// A few lines that were replaced by others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// The line of the new script at which it lies, from 1.
    pub line: usize,
    /// Lines of the old script.
    pub removed: Vec<String>,
    /// Lines of the new script.
    pub added: Vec<String>,
}

/// All that differs, by label.
#[derive(Debug)]
pub struct Changes<'a> {
    old: &'a Snapshot,
    new: &'a Snapshot,
    /// Every label that changed.
    pub by_label: BTreeMap<String, Change>,
}

impl Snapshot {
    /// What was rendered in memory.
    pub fn of(output: &Output) -> Snapshot {
        let scripts = output.scripts.iter().map(|(label, one)| (label.clone(), one.script.clone()));
        Snapshot::new(output.index.options.clone(), scripts.collect())
    }

    /// What was written by an earlier render.
    pub fn read(rendered: &Rendered) -> Result<Snapshot> {
        let labels = rendered.index.scripts.keys();
        let scripts =
            labels.map(|label| Ok((label.clone(), rendered.script(label)?))).collect::<Result<_>>()?;
        Ok(Snapshot::new(rendered.index.options.clone(), scripts))
    }

    fn new(options: BTreeMap<String, OptionValue>, scripts: BTreeMap<String, Script>) -> Snapshot {
        // Of two labels of one script the first one stands for it.
        let labels = scripts.iter().rev().map(|(label, script)| (script.id, label.clone())).collect();
        Snapshot { options, scripts, labels }
    }

    /// The labels that a script's header names.
    fn inputs(&self, script: &Script) -> BTreeSet<String> {
        let label = |id: &crate::script::InstallId| {
            self.labels.get(&id.id).cloned().unwrap_or_else(|| id.name.to_string())
        };
        script.header.inputs().map(label).collect()
    }

    /// The text with labels in place of the ids of what it uses. Words with ids that its header does not name are left
    /// out: they are of what its dependencies use.
    fn masked(&self, script: &Script) -> String {
        let named: BTreeSet<ScriptId> = script.header.inputs().map(|install| install.id).collect();
        let mut masked = String::with_capacity(script.text.len());
        for line in script.text.split_inclusive('\n') {
            if !line.contains('.') {
                masked.push_str(line);
                continue;
            }
            let mut rest = line;
            while let Some((before, name, id, after)) = split_at_id(rest) {
                let label = self.labels.get(&id);
                match label {
                    Some(label) if named.contains(&id) => {
                        masked.push_str(before);
                        masked.push_str(label);
                        rest = after;
                    }
                    Some(_) => {
                        let is_between = |c: char| matches!(c, ' ' | ':' | '"' | '\'' | '\n');
                        let word = before
                            .rfind(is_between)
                            .map_or(0, |at| at + usize::from(before[at..].starts_with('"')));
                        masked.push_str(&before[..word]);
                        rest = &after[after.find(is_between).unwrap_or(after.len())..];
                    }
                    None => {
                        masked.push_str(before);
                        masked.push_str(name);
                        masked.push_str(&format!(".{id}"));
                        rest = after;
                    }
                }
            }
            masked.push_str(rest);
        }
        masked
    }
}

/// The first `NAME.HASH` in a text: what is before it, its parts, what is behind it.
fn split_at_id(text: &str) -> Option<(&str, &str, ScriptId, &str)> {
    text.match_indices('.').find_map(|(dot, _)| {
        let id: Sha256 = text.get(dot + 1..dot + 65)?.parse().ok()?;
        let name_length =
            text.as_bytes()[..dot].iter().rev().take_while(|byte| PackageName::allows(**byte)).count();
        let start = dot - name_length;
        (name_length > 0).then(|| (&text[..start], &text[start..dot], ScriptId(id), &text[dot + 65..]))
    })
}

impl<'a> Changes<'a> {
    /// Compares two snapshots.
    pub fn between(old: &'a Snapshot, new: &'a Snapshot) -> Changes<'a> {
        let mut by_label = BTreeMap::new();
        for (label, script) in &new.scripts {
            let change = match old.scripts.get(label) {
                None => Change::Added,
                Some(before) if before.id == script.id => continue,
                Some(before) if old.masked(before) != new.masked(script) => Change::Own,
                Some(_) => {
                    let has_changed = |input: &String| {
                        let id = |snapshot: &Snapshot| snapshot.scripts.get(input).map(|script| script.id);
                        id(old) != id(new)
                    };
                    Change::Follows(new.inputs(script).into_iter().filter(has_changed).collect())
                }
            };
            by_label.insert(label.clone(), change);
        }
        let gone = old.scripts.keys().filter(|label| !new.scripts.contains_key(*label));
        by_label.extend(gone.map(|label| (label.clone(), Change::Removed)));
        Changes { old, new, by_label }
    }

    /// The scripts whose own change is why this one's id changed: itself, or some of what it uses.
    pub fn roots(&self, label: &str) -> BTreeSet<String> {
        let mut roots = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![label.to_string()];
        while let Some(label) = open.pop() {
            match self.by_label.get(&label) {
                Some(Change::Follows(inputs)) if seen.insert(label.clone()) => {
                    open.extend(inputs.iter().cloned());
                }
                Some(Change::Added | Change::Own) => {
                    roots.insert(label.clone());
                    // What it uses may have changed as well.
                    if seen.insert(label.clone()) {
                        let inputs = self.new.inputs(&self.new.scripts[&label]);
                        open.extend(inputs.into_iter().filter(|input| self.by_label.contains_key(input)));
                    }
                }
                _ => {}
            }
        }
        roots
    }

    /// How many other scripts have a new id because of this one's.
    pub fn followers(&self, root: &str) -> usize {
        let mut users: BTreeMap<String, Vec<&String>> = BTreeMap::new();
        for label in self.by_label.keys() {
            let inputs =
                self.new.scripts.get(label).map(|script| self.new.inputs(script)).unwrap_or_default();
            inputs.into_iter().for_each(|input| users.entry(input).or_default().push(label));
        }
        let mut followers = BTreeSet::new();
        let mut open = vec![root];
        while let Some(label) = open.pop() {
            let found = users.get(label).into_iter().flatten().filter(|user| followers.insert(user.as_str()));
            open.extend(found.map(|user| user.as_str()).collect::<Vec<_>>());
        }
        followers.len()
    }

    /// The lines in which a script itself differs, the ids of what it uses left out of account.
    pub fn hunks(&self, label: &str) -> Vec<Hunk> {
        let (Some(old), Some(new)) = (self.old.scripts.get(label), self.new.scripts.get(label)) else {
            return Vec::new();
        };
        let (old, new) = (self.old.masked(old), self.new.masked(new));
        let diff = TextDiff::from_lines(&old, &new);
        let mut hunks: Vec<Hunk> = Vec::new();
        let mut line = 1;
        let mut is_open = false;
        for change in diff.iter_all_changes() {
            let text = change.value().trim_end_matches('\n').to_string();
            if change.tag() == ChangeTag::Equal {
                is_open = false;
                line += 1;
                continue;
            }
            if !is_open {
                hunks.push(Hunk { line, removed: Vec::new(), added: Vec::new() });
                is_open = true;
            }
            let hunk = hunks.last_mut().expect("a hunk is open");
            match change.tag() {
                ChangeTag::Delete => hunk.removed.push(text),
                _ => {
                    hunk.added.push(text);
                    line += 1;
                }
            }
        }
        hunks
    }
}

/// The difference of two texts as `diff -u` writes it; empty where there is none.
pub fn unified(old_name: &str, old: &str, new_name: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    TextDiff::from_lines(old, new).unified_diff().context_radius(3).header(old_name, new_name).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::genpkg::fixture::Fixture;

    fn package(more: &str) -> String {
        format!("{{% extends \"base\" %}}\n{{% set version = \"1\" %}}\n{more}\n")
    }

    fn snapshot(fixture: &Fixture) -> Snapshot {
        Snapshot::of(&fixture.render().unwrap())
    }

    #[test]
    fn a_change_is_ones_own_or_follows_anothers() {
        let fixture = Fixture::new(&[
            ("app", &package("{% do dep(\"mid\") %}")),
            ("mid", &package("{% do dep(\"lib\") %}{% do tool(\"make\") %}")),
            ("lib", &package("")),
            ("make", &package("")),
        ]);
        let old = snapshot(&fixture);
        fixture.write("lib", package("{% set flags = [\"-x\"] %}"));
        fixture.write("extra", package(""));
        let new = snapshot(&fixture);
        let changes = Changes::between(&old, &new);
        let follows = |label: &str| Change::Follows([label.to_string()].into());
        let expected = [
            ("app", follows("mid")),
            ("extra", Change::Added),
            ("lib", Change::Own),
            ("mid", follows("lib")),
        ];
        assert_eq!(changes.by_label, expected.map(|(label, change)| (label.to_string(), change)).into());
        assert_eq!(changes.roots("app"), ["lib".to_string()].into());
        assert_eq!(changes.roots("make"), BTreeSet::new());
        assert_eq!((changes.followers("lib"), changes.followers("app")), (2, 0));
        let hunks = changes.hunks("lib");
        assert_eq!((hunks[0].removed[0].as_str(), hunks[0].added[0].as_str()), ("make", "make -x"));
        let line = new.scripts["lib"].text.lines().nth(hunks[0].line - 1);
        assert_eq!(line, Some("make -x"));
        assert_eq!(Changes::between(&new, &old).by_label["extra"], Change::Removed);
    }

    #[test]
    fn what_a_dependency_uses_is_no_change_of_ones_own() {
        let base = "set -eu\n{% if deps() %}\nexport X=\"-I{{ deps() | join(\"/include -I\") }}/include\"\n{% endif %}\n";
        let fixture = Fixture::new(&[
            ("templates/base.sh", base),
            ("app", &package("{% do dep(\"mid\") %}")),
            ("mid", &package("")),
            ("lib", &package("")),
        ]);
        let old = snapshot(&fixture);
        fixture.write("mid", package("{% do dep(\"lib\") %}"));
        let new = snapshot(&fixture);
        let changes = Changes::between(&old, &new);
        assert_eq!(changes.by_label["app"], Change::Follows(["mid".to_string()].into()));
        assert_eq!(changes.by_label["mid"], Change::Own);
    }

    #[test]
    fn equal_texts_have_no_diff() {
        assert_eq!(unified("a", "x\n", "b", "x\n"), "");
        assert_eq!(unified("a", "x\n", "b", "y\n"), "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n");
    }
}
