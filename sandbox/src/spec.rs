//! What a sandbox is to be, as a plain value, and the rules that value must keep before anything is mounted.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The uid and gid that every process of a sandbox sees as its own.
///
/// Not 0: root inside makes tar restore owners and several configure scripts refuse to run.
pub const INSIDE_ID: u32 = 1000;

/// One sandbox: a command, what it sees, what it may use up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spec {
    /// The command; without a `/` it is looked for in the PATH of `env`.
    pub argv: Vec<String>,
    /// The whole environment: nothing is inherited.
    pub env: Vec<(String, String)>,
    /// Where the command starts, inside.
    pub cwd: PathBuf,
    /// What stands between the command and the host.
    pub boundary: Boundary,
    /// What of the host is seen, besides the fresh /proc, /dev, /tmp and the few files of /etc.
    pub binds: Vec<Bind>,
    /// Symlinks in the new root.
    pub links: Vec<Link>,
    /// For root alone: the host uid and gid that appear as 1000 inside. The caller who gives one has made the writable
    /// sources accessible to it. Without one, root gets a uid from the reserved range and the writable sources are
    /// given to it (chown). An ordinary user always maps to itself.
    pub host_uid: Option<u32>,
    /// What `uname -n` says.
    pub host_name: String,
    /// What the command may use up.
    pub limits: Limits,
    /// Give the command a terminal of its own, connected to the caller's, which is stdin. For [`run_here`](crate::run_here).
    pub terminal: bool,
    /// Use mount(2) alone, as on kernels before 5.12. For tests: the fallback is chosen by itself where it is needed.
    pub old_mount_api: bool,
}

/// What keeps a command from the host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundary {
    /// Namespaces, and a root in which nothing is but what the spec names.
    #[default]
    Namespaces,
    /// The weak sandbox, for machines that refuse user namespaces: Landlock and a system call filter. Nothing is mounted:
    /// each bind's target is its source, there are no links, the uid is the host's, there is no socket of any kind.
    Landlock,
}

/// A directory or file of the host, shown at `target`: a directory if `source` is one, else a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bind {
    /// An absolute path of the host.
    pub source: PathBuf,
    /// An absolute path of the sandbox. Its parents are made; below another bind it must exist already, or that bind
    /// must be writable.
    pub target: PathBuf,
    /// Whether the sandbox may write there.
    #[serde(default)]
    pub access: Access,
}

/// What a sandbox may do with a bind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Everything below is read-only, submounts included. (Fifos, sockets and devices ignore that, as on any mount.)
    #[default]
    ReadOnly,
    /// Files may be written; setuid bits and device nodes have no effect.
    Writable,
}

/// A symlink at `target` that says `text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// An absolute path of the sandbox, outside every bind.
    pub target: PathBuf,
    /// What the link says; it is not looked at.
    pub text: PathBuf,
}

/// What a command may use up. Sizes are bytes, times are seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Wall-clock time from start to end.
    pub wall: Option<u64>,
    /// Time without a byte of output. Whoever reads the output says when there was some: [`Heard`](crate::Heard).
    pub silence: Option<u64>,
    /// Time between TERM and KILL when a sandbox is stopped.
    pub grace: u64,
    /// Open files of one process (RLIMIT_NOFILE).
    pub nofile: u64,
    /// Processes and threads (RLIMIT_NPROC). Kernels before 5.14 count all those of the real uid, not the sandbox's alone.
    pub nproc: u64,
    /// Size of one file (RLIMIT_FSIZE).
    pub fsize: u64,
    /// Stack of a main thread (RLIMIT_STACK).
    pub stack: u64,
    /// Size of /tmp, and again of /dev/shm: both are memory.
    pub tmp_bytes: u64,
    /// Memory of the whole sandbox; kept only where a cgroup v2 with the memory controller is delegated to the caller.
    pub memory: Option<u64>,
}

impl Default for Spec {
    fn default() -> Spec {
        Spec {
            argv: Vec::new(),
            env: Vec::new(),
            cwd: PathBuf::from("/"),
            boundary: Boundary::Namespaces,
            binds: Vec::new(),
            links: Vec::new(),
            host_uid: None,
            host_name: "pthbs".to_string(),
            limits: Limits::default(),
            terminal: false,
            old_mount_api: false,
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            wall: None,
            silence: None,
            grace: 5,
            nofile: 4096,
            nproc: 8192,
            fsize: 64 << 30,
            stack: 8 << 20,
            tmp_bytes: 1 << 30,
            memory: None,
        }
    }
}

impl Bind {
    /// A read-only bind.
    pub fn read_only(source: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Bind {
        Bind { source: source.into(), target: target.into(), access: Access::ReadOnly }
    }

    /// A writable bind.
    pub fn writable(source: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Bind {
        Bind { source: source.into(), target: target.into(), access: Access::Writable }
    }
}

impl Link {
    /// A symlink at `target` that says `text`.
    pub fn new(target: impl Into<PathBuf>, text: impl Into<PathBuf>) -> Link {
        Link { target: target.into(), text: text.into() }
    }
}

/// Targets that the sandbox fills itself, besides the root and what lies in /proc; a bind or link there would hide what the
/// rest relies on.
const OWN_TARGETS: [&str; 6] = ["/dev", "/etc", "/etc/passwd", "/etc/group", "/etc/hosts", "/dev/pts"];

/// What of these is no directory: nothing lies below.
const OWN_FILES: [&str; 13] = [
    "/etc/passwd",
    "/etc/group",
    "/etc/hosts",
    "/dev/fd",
    "/dev/stdin",
    "/dev/stdout",
    "/dev/stderr",
    "/dev/ptmx",
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
];
/// As file systems have it.
const LONGEST_NAME: usize = 255;
/// As the kernel has it, which counts the NUL.
const LONGEST_PATH: usize = 4095;

impl Spec {
    /// Checks every rule and names all the mistakes at once. Reads the host only to see that bind sources exist.
    pub fn validate(&self) -> Result<()> {
        let mut mistakes = self.mistakes();
        for bind in &self.binds {
            if bind.source.is_absolute()
                && let Err(cause) = std::fs::metadata(&bind.source)
            {
                mistakes.push(Error::io(format!("bind source `{}`", bind.source.display()), &cause).what);
            }
        }
        all_in_one("the sandbox spec", mistakes)
    }

    /// The mistakes that can be seen without looking at the host.
    fn mistakes(&self) -> Vec<String> {
        let mut found = Vec::new();
        match self.argv.first() {
            None => found.push("no command".to_string()),
            Some(program) if program.is_empty() => found.push("the command is an empty word".to_string()),
            Some(_) => {}
        }
        let words = self.argv.iter().chain(self.env.iter().flat_map(|(name, value)| [name, value]));
        if words.chain([&self.host_name]).any(|word| word.contains('\0')) {
            found.push("a word, variable or host name with a NUL byte".to_string());
        }
        for (name, _) in &self.env {
            if name.is_empty() || name.contains('=') {
                found.push(format!("`{name}` cannot name a variable"));
            }
        }
        if self.host_name.is_empty() || self.host_name.len() > 64 {
            found.push(format!("host name `{}` is empty or longer than 64 bytes", self.host_name));
        }
        if self.host_uid == Some(0) {
            found.push("host_uid 0: a sandbox is never mapped to root".to_string());
        }
        found.extend(bad_path("cwd", &self.cwd));
        found.extend(bad_targets(&self.binds, &self.links));
        if self.boundary == Boundary::Landlock {
            found.extend(self.not_without_mounts());
        }
        found
    }

    /// What the weak sandbox cannot do.
    fn not_without_mounts(&self) -> Vec<String> {
        let moved = self.binds.iter().filter(|bind| bind.source != bind.target);
        let mut found: Vec<String> = moved
            .map(|bind| {
                let (source, target) = (bind.source.display(), bind.target.display());
                format!("bind `{source}` at `{target}`: the weak sandbox shows things where they are")
            })
            .collect();
        let links = self
            .links
            .iter()
            .map(|link| format!("link `{}`: the weak sandbox makes none", link.target.display()));
        found.extend(links);
        found
    }
}

/// Whether a target is one that the sandbox fills itself. Most are told by their first directory: there may be hundreds.
fn is_own(target: &Path) -> bool {
    match target.components().find(|component| *component != Component::RootDir) {
        None => true,
        Some(Component::Normal(top)) if top == "proc" => true,
        Some(Component::Normal(top)) if top == "dev" || top == "etc" => {
            let is_below = |own: &&str| target.starts_with(own) && target != Path::new(own);
            OWN_TARGETS.iter().any(|own| target == Path::new(own)) || OWN_FILES.iter().any(is_below)
        }
        Some(_) => false,
    }
}

/// The mistakes in bind sources, bind targets and links.
fn bad_targets(binds: &[Bind], links: &[Link]) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen: HashMap<&Path, (&str, &Path)> = HashMap::new();
    let sources = binds.iter().map(|bind| (&bind.target, ("", bind.source.as_path())));
    let texts = links.iter().map(|link| (&link.target, ("link ", link.text.as_path())));
    for bind in binds {
        found.extend(bad_path("bind source", &bind.source));
    }
    for (target, what) in sources.chain(texts) {
        found.extend(bad_path("target", target));
        if is_own(target) {
            found.push(format!("target `{}` belongs to the sandbox itself", target.display()));
        }
        if let Some(other) = seen.insert(target, what) {
            let shown = |(kind, path): (&str, &Path)| format!("{kind}`{}`", path.display());
            let (target, other, what) = (target.display(), shown(other), shown(what));
            found.push(format!("target `{target}` twice: {other} and {what}"));
        }
    }
    for link in links {
        if link.text.as_os_str().is_empty() {
            found.push(format!("link `{}` says nothing", link.target.display()));
        }
        for bind in binds.iter().filter(|bind| bind.target != link.target) {
            if link.target.starts_with(&bind.target) || bind.target.starts_with(&link.target) {
                let (link, bind) = (link.target.display(), bind.target.display());
                found.push(format!("link `{link}` and bind `{bind}` lie inside each other"));
            }
        }
    }
    found
}

/// Absolute, no `..`, no NUL, not too long: what is wrong with `path`, if anything.
fn bad_path(role: &str, path: &Path) -> Option<String> {
    let shown = path.display();
    if !path.is_absolute() {
        return Some(format!("{role} `{shown}` is not absolute"));
    }
    if path.components().any(|component| component == Component::ParentDir) {
        return Some(format!("{role} `{shown}` contains `..`"));
    }
    if path.as_os_str().as_encoded_bytes().contains(&0) {
        return Some(format!("{role} `{shown}` contains a NUL byte"));
    }
    if path.as_os_str().len() > LONGEST_PATH || path.iter().any(|name| name.len() > LONGEST_NAME) {
        return Some(format!("{role} `{shown}` is longer than a path or a name can be"));
    }
    None
}

/// One error for any number of mistakes, none of them lost.
fn all_in_one(subject: &str, mut mistakes: Vec<String>) -> Result<()> {
    match mistakes.len() {
        0 => Ok(()),
        1 => Err(Error::new(mistakes.remove(0))),
        count => Err(Error { what: format!("{subject} has {count} mistakes"), lines: mistakes, hint: None }),
    }
}

/// The same rules for binds that stand alone, as in [`overlay`](crate::overlay).
pub(crate) fn validate_binds(binds: &[Bind]) -> Result<()> {
    let mut mistakes = bad_targets(binds, &[]);
    for bind in binds {
        if let Err(cause) = std::fs::metadata(&bind.source) {
            mistakes.push(Error::io(format!("bind source `{}`", bind.source.display()), &cause).what);
        }
    }
    all_in_one("the list of binds", mistakes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Spec {
        Spec { argv: vec!["true".into()], binds: vec![Bind::read_only("/usr", "/usr")], ..Spec::default() }
    }

    fn mistake(change: impl FnOnce(&mut Spec)) -> String {
        let mut spec = good();
        change(&mut spec);
        spec.validate().unwrap_err().what
    }

    #[test]
    fn a_plain_spec_is_valid() {
        assert_eq!(good().validate(), Ok(()));
    }

    #[test]
    fn each_mistake_is_named() {
        assert_eq!(mistake(|s| s.argv.clear()), "no command");
        assert_eq!(
            mistake(|s| s.binds[0].source = "/no/such".into()),
            "bind source `/no/such`: No such file or directory"
        );
        assert_eq!(mistake(|s| s.binds[0].source = "usr".into()), "bind source `usr` is not absolute");
        assert_eq!(mistake(|s| s.binds[0].target = "usr".into()), "target `usr` is not absolute");
        assert_eq!(mistake(|s| s.binds[0].target = "/a/../b".into()), "target `/a/../b` contains `..`");
        assert_eq!(
            mistake(|s| s.binds.push(Bind::read_only("/etc", "/usr/"))),
            "target `/usr/` twice: `/usr` and `/etc`"
        );
        assert_eq!(
            mistake(|s| s.links.push(Link::new("/usr/bin", "x"))),
            "link `/usr/bin` and bind `/usr` lie inside each other"
        );
        assert_eq!(
            mistake(|s| s.binds[0].target = "/proc/self".into()),
            "target `/proc/self` belongs to the sandbox itself"
        );
        for own in ["/", "/proc", "/dev/", "/etc/hosts", "/etc/hosts/x", "/dev/fd/x", "/dev/null/x"] {
            let expected = format!("target `{own}` belongs to the sandbox itself");
            assert_eq!(mistake(|s| s.binds[0].target = own.into()), expected);
        }
        let long = format!("/a/{}", "x".repeat(256));
        let expected = format!("target `{long}` is longer than a path or a name can be");
        assert_eq!(mistake(|s| s.binds[0].target = long.into()), expected);
        assert_eq!(mistake(|s| s.cwd = "build".into()), "cwd `build` is not absolute");
        assert_eq!(mistake(|s| s.host_uid = Some(0)), "host_uid 0: a sandbox is never mapped to root");
        assert_eq!(mistake(|s| s.env.push(("A=B".into(), String::new()))), "`A=B` cannot name a variable");
    }

    #[test]
    fn all_mistakes_are_named_at_once() {
        let error = Spec { cwd: "x".into(), ..Spec::default() }.validate().unwrap_err();
        assert_eq!(
            error.to_string(),
            "error: the sandbox spec has 2 mistakes\n  no command\n  cwd `x` is not absolute"
        );
    }

    #[test]
    fn a_spec_survives_json_and_unknown_keys_do_not() {
        let mut spec = good();
        spec.binds.push(Bind::writable("/tmp/x", "/build"));
        spec.links.push(Link::new("/bin", "usr/bin"));
        let text = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<Spec>(&text).unwrap(), spec);
        assert!(serde_json::from_str::<Spec>(r#"{"argv":["true"],"network":true}"#).is_err());
    }
}
