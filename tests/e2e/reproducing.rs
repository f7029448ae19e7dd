//! Building again what is installed, under other conditions, and saying what an install is made of.

use crate::world::{Who, World, everybody};

fn package(world: &World, name: &str, body: &str) {
    world.write(
        &format!("packages/{name}/package.sh"),
        &format!(
            "{{% extends \"plain\" %}}\n{{% set version = \"1\" %}}\n{{% set sandbox = \"host\" %}}\n{{% block build %}}\n\
             \tmkdir -p \"$out/share\"\n\t{body}\n{{% endblock %}}\n"
        ),
    );
}

#[test]
fn what_comes_out_again_is_told_from_what_does_not() {
    for who in everybody() {
        let world = World::new(who);
        package(&world, "good", "ls / >/dev/null; for n in c a b; do echo $n >\"$out/share/$n\"; done");
        package(&world, "clock", "echo same >\"$out/share/same\"; date +%s.%N >\"$out/share/clock\"");
        world.pthbs(&["build", "good", "clock", "sentence"]).ok();
        let before = world.files_below("store/versions");

        let good = world.pthbs(&["reproduce", "--vary", "--rounds", "3", "good", "sentence"]).ok();
        assert!(good.stdout.lines().all(|line| line.ends_with("\tsame")), "{good:?}");
        assert!(good.stderr.contains("round    1 good: "), "{good:?}");
        assert!(good.stderr.contains("umask 077, TZ=Asia/Kathmandu, "), "{good:?}");
        let is_root = who == Who::Caller && nix::unistd::geteuid().is_root();
        assert_eq!(good.stderr.contains("user 64321, umask "), is_root, "{good:?}");
        assert!(good.stderr.ends_with("2 of 2 installs reproducible\n"), "{good:?}");

        let bad = world.pthbs(&["reproduce", "clock"]).exits(1);
        assert!(bad.stdout.ends_with("\tdiffers\n"), "{bad:?}");
        assert!(bad.stderr.contains("\n  ~ share/clock: from byte "), "{bad:?}");
        assert!(!bad.stderr.contains("share/same"), "{bad:?}");
        let json = world.pthbs(&["reproduce", "--json", "clock"]).exits(1).stdout;
        assert!(json.contains("\"share/clock\""), "{json}");
        assert_eq!(world.files_below("store/versions"), before);
        assert_eq!(world.files_below("store/tmp"), [""; 0]);
        world.pthbs(&["check"]).ok();
    }
}

/// How many processors and jobs there are, where it works, and for whom: a build that writes it down shows up.
#[test]
fn what_depends_on_its_surroundings_is_found() {
    for who in everybody() {
        let world = World::new(who);
        package(&world, "nosy", "echo \"$jobs\" >\"$out/share/jobs\"");
        world.pthbs(&["build", "--jobs", "2", "nosy"]).ok();
        let bad = world.pthbs(&["reproduce", "--vary", "nosy"]).exits(1);
        assert!(bad.stderr.contains("share/jobs: from byte 0: 32 0a, built again 31 0a"), "{bad:?}");
    }
}

#[test]
fn a_bill_of_materials_names_installs_sources_and_licenses() {
    for who in everybody() {
        let world = World::new(who);
        world.pthbs(&["switch", "sentence"]).ok();
        let bill = world.pthbs(&["sbom", "sentence"]).ok().stdout;
        let value: serde_json::Value = serde_json::from_str(&bill).unwrap();
        assert_eq!(value["spdxVersion"], "SPDX-2.3");
        let packages = value["packages"].as_array().unwrap();
        let mut names: Vec<&str> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, ["sentence", "word", "word-1.0.txt"]);
        let relations = value["relationships"].as_array().unwrap();
        for word in ["DESCRIBES", "DEPENDS_ON", "STATIC_LINK", "GENERATED_FROM"] {
            assert!(relations.iter().any(|relation| relation["relationshipType"] == word), "{word}: {bill}");
        }
        // Every id that is related is one that is there.
        let ids: Vec<&serde_json::Value> = packages.iter().map(|package| &package["SPDXID"]).collect();
        assert!(relations.iter().all(|relation| ids.contains(&&relation["relatedSpdxElement"])), "{bill}");
        assert_eq!(world.pthbs(&["sbom", "sentence"]).ok().stdout, bill, "the same every time");
        let of_profile = world.pthbs(&["sbom", "--profile", "default"]).ok().stdout;
        assert!(of_profile.contains("\"name\": \"word-1.0.txt\""), "{of_profile}");
    }
}
