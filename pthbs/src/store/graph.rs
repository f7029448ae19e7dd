//! Who needs whom: every item of a store and what it reaches, in memory. Knows no profiles: what must be kept is given.
//!
//! A collection of garbage is these steps, and only the last one takes long:
//!
//! ```text
//! let collection = store.begin_collection()?;
//! let graph = Graph::read(&store)?;
//! roots.extend(store.items_in_use(&collection)?.into_iter().map(|item| (item, Role::Link)));
//! let kept = graph.keep(&roots, Depth::Builds);
//! let removed = store.take_away(&graph.dead(&kept, youngest))?;
//! drop(collection);
//! removed.delete()
//! ```

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::SystemTime;

use rayon::prelude::*;

use super::{Item, Manifest, Store, What};
use crate::base::Result;
use crate::script::InstallId;

/// The items of a store and their edges.
#[derive(Debug, Default)]
pub struct Graph {
    nodes: BTreeMap<Item, Node>,
}

/// One item's edges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it names in its files, links and paths, and what its script says it needs at run time.
    pub uses: BTreeSet<InstallId>,
    /// The tools that it was built with.
    pub tools: BTreeSet<InstallId>,
    /// The libraries that it was built with.
    pub deps: BTreeSet<InstallId>,
    /// When it was published.
    pub published: SystemTime,
}

/// How something is kept, and so what it takes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// It may be run and be built anew: with all it uses, and what it takes to build each of those.
    Rooted,
    /// It may be run: with all it uses.
    Run,
    /// It may be linked with: with all it uses, and the libraries that it was built with, all the way down.
    Link,
}

/// Whether what installs were built with is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The tools and libraries of everything that is rooted stay.
    Builds,
    /// Only what runs stays.
    Deep,
}

/// What is to be kept, and for whose sake.
#[derive(Debug, Default)]
pub struct Kept {
    /// Each with what it was reached from.
    from: BTreeMap<Item, From>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum From {
    Root(usize),
    Item(Item),
}

impl Graph {
    /// Reads the scripts and records of a whole store, in parallel.
    pub fn read(store: &Store) -> Result<Graph> {
        let nodes = store.items()?.into_par_iter().filter_map(|item| match store.node(&item) {
            // It went away after it was listed.
            Err(_) if !store.has(&item) => None,
            node => Some(node.map(|node| (item, node))),
        });
        Ok(Graph { nodes: nodes.collect::<Result<_>>()? })
    }

    /// All items, sorted.
    pub fn items(&self) -> impl Iterator<Item = (&Item, &Node)> {
        self.nodes.iter()
    }

    /// One item's edges, if it is there.
    pub fn node(&self, item: &Item) -> Option<&Node> {
        self.nodes.get(item)
    }

    /// What uses an install.
    pub fn users(&self, install: &InstallId) -> BTreeSet<&Item> {
        let users = self.nodes.iter().filter(|(_, node)| node.uses.contains(install));
        users.map(|(item, _)| item).collect()
    }

    /// The item and all that it uses, all the way down, as far as it is there.
    pub fn closure(&self, item: &Item) -> BTreeSet<Item> {
        self.keep(&[(item.clone(), Role::Run)], Depth::Deep).from.into_keys().collect()
    }

    /// The item and all that uses it, all the way up.
    pub fn closure_of_users(&self, install: &InstallId) -> BTreeSet<Item> {
        let mut users: BTreeMap<&InstallId, Vec<&Item>> = BTreeMap::new();
        for (item, node) in &self.nodes {
            node.uses.iter().for_each(|used| users.entry(used).or_default().push(item));
        }
        let mut found = BTreeSet::from([Item::Install(install.clone())]);
        let mut open = vec![install];
        while let Some(install) = open.pop() {
            for user in users.get(install).into_iter().flatten() {
                if found.insert((*user).clone())
                    && let Item::Install(user) = user
                {
                    open.push(user);
                }
            }
        }
        found
    }

    /// Everything that some roots keep.
    pub fn keep(&self, roots: &[(Item, Role)], depth: Depth) -> Kept {
        let mut kept = Kept::default();
        let mut seen = BTreeSet::new();
        // In order, so that the shortest way to a root is the one that is remembered.
        let mut open: VecDeque<(Item, Role, From)> =
            roots.iter().enumerate().map(|(n, (item, role))| (item.clone(), *role, From::Root(n))).collect();
        while let Some((item, role, from)) = open.pop_front() {
            let Some(node) = self.nodes.get(&item) else { continue };
            if !seen.insert((item.clone(), role)) {
                continue;
            }
            kept.from.entry(item.clone()).or_insert(from);
            let mut reach = |installs: &BTreeSet<InstallId>, role| {
                let reached =
                    installs.iter().map(|id| (Item::Install(id.clone()), role, From::Item(item.clone())));
                open.extend(reached.filter(|(reached, ..)| *reached != item));
            };
            match role {
                Role::Run => reach(&node.uses, Role::Run),
                Role::Link => {
                    reach(&node.uses, Role::Run);
                    reach(&node.deps, Role::Link);
                }
                Role::Rooted => {
                    reach(&node.uses, Role::Rooted);
                    if depth == Depth::Builds {
                        reach(&node.tools, Role::Run);
                        reach(&node.deps, Role::Link);
                    }
                }
            }
        }
        kept
    }

    /// The items that are not kept, and were not published at `youngest` or later.
    pub fn dead(&self, kept: &Kept, youngest: SystemTime) -> Vec<Item> {
        let dead = self.nodes.iter().filter(|(item, node)| !kept.holds(item) && node.published < youngest);
        dead.map(|(item, _)| item.clone()).collect()
    }
}

impl Kept {
    /// Whether an item is kept.
    pub fn holds(&self, item: &Item) -> bool {
        self.from.contains_key(item)
    }

    /// All that is kept, sorted.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.from.keys()
    }

    /// Why an item is kept: the index of a root, and the way from that root to the item, both included.
    pub fn why(&self, item: &Item) -> Option<(usize, Vec<Item>)> {
        let mut way = vec![item.clone()];
        loop {
            match self.from.get(way.last().expect("it begins with the item"))? {
                From::Item(from) => way.push(from.clone()),
                From::Root(root) => {
                    way.reverse();
                    return Some((*root, way));
                }
            }
        }
    }
}

impl Store {
    fn node(&self, item: &Item) -> Result<Node> {
        let place = self.meta(item);
        let published = std::fs::metadata(&place).and_then(|found| found.modified());
        let published = published.map_err(|cause| super::trouble("look at", &place, &cause))?;
        let (tools, deps) = (BTreeSet::new(), BTreeSet::new());
        let Item::Install(id) = item else {
            let uses = named_in_links(&self.manifest(item)?);
            return Ok(Node { uses, tools, deps, published });
        };
        let header = self.script(id)?.header;
        let mut uses = self.record(id)?.references;
        uses.extend(header.needs);
        let (tools, deps) = (header.tools.into_iter().collect(), header.deps.into_iter().collect());
        Ok(Node { uses, tools, deps, published })
    }
}

/// The installs that an environment's links lead to.
fn named_in_links(manifest: &Manifest) -> BTreeSet<InstallId> {
    let targets = manifest.entries.iter().filter_map(|entry| match &entry.what {
        What::Link { target } => target.to_str(),
        _ => None,
    });
    targets.flat_map(|target| target.split('/')).filter_map(|component| component.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::store::testing::{self, install};

    /// `name: uses | tools | deps`, a line each.
    fn graph(text: &str) -> Graph {
        let ids = |words: &str| words.split_whitespace().map(install).collect::<BTreeSet<_>>();
        let nodes = text.lines().filter_map(|line| {
            let (name, edges) = line.trim().split_once(':')?;
            let mut edges = edges.split('|').map(ids);
            let mut next = || edges.next().unwrap_or_default();
            let node = Node { uses: next(), tools: next(), deps: next(), published: UNIX_EPOCH };
            Some((testing::item(name), node))
        });
        Graph { nodes: nodes.collect() }
    }

    fn names<'a>(items: impl IntoIterator<Item = &'a Item>) -> String {
        let names: Vec<String> =
            items.into_iter().map(|item| item.to_string().split('.').next().unwrap().to_string()).collect();
        names.join(" ")
    }

    const HOUSE: &str = "
        zsh: ncurses | gcc make | ncurses
        ncurses: | gcc stage1 |
        gcc: binutils | stage1 | gmp
        binutils: | stage1 |
        gmp: | stage1 |
        make: | gcc |
        curl: zlib | gcc | tls
        tls: zlib | gcc | zlib
        zlib: | gcc |
        stage1: | |
        loop: loop |  | loop
    ";

    #[test]
    fn a_rooted_install_can_be_run_and_built_anew() {
        let graph = graph(HOUSE);
        let zsh = [(testing::item("zsh"), Role::Rooted)];
        // ncurses is used at run time, so that what builds it stays too; what built gcc does not.
        assert_eq!(names(graph.keep(&zsh, Depth::Builds).items()), "binutils gcc make ncurses stage1 zsh");
        assert_eq!(names(graph.keep(&zsh, Depth::Deep).items()), "ncurses zsh");
        let curl = [(testing::item("tls"), Role::Link)];
        assert_eq!(names(graph.keep(&curl, Depth::Builds).items()), "tls zlib");
        assert_eq!(names(graph.keep(&[(testing::item("absent"), Role::Rooted)], Depth::Builds).items()), "");
    }

    #[test]
    fn what_is_kept_can_say_why() {
        let graph = graph(HOUSE);
        let roots = ["curl", "zsh"].map(|name| (testing::item(name), Role::Rooted));
        let kept = graph.keep(&roots, Depth::Builds);
        let (root, way) = kept.why(&testing::item("binutils")).unwrap();
        assert_eq!((root, names(&way).as_str()), (0, "curl gcc binutils"));
        let (root, way) = kept.why(&testing::item("ncurses")).unwrap();
        assert_eq!((root, names(&way).as_str()), (1, "zsh ncurses"));
        assert_eq!(kept.why(&testing::item("loop")), None);
        assert_eq!(names(&graph.dead(&kept, UNIX_EPOCH + Duration::from_secs(1))), "gmp loop");
        assert_eq!(graph.dead(&kept, UNIX_EPOCH), []);
    }

    #[test]
    fn uses_can_be_followed_both_ways() {
        let graph = graph(HOUSE);
        assert_eq!(names(&graph.closure(&testing::item("curl"))), "curl zlib");
        assert_eq!(names(graph.users(&install("zlib"))), "curl tls");
        assert_eq!(names(&graph.closure_of_users(&install("binutils"))), "binutils gcc");
        assert_eq!(names(&graph.closure(&testing::item("loop"))), "loop");
    }

    #[test]
    fn a_store_is_read_with_its_environments() {
        let (_dir, store) = testing::store();
        let zlib = testing::publish_script(&store, "zlib", "", &[]);
        let header = format!("#@ tool {}\n#@ needs {zlib}\n", install("gcc"));
        let x = testing::publish_script(&store, "x", &header, &[install("musl")]);
        let environment = testing::publish_environment(&store, &[&x, &zlib]);
        let graph = Graph::read(&store).unwrap();
        let node = graph.node(&Item::Install(x.clone())).unwrap();
        assert_eq!(node.uses, BTreeSet::from([install("musl"), zlib.clone()]));
        assert_eq!(node.tools, BTreeSet::from([install("gcc")]));
        assert_eq!(graph.node(&environment).unwrap().uses, BTreeSet::from([x.clone(), zlib]));
        assert_eq!(graph.users(&x), BTreeSet::from([&environment]));
        assert_eq!(graph.items().count(), 3);
    }
}
