//! Projects as they should not be: links, pipes, large files, missing directories, a damaged `rendered/`. Each is a clear
//! error or is put right; nothing waits, and nothing is half written.

use std::fs;
use std::os::unix::fs::symlink;

use super::Options;
use super::fixture::Fixture;

fn fixture() -> Fixture {
    Fixture::new(&[("x", "{% extends \"base\" %}\n{% set version = \"1\" %}\n")])
}

#[test]
fn a_link_out_of_the_tree_is_refused_wherever_it_stands() {
    for place in ["packages/x/package.sh", "templates/base.sh"] {
        let fixture = fixture();
        fs::remove_file(fixture.path().join(place)).unwrap();
        symlink("/etc/passwd", fixture.path().join(place)).unwrap();
        let error = fixture.error();
        assert!(
            error.starts_with(&format!("error: `{place}` is a symlink, or lies behind one\n")),
            "{error}"
        );
    }
}

#[test]
fn loops_of_links_are_let_be_or_refused() {
    let fixture = fixture();
    symlink("loop", fixture.path().join("packages/loop")).unwrap();
    symlink(".", fixture.path().join("packages/x/self")).unwrap();
    symlink("../..", fixture.path().join("packages/x/up")).unwrap();
    let project = fixture.open();
    let output = project.render(&Options::default()).unwrap();
    assert_eq!(output.scripts.len(), 1);
    assert_eq!(project.lint(&output).unwrap().len(), 3, "the two links and what `meta` lacks");
    fixture.write("x", "{% extends \"base\" %}\n{% set version = file(\"self/package.sh\") %}\n");
    assert!(
        fixture.error().starts_with("error: `packages/x/self/package.sh` is a symlink, or lies behind one")
    );
    fs::remove_file(fixture.path().join("packages/x/package.sh")).unwrap();
    symlink("package.sh", fixture.path().join("packages/x/package.sh")).unwrap();
    assert!(fixture.error().starts_with("error: `packages/x/package.sh` is a symlink"));
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let fixture = fixture();
    let place = fixture.path().join("packages/x/package.sh");
    fs::remove_file(&place).unwrap();
    nix::unistd::mkfifo(&place, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert_eq!(fixture.error(), "error: `packages/x/package.sh` is no file");
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    assert_eq!(fixture.error(), "error: `packages/x/package.sh` is no file");
}

#[test]
fn a_file_of_many_gigabytes_is_not_read() {
    let fixture = fixture();
    fixture.write("x", "{% extends \"base\" %}\n{% set version = file(\"disk.img\") %}\n");
    let file = fs::File::create(fixture.path().join("packages/x/disk.img")).unwrap();
    file.set_len(20 << 30).unwrap();
    assert_eq!(
        fixture.error(),
        "\
error: `packages/x/disk.img` is too large: 20480 MiB
  a file that becomes part of a script may have 16 MiB
  where: packages/x/package.sh:2
  2 | {% set version = file(\"disk.img\") %}
    |                  ^^^^^^^^^^^^^^^^
  hint: what is so large is a source: `src(...)`"
    );
}

#[test]
fn a_directory_that_is_missing_is_named_with_what_a_project_has() {
    for dir in ["templates", "packages"] {
        let fixture = fixture();
        fs::remove_dir_all(fixture.path().join(dir)).unwrap();
        let error = super::Project::open(fixture.path()).err().unwrap().to_string();
        assert!(error.contains(&format!("/{dir}`: No such file or directory")), "{error}");
        assert!(error.ends_with("a project has `pthbs.toml`, `templates/` and `packages/`"), "{error}");
    }
}

#[test]
fn directories_that_are_no_packages() {
    let fixture = fixture();
    fs::create_dir(fixture.path().join("packages/.idea")).unwrap();
    assert_eq!(fixture.render().unwrap().scripts.len(), 1);
    fs::create_dir(fixture.path().join("packages/Odd name")).unwrap();
    let error = super::Project::open(fixture.path()).err().unwrap().to_string();
    assert!(
        error.contains("`Odd name` is not a package name") && error.contains("where: packages/Odd name"),
        "{error}"
    );
    let mut last = fixture.path().join("packages/Odd name");
    for (name, shown, hint) in [
        ("Zlib", "Zlib", "rename the directory: `zlib` is a name"),
        ("X", "X", "rename the directory: `x` is a name"),
        ("zlib\u{a0}", "zlib\\u{a0}", "rename the directory: `zlib` is a name"),
        ("zl\u{ef}b", "zl\u{ef}b", "rename the directory; one that begins with `.` is let be"),
        ("-x", "-x", "rename the directory; one that begins with `.` is let be"),
    ] {
        let dir = fixture.path().join("packages").join(name);
        fs::rename(&last, &dir).unwrap();
        last = dir;
        let error = super::Project::open(fixture.path()).err().unwrap().to_string();
        assert!(error.starts_with(&format!("error: `{shown}` is not a package name\n")), "{error}");
        assert!(error.ends_with(&format!("  where: packages/{shown}\n  hint: {hint}")), "{error}");
    }
    fs::rename(last, fixture.path().join("packages/empty")).unwrap();
    assert!(
        fixture.error().contains("package `empty` has no definition\n  missing: packages/empty/package.sh")
    );
}

#[test]
fn a_damaged_rendered_is_put_right() {
    type Damage = fn(&std::path::Path);
    let damages: [Damage; 6] = [
        |dir| fs::write(dir.join("x.sh"), "#!/bin/sh\n#@ pth").unwrap(),
        |dir| fs::write(dir.join("index"), "#@ index 1\nx\t12").unwrap(),
        |dir| fs::write(dir.join("index"), b"\xff\x00").unwrap(),
        |dir| fs::remove_file(dir.join("index")).unwrap(),
        |dir| fs::remove_file(dir.join("downloadlist.sha256")).unwrap(),
        |dir| fs::write(dir.join(".stamp"), "").unwrap(),
    ];
    let fixture = fixture();
    let dir = fixture.path().join("rendered");
    fixture.render().unwrap().write(&dir).unwrap();
    let files = |dir: &std::path::Path| {
        let mut files: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), fs::read(&path).unwrap()))
            .collect();
        files.sort();
        files
    };
    let whole = files(&dir);
    for damage in damages {
        damage(&dir);
        fixture.render().unwrap().write(&dir).unwrap();
        assert_eq!(files(&dir), whole);
        assert!(fixture.open().is_fresh(&dir).unwrap());
    }
}

#[test]
fn what_cannot_be_written_leaves_everything_as_it_was() {
    let fixture = fixture();
    let dir = fixture.path().join("rendered");
    fixture.render().unwrap().write(&dir).unwrap();
    let files = || -> Vec<_> {
        let mut paths: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.into_iter().map(|path| (fs::read(&path).ok(), path)).collect()
    };
    // A directory stands where a new script goes, and not even root can write a file there.
    fixture.write("y", "{% extends \"base\" %}\n{% set version = \"1\" %}\n");
    fixture.write("x", "{% extends \"base\" %}\n{% set version = \"2\" %}\n");
    fs::create_dir(dir.join("y.sh")).unwrap();
    let before = files();
    let error = fixture.render().unwrap().write(&dir).unwrap_err().to_string();
    assert!(error.contains("/y.sh`"), "{error}");
    assert_eq!(files(), before, "nothing is changed, and nothing left beside its place");
    assert!(!fixture.open().is_fresh(&dir).unwrap());
}

#[test]
fn options_in_the_projects_file_say_where_they_stand() {
    let fixture = fixture();
    fixture.write("pthbs.toml", "[options]\nx.size = \"big\"\n");
    assert_eq!(
        fixture.error(),
        "error: `x` has no option `size`\n  its options: none\n  given by: pthbs.toml"
    );
    fixture.write("pthbs.toml", "[options]\ny.size = \"big\"\n");
    assert_eq!(
        fixture.error(),
        "error: package `y` not found\n  option: y.size\n  given by: pthbs.toml\n  hint: did you mean `x`?"
    );
}

#[test]
fn an_option_that_is_kept_and_wrong_by_now_says_how_it_is_dropped() {
    let sized = |choices: &str| {
        format!(
            "{{% extends \"base\" %}}\n{{% set version = \"1\" %}}\n{{% set flags = [option({choices})] %}}\n"
        )
    };
    let fixture = fixture();
    fixture.write("x", sized("\"size\", default=\"big\", choices=[\"big\", \"small\"]"));
    fixture.write("tools", sized("\"x\", default=\"\""));
    let mut first = Options::default();
    first.give("x.size=small").unwrap();
    first.give("toolchain=tools").unwrap();
    let index = fixture.open().render(&first).unwrap().index;
    let error = |given: &[&str]| {
        let mut later = Options::default();
        given.iter().for_each(|assignment| later.give(assignment).unwrap());
        later.keep(&index);
        fixture.open().render(&later).map(drop).unwrap_err().to_string()
    };
    let kept = "  given by: -o of the last `genpkg render`, which is kept until one without it\n";

    fixture.write("x", sized("\"sise\", default=\"big\""));
    assert_eq!(error(&[]), format!("error: `x` has no option `size`\n{kept}  hint: did you mean `sise`?"));
    assert_eq!(
        error(&["x.size=small"]),
        "error: `x` has no option `size`\n  given by: -o\n  hint: did you mean `sise`?"
    );
    fixture.write("x", sized("\"size\", default=\"big\", choices=[\"big\", \"tiny\"]"));
    assert!(error(&[]).contains(kept) && error(&[]).contains("where: packages/x/package.sh:3\n"));
    fs::remove_dir_all(fixture.path().join("packages/x")).unwrap();
    assert!(error(&[]).starts_with(&format!("error: package `x` not found\n  option: x.size\n{kept}")));
    fs::remove_dir_all(fixture.path().join("packages/tools")).unwrap();
    assert_eq!(
        error(&[]),
        format!(
            "error: option `toolchain` cannot be `tools`\n  choices: musl-cross-make, host, native\n{}",
            kept.trim_end()
        )
    );
}
