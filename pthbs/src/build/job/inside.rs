//! What one build sees: its directories at fixed paths, what it declares under `/versions`, its variables.
//!
//! A build must not be able to tell machines apart by any of this: it is the same everywhere, and belongs to `pthbs 1`.

use std::fs;
use std::path::{Path, PathBuf};

use sandbox::{Bind, Limits, Link, Spec};

use super::weak;
use crate::base::{Error, Result};
use crate::build::visible::Visible;
use crate::script::{Sandbox, Script};
use crate::store::{Item, LOGICAL, Store};

/// Where a build works.
pub const BUILD: &str = "/build";
/// Where it sees its tools.
pub const ENV: &str = "/env";
/// Where it sees its jobserver.
pub const JOBSERVER: &str = "/jobserver";
/// PATH of a script that asks for none: no program lies there.
const NO_PATH: &str = "/nonexistent";

/// The directories of one build on the host: in its staging directory, or where a failed one was kept.
#[derive(Debug, Clone)]
pub struct Place {
    /// `src`, `tmp` and the script.
    pub build: PathBuf,
    /// What becomes the install.
    pub tree: PathBuf,
    /// The merged tools.
    pub env: PathBuf,
}

impl Place {
    /// The places in a staging directory.
    pub fn of(dir: &Path) -> Place {
        Place { build: dir.join("build"), tree: dir.join("tree"), env: dir.join("env") }
    }
}

/// All that decides what a build sees.
#[derive(Debug)]
pub struct Inside<'a> {
    /// Where the installs lie.
    pub store: &'a Store,
    /// What is built.
    pub script: &'a Script,
    /// What it sees below `/versions`.
    pub visible: &'a Visible,
    /// Its directories on the host.
    pub place: &'a Place,
    /// `$jobs`
    pub jobs: usize,
    /// MAKEFLAGS, and the FIFO on the host; without them tools that ask for a jobserver find none.
    pub jobserver: Option<(String, PathBuf)>,
    /// What it may use up.
    pub limits: &'a Limits,
    /// Whether it runs in the weak sandbox, and so sees its directories where the host has them.
    pub is_weak: bool,
}

impl Inside<'_> {
    /// The sandbox that runs the script.
    pub fn spec(&self) -> Result<Spec> {
        if self.is_weak {
            return weak::spec(self);
        }
        let header = &self.script.header;
        let out = Path::new(LOGICAL).join(self.script.install_id().to_string());
        let mut binds = vec![
            Bind::writable(&self.place.build, BUILD),
            Bind::writable(&self.place.tree, &out),
            Bind::read_only(&self.place.env, ENV),
        ];
        // A read-only bind does not keep a FIFO from being written: that is what it is there for.
        binds.extend(self.jobserver.iter().map(|(_, fifo)| Bind::read_only(fifo, JOBSERVER)));
        binds.extend(self.visible.all.iter().map(|install| {
            let item = Item::Install(install.clone());
            Bind::read_only(self.store.path(&item), Path::new(LOGICAL).join(item.to_string()))
        }));
        let mut links = Vec::new();
        match header.sandbox {
            Sandbox::On => links.push(Link::new("/bin", "env/bin")),
            Sandbox::Host => show_host(&mut binds, &mut links),
            Sandbox::Off => show_everything(&mut binds, &mut links)?,
        }
        Ok(Spec {
            argv: vec!["/bin/sh".into(), format!("{BUILD}/script")],
            env: self.variables(&out),
            cwd: BUILD.into(),
            binds,
            links,
            limits: self.limits.clone(),
            ..Spec::default()
        })
    }

    /// The whole environment of a script. What shapes output the script sets itself.
    pub(super) fn variables(&self, out: &Path) -> Vec<(String, String)> {
        let header = &self.script.header;
        let mut path: Vec<&str> = Vec::new();
        if header.set_path {
            path.push("/env/bin");
        }
        match header.sandbox {
            Sandbox::On if path.is_empty() => path.push(NO_PATH),
            Sandbox::On => {}
            Sandbox::Host | Sandbox::Off => path.extend(["/usr/bin", "/bin"]),
        }
        let makeflags = self.jobserver.as_ref().map(|(flags, _)| flags.clone()).unwrap_or_default();
        let variables = [
            ("out", out.display().to_string()),
            ("src", format!("{BUILD}/src")),
            ("env", ENV.to_string()),
            ("tmp", format!("{BUILD}/tmp")),
            ("jobs", self.jobs.to_string()),
            ("MAKEFLAGS", makeflags),
            ("PATH", path.join(":")),
        ];
        variables.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
    }
}

/// `sandbox=host`: the host's programs and libraries, laid out as the host has them.
///
/// `/etc/alternatives`, because on Debian `awk` and `cc` are links into it: without it some build systems see no awk,
/// ignore that, and install empty files.
const HOST: [&str; 9] =
    ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/libx32", "/lib64", "/etc/alternatives", "/etc/ld.so.cache"];
/// Top-level entries that are the sandbox's own, or the build's.
const OWN: [&str; 8] = ["/proc", "/dev", "/etc", "/tmp", LOGICAL, BUILD, ENV, JOBSERVER];
/// Files of `/etc` that the sandbox writes itself.
const OWN_ETC: [&str; 3] = ["/etc/passwd", "/etc/group", "/etc/hosts"];

pub(super) fn show_host(binds: &mut Vec<Bind>, links: &mut Vec<Link>) {
    HOST.iter().for_each(|path| show(Path::new(path), binds, links));
}

/// `sandbox=off`: all that the host has and its user may read. The rest of the sandbox stays: the host is still read-only,
/// and there is still no network.
pub(super) fn show_everything(binds: &mut Vec<Bind>, links: &mut Vec<Link>) -> Result<()> {
    for (dir, own) in [("/", &OWN[..]), ("/etc", &OWN_ETC[..])] {
        let entries = fs::read_dir(dir).map_err(|cause| Error::io("list", Path::new(dir), &cause))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if !own.iter().any(|own| path == Path::new(own)) {
                show(&path, binds, links);
            }
        }
    }
    Ok(())
}

/// Shows one entry of the host as what it is; one that is not there is left out.
fn show(path: &Path, binds: &mut Vec<Bind>, links: &mut Vec<Link>) {
    match fs::read_link(path) {
        Ok(text) => links.push(Link::new(path, text)),
        Err(_) if path.exists() => binds.push(Bind::read_only(path, path)),
        Err(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Sha256;
    use crate::script::InstallId;

    /// The spec of a script whose `build` line is `line`, with one tool.
    fn spec(line: &str) -> Spec {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let text = format!(
            "#!/bin/sh\n#@ pthbs 1\n#@ name x\n#@ version 1\n#@ system s\n#@ target t\n#@ build {line}\n"
        );
        let script = Script::parse(text, "x.sh").unwrap();
        let tool: InstallId = format!("tool.{}", Sha256::of(b"tool")).parse().unwrap();
        let visible = Visible { tools: [tool.clone()].into(), all: [tool].into() };
        let jobserver = Some(("-j3 --jobserver-auth=fifo:/jobserver".to_string(), "/fifo".into()));
        let place = Place::of(Path::new("/staging"));
        let limits = Limits::default();
        let (store, script, visible, place) = (&store, &script, &visible, &place);
        Inside { store, script, visible, place, jobs: 3, jobserver, limits: &limits, is_weak: false }
            .spec()
            .unwrap()
    }

    fn variable<'a>(spec: &'a Spec, name: &str) -> &'a str {
        spec.env.iter().find(|(variable, _)| variable == name).map(|(_, value)| value.as_str()).unwrap()
    }

    #[test]
    fn a_build_gets_exactly_seven_variables() {
        let spec = spec("sandbox=on set_path=on static=on");
        let names: Vec<&str> = spec.env.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["out", "src", "env", "tmp", "jobs", "MAKEFLAGS", "PATH"]);
        assert!(variable(&spec, "out").starts_with("/versions/x."));
        assert_eq!(variable(&spec, "PATH"), "/env/bin");
        assert_eq!(variable(&spec, "jobs"), "3");
    }

    #[test]
    fn a_strict_build_sees_nothing_of_the_host() {
        let spec = spec("sandbox=on set_path=off static=on");
        assert_eq!(variable(&spec, "PATH"), NO_PATH);
        let targets: Vec<String> = spec.binds.iter().map(|bind| bind.target.display().to_string()).collect();
        let tool = format!("/versions/tool.{}", Sha256::of(b"tool"));
        assert_eq!(targets, ["/build", variable(&spec, "out"), "/env", "/jobserver", tool.as_str()]);
        assert_eq!(spec.links, [Link::new("/bin", "env/bin")]);
        let writable: Vec<_> =
            spec.binds.iter().filter(|bind| bind.access == sandbox::Access::Writable).collect();
        assert_eq!(writable.len(), 2, "the work directory and the output");
    }

    #[test]
    fn a_host_build_sees_the_hosts_programs_as_the_host_has_them() {
        let spec = spec("sandbox=host set_path=on static=on");
        assert_eq!(variable(&spec, "PATH"), "/env/bin:/usr/bin:/bin");
        assert!(spec.binds.contains(&Bind::read_only("/usr", "/usr")));
        let is_shown = |path: &str| {
            spec.binds.iter().any(|bind| bind.target == Path::new(path))
                || spec.links.iter().any(|link| link.target == Path::new(path))
        };
        assert!(is_shown("/bin") && is_shown("/lib"));
        assert!(!is_shown("/home") && !is_shown("/root") && !is_shown("/var"));
    }

    #[test]
    fn a_build_without_sandbox_sees_the_host_read_only() {
        let spec = spec("sandbox=off set_path=off static=off");
        assert_eq!(variable(&spec, "PATH"), "/usr/bin:/bin");
        let shown: Vec<_> = spec.binds.iter().filter(|bind| bind.source == bind.target).collect();
        assert!(shown.iter().any(|bind| bind.target == Path::new("/usr")));
        assert!(shown.iter().all(|bind| bind.access == sandbox::Access::ReadOnly));
    }
}
