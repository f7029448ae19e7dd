//! Damage: found by name, repaired from a build or another store, and an install that can be built anew.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::world::{World, everybody};

/// Flips one bit of a file, as a bad disk does: mode and time stay.
fn flip(path: &Path, byte: usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = byte % bytes.len();
    bytes[at] ^= 1 << (byte % 8);
    let found = fs::metadata(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, found.permissions()).unwrap();
    fs::File::open(path).unwrap().set_modified(found.modified().unwrap()).unwrap();
}

#[test]
fn a_flipped_bit_in_any_file_is_found_and_repaired() {
    for who in everybody() {
        let world = World::new(who);
        world.pthbs(&["switch", "sentence"]).ok();
        assert_eq!(world.pthbs(&["check"]).ok().stderr, "3 items sound\n");
        let files = world.files_below("store/versions").into_iter();
        let files: Vec<String> =
            files.filter(|file| !file.starts_with("env.") && !file.contains("/.p/")).collect();
        assert_eq!(files.len(), 2, "{files:?}");
        for (number, file) in files.iter().enumerate() {
            flip(&world.path("store/versions").join(file), 7 * number + 3);
            world.give_away();
            let (item, path) = file.split_once('/').unwrap();
            let short = &item[..item.find('.').unwrap() + 9];
            let found = world.pthbs(&["check"]).exits(1);
            assert_eq!(found.stdout, format!("{short}/{path}: its content differs\n"), "{found:?}");
            let json = world.pthbs(&["check", "--json", item]).exits(1).stdout;
            assert!(json.contains(&format!("\"path\": \"{path}\"")), "{json}");
            let repaired = world.pthbs(&["repair"]).ok();
            assert!(repaired.stderr.contains(&format!("repaired {short}: built anew\n")), "{repaired:?}");
            world.pthbs(&["check"]).ok();
        }
        assert_eq!(world.files_below("store/tmp"), [""; 0]);
    }
}

#[test]
fn several_damages_at_once_are_repaired_from_another_store() {
    for who in everybody() {
        let world = World::new(who);
        world.pthbs(&["switch", "sentence"]).ok();
        world.pthbs(&["build", "--root", "../home/second", "sentence"]).ok();
        let versions = world.path("store/versions");
        for file in world.files_below("store/versions") {
            let path = versions.join(file);
            fs::set_permissions(path.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
            fs::remove_file(path).unwrap();
        }
        world.give_away();
        world.pthbs(&["check"]).exits(1);
        let only_build = world.pthbs(&["repair", "--no-build"]).exits(1);
        assert!(only_build.stderr.contains("is still damaged in "), "{only_build:?}");
        assert!(only_build.stderr.contains("repaired env."), "links come from the manifest: {only_build:?}");
        world.write(
            "pthbs.toml",
            "[sources]\ndistfiles = [\"distfiles\"]\n[repair]\nstores = [\"../home/second\"]\n",
        );
        let repaired = world.pthbs(&["repair", "--no-build"]).ok();
        assert!(repaired.stderr.contains("from WORLD/home/second"), "{repaired:?}");
        world.pthbs(&["check"]).ok();
        assert_eq!(world.pthbs(&["run", "--", "sentence"]).ok().stdout, "hello, world\n");
    }
}

#[test]
fn damaged_metas_are_repaired_as_a_whole() {
    for who in everybody() {
        let world = World::new(who);
        world.pthbs(&["build", "sentence"]).ok();
        let metas = world.files_below("store/meta").into_iter();
        for file in metas.filter(|file| !file.ends_with("record.json")) {
            flip(&world.path("store/meta").join(&file), 300);
            world.give_away();
            world.pthbs(&["check"]).exits(1);
            world.pthbs(&["repair"]).ok();
            world.pthbs(&["check"]).ok();
        }
    }
}

#[test]
fn an_install_is_built_anew_in_its_place() {
    for who in everybody() {
        let world = World::new(who);
        let clock = "{% extends \"plain\" %}\n{% set version = \"1\" %}\n{% set sandbox = \"host\" %}\n{% block build %}\n\
                     \tmkdir -p \"$out/share\"; date +%N >\"$out/share/clock\"\n{% endblock %}\n";
        world.write("packages/clock/package.sh", clock);
        let first = world.pthbs(&["build", "clock"]).ok();
        let file = world.path("store/versions").join(
            world.files_below("store/versions").iter().find(|file| file.ends_with("share/clock")).unwrap(),
        );
        let before = fs::read(&file).unwrap();
        let again = world.pthbs(&["build", "--rebuild", "clock"]).ok();
        assert_eq!(again.stdout, first.stdout);
        assert!(again.stderr.contains("replaced clock."), "{again:?}");
        assert_ne!(fs::read(&file).unwrap(), before);
        world.pthbs(&["check"]).ok();
        // What does not come out the same cannot repair single files.
        flip(&file, 1);
        world.give_away();
        let refused = world.pthbs(&["repair"]).exits(1);
        assert!(refused.stderr.contains("its build is not reproducible"), "{refused:?}");
        world.pthbs(&["build", "--rebuild", "clock"]).ok();
        world.pthbs(&["check"]).ok();
        assert_eq!(world.files_below("store/tmp"), [""; 0]);
    }
}
