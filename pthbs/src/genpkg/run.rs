//! One run of the engine: each script rendered once, dependencies rendered inside of the call that asks for them.
//!
//! No levels and no order are needed: a cycle is a script that is asked for below itself. Two threads never wait for
//! each other: when both need a script that neither has, both render it, to the same bytes; a cycle is then found by
//! each of them on its own path and cannot become a deadlock.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::Object;
use minijinja::{Environment, Value};

use super::catalog::Catalog;
use super::engine;
use super::failure::{Failure, Stage};
use super::instance::{Key, Rendering, Request};
use super::language;
use super::options::Values;
use super::project::Tree;
use super::threads::Threads;
use super::underway::Begun;
use crate::base::{Error, Result};

/// Threads render with this much stack; only what is touched costs memory.
const STACK: usize = 256 << 20;
/// Longer chains of dependencies are taken for a mistake.
const DEEPEST: usize = 1000;

/// What all renderings of a run share.
pub(super) struct Run {
    pub tree: Arc<Tree>,
    pub values: Values,
    /// Whether it is to be known where every line comes from.
    pub(super) traces: bool,
    memo: Mutex<HashMap<Key, Arc<Rendering>>>,
}

/// What the calls of one rendering know: which script, asked for by whom. Templates cannot name it.
pub(super) struct Frame {
    pub run: Arc<Run>,
    pub key: Key,
    pub label: String,
    /// The definition's place and text.
    pub file: String,
    pub text: Arc<str>,
    /// Options given by the caller.
    pub options: BTreeMap<String, Value>,
    asked_by: Option<Arc<Frame>>,
    depth: usize,
    /// An address on the thread's stack at the root of the path.
    stack_start: usize,
}

/// No template can write this name.
pub(super) const FRAME: &str = "\0frame";

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame").field("label", &self.label).finish_non_exhaustive()
    }
}

impl Object for Frame {}

impl Run {
    pub(super) fn new(tree: Arc<Tree>, values: Values, traces: bool) -> Run {
        Run { tree, values, traces, memo: Mutex::default() }
    }

    /// Renders what is asked for and all that it uses; every failure is kept, in the order of the requests.
    pub(super) fn all(
        self: &Arc<Run>,
        env: &Environment<'_>,
        requests: &[Request],
        threads: usize,
    ) -> Vec<Result<Arc<Rendering>, Failure>> {
        // Neighbours tend to use the same packages: threads that take turns would render those twice.
        let share = (requests.len() / (threads * 8)).clamp(1, 64);
        let threads = Threads { count: threads, share, stack: Some(STACK) };
        let render = |request: &Request| self.render(env, request.key()?, request.clone(), None);
        let done = threads.over(requests, |share| share.iter().map(render).collect::<Vec<_>>());
        done.into_iter().flatten().collect()
    }

    /// Renders one script, or gives it if that was done; `key` is the request's.
    pub(super) fn render(
        self: &Arc<Run>,
        env: &Environment<'_>,
        key: Key,
        request: Request,
        asked_by: Option<&Arc<Frame>>,
    ) -> Result<Arc<Rendering>, Failure> {
        if let Some(known) = self.memo.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Arc::clone(known));
        }
        let label = key.label(request.alias.as_deref(), language::TARGET);
        check_cycle(&key, asked_by)?;
        let here = std::ptr::from_ref(&label).addr();
        let (depth, stack_start) = asked_by.map_or((0, here), |frame| (frame.depth + 1, frame.stack_start));
        if depth > DEEPEST || stack_start.abs_diff(here) > STACK / 2 {
            return Err(Failure::asked(
                Error::usage(format!("dependencies are nested deeper than {depth} packages"))
                    .hint("look for a package whose options change from call to call"),
            ));
        }
        let file = Catalog::definition_place(&key.name);
        let text: Arc<str> = self.tree.catalog.definition(&key.name).map_err(Failure::placed)?.into();
        let _begun = Begun::new(&label);
        let frame = Arc::new(Frame {
            run: Arc::clone(self),
            key: key.clone(),
            label,
            file,
            text,
            options: request.options,
            asked_by: asked_by.cloned(),
            depth,
            stack_start,
        });
        let rendering = Arc::new(engine::render(env, &frame, &request.target)?);
        let mut memo = self.memo.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(memo.entry(key).or_insert(rendering)))
    }
}

/// A script that is asked for below itself is an error that prints the chain.
fn check_cycle(key: &Key, asked_by: Option<&Arc<Frame>>) -> Result<(), Failure> {
    let path = || std::iter::successors(asked_by, |frame| frame.asked_by.as_ref());
    if !path().any(|frame| frame.key == *key) {
        return Ok(());
    }
    let mut chain: Vec<String> = Vec::new();
    for frame in path() {
        chain.push(frame.label.clone());
        if frame.key == *key {
            break;
        }
    }
    // The one that is asked for again stands at both ends.
    chain.insert(0, chain.last().expect("the path holds the key").clone());
    chain.reverse();
    let error = Error::usage(format!("dependency cycle: {}", chain.join(" -> ")));
    Err(Failure { error, stage: Stage::Cycle(chain) })
}
