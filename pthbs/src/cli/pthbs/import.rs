//! `pthbs import`: a tree that somebody else has built, as a package.

use std::path::PathBuf;

use super::Global;
use super::build::{self, Width};
use super::context::{self, Scripts};
use crate::base::{Error, Result, Sha256, fs};
use crate::cli::{config, report};
use crate::genpkg::Catalog;
use crate::script::{PackageName, Source};
use crate::source;
use crate::store::Item;

/// Make a package of a tree that is there already, such as a toolchain, and print its path
///
/// The tree is packed and kept by its sum; packages/NAME/package.sh is written, which names that sum. The install is
/// tainted, and so is all that is built from it: nobody knows how it came to be. A strict build can run its programs only if
/// they are static. To build with it: `genpkg render -o toolchain=NAME`.
///
/// Example: pthbs import /opt/x86_64-linux-musl-cross --as my-cross
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The tree
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The package's name
    #[arg(long = "as", value_name = "NAME")]
    name: PackageName,
    #[command(flatten)]
    width: Width,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let name = &arguments.name;
    let project = config::find_project().ok_or_else(|| {
        Error::usage(format!("no directory from here upward has a `{}`", config::PROJECT_FILE))
            .hint("go to the tree of packages that the new one is to be part of")
    })?;
    let definition = project.join(Catalog::definition_place(name));
    let before = if definition.exists() { Some(fs::read_text(&definition)?) } else { None };
    if before.as_ref().is_some_and(|text| !text.contains(SIGN)) {
        return Err(Error::usage(format!("package `{name}` is there already"))
            .with("where", Catalog::definition_place(name))
            .hint("give the tree another name with --as"));
    }

    let store = context::store(global)?;
    let (sum, bytes) = source::import(&store, name.as_str(), &arguments.dir)?;
    report::say(&report::verb("kept", format_args!("{name}.tar {}, sha256 {sum}", report::size(bytes))));
    let text = text(name, &sum);
    if before.as_deref() != Some(text.as_str()) {
        fs::create_dir_all(definition.parent().unwrap_or(&project))?;
        fs::write_whole(&definition, text.as_bytes())?;
        report::say(&report::verb("wrote", Catalog::definition_place(name)));
    }

    let scripts = Scripts::open(global)?;
    let script = scripts.asked(name.as_str())?;
    let is_wanted = |source: &Source| matches!(source, Source::File { sha256, .. } if *sha256 == sum);
    if !script.header.sources.iter().any(is_wanted) {
        return Err(Error::failed(format!("the script of `{name}` does not name what was imported"))
            .hint("with --rendered or --no-render the new definition is not looked at"));
    }
    let item = Item::Install(script.install_id());
    build::ensure(&store, &scripts, &[script], &arguments.width)?;
    report::data(&format!("{}\n", store.path(&item).display()));
    Ok(())
}

/// By this a definition of an earlier import is known, which another one may replace.
const SIGN: &str = "by `pthbs import`";

/// The definition. Its version is the beginning of the sum: nothing else is known.
fn text(name: &PackageName, sum: &Sha256) -> String {
    let version = sum.short();
    format!(
        "{{% extends \"prebuilt\" %}}\n\
         {{%# Written {SIGN}. The archive has no address: `pthbs fetch --export DIR {name}` takes it to another machine. #%}}\n\
         {{% set version = \"{version}\" %}}\n\
         {{% set meta = {{\n\
         \t\"description\": \"A tree that was built elsewhere\",\n\
         \t\"license\": \"LicenseRef-unknown\",\n\
         }} %}}\n\
         {{%# Copied by the host's cp: it may be the first package there is. Its programs are what they are. #%}}\n\
         {{% set sandbox = \"host\" %}}\n\
         {{% set static = false %}}\n\
         {{% set source = src([], name=\"{name}.tar\",\n\
         \tsha256=\"{sum}\") %}}\n"
    )
}
