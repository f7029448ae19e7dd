//! `pthbs shell --build`: the sandbox of a build before it runs.

use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use sandbox::{Access, Bind, Spec};

use super::super::build::{self, Output, Width};
use super::super::context::{self, Scripts};
use super::super::{Global, enter};
use crate::base::{Error, Result};
use crate::build::{Exists, Known, Layout, Place, Plan, Step, Stop, plan, reserve, visible};
use crate::cli::{report, signals};
use crate::script::{Script, Source};
use crate::source::{self, Fetcher};
use crate::store::{Item, Staging, Store};

pub(super) fn run(
    global: &Global,
    name: &str,
    src: Option<&str>,
    command: &[String],
    width: &Width,
) -> Result<ExitCode> {
    let store = context::store(global)?;
    let scripts = Scripts::open(global)?;
    let script = Arc::new(scripts.asked(name)?);
    let own = src.map(|src| Own::read(src, &script)).transpose()?;
    let known = context::known(&store, &scripts, &[Script::clone(&script)]);
    let none = store.without_collection()?;
    let plan = inputs(&store, &known, &script)?;
    let _in_use = reserve(&store, &plan)?;
    drop(none);
    if !plan.steps.is_empty() {
        build::carry_out(&store, &scripts, &known, plan, width, Output::ToPeople)?;
    }

    // Before laying out starts threads, which would take a signal as it comes: the shell could not answer it.
    let stop = Stop::default();
    signals::watch(&stop)?;
    stop.listen(|signal| std::process::exit(128 + signal));

    let item = Item::Install(script.install_id());
    let staging = Staging::new(&store, &item)?;
    let place = Place::of(staging.dir());
    let visible = visible(&script.header, &known)?;
    let fetcher = Fetcher::new(&store, width.fetching(&scripts)?, report::lines())?;
    Layout {
        store: store.clone(),
        fetcher: Arc::new(fetcher),
        origins: scripts.origins()?,
        script: Arc::clone(&script),
        visible: visible.clone(),
        place: place.clone(),
    }
    .make()?;

    let view =
        enter::View { store: &store, script: &script, visible: &visible, place: &place, weak: &width.weak };
    let mut spec = view.spec("build", command)?;
    let _exposed = view.expose(staging.dir())?;
    if let Some(own) = &own {
        own.show(&mut spec, &place, width.weak.is_asked())?;
    }
    let script = if width.weak.is_asked() { "script" } else { "/build/script" };
    report::say(&report::verb(
        "entering",
        format!("the build of {name}: `sh {script}` runs it, and all of it goes when you leave"),
    ));
    enter::in_child(&spec, &staging)
}

/// What has to be there before a script can run: its plan without itself.
fn inputs(store: &Store, known: &Known<'_>, script: &Script) -> Result<Plan> {
    let own = script.install_id();
    let has_install = |install: &_| *install != own && store.has(&Item::Install(Clone::clone(install)));
    let has_source = |source: &_| source::is_kept(store, source);
    let mut plan =
        plan(std::slice::from_ref(&own), known, Exists { install: &has_install, source: &has_source })?;
    // What was asked for stands last, and nothing else waits for it.
    let last = plan.steps.pop();
    assert!(
        matches!(last, Some(Step::Build(build)) if build.script.id == own.id),
        "a plan ends with what was asked"
    );
    Ok(plan)
}

/// A directory of the caller's own in the place of a source.
struct Own {
    entry: String,
    dir: PathBuf,
    owner: u32,
}

impl Own {
    /// `DIR`, or `ENTRY=DIR`.
    fn read(argument: &str, script: &Script) -> Result<Own> {
        let entries: Vec<&str> = script.header.sources.iter().map(Source::entry).collect();
        let (entry, dir) = match (argument.split_once('='), &entries[..]) {
            (Some((entry, dir)), _) if entries.contains(&entry) => (entry, dir),
            (_, [entry]) => (*entry, argument),
            (_, []) => return Err(Error::usage(format!("`{}` has no source", script.header.name))),
            (_, _) => {
                return Err(Error::usage(format!("which source is `{argument}` to stand for?"))
                    .with("there are", entries.join(", "))
                    .hint(format!("--src {}={argument}", entries[0])));
            }
        };
        let dir = Path::new(dir);
        let found = dir.canonicalize().and_then(|dir| Ok((dir.metadata()?, dir)));
        let (found, dir) = found.map_err(|cause| Error::io("open", dir, &cause))?;
        if !found.is_dir() {
            return Err(Error::usage(format!("`{}` is no directory", dir.display())));
        }
        Ok(Own { entry: entry.to_string(), dir, owner: found.uid() })
    }

    /// Shows it. What root runs gets the directory's owner as its user, because otherwise the whole directory would be
    /// given to a user of the sandbox's.
    fn show(&self, spec: &mut Spec, place: &Place, is_weak: bool) -> Result<()> {
        let mut bind = match is_weak {
            false => Bind::writable(&self.dir, Path::new("/build/src").join(&self.entry)),
            // Nothing can be mounted: a link stands in the place of the source.
            true => {
                self.replace(&place.build.join("src").join(&self.entry))?;
                Bind::writable(&self.dir, &self.dir)
            }
        };
        if nix::unistd::geteuid().is_root() {
            if self.owner == 0 {
                report::say(&format!(
                    "warning: `{}` is shown read-only: it belongs to root, which no sandbox is",
                    self.dir.display()
                ));
                bind.access = Access::ReadOnly;
            } else {
                spec.host_uid = Some(self.owner);
                enter::give(&[&place.build, &place.tree], self.owner)?;
            }
        }
        spec.binds.push(bind);
        Ok(())
    }

    fn replace(&self, source: &Path) -> Result<()> {
        let replaced = std::fs::remove_dir_all(source).and_then(|()| symlink(&self.dir, source));
        replaced.map_err(|cause| Error::io("replace", source, &cause))
    }
}
