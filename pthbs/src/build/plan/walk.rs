//! The walk from the asked installs to everything that is missing. Depth first, on a stack of its own: graphs are deep.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::{Build, Exists, Plan, SYSTEM, Step};
use crate::base::{Error, Result};
use crate::build::visible::{Scripts, no_script};
use crate::script::{InstallId, Script, Source};

/// An install, and what the walk wants of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Node {
    /// It is missing: it is to be built.
    Build(InstallId),
    /// A build depends on it: what it depends on must be there as well.
    Link(InstallId),
    /// It is there and will be run: what it needs must be there as well.
    Run(InstallId),
}

impl Node {
    fn install(&self) -> &InstallId {
        let (Node::Build(install) | Node::Link(install) | Node::Run(install)) = self;
        install
    }
}

/// A node on the way down.
struct Frame {
    node: Node,
    script: Arc<Script>,
    /// What is left to visit, with the header's word for it.
    rest: std::vec::IntoIter<(Node, &'static str)>,
    /// Builds that must come before, by their number among the builds.
    after: BTreeSet<usize>,
}

pub(super) struct Walk<'a> {
    scripts: &'a dyn Scripts,
    exists: Exists<'a>,
    is_there: HashMap<InstallId, bool>,
    /// The builds that each finished node stands for: its own, or those that what is present still lacks.
    done: HashMap<Node, Vec<usize>>,
    open: Vec<Frame>,
    opened: HashSet<Node>,
    builds: Vec<(Arc<Script>, BTreeSet<usize>)>,
    present: Vec<InstallId>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(scripts: &'a dyn Scripts, exists: Exists<'a>) -> Walk<'a> {
        Walk {
            scripts,
            exists,
            is_there: HashMap::new(),
            done: HashMap::new(),
            open: Vec::new(),
            opened: HashSet::new(),
            builds: Vec::new(),
            present: Vec::new(),
        }
    }

    /// Plans one asked install.
    pub(super) fn ask(&mut self, install: &InstallId) -> Result<()> {
        let node = Node::Build(install.clone());
        if self.is_there(install) || self.done.contains_key(&node) {
            return Ok(());
        }
        self.enter(node, None)?;
        while let Some(frame) = self.open.last_mut() {
            let Some((node, word)) = frame.rest.next() else {
                self.leave();
                continue;
            };
            if let Some(builds) = self.done.get(&node) {
                frame.after.extend(builds);
            } else if self.opened.contains(&node) {
                return Err(self.cycle(&node));
            } else {
                self.enter(node, Some(word))?;
            }
        }
        Ok(())
    }

    fn enter(&mut self, node: Node, word: Option<&'static str>) -> Result<()> {
        let install = node.install();
        let script = self.scripts.script(install)?.ok_or_else(|| self.asked_by(no_script(install), word))?;
        let header = &script.header;
        let is_build = matches!(node, Node::Build(_));
        if is_build && header.system != SYSTEM {
            let what =
                format!("`{}` is built on `{}`; this machine is `{SYSTEM}`", header.name, header.system);
            return Err(self.asked_by(Error::usage(what), word));
        }
        let mut rest = Vec::new();
        if is_build {
            rest.extend(header.tools.iter().map(|tool| (self.run(tool), "tool")));
        }
        match node {
            Node::Build(_) => {
                rest.extend(header.deps.iter().flat_map(|dep| self.link(dep)).map(|node| (node, "dep")));
                rest.extend(header.needs.iter().map(|need| (self.run(need), "needs")));
            }
            Node::Run(_) => rest.extend(header.needs.iter().map(|need| (self.run(need), "needs"))),
            // What a dep needs is linked against as well, as is all that a dep brings.
            Node::Link(_) if self.is_there(install) => {
                rest.extend(header.deps.iter().flat_map(|dep| self.link(dep)).map(|node| (node, "dep")));
                rest.extend(header.needs.iter().flat_map(|need| self.link(need)).map(|node| (node, "needs")));
            }
            // It is built first, which brings everything but this. To name all again would be quadratic in a long chain.
            Node::Link(_) => {
                let missing = header.deps.iter().filter(|dep| !self.is_there(dep));
                rest.extend(missing.map(|dep| (Node::Link(dep.clone()), "dep")));
                rest.extend(header.needs.iter().map(|need| (Node::Link(need.clone()), "needs")));
            }
        }
        self.opened.insert(node.clone());
        self.open.push(Frame { node, script, rest: rest.into_iter(), after: BTreeSet::new() });
        Ok(())
    }

    /// The innermost frame has nothing left to visit.
    fn leave(&mut self) {
        let Frame { node, script, after, .. } = self.open.pop().expect("a frame is open");
        self.opened.remove(&node);
        let builds = match node {
            Node::Build(_) => {
                self.builds.push((script, after));
                vec![self.builds.len() - 1]
            }
            Node::Link(_) | Node::Run(_) => after.into_iter().collect(),
        };
        if let Some(parent) = self.open.last_mut() {
            parent.after.extend(&builds);
        }
        self.done.insert(node, builds);
    }

    /// What must be there so that an install can be run. Building it wants all of that too.
    fn run(&mut self, install: &InstallId) -> Node {
        if self.is_there(install) { Node::Run(install.clone()) } else { Node::Build(install.clone()) }
    }

    /// What must be there so that an install can be linked against. Building it wants less: of what it needs at run
    /// time, it does not see the dependencies.
    fn link(&mut self, install: &InstallId) -> Vec<Node> {
        let build = (!self.is_there(install)).then(|| Node::Build(install.clone()));
        build.into_iter().chain([Node::Link(install.clone())]).collect()
    }

    fn is_there(&mut self, install: &InstallId) -> bool {
        if let Some(is_there) = self.is_there.get(install) {
            return *is_there;
        }
        let is_there = (self.exists.install)(install);
        if is_there {
            self.present.push(install.clone());
        }
        self.is_there.insert(install.clone(), is_there);
        is_there
    }

    fn asked_by(&self, error: Error, word: Option<&'static str>) -> Error {
        let (Some(asker), Some(word)) = (self.open.last(), word) else { return error };
        let install = asker.node.install();
        let error = error.with("asked for by", format!("{} {} ({word})", install.name, install.id.short()));
        if self.open.len() < 2 {
            return error;
        }
        let chain: Vec<&str> = self.open.iter().map(|frame| frame.node.install().name.as_str()).collect();
        error.with("which is asked for through", chain.join(" -> "))
    }

    fn cycle(&self, node: &Node) -> Error {
        let chain = self.open.iter().map(|frame| &frame.node).skip_while(|open| *open != node);
        let names: Vec<&str> = chain.chain([node]).map(|node| node.install().name.as_str()).collect();
        Error::usage(format!("dependency cycle: {}", names.join(" -> ")))
    }

    /// Puts the fetches before the builds, in the order in which the builds want them.
    pub(super) fn finish(self, asked: &[InstallId]) -> Plan {
        let mut fetches: HashMap<String, usize> = HashMap::new();
        let mut steps = Vec::new();
        let mut fetches_of = Vec::new();
        for (script, _) in &self.builds {
            let missing = script.header.sources.iter().filter(|source| !(self.exists.source)(source));
            let numbers = missing.map(|source| {
                *fetches.entry(identity(source)).or_insert_with(|| {
                    steps.push(Step::Fetch(source.clone()));
                    steps.len() - 1
                })
            });
            fetches_of.push(numbers.collect::<BTreeSet<usize>>());
        }
        let first_build = steps.len();
        for ((script, builds), fetches) in self.builds.into_iter().zip(fetches_of) {
            let after =
                fetches.into_iter().chain(builds.into_iter().map(|build| first_build + build)).collect();
            steps.push(Step::Build(Build { script, after }));
        }
        Plan { asked: asked.to_vec(), steps, present: self.present }
    }
}

/// What makes two sources one fetch; how they are unpacked does not matter.
fn identity(source: &Source) -> String {
    match source {
        Source::File { sha256, .. } => sha256.to_string(),
        Source::Git { commit, tree, .. } => format!("{commit} {tree}"),
    }
}
