//! `genpkg new`: a definition to begin with.

use std::path::Path;

use super::ProjectArguments;
use super::bump::check_unknown;
use super::fetching::FetchArguments;
use crate::base::{Error, Result, fs};
use crate::cli::report;
use crate::genpkg::{Catalog, Files, Options, Project, Skeleton, name_and_version};
use crate::script::PackageName;
use crate::source::{Limits, unpack};

/// Begin a package: fetch a source, look how it is built, and write a definition to go on from.
///
/// Name and version are read from the address. The template is chosen by what lies in the archive. Prints the path of
/// the definition; what it says of itself (description, license) is for you to fill in.
///
/// Example: genpkg new https://zlib.net/zlib-1.3.1.tar.gz
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The address of the source: https: http: file: deb-src:
    url: String,
    /// The package's name, where the address does not tell it.
    #[arg(long)]
    name: Option<String>,
    /// Its version, where the address does not tell it.
    #[arg(long)]
    version: Option<String>,
    /// The template to extend, instead of the one that fits.
    #[arg(long)]
    template: Option<String>,
    #[command(flatten)]
    fetch: FetchArguments,
}

/// How an archive is built: files that lie at its top, and the template for such a one. The first that fits.
const SIGNS: [(&[&str], &str); 9] = [
    (&["package/info", "package/deps.mak"], "skarnet"),
    (&["configure", "Makefile.in"], "autoconf"),
    (&["configure", "configure.ac"], "autoconf"),
    (&["CMakeLists.txt"], "cmake"),
    (&["meson.build"], "meson"),
    (&["Kconfig"], "kconfig"),
    (&["Config.in"], "kconfig"),
    (&["Makefile"], "make"),
    (&["GNUmakefile"], "make"),
];

pub(super) fn run(project: &ProjectArguments, arguments: &Arguments) -> Result<()> {
    let opened = project.open()?;
    let (found_name, found_version) = name_and_version(&arguments.url);
    let name: PackageName = match &arguments.name {
        Some(name) => name.parse()?,
        None => found_name.ok_or_else(|| missing("name", &arguments.url))?,
    };
    let version =
        arguments.version.clone().or(found_version).ok_or_else(|| missing("version", &arguments.url))?;
    let place = Catalog::definition_place(&name);
    let path = opened.root().join(&place);
    if opened.catalog().find(name.as_str()).is_ok() {
        return Err(Error::usage(format!("package `{name}` is there already")).with("where", place).hint(
            format!("`genpkg bump {name} VERSION` changes its version; `--name` names another package"),
        ));
    }

    let (sum, archive) =
        arguments.fetch.fetcher()?.learn(name.as_str(), std::slice::from_ref(&arguments.url))?;
    check_unknown(&opened, &sum)?;
    let template = match &arguments.template {
        Some(template) => template.clone(),
        None => fitting(&archive, &opened)?,
    };
    let sum = sum.to_string();
    let skeleton = |variable| {
        Skeleton { template: &template, variable, version: &version, url: &arguments.url, sha256: &sum }
            .text()
    };
    let tried = |text: &str| {
        let held = Files::of_dir(opened.root()).with(&place, text.into());
        Project::from_files(held)?.render(&Options { only: vec![name.to_string()], ..Options::default() })
    };
    let mut text = skeleton("source");
    if tried(&text).is_err() {
        text = skeleton("_source");
        tried(&text)?;
    }
    fs::create_dir_all(path.parent().unwrap_or(opened.root()))?;
    fs::write_whole(&path, text.as_bytes())?;
    report::say(&report::verb("new", format!("{name} {version}, built as `{template}` says")));
    super::print(&format!("{place}\n"))
}

fn missing(what: &str, url: &str) -> Error {
    Error::usage(format!("the address does not tell the package's {what}"))
        .with("address", url)
        .hint(format!("give it with --{what}"))
}

/// The template for what lies in an archive; `base` where nothing fits.
fn fitting(archive: &Path, project: &Project) -> Result<String> {
    let dir = std::env::temp_dir().join(format!("genpkg-new.{}", std::process::id()));
    let looked = unpack(archive, &dir, 1, &Limits::default()).map(|()| {
        let has = |file: &&str| dir.join(file).exists();
        let known = project.templates();
        let fits = |(files, template): &&(&[&str], &str)| {
            files.iter().all(&has) && known.iter().any(|name| name == template)
        };
        SIGNS.iter().find(fits).map_or("base", |(_, template)| *template).to_string()
    });
    let _ = std::fs::remove_dir_all(&dir);
    looked
}
