//! A toolchain that somebody else has built, imported and built with.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::world::{World, everybody};

const BASE: &str = include_str!("../../templates/base.sh");
const PREBUILT: &str = include_str!("../../templates/prebuilt.sh");
const USER: &str = "{% extends \"base\" %}\n{% set version = \"1\" %}\n{% set sandbox = \"host\" %}\n\
                    {% block install %}\n\tmkdir \"$out/bin\"\n\t$CC -o \"$out/bin/user\"\n{% endblock %}\n";

/// What a compiler is to a build: a program of a certain name that writes another one.
fn toolchain(dir: &Path) {
    let program = dir.join("libexec/gcc");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::create_dir_all(dir.join("bin")).unwrap();
    fs::write(&program, "#!/bin/sh\nprintf '#!/bin/sh\\necho made\\n' >\"$2\"; chmod 755 \"$2\"\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o750)).unwrap();
    symlink("../libexec/gcc", dir.join("bin/x86_64-linux-musl-gcc")).unwrap();
}

/// The place that a program printed.
fn printed(world: &World, stdout: &str) -> PathBuf {
    world.path(stdout.trim_end().strip_prefix("WORLD/").unwrap())
}

#[test]
fn an_imported_toolchain_is_a_package_that_builds_others() {
    for who in everybody() {
        let world = World::new(who);
        world.write("templates/base.sh", BASE);
        world.write("templates/prebuilt.sh", PREBUILT);
        toolchain(&world.path("elsewhere"));
        world.give_away();
        let elsewhere = world.path("elsewhere").display().to_string();

        let first = world.pthbs(&["import", &elsewhere, "--as", "cross"]).exits(0);
        let install = printed(&world, &first.stdout);
        assert_eq!(
            fs::read_link(install.join("bin/x86_64-linux-musl-gcc")).unwrap(),
            Path::new("../libexec/gcc")
        );
        assert_eq!(world.pthbs(&["import", &elsewhere, "--as", "cross"]).exits(0).stdout, first.stdout);

        world.write("packages/user/package.sh", USER);
        world.genpkg(&["render", "-o", "toolchain=cross"]).exits(0);
        let built = world.pthbs(&["build", "user"]).exits(0);
        let user = printed(&world, &built.stdout);
        assert_eq!(fs::read_to_string(user.join("bin/user")).unwrap(), "#!/bin/sh\necho made\n");
        let record = world.path("store/meta").join(user.file_name().unwrap()).join("record.json");
        let record = fs::read_to_string(record).unwrap();
        assert!(record.contains("built from cross.") && record.contains("which is tainted"), "{record}");

        // Another content is another package, and nothing that is there is written over.
        fs::write(world.path("elsewhere/more"), "").unwrap();
        world.give_away();
        let second = world.pthbs(&["import", &elsewhere, "--as", "cross"]).exits(0);
        assert_ne!(second.stdout, first.stdout);
        assert!(install.exists());
        let refused = world.pthbs(&["import", &elsewhere, "--as", "user"]).exits(2);
        assert!(refused.stderr.contains("package `user` is there already"), "{}", refused.stderr);
        world.pthbs(&["import", "/nowhere", "--as", "other"]).exits(1);
        assert!(!world.path("project/packages/other").exists());
    }
}
