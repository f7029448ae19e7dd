//! `genpkg bump`: a package's next version.

use std::collections::BTreeMap;

use super::fetching::FetchArguments;
use super::{OptionArguments, ProjectArguments};
use crate::base::{Error, Result, Sha256, fs};
use crate::cli::report;
use crate::genpkg::{Catalog, Files, Options, Output, Project, SourceUse, with_version};
use crate::script::header::UNKNOWN_SUM;
use crate::script::{PackageName, Source};
use crate::source::Fetcher;

/// Change a package to another version: fetch its sources anew and write version, addresses and sums.
///
/// Sources of other options (sources=debian) are changed too; where such a one cannot be had, its sum is left empty.
/// Refused when a new file has the sum of a file known under another name. Prints the changed file's path.
///
/// Example: genpkg bump zsh 5.10
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The package.
    name: String,
    /// Its new version.
    version: String,
    #[command(flatten)]
    options: OptionArguments,
    #[command(flatten)]
    fetch: FetchArguments,
}

pub(super) fn run(project: &ProjectArguments, arguments: &Arguments) -> Result<()> {
    let opened = project.open()?;
    let options = project.kept(&opened, &arguments.options)?;
    let name = opened.catalog().find(&arguments.name)?.clone();
    bump(&opened, &options, &name, &arguments.version, &arguments.fetch.fetcher()?)?;
    super::print(&format!("{}\n", Catalog::definition_place(&name)))
}

/// Changes one definition.
pub(super) fn bump(
    project: &Project,
    options: &Options,
    name: &PackageName,
    version: &str,
    fetcher: &Fetcher,
) -> Result<()> {
    let place = Catalog::definition_place(name);
    let text = project.catalog().definition(name)?;
    let only = |options: &Options| Options { only: vec![name.to_string()], ..options.clone() };
    let before = project.render(&only(options))?;
    let old = before.scripts[name.as_str()].script.header.version.clone();
    if old == version {
        return Err(Error::usage(format!("`{name}` is at version {version}")).with("where", place));
    }
    let mut text = with_version(&text, &old, version).map_err(|error| error.with("where", &place))?;
    let tried = |text: &str| Project::from_files(Files::of_dir(project.root()).with(&place, text.into()));

    let mut known = sums(project)?;
    for (choice, is_asked) in choices(options) {
        let choice = only(&choice);
        let (Ok(before), Ok(after)) = (project.render(&choice), tried(&text)?.render(&choice)) else {
            // What cannot be rendered with these options was so before.
            continue;
        };
        for (old, new) in changed_sources(&before, &after, name) {
            let (Source::File { sha256: old_sum, .. }, Source::File { name: file, .. }) =
                (&old.source, &new.source)
            else {
                return Err(Error::usage(format!("a git source of `{name}` has to be changed by hand"))
                    .with("where", &new.place)
                    .hint("put in the commit and `sha256=\"\"`: the fetch tells the sum"));
            };
            let sum = match fetcher.learn(file, &new.urls) {
                Ok((sum, _)) => {
                    check_new(&sum, file, &known)?;
                    known.insert(sum, file.clone());
                    sum.to_string()
                }
                Err(error) if is_asked => return Err(error.with("declared in", &new.place)),
                Err(_) => {
                    report::say(&format!(
                        "warning: `{file}` cannot be had; its sum in {} is left empty",
                        new.place
                    ));
                    String::new()
                }
            };
            text = text.replace(&old_sum.to_string(), &sum);
        }
    }
    tried(&text)?.render(&only(options))?;
    fs::write_whole(&project.root().join(&place), text.as_bytes())?;
    report::say(&report::verb("bumped", format!("{name} {old} -> {version}")));
    Ok(())
}

/// The options in force, and those that choose other sources: each once, the asked ones first.
fn choices(options: &Options) -> Vec<(Options, bool)> {
    let other = |value: &str| {
        let mut other = options.clone();
        other.given.insert("sources".to_string(), value.to_string());
        (other, false)
    };
    vec![(options.clone(), true), other("upstream"), other("debian")]
}

/// Sources whose address is another one than before and whose sum is not, in pairs.
fn changed_sources(before: &Output, after: &Output, name: &PackageName) -> Vec<(SourceUse, SourceUse)> {
    let of = |output: &Output| output.scripts[name.as_str()].sources.clone();
    let pairs = of(before).into_iter().zip(of(after));
    pairs.filter(|(old, new)| old.urls != new.urls && old.source.key() == new.source.key()).collect()
}

/// The name of every file that the project knows by its sum, with any sources.
fn sums(project: &Project) -> Result<BTreeMap<Sha256, String>> {
    let mut known = BTreeMap::new();
    for (choice, _) in choices(&Options::default()) {
        let Ok(output) = project.render(&choice) else { continue };
        for used in output.scripts.values().flat_map(|one| &one.sources) {
            if let Source::File { sha256, name, .. } = &used.source
                && !sha256.to_string().starts_with(UNKNOWN_SUM)
            {
                known.insert(*sha256, name.clone());
            }
        }
    }
    Ok(known)
}

/// A new version with the bytes of an old one is a mistake, of upstream's server or ours.
pub(super) fn check_new(sum: &Sha256, file: &str, known: &BTreeMap<Sha256, String>) -> Result<()> {
    match known.get(sum) {
        Some(other) if other != file => Err(Error::failed(format!("`{file}` has the bytes of `{other}`"))
            .with("sha256", sum)
            .hint("look at the address: it gives the other file under this name")),
        _ => Ok(()),
    }
}

/// The same check for a file of a new package.
pub(super) fn check_unknown(project: &Project, sum: &Sha256) -> Result<()> {
    match sums(project)?.get(sum) {
        Some(other) => {
            Err(Error::failed(format!("the project has this file already, as `{other}`")).with("sha256", sum))
        }
        None => Ok(()),
    }
}
