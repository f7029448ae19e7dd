//! The text by which a shell finds a profile's programs, manuals, completions and terminals: for `eval`.
//!
//! It names the profile's link, never a generation: a later switch needs no new shell. Evaluating it twice changes
//! nothing the second time.

use std::ffi::OsString;
use std::path::Path;
use std::str::FromStr;

use crate::base::{Error, Result};

/// A shell that the text can be written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// Any POSIX shell.
    Sh,
    /// Like `sh`: its completions are looked for in XDG_DATA_DIRS.
    Bash,
    /// Functions and completions by FPATH.
    Zsh,
    /// A language of its own.
    Fish,
}

impl FromStr for Shell {
    type Err = Error;

    fn from_str(text: &str) -> Result<Shell> {
        match text {
            "sh" | "dash" | "ash" | "ksh" | "mksh" => Ok(Shell::Sh),
            "bash" => Ok(Shell::Bash),
            "zsh" => Ok(Shell::Zsh),
            "fish" => Ok(Shell::Fish),
            _ => Err(Error::usage(format!("`{}` is no shell that is known here", text.escape_debug()))
                .hint("known are sh, bash, zsh and fish")),
        }
    }
}

/// A variable that is a list of directories, and what it gets.
struct List {
    variable: &'static str,
    /// Below the profile.
    directory: &'static str,
    /// What follows where the variable was not set; it has a meaning of its own, see below.
    otherwise: &'static str,
    /// Whether the separator stands even where nothing follows.
    is_open: bool,
}

/// An empty part of MANPATH and TERMINFO_DIRS means the system's own list, so theirs may end in a colon; in PATH it
/// would mean the working directory. XDG_DATA_DIRS replaces the default, which is therefore written out.
const LISTS: [List; 4] = [
    List { variable: "PATH", directory: "bin", otherwise: "", is_open: false },
    List { variable: "MANPATH", directory: "share/man", otherwise: "", is_open: true },
    List { variable: "TERMINFO_DIRS", directory: "share/terminfo", otherwise: "", is_open: true },
    List {
        variable: "XDG_DATA_DIRS",
        directory: "share",
        otherwise: "/usr/local/share:/usr/share",
        is_open: true,
    },
];

/// The text for a shell; `link` is the profile's (`Profile::link`).
pub fn activate(shell: Shell, link: &Path) -> Result<String> {
    let unfit = |why: &str| {
        Error::usage(format!("the profile `{}` cannot be activated", link.display()))
            .line(why)
            .hint("a store at another place can be given with --root or PTHBS_ROOT")
    };
    let link = link.to_str().ok_or_else(|| unfit("its path is not UTF-8"))?;
    if link.contains(':') {
        return Err(unfit("its path has a `:`, which separates the parts of PATH"));
    }
    Ok(match shell {
        Shell::Sh | Shell::Bash => posix(link),
        Shell::Zsh => posix(link) + &zsh(link),
        Shell::Fish => fish(link),
    })
}

/// The same lists as values, for a command that is started; `before` is what a variable was.
pub fn variables(link: &Path, before: impl Fn(&str) -> Option<OsString>) -> Vec<(&'static str, OsString)> {
    let value = |List { variable, directory, otherwise, is_open }: &List| {
        let mut value = link.join(directory).into_os_string();
        let rest = before(variable).or_else(|| is_open.then(|| OsString::from(otherwise)));
        if let Some(rest) = rest {
            value.push(":");
            value.push(rest);
        }
        (*variable, value)
    };
    LISTS.iter().map(value).collect()
}

fn posix(link: &str) -> String {
    let list = |List { variable, directory, otherwise, is_open }: &List| {
        let own = sh_quoted(&format!("{link}/{directory}"));
        let rest = match (is_open, *otherwise) {
            (false, _) => format!("\"${{{variable}:+:${variable}}}\""),
            (true, "") => format!(":\"${{{variable}-}}\""),
            (true, otherwise) => format!(":\"${{{variable}:-{otherwise}}}\""),
        };
        format!(
            "case :\"${{{variable}-}}\": in *:{own}:*) ;; *) {variable}={own}{rest}; export {variable} ;; esac\n"
        )
    };
    LISTS.iter().map(list).collect()
}

/// What other packages install comes first; the functions of the profile's own zsh last, because a zsh of the system
/// that reads this has its own, and the packaged one looks for its own where only `pthbs run` shows it.
fn zsh(link: &str) -> String {
    let site = sh_quoted(&format!("{link}/share/zsh/site-functions"));
    let share = sh_quoted(&format!("{link}/share/zsh"));
    format!(
        "case :\"${{FPATH-}}\": in *:{site}:*) ;; *) FPATH={site}\"${{FPATH:+:$FPATH}}\"\n\
         () {{ local dir; for dir in {share}/*/functions(N/); do FPATH=\"$FPATH:$dir\"; done }} ;; esac\n"
    )
}

fn fish(link: &str) -> String {
    let list = |List { variable, directory, otherwise, is_open }: &List| {
        let own = fish_quoted(&format!("{link}/{directory}"));
        // Variables named after PATH are lists to fish; the others are one text. Quoting joins and splitting parts both.
        let old = format!("(string split : -- \"${variable}\")");
        let rest = match is_open {
            false => format!("${variable}"),
            true => format!("\"${variable}\""),
        };
        let joined =
            if variable.ends_with("PATH") { format!("{own} {rest}") } else { format!("{own}:{rest}") };
        let default = match *otherwise {
            "" => String::new(),
            otherwise => format!("set -q {variable}; or set -gx {variable} {otherwise}\n"),
        };
        format!("{default}contains -- {own} {old}; or set -gx {variable} {joined}\n")
    };
    let completions = fish_quoted(&format!("{link}/share/fish/vendor_completions.d"));
    LISTS.iter().map(list).collect::<String>()
        + &format!(
            "contains -- {completions} $fish_complete_path; or set -g fish_complete_path {completions} $fish_complete_path\n"
        )
}

/// In quotes, inside which a POSIX shell knows nothing but the closing one.
fn sh_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// In quotes, inside which fish knows a backslash and the closing one.
fn fish_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::process::Command;

    use super::*;

    #[test]
    fn the_values_for_a_command_are_those_for_a_shell() {
        let before = |name: &str| (name == "PATH").then(|| OsString::from("/usr/bin"));
        let values = variables(Path::new("/v"), before);
        let values: Vec<String> =
            values.into_iter().map(|(name, value)| format!("{name}={}", value.display())).collect();
        assert_eq!(
            values,
            [
                "PATH=/v/bin:/usr/bin",
                "MANPATH=/v/share/man:",
                "TERMINFO_DIRS=/v/share/terminfo:",
                "XDG_DATA_DIRS=/v/share:/usr/local/share:/usr/share",
            ]
        );
    }

    /// All that a shell might take for something else.
    const NASTY: &str = "it's a \"dir\" $HOME `id` \\ *?[a] ;&|#\n!~{x,y}";

    /// What the variables are after a text was evaluated twice, or nothing if the shell is not installed.
    fn after(shell: &str, text: &str, set: &[(&str, &str)]) -> Option<Vec<String>> {
        let print = "printf '%s\\0' \"$PATH\" \"$MANPATH\" \"$TERMINFO_DIRS\" \"$XDG_DATA_DIRS\" \"$FPATH\"";
        // In fish, quotes join a list with spaces; a join with colons shows what programs see.
        let print = if shell == "fish" {
            "printf '%s\\0' (string join : $PATH | string collect) (string join : $MANPATH | string collect) \
             \"$TERMINFO_DIRS\" \"$XDG_DATA_DIRS\" ''"
        } else {
            print
        };
        // fish writes below HOME, and complains where it cannot.
        let home = tempfile::tempdir().unwrap();
        let ran = Command::new(place_of(shell)?)
            .args(if shell == "zsh" { vec!["-f"] } else { vec![] })
            .args(["-c", &format!("{text}{text}{print}")])
            .env_clear()
            .env("HOME", home.path())
            .envs(set.iter().copied())
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&ran.stderr), "", "{shell}");
        let text = String::from_utf8(ran.stdout).unwrap();
        Some(text.trim_end_matches('\0').split('\0').map(str::to_string).collect())
    }

    #[expect(clippy::print_stderr, reason = "a shell that is not there is told, not passed over")]
    fn place_of(shell: &str) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let place = std::env::split_paths(&path).map(|dir| dir.join(shell)).find(|place| place.is_file());
        if place.is_none() {
            eprintln!("skipped: {shell} is not installed");
        }
        place
    }

    #[test]
    fn every_shell_gets_the_same_lists_whatever_the_path() {
        let dir = format!("/store/{NASTY}");
        for shell in ["sh", "bash", "dash", "zsh", "fish"] {
            let text = activate(shell.parse().unwrap(), Path::new(&dir)).unwrap();
            let old = [
                ("PATH", "/usr/bin:/bin"),
                ("MANPATH", "/m"),
                ("TERMINFO_DIRS", "/t"),
                ("XDG_DATA_DIRS", "/x"),
            ];
            let Some(lists) = after(shell, &text, &old) else { continue };
            let expected = [
                format!("{dir}/bin:/usr/bin:/bin"),
                format!("{dir}/share/man:/m"),
                format!("{dir}/share/terminfo:/t"),
                format!("{dir}/share:/x"),
            ];
            assert_eq!(lists[..4], expected, "{shell}");
            let Some(lists) = after(shell, &text, &old[..1]) else { continue };
            let expected = [
                format!("{dir}/share/man:"),
                format!("{dir}/share/terminfo:"),
                format!("{dir}/share:/usr/local/share:/usr/share"),
            ];
            assert_eq!(lists[1..4], expected, "{shell}");
        }
    }

    #[test]
    fn zsh_finds_functions_of_other_packages_first() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join(NASTY);
        std::fs::create_dir_all(link.join("share/zsh/5.9/functions")).unwrap();
        let text = activate(Shell::Zsh, &link).unwrap();
        let Some(lists) = after("zsh", &text, &[("PATH", "/bin"), ("FPATH", "/f")]) else { return };
        let share = format!("{}/share/zsh", link.display());
        assert_eq!(lists[4], format!("{share}/site-functions:/f:{share}/5.9/functions"));
    }

    #[test]
    fn a_path_that_cannot_stand_in_a_list_is_an_error() {
        let error = activate(Shell::Sh, Path::new("/a:b/current")).unwrap_err().to_string();
        assert!(error.contains("its path has a `:`"));
        assert!("tcsh".parse::<Shell>().unwrap_err().to_string().contains("known are sh, bash"));
    }
}
