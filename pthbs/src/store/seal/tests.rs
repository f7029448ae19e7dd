//! Tests of the seal as a whole, on trees as a build may leave them.

use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use proptest::prelude::*;

use super::compressed::Compression;
use super::compressed::tests::compress;
use super::elf::tests::elf;
use super::*;
use crate::base::Sha256;
use crate::store::testing::{Tree, install};

#[test]
fn a_tree_gets_its_one_form() {
    let tree = Tree::new();
    tree.file("bin/tool", 0o6755, "#!/bin/sh\n")
        .file("share/closed/secret", 0o000, "text")
        .file("share/shared", 0o666, "")
        .link("bin/other", "tool");
    fs::set_permissions(tree.top.join("share/closed"), Permissions::from_mode(0o000)).unwrap();
    fs::create_dir(tree.top.join("empty")).unwrap();

    let sealed = tree.seal().unwrap();
    let text = String::from_utf8(sealed.manifest.to_bytes()).unwrap();
    let expected = format!(
        "#@ manifest 1\nd\t0555\tbin\nl\tbin/other\ttool\nf\t0555\t10\t{}\tbin/tool\nd\t0555\tempty\nd\t0555\tshare\n\
         d\t0555\tshare/closed\nf\t0444\t4\t{}\tshare/closed/secret\nf\t0444\t0\t{}\tshare/shared\n",
        Sha256::of(b"#!/bin/sh\n"),
        Sha256::of(b"text"),
        Sha256::of(b"")
    );
    assert_eq!(text, expected);
    for (path, mode) in [("bin", 0o555), ("bin/tool", 0o555), ("share/closed/secret", 0o444), ("", 0o755)] {
        assert_eq!(tree.mode(path), mode, "{path}");
    }
    for path in ["", "bin", "bin/tool", "bin/other", "empty", "share/closed/secret"] {
        assert_eq!(fs::symlink_metadata(tree.top.join(path)).unwrap().mtime(), MTIME, "{path}");
    }
    // A sealed tree is sealed.
    assert_eq!(tree.seal().unwrap().manifest, sealed.manifest);
}

#[test]
fn a_small_tree_and_a_large_one_are_sealed_alike() {
    let (small, large) = (Tree::new(), Tree::new());
    for tree in [&small, &large] {
        tree.file("bin/tool", 0o755, format!("{}", tree.own)).link("bin/other", "tool");
    }
    for number in 0..2 * FEW {
        large.file(&format!("share/{number}"), 0o644, "");
    }
    let is_small = |tree: &Tree| {
        let (known, silenced) = (&tree.known, &tree.silenced);
        let seal = Seal { tree: &tree.top, own: Some(&tree.own), known, is_static: true, silenced };
        seal.walk().unwrap().is_small()
    };
    assert!(is_small(&small) && !is_small(&large));
    let [small, mut large] = [small, large].map(|tree| tree.seal().unwrap());
    assert_eq!(small.masked.named, large.masked.named);
    large.manifest.entries.retain(|entry| !entry.path.starts_with("share"));
    assert_eq!(small.manifest, large.manifest);

    let long = Tree::new();
    long.file("file", 0o644, vec![0; SHORT as usize + 1]);
    assert!(!is_small(&long), "one long file is worth the pool");
}

#[test]
fn hard_links_become_relative_links_to_the_first_name() {
    let tree = Tree::new();
    tree.file("libexec/git", 0o755, "git").file("bin/.keep", 0o644, "");
    for name in ["bin/git", "libexec/git-add"] {
        fs::hard_link(tree.top.join("libexec/git"), tree.top.join(name)).unwrap();
    }
    let manifest = tree.seal().unwrap().manifest;
    let targets = manifest.entries.iter().filter_map(|entry| match &entry.what {
        What::Link { target } => Some((entry.path.to_str().unwrap(), target.to_str().unwrap())),
        _ => None,
    });
    let targets: Vec<_> = targets.collect();
    assert_eq!(targets, [("libexec/git", "../bin/git"), ("libexec/git-add", "../bin/git")]);
    assert_eq!(fs::read(tree.top.join("libexec/git-add")).unwrap(), b"git");
    assert_eq!(fs::symlink_metadata(tree.top.join("libexec/git")).unwrap().mtime(), MTIME);
    assert_eq!(tree.mode("libexec"), 0o555);

    let outside = Tree::new();
    outside.file("a", 0o644, "");
    fs::hard_link(outside.top.join("a"), outside.top.with_file_name("writable")).unwrap();
    assert!(outside.error().contains("hard link to something outside: `a`"));
}

#[test]
fn what_no_install_holds_is_refused_by_name() {
    let tree = Tree::new();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        tree.top.join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(tree.top.join("socket")).unwrap();
    tree.file("bad\nname", 0o644, "")
        .file("sequence\u{9b}31m", 0o644, "")
        .file("turned\u{202e}txt", 0o644, "")
        .link("bad-link", "a\u{1b}[2Jb")
        .link(".p", "x");
    let error = tree.error();
    for expected in [
        "error: what `x.2d711642` installed cannot be kept",
        "fifo: `pipe`",
        "socket: `socket`",
        "control character in a name: `bad\\nname`",
        "control character in a name: `sequence\\u{9b}31m`",
        "control character in a name: `turned\\u{202e}txt`",
        "control character in a link's text: `bad-link`",
        "`.p` is where an environment has its table",
    ] {
        assert!(error.contains(expected), "{expected} is not in {error}");
    }
}

#[test]
fn an_output_that_is_a_link_is_refused_and_its_target_left_alone() {
    let tree = Tree::new();
    tree.file("victim/file", 0o640, "");
    let link = tree.top.with_file_name("link");
    symlink(tree.top.join("victim"), &link).unwrap();
    let seal = Seal { tree: &link, own: None, known: &tree.known, is_static: true, silenced: &tree.silenced };
    let error = seal.run().unwrap_err().to_string();
    assert!(error.starts_with("error: cannot seal `"), "{error}");
    assert_eq!(tree.mode("victim/file"), 0o640);
}

#[test]
fn a_path_too_long_to_be_opened_is_refused() {
    let tree = Tree::new();
    let mut here = fs::File::open(&tree.top).unwrap();
    let name = "d".repeat(200);
    for _ in 0..30 {
        rustix::fs::mkdirat(&here, &name, rustix::fs::Mode::RWXU).unwrap();
        let flags = crate::store::cursor::DIRECTORY;
        here = rustix::fs::openat(&here, &name, flags, rustix::fs::Mode::empty()).unwrap().into();
    }
    let error = tree.error();
    assert!(error.contains("path longer than 3955 bytes: `ddd"), "{error}");
    assert!(error.len() < 1000);
}

#[test]
fn references_are_found_in_files_with_their_offsets() {
    let tree = Tree::new();
    let (zlib, musl, own) = (install("zlib"), install("musl"), install("x"));
    tree.file(
        "lib/x.pc",
        0o644,
        format!("prefix=/versions/{own}\nL=/versions/{zlib}/lib -L/versions/{zlib}"),
    )
    .file(
        "bin/x",
        0o755,
        [&elf(2, None, &[], 6)[..], format!("\0/versions/{musl}/lib\0").as_bytes()].concat(),
    )
    .link("lib/z.a", &format!("/versions/{zlib}/lib/libz.a"));
    let sealed = tree.seal().unwrap();
    let entry = sealed.manifest.entry(Path::new("lib/x.pc")).unwrap();
    let What::File { references, .. } = &entry.what else { panic!("{entry:?}") };
    let offsets: Vec<_> = references.iter().map(|r| (r.install.name.as_str(), &r.offsets[..])).collect();
    assert_eq!(offsets, [("x", &[17][..]), ("zlib", &[96, 182])]);
    assert_eq!(sealed.masked.named, [musl.clone(), own.clone(), zlib.clone()]);
    assert_eq!(sealed.masked.references(&own), BTreeSet::from([musl, zlib]));
    assert!(sealed.warnings.is_empty());
}

#[test]
fn an_undeclared_store_path_is_an_error_wherever_it_stands() {
    let stranger = install("stranger");
    let path = format!("/versions/{stranger}/bin/x");
    let expected = format!("undeclared store path: `f` ({stranger})");
    assert!(Tree::new().file("f", 0o644, &path).error().contains(&expected));
    assert!(Tree::new().link("f", &path).error().contains(&expected));
    assert!(Tree::new().link("f", &format!("../{stranger}/bin")).error().contains(&expected));
    Tree::new().link("d/f", &format!("../{stranger}/bin")).seal().unwrap();
    let packed = compress(Compression::Gzip, path.as_bytes());
    let error = Tree::new().file("f.gz", 0o644, packed).error();
    assert!(error.contains(&format!("`f.gz` (compressed, {stranger})")), "{error}");
    assert!(
        error.ends_with("hint: declare it with `tool`, `dep` or `needs`, or keep the path out of the output")
    );
}

#[test]
fn the_build_environment_is_an_error_and_the_build_directory_a_warning() {
    let tree = Tree::new();
    tree.file("bin/a", 0o755, "#!/env/bin/sh\n").link("bin/b", "/env/bin/b").file(
        "share/env/x",
        0o644,
        "share/env/",
    );
    let error = tree.error();
    assert!(error.contains("`/env/` in a file: `bin/a` (byte 2: /env/bin/sh)\n"), "{error}");
    assert!(error.contains("`/env/` in a file: `bin/b` (a link to /env/bin/b)\n"), "{error}");
    assert!(!error.contains("share"));

    let mut tree = Tree::new();
    tree.file("a.o", 0o644, "\0/build/src/a.c\0").file("a.la", 0o644, "# libtool");
    assert_eq!(
        tree.seal().unwrap().warnings,
        ["`/build/` in a file: `a.o` (byte 1: /build/src/a.c)", "libtool archive: `a.la`"]
    );
    tree.silenced = BTreeSet::from([Finding::Build]);
    assert_eq!(tree.seal().unwrap().warnings, ["libtool archive: `a.la`"]);
}

#[test]
fn a_program_that_is_not_static_is_an_error_with_its_libraries() {
    let mut tree = Tree::new();
    tree.file("bin/x", 0o755, elf(3, Some("/lib/ld-musl-x86_64.so.1"), &["libc.so"], 6))
        .file("lib/x.o", 0o644, elf(1, None, &[], 6))
        .file("bin/fine", 0o755, elf(3, None, &[], 7));
    let expected =
        "program that is not static: `bin/x` (interpreter /lib/ld-musl-x86_64.so.1, library libc.so)\n";
    assert!(tree.error().contains(expected), "{}", tree.error());
    tree.is_static = false;
    assert_eq!(tree.seal().unwrap().warnings, ["executable stack: `bin/fine`"]);
}

#[test]
fn what_a_scan_cannot_see_is_told() {
    let (tree, zlib) = (Tree::new(), install("zlib"));
    let digits = zlib.id.to_string();
    let torn =
        [&elf(1, None, &[], 6)[..], b"zlib.", &digits.as_bytes()[..12], b"\0\0", &digits.as_bytes()[12..44]];
    tree.file("a.o", 0o644, torn.concat());
    for (name, how) in [("gz", Compression::Gzip), ("xz", Compression::Xz), ("zst", Compression::Zstd)] {
        tree.file(&format!("c.{name}"), 0o644, compress(how, format!("/versions/{zlib}/x").as_bytes()));
    }
    tree.file("d.gz", 0o644, &compress(Compression::Gzip, b"no names in here")[..20]);
    let warnings = tree.seal().unwrap().warnings;
    assert_eq!(
        warnings[..3],
        ["gz", "xz", "zst"].map(|name| format!("compressed file: `c.{name}` (it names {zlib})"))
    );
    assert!(warnings[3].starts_with("compressed file: `d.gz` (cannot be looked into: "), "{warnings:?}");
    assert!(warnings[4].starts_with("store name in pieces: `a.o` (byte "), "{warnings:?}");
    assert_eq!(warnings.len(), 5);
}

#[test]
fn attributes_and_foreign_owners_are_gone() {
    let tree = Tree::new();
    tree.file("f", 0o444, "").link("l", "f");
    let path = tree.top.join("f");
    let flags = rustix::fs::XattrFlags::empty();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    rustix::fs::setxattr(&path, "user.x", b"1", flags).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
    let root = rustix::process::geteuid().is_root();
    if root {
        for name in ["f", "l", ""] {
            std::os::unix::fs::lchown(tree.top.join(name), Some(12345), Some(12345)).unwrap();
        }
    }
    tree.seal().unwrap();
    let mut names = [0u8; 256];
    assert_eq!(rustix::fs::listxattr(&path, &mut names).unwrap(), 0);
    let me = rustix::process::geteuid().as_raw();
    for name in ["f", "l", ""] {
        assert_eq!(fs::symlink_metadata(tree.top.join(name)).unwrap().uid(), me);
    }
}

#[test]
fn a_deep_tree_is_sealed() {
    let tree = Tree::new();
    let deep = "d/".repeat(1500) + "file";
    tree.file(&deep, 0o644, "deep");
    assert_eq!(tree.seal().unwrap().manifest.entries.len(), 1501);
}

/// What a build may make: directories, files, links, with odd modes and names.
fn any_tree() -> impl Strategy<Value = Vec<(Vec<u8>, u8, Vec<u8>, u32)>> {
    let name = prop::sample::select(vec![&b"a"[..], b"b", b"c", b"-", b"+x", b"\xff\xfe", b"sp ace", b"zz"]);
    let path = prop::collection::vec(name, 1..4).prop_map(|names| names.join(&b'/'));
    prop::collection::vec((path, 0u8..3, prop::collection::vec(1u8..255, 0..40), 0u32..0o10000), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    // A failure means that a manifest is not the one spelling of its tree, or depends on more than the tree.
    #[test]
    fn any_tree_seals_to_a_manifest_that_reads_back_and_stays(entries in any_tree()) {
        let trees = [Tree::new(), Tree::new()];
        for (tree, order) in trees.iter().zip([false, true]) {
            // The second tree is made in another order; where two entries collide only the order of the first counts.
            let mut made: Vec<_> = entries.iter().collect();
            made.sort_by(|a, b| a.0.cmp(&b.0));
            made.dedup_by(|b, a| a.0 == b.0 || b.0.starts_with(&[&a.0[..], b"/"].concat()));
            if order {
                made.reverse();
            }
            for (path, kind, bytes, mode) in made {
                let path = tree.top.join(std::ffi::OsStr::from_bytes(path));
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                match kind {
                    0 => fs::create_dir(&path).unwrap(),
                    1 => fs::write(&path, bytes).unwrap(),
                    _ => symlink("some/where", &path).unwrap(),
                }
                if *kind < 2 {
                    fs::set_permissions(&path, Permissions::from_mode(*mode)).unwrap();
                }
            }
        }
        let sealed = trees[0].seal().unwrap();
        let bytes = sealed.manifest.to_bytes();
        prop_assert_eq!(&Manifest::parse(&bytes, Path::new("m")).unwrap(), &sealed.manifest);
        prop_assert_eq!(&trees[0].seal().unwrap().manifest, &sealed.manifest);
        let other = trees[1].seal().unwrap();
        prop_assert_eq!(other.manifest.to_bytes(), bytes);
        prop_assert_eq!(other.masked, sealed.masked);
    }
}
