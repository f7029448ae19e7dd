//! `genpkg manual`: completions and manual pages of both programs, made from their arguments.

use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use crate::base::{Error, Result, fs};
use crate::cli::{pthbs, report};

/// Write shell completions and manual pages of genpkg and pthbs.
///
/// Below DIR they lie where systems look for them: share/man/man1, share/bash-completion/completions,
/// share/zsh/site-functions, share/fish/vendor_completions.d.
///
/// Example: genpkg manual /usr/local
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Where to write them.
    dir: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let mut written = 0;
    for mut command in [super::Arguments::command(), pthbs::Arguments::command()] {
        // Gives the options that every command takes to each of them.
        command.build();
        let name = command.get_name().to_string();
        for (shell, place) in [
            (Shell::Bash, format!("share/bash-completion/completions/{name}")),
            (Shell::Zsh, format!("share/zsh/site-functions/_{name}")),
            (Shell::Fish, format!("share/fish/vendor_completions.d/{name}.fish")),
        ] {
            let mut text = Vec::new();
            generate(shell, &mut command.clone(), &name, &mut text);
            write(&arguments.dir.join(place), &text)?;
            written += 1;
        }
        written += pages(&command, &name, &arguments.dir.join("share/man/man1"))?;
    }
    report::say(&format!("wrote {} to {}", report::count(written, "file"), arguments.dir.display()));
    Ok(())
}

/// The page of a command and those of its subcommands: `genpkg.1`, `genpkg-render.1`.
fn pages(command: &clap::Command, name: &str, dir: &Path) -> Result<usize> {
    let titled = command.clone().display_name(name).bin_name(name.replace('-', " "));
    let mut text = Vec::new();
    let path = dir.join(format!("{name}.1"));
    // No date: the page is the same whenever it is made.
    let page = clap_mangen::Man::new(titled).title(name).date("");
    page.render(&mut text).map_err(|cause| Error::io("write", &path, &cause))?;
    write(&path, &text)?;
    let mut written = 1;
    // A hidden one is what pthbs calls itself.
    let is_shown = |one: &&clap::Command| one.get_name() != "help" && !one.is_hide_set();
    for subcommand in command.get_subcommands().filter(is_shown) {
        written += pages(subcommand, &format!("{name}-{}", subcommand.get_name()), dir)?;
    }
    Ok(written)
}

fn write(path: &Path, text: &[u8]) -> Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    fs::write_whole(path, text).map(|_| ())
}
