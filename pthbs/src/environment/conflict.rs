//! What is said about paths that several installs have and that differ: all of them at once, with lines to paste.

use std::path::PathBuf;

use super::claims::Claim;
use super::table;
use crate::base::Error;
use crate::script::InstallId;
use crate::store::What;

/// One path that installs disagree about.
#[derive(Debug)]
pub(super) struct Conflict<'a> {
    pub(super) path: PathBuf,
    pub(super) claims: &'a [Claim<'a>],
}

/// The one error for all conflicts; none when there are none.
pub(super) fn error(installs: &[&InstallId], conflicts: &[Conflict<'_>]) -> Option<Error> {
    let names = table::keys(installs, '.');
    let mut conflicts: Vec<&Conflict<'_>> = conflicts.iter().collect();
    conflicts.sort_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
    let first = conflicts.first()?;

    let count = match conflicts.len() {
        1 => "1 path belongs to several packages and differs".to_string(),
        n => format!("{n} paths belong to several packages and differ"),
    };
    let mut error = Error::usage(format!("{count} between them; nothing was linked"));
    for Conflict { path, claims } in &conflicts {
        error = error.line(path.display().to_string());
        for claim in *claims {
            let install = installs[claim.owner];
            error =
                error.line(format!("  {} {}: {}", install.name, install.id.short(), described(claim.what)));
        }
    }
    let mut hint = "choose in the environment file whose entry is taken:\n    [prefer]".to_string();
    for Conflict { path, claims } in &conflicts {
        let names: Vec<String> = claims.iter().map(|claim| toml_string(&names[claim.owner])).collect();
        hint += &format!("\n    {} = {}", toml_string(&path.to_string_lossy()), names[0]);
        hint += &format!("  # or {}", names[1..].join(", "));
    }
    let other = &names[first.claims[1].owner];
    let path = toml_string(&first.path.to_string_lossy());
    let moved = toml_string(&format!("{}.{other}", first.path.display()));
    let name = toml_string(other);
    hint += "\n    or leave entries out, or give them another place:";
    hint +=
        &format!("\n    [exclude]\n    {name} = [{path}]\n    [rename]\n    {name} = {{ {path} = {moved} }}");
    Some(error.hint(hint))
}

fn described(what: &What) -> String {
    match what {
        What::Directory => "directory".to_string(),
        What::Link { target } => format!("link to `{}`", target.display()),
        What::File { executable, size, sha256, .. } => {
            let kind = if *executable { "program" } else { "file" };
            format!("{kind}, {size} bytes, sha256 {}", sha256.short())
        }
    }
}

/// A TOML key or value in quotes.
fn toml_string(text: &str) -> String {
    toml::Value::from(text).to_string()
}
