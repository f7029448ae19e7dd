//! What most commands begin with: the store, and the scripts as they are rendered now.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::Global;
use crate::base::{Error, Result, fs};
use crate::build::{Known, Origins};
use crate::cli::config::{self, ProjectFile};
use crate::cli::memory::Watch;
use crate::cli::report;
use crate::genpkg::{Options, Project};
use crate::script::about::About;
use crate::script::rendered::DownloadList;
use crate::script::{InstallId, Rendered, Script, Source, rendered};
use crate::store::Store;

/// The store, without any script.
pub(super) fn store(global: &Global) -> Result<Store> {
    Store::open(&config::store_root(global.root.as_deref())?)
}

/// A store that is there, to read it; it may be another user's.
pub(super) fn store_to_read(global: &Global) -> Result<Store> {
    Store::open_existing(&config::store_root(global.root.as_deref())?)
}

/// The scripts to work with, and where sources may be found.
pub(super) struct Scripts {
    /// The rendered directory; none where only scripts named by path can be built.
    pub rendered: Option<Rendered>,
    /// What `pthbs.toml` says.
    pub file: ProjectFile,
    /// What no index has.
    pub extra: Extra,
}

/// Scripts from elsewhere: variants and small files of an environment file, or what a lock file carries.
#[derive(Default)]
pub(super) struct Extra {
    pub scripts: Vec<Arc<Script>>,
    pub files: DownloadList,
    pub commits: DownloadList,
    /// What a lock file tells of them; otherwise what the index tells of the package counts.
    pub about: BTreeMap<InstallId, About>,
}

impl Scripts {
    /// Opens the rendered scripts, rendering first where a definition has changed since.
    pub(super) fn open(global: &Global) -> Result<Scripts> {
        let project = config::find_project();
        let rendered = match (&global.rendered, &project) {
            (Some(dir), _) => Some(Rendered::open(dir)?),
            (None, Some(project)) => Some(current(project, global.no_render)?),
            (None, None) => None,
        };
        Scripts::of(rendered)
    }

    /// Takes the rendered scripts as they are.
    pub(super) fn of(rendered: Option<Rendered>) -> Result<Scripts> {
        let project = config::find_project();
        let file = project.as_deref().map(ProjectFile::read).transpose()?.unwrap_or_default();
        Ok(Scripts { rendered, file, extra: Extra::default() })
    }

    /// The script that a program argument means.
    pub(super) fn asked(&self, argument: &str) -> Result<Script> {
        if argument.contains('/') {
            return Script::parse(fs::read_text(Path::new(argument))?, argument);
        }
        let rendered = self.rendered().map_err(|error| error.with("asked for", argument))?;
        rendered.script(rendered.resolve(argument)?)
    }

    fn rendered(&self) -> Result<&Rendered> {
        self.rendered.as_ref().ok_or_else(|| {
            Error::usage(format!("no directory from here upward has a `{}`", config::PROJECT_FILE))
                .hint("go to a tree of packages, name one with --rendered DIR, or give the path of a script")
        })
    }

    /// The script of an install, where it is rendered or came from elsewhere.
    pub(super) fn script_of(&self, install: &InstallId) -> Result<Option<Script>> {
        if let Some(script) = self.extra.scripts.iter().find(|script| script.install_id() == *install) {
            return Ok(Some(Script::clone(script)));
        }
        let rendered = self.rendered.as_ref();
        let label = rendered.and_then(|rendered| Some((rendered, rendered.label_of(install)?)));
        label.map(|(rendered, label)| rendered.script(label)).transpose()
    }

    /// Where sources can be had, as the download lists say.
    pub(super) fn origins(&self) -> Result<Origins> {
        let lists = self.rendered.as_ref().map(|rendered| Ok((rendered.files()?, rendered.commits()?)));
        let (files, commits) = lists.transpose()?.unwrap_or_default();
        let (files, commits) = ([files, self.extra.files.clone()], [commits, self.extra.commits.clone()]);
        Ok(Arc::new(move |source| {
            let lists = if matches!(source, Source::Git { .. }) { &commits } else { &files };
            let found = lists.iter().map(|list| list.origins(&source.key()));
            found.into_iter().find(|origins| !origins.is_empty()).unwrap_or_default().to_vec()
        }))
    }

    /// Every rendered script.
    pub(super) fn all(&self) -> Result<Vec<Script>> {
        let rendered = self.rendered()?;
        rendered.index.scripts.keys().map(|label| rendered.script(label)).collect()
    }

    /// What is known of packages beside their scripts, by install.
    pub(super) fn about(&self) -> Result<BTreeMap<InstallId, About>> {
        let mut about = self.extra.about.clone();
        let Some(rendered) = &self.rendered else { return Ok(about) };
        let by_label = rendered.about()?;
        for install in self.extra.scripts.iter().map(|script| script.install_id()) {
            let of_package = by_label.get(install.name.as_str());
            of_package.map(|one| about.entry(install).or_insert_with(|| one.clone()));
        }
        for (label, one) in by_label {
            if let Some(id) = rendered.index.scripts.get(&label) {
                about.insert(InstallId { name: rendered::name_of_label(&label)?, id: *id }, one);
            }
        }
        Ok(about)
    }

    /// The scripts that several arguments mean, in their order.
    pub(super) fn all_asked(&self, arguments: &[String]) -> Result<Vec<Script>> {
        arguments.iter().map(|argument| self.asked(argument)).collect()
    }
}

/// The project's rendered directory, rendered anew if something changed; options given by `-o` before stay in force.
fn current(project: &Path, keep: bool) -> Result<Rendered> {
    let dir = project.join("rendered");
    if keep {
        return Rendered::open(&dir);
    }
    let project = Project::open(project)?;
    if project.is_fresh(&dir)? {
        return Rendered::open(&dir);
    }
    let mut options = Options::default();
    if let Ok(before) = Rendered::open(&dir) {
        options.keep(&before.index);
    }
    let watch = Watch::begin();
    let output = project.render(&options)?;
    drop(watch);
    let written = output.write(&dir)?;
    let rendered = Rendered::open(&dir)?;
    let (all, changed) = (report::count(rendered.index.scripts.len(), "script"), written.changed);
    report::say(&report::verb("rendered", format_args!("{all}, {changed} changed")));
    Ok(rendered)
}

/// Every script that a run may need: asked ones, extra ones, rendered ones, and those kept beside installs.
pub(super) fn known<'a>(store: &'a Store, scripts: &'a Scripts, asked: &[Script]) -> Known<'a> {
    let mut known = Known::new(store, scripts.rendered.as_ref());
    scripts.extra.scripts.iter().for_each(|script| known.add(Arc::clone(script)));
    asked.iter().for_each(|script| known.add(Arc::new(script.clone())));
    known
}

/// The sandbox's own failure, as every other error.
pub(super) fn from_sandbox(error: sandbox::Error) -> Error {
    let first = Error::sandbox(error.what);
    let with_lines = error.lines.into_iter().fold(first, Error::line);
    match error.hint {
        Some(hint) => with_lines.hint(hint),
        None => with_lines,
    }
}
