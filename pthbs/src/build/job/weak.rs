//! What a build sees in the weak sandbox: the same things, where they are on the host, and the host's programs besides.
//!
//! Only `/versions` is where it always is: the machine's own leads to the store's view.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sandbox::{Bind, Boundary, Spec};

use super::inside::{Inside, Place, show_everything, show_host};
use crate::base::{Error, Result};
use crate::build::visible::Visible;
use crate::script::{InstallId, Sandbox};
use crate::store::{Item, LOGICAL, Shown, Store, View};

/// A build whose directories are where it will look for them, until this is dropped.
#[derive(Debug)]
pub struct Exposed {
    /// Its directory, which is open for another user to walk through.
    opened: Option<PathBuf>,
    _shown: Shown,
}

impl Exposed {
    /// Shows what the build of `install` is to find below the machine's own `/versions`, and, as root, opens the way to its
    /// directories in `dir`, which become those of the build's user.
    pub fn new(
        view: &View,
        store: &Store,
        visible: &Visible,
        install: &InstallId,
        dir: &Path,
    ) -> Result<Exposed> {
        let installs = visible.all.iter().cloned().map(Item::Install);
        let own = Item::Install(install.clone());
        let shown = view.show(store, installs, &own, &Place::of(dir).tree)?;
        let is_root = nix::unistd::geteuid().is_root();
        if is_root {
            set_mode(dir, 0o711)?;
        }
        Ok(Exposed { opened: is_root.then(|| dir.to_path_buf()), _shown: shown })
    }
}

impl Drop for Exposed {
    fn drop(&mut self) {
        // What cannot be closed is gone.
        let _ = self.opened.as_deref().map(|dir| set_mode(dir, 0o700));
    }
}

fn set_mode(dir: &Path, mode: u32) -> Result<()> {
    let set = fs::set_permissions(dir, Permissions::from_mode(mode));
    set.map_err(|cause| Error::io("set the mode of", dir, &cause))
}

/// The sandbox that runs the script.
pub(super) fn spec(inside: &Inside<'_>) -> Result<Spec> {
    let place = inside.place;
    let mut binds = vec![
        Bind::writable(&place.build, &place.build),
        Bind::writable(&place.tree, &place.tree),
        Bind::read_only(&place.env, &place.env),
    ];
    binds.extend(inside.jobserver.iter().map(|(_, fifo)| Bind::read_only(fifo, fifo)));
    binds.extend(inside.visible.all.iter().map(|install| {
        let path = inside.store.path(&Item::Install(install.clone()));
        Bind::read_only(&path, &path)
    }));
    // Where the host has links, what they lead to is among the rest.
    let mut links = Vec::new();
    match inside.script.header.sandbox {
        // `#!/bin/sh` is the host's, and needs the host's libraries.
        Sandbox::On | Sandbox::Host => show_host(&mut binds, &mut links),
        Sandbox::Off => show_everything(&mut binds, &mut links)?,
    }
    let shell = match inside.script.header.sandbox {
        Sandbox::On => place.env.join("bin/sh").display().to_string(),
        Sandbox::Host | Sandbox::Off => "/bin/sh".to_string(),
    };
    Ok(Spec {
        argv: vec![shell, place.build.join("script").display().to_string()],
        env: variables(inside),
        cwd: place.build.clone(),
        boundary: Boundary::Landlock,
        binds,
        limits: inside.limits.clone(),
        ..Spec::default()
    })
}

/// The variables of the other sandbox with the host's paths, and TMPDIR: nobody may write to `/tmp`.
fn variables(inside: &Inside<'_>) -> Vec<(String, String)> {
    let place = inside.place;
    let out = Path::new(LOGICAL).join(inside.script.install_id().to_string());
    let (bin, tmp) = (place.env.join("bin"), place.build.join("tmp"));
    let mut all = inside.variables(&out);
    for (name, value) in &mut all {
        match name.as_str() {
            "src" => *value = place.build.join("src").display().to_string(),
            "env" => *value = place.env.display().to_string(),
            "tmp" => *value = tmp.display().to_string(),
            "PATH" => *value = value.replace("/env/bin", &bin.display().to_string()),
            _ => {}
        }
    }
    all.push(("TMPDIR".to_string(), tmp.display().to_string()));
    all
}

#[cfg(test)]
mod tests {
    use sandbox::Limits;

    use super::*;
    use crate::build::job::inside::Place;
    use crate::build::visible::Visible;
    use crate::script::Script;
    use crate::store::Store;

    #[test]
    fn a_strict_build_finds_everything_where_the_host_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let text = "#!/bin/sh\n#@ pthbs 1\n#@ name x\n#@ version 1\n#@ system s\n#@ target t\n\
                    #@ build sandbox=on set_path=on static=on\n";
        let script = Script::parse(text.to_string(), "x.sh").unwrap();
        let (visible, place, limits) =
            (Visible::default(), Place::of(Path::new("/staging")), Limits::default());
        let jobserver = Some(("-j3 --jobserver-auth=fifo:/run/fifo".to_string(), "/run/fifo".into()));
        let (store, script, visible) = (&store, &script, &visible);
        let inside = Inside {
            store,
            script,
            visible,
            place: &place,
            jobs: 3,
            jobserver,
            limits: &limits,
            is_weak: true,
        };
        let spec = inside.spec().unwrap();
        assert_eq!(spec.boundary, Boundary::Landlock);
        assert!(spec.links.is_empty() && spec.binds.iter().all(|bind| bind.source == bind.target));
        assert_eq!(spec.argv, ["/staging/env/bin/sh", "/staging/build/script"]);
        let variable = |name: &str| spec.env.iter().find(|(known, _)| known == name).unwrap().1.as_str();
        assert_eq!(variable("PATH"), "/staging/env/bin");
        assert_eq!((variable("src"), variable("TMPDIR")), ("/staging/build/src", "/staging/build/tmp"));
        assert!(variable("out").starts_with("/versions/x."));
    }
}
