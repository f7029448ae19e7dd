//! Building anew what is there, in a scratch store, by a `pthbs` of its own: for `build --rebuild`, `repair`, `reproduce`.
//!
//! Another process, because a build begins with forking the sandbox helper from a single thread, and because what surrounds
//! it (user, umask, processors, variables) is what `reproduce` varies.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, ExitStatus, Stdio};

use super::items::{self, Items};
use super::license::Licenses;
use super::weak::Weak;
use super::{Global, source};
use crate::base::{Error, Kind, Result, fs};
use crate::cli::report;
use crate::script::about::About;
use crate::script::rendered::{DownloadList, Index};
use crate::script::{InstallId, Origin, Rendered, Script, Source};
use crate::source::Fetcher;
use crate::store::{Item, Scratch};

/// Builds installs that are there, and puts what comes out in their place.
pub(super) fn replace(global: &Global, scripts: &[Script], weak: &Weak) -> Result<()> {
    let items = Items::open_to_change(global)?;
    let _in_use = items.store.in_use(&inputs(scripts))?;
    let (scratch, errors) = build(global, &items, scripts, weak)?;
    for script in scripts {
        let item = Item::Install(script.install_id());
        if scratch.store().has(&item) {
            items.store.adopt(&scratch, &item)?;
            report::say(&report::verb("replaced", items::short(&item)));
        }
    }
    errors.map_or(Ok(()), Err)
}

/// Builds installs that are there, to see what their builds open; what comes out is thrown away.
pub(super) fn trace(global: &Global, scripts: &[Script], weak: &Weak) -> Result<()> {
    let items = Items::open_to_change(global)?;
    let _in_use = items.store.in_use(&inputs(scripts))?;
    let scratch = scratch(global, &items, scripts, weak)?;
    let mut command = command(&scratch, &items, scripts, weak)?;
    run(command.arg("--trace"))
}

/// Builds installs in a scratch store; what could not be built is missing there, and in the error.
pub(super) fn build(
    global: &Global,
    items: &Items,
    scripts: &[Script],
    weak: &Weak,
) -> Result<(Scratch, Option<Error>)> {
    let scratch = scratch(global, items, scripts, weak)?;
    let built = run(command(&scratch, items, scripts, weak)?);
    Ok((scratch, built.err()))
}

/// A scratch store in which scripts can be built, with all that they need.
fn scratch(global: &Global, items: &Items, scripts: &[Script], weak: &Weak) -> Result<Scratch> {
    weak.announce();
    prepare(global, items, scripts, weak)?;
    let scratch = items.store.scratch(&asked(scripts))?;
    if weak.is_asked() {
        scratch.open_the_way()?;
    }
    write_scripts(&scratch, items, scripts)?;
    Ok(scratch)
}

/// The items that scripts make.
pub(super) fn asked(scripts: &[Script]) -> BTreeSet<Item> {
    scripts.iter().map(|script| Item::Install(script.install_id())).collect()
}

/// The items that scripts make, and what they are made with: no collection of garbage may take those meanwhile.
pub(super) fn inputs(scripts: &[Script]) -> BTreeSet<Item> {
    let inputs = scripts.iter().flat_map(|script| script.header.inputs().cloned());
    inputs.map(Item::Install).chain(asked(scripts)).collect()
}

/// The script of an install: the rendered one, else the store's own. Both are proven by their sum.
pub(super) fn script_of(items: &Items, install: &InstallId) -> Result<Script> {
    match (&items.rendered, items.label(install)) {
        (Some(rendered), Some(label)) => rendered.script(label),
        _ => items.store.script(install),
    }
}

/// Makes sure that what scripts are made with is there, and their sources.
pub(super) fn prepare(global: &Global, items: &Items, scripts: &[Script], weak: &Weak) -> Result<()> {
    let asked = asked(scripts);
    let missing: BTreeSet<Item> =
        inputs(scripts).into_iter().filter(|item| !asked.contains(item) && !items.store.has(item)).collect();
    if !missing.is_empty() {
        let mut command = this_program()?;
        command.arg("--root").arg(items.store.root()).arg("--no-render");
        if let Some(dir) = &global.rendered {
            command.arg("--rendered").arg(dir);
        }
        run(command.arg("build").args(weak.words()).args(missing.iter().map(ToString::to_string)))?;
    }
    let config = super::context::Scripts::of(items.rendered.clone())?.file.fetching(false)?;
    let fetcher = Fetcher::new(&items.store, config, report::lines())?;
    for script in scripts {
        for (source, urls) in source::sources_of(items, script)? {
            fetcher.fetch(&source, &origins(urls))?;
        }
    }
    Ok(())
}

fn origins(urls: Vec<String>) -> Vec<Origin> {
    let place = "the build record of the install";
    urls.into_iter().map(|url| Origin { url, place: place.to_string() }).collect()
}

/// Writes scripts where the builder of a scratch store finds them, with all that is known beside them.
pub(super) fn write_scripts(scratch: &Scratch, items: &Items, scripts: &[Script]) -> Result<()> {
    let (dir, licenses) = (scratch.rendered(), Licenses::of(items)?);
    fs::create_dir_all(&dir)?;
    let (mut index, mut about) = (Index::default(), BTreeMap::new());
    let mut lists = [DownloadList::default(), DownloadList::default()];
    for script in scripts {
        let label = label(script);
        for (source, urls) in source::sources_of(items, script)? {
            let list = &mut lists[usize::from(matches!(source, Source::Git { .. }))];
            origins(urls).into_iter().for_each(|origin| list.add(&source.key(), origin));
        }
        about.insert(label.clone(), about_of(items, &licenses, &script.install_id()));
        fs::write_whole(&dir.join(format!("{label}.sh")), script.text.as_bytes())?;
        index.scripts.insert(label, script.id);
    }
    let about = serde_json::to_vec(&about).expect("it has only texts");
    fs::write_whole(&dir.join(Rendered::ABOUT), &about)?;
    fs::write_whole(&dir.join(Rendered::FILES), lists[0].to_string().as_bytes())?;
    fs::write_whole(&dir.join(Rendered::COMMITS), lists[1].to_string().as_bytes())?;
    fs::write_whole(&dir.join(Rendered::INDEX), index.to_string().as_bytes())?;
    Ok(())
}

/// What the definition says; where it has moved on, what it said when the install was built.
fn about_of(items: &Items, licenses: &Licenses, install: &InstallId) -> About {
    if let Some(about) = licenses.about(items, install) {
        return about.clone();
    }
    let record = items.store.record(install).unwrap_or_default();
    let silence = record.silenced.into_iter().map(|word| (word, "as before".to_string())).collect();
    About { license: record.license, silence, ..About::default() }
}

/// Two scripts of one name are two labels.
fn label(script: &Script) -> String {
    format!("{}@{}", script.header.name, script.id)
}

/// The process that builds scripts in a scratch store, with nothing of the project here.
pub(super) fn command(scratch: &Scratch, items: &Items, scripts: &[Script], weak: &Weak) -> Result<Command> {
    let mut command = this_program()?;
    command.current_dir(scratch.store().root()).arg("--root").arg(scratch.store().root());
    command.arg("--rendered").arg(scratch.rendered()).arg("build");
    // A process that is killed cannot pass it on.
    command.arg("--stop-with").arg(std::process::id().to_string()).args(scripts.iter().map(label));
    command.args(weak.words_for_scratch(items.store.root()));
    Ok(command)
}

fn this_program() -> Result<Command> {
    // Not current_exe: an upgrade may have replaced the file meanwhile, and another user may not reach it.
    let mut command = Command::new("/proc/self/exe");
    command.stdin(Stdio::null()).stdout(Stdio::null());
    Ok(command)
}

/// Runs a builder to its end. It tells itself what went wrong; its exit code is handed on.
pub(super) fn run(mut command: impl std::borrow::BorrowMut<Command>) -> Result<()> {
    let command = command.borrow_mut();
    let status = command.status().map_err(|cause| Error::io("run", "/proc/self/exe".as_ref(), &cause))?;
    judge(status)
}

/// The error that an exit code stands for.
pub(super) fn judge(status: ExitStatus) -> Result<()> {
    let kind = match status.code() {
        Some(0) => return Ok(()),
        Some(1) => Kind::Failed,
        Some(125) => Kind::Sandbox,
        Some(code @ 129..) => Kind::Signal(code - 128),
        Some(_) => Kind::Usage,
        None => Kind::Signal(std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or(9)),
    };
    Err(Error::new(kind, "not everything could be built anew").line("what failed is told above"))
}
