//! Tiny packages, and what must hold for a store of them whatever happened to it.

use std::path::PathBuf;

use crate::world::World;

/// A package that takes a moment, and its definition's uses.
pub fn write(world: &World, name: &str, uses: &str, pause: &str) {
    world.write(
        &format!("packages/{name}/package.sh"),
        &format!(
            "{{% extends \"plain\" %}}\n{{% set version = \"1\" %}}\n{{% set sandbox = \"host\" %}}\n{uses}\n{{% block build %}}\n\
             \tfor n in 1 2 3 4 5; do mkdir -p \"$out/d$n\"; echo \"{name} $n\" >\"$out/d$n/file\"; {pause}; done\n\
             \tln -s d1/file \"$out/link\"\n{{% endblock %}}\n"
        ),
    );
}

/// Two branches that join in `top`.
pub fn write_four(world: &World) {
    let pause = "sleep 0.01";
    write(world, "left", "", pause);
    write(world, "right", "", pause);
    write(world, "middle", "{% set _a = tool(\"left\") %}", pause);
    write(world, "top", "{% set _a = dep(\"middle\") %}\n{% set _b = dep(\"right\") %}", pause);
}

/// Every file below `versions/` with its bytes.
pub fn content(world: &World, store: &str) -> Vec<(String, Vec<u8>)> {
    let versions = format!("{store}/versions");
    let files = world.files_below(&versions).into_iter();
    let of = |file: String| {
        let path = world.path(&versions).join(&file);
        let bytes = std::fs::read(&path).unwrap_or_else(|_| path.as_os_str().as_encoded_bytes().to_vec());
        (file, bytes)
    };
    files.map(of).collect()
}

/// `--root` and the place of a store of its own, as arguments.
pub fn root(world: &World, store: &str) -> [String; 2] {
    let path: PathBuf = world.path(store);
    ["--root".to_string(), path.display().to_string()]
}

/// Nothing is damaged, and nothing is left of what was going on.
#[track_caller]
pub fn assert_sound(world: &World, store: &str, when: &str) {
    let [option, path] = root(world, store);
    let checked = world.pthbs(&[&option, &path, "check"]);
    assert_eq!(checked.code, Some(0), "{when}: {checked:?}");
}

/// What is below the directories of things that are not finished.
pub fn leftovers(world: &World, store: &str) -> Vec<String> {
    let list = |dir: &str| std::fs::read_dir(world.path(&format!("{store}/{dir}"))).unwrap();
    let names = ["tmp", "lock", "versions"].into_iter().flat_map(list);
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "current" && (name.starts_with('.') || name.len() < 66)).collect()
}
