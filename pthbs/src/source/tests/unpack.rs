//! Hostile archives: each is an error that names the member, and nothing ever appears outside.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use proptest::prelude::*;

use super::skip;
use crate::source::{Limits, unpack};

const LIMITS: Limits = Limits { bytes: 1 << 20, members: 1000 };

/// One member as it stands in the archive: any name, any type, whatever is wrong with it.
#[derive(Debug, Clone)]
struct Raw {
    name: Vec<u8>,
    kind: u8,
    mode: u32,
    link: Vec<u8>,
    data: Vec<u8>,
}

fn raw(name: &str, kind: u8) -> Raw {
    Raw { name: name.into(), kind, mode: 0o644, link: Vec::new(), data: Vec::new() }
}

fn file(name: &str, data: &str) -> Raw {
    Raw { data: data.into(), ..raw(name, b'0') }
}

fn link(name: &str, kind: u8, link: &str) -> Raw {
    Raw { link: link.into(), ..raw(name, kind) }
}

fn pax(records: &[(&str, &str)]) -> Raw {
    let record = |(key, value): &(&str, &str)| {
        let rest = format!(" {key}={value}\n");
        // The length counts its own digits; all of ours are two or three.
        let length = if rest.len() + 2 < 100 { rest.len() + 2 } else { rest.len() + 3 };
        format!("{length}{rest}")
    };
    Raw { data: records.iter().map(record).collect::<String>().into(), ..raw("pax", b'x') }
}

impl Raw {
    fn header(&self, size: u64) -> Vec<u8> {
        let mut block = vec![0; 512];
        let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &self.name[..self.name.len().min(100)]);
        put(100, format!("{:07o}", self.mode).as_bytes());
        put(124, format!("{size:011o}").as_bytes());
        put(136, b"00000000001");
        put(148, b"        ");
        put(156, &[self.kind]);
        put(157, &self.link[..self.link.len().min(100)]);
        put(257, b"ustar\x0000");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        block
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.header(self.data.len() as u64);
        bytes.extend(&self.data);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    }
}

fn archive(members: &[Raw]) -> Vec<u8> {
    let mut bytes: Vec<u8> = members.iter().flat_map(Raw::bytes).collect();
    bytes.extend([0; 1024]);
    bytes
}

/// A directory with a file beside the place to unpack to, which must never change.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("precious"), "precious").unwrap();
        Place { dir }
    }

    fn unpack(&self, bytes: &[u8], strip: u32) -> Result<(), String> {
        let path = self.dir.path().join("archive");
        fs::write(&path, bytes).unwrap();
        unpack(&path, &self.dir.path().join("into"), strip, &LIMITS).map_err(|error| error.to_string())
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join("into").join(name)).unwrap()
    }

    fn is_unharmed(&self) -> bool {
        let names: BTreeSet<_> =
            fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.iter().all(|name| ["precious", "archive", "into"].iter().any(|known| name == known))
            && fs::read_to_string(self.dir.path().join("precious")).unwrap() == "precious"
            && fs::metadata(self.dir.path().join("precious")).unwrap().nlink() == 1
    }
}

/// The error of an archive, which must name the member; nothing may have happened outside.
fn refused(members: &[Raw], strip: u32, member: &str) -> String {
    let place = Place::new();
    let error = place.unpack(&archive(members), strip).unwrap_err();
    assert!(error.contains(&format!("member: `{member}`")), "{error}");
    assert!(place.is_unharmed());
    error
}

#[test]
fn every_hostile_member_is_named() {
    for (members, member, why) in [
        (vec![file("a/../../precious", "x")], "a/../../precious", "leads out by `..`"),
        (vec![file("../precious", "x")], "../precious", "leads out by `..`"),
        (vec![file("/etc/x", "x")], "/etc/x", "absolute"),
        (vec![link("d", b'2', ".."), file("d/precious", "x")], "d/precious", "behind a symbolic link"),
        (vec![link("d", b'2', ".."), raw("d/", b'5')], "d/", "behind a symbolic link"),
        (vec![link("f", b'2', "../precious"), file("f", "x")], "f", "such an entry already"),
        (vec![link("h", b'1', "../precious")], "h", "`../precious`: its name leads out"),
        (vec![link("h", b'1', "/etc/passwd")], "h", "is absolute"),
        (vec![link("h", b'1', "nothing")], "h", "which is not there"),
        (vec![link("s", b'2', "../precious"), link("h", b'1', "s")], "h", "which is no file"),
        (vec![link("d", b'2', ".."), link("h", b'1', "d/precious")], "h", "symbolic link"),
        (vec![link("s", b'2', "")], "s", "a link to nothing"),
        (vec![pax(&[("path", "../precious")]), file("a", "x")], "../precious", "leads out"),
        (vec![pax(&[("linkpath", "../precious")]), link("a", b'1', "b")], "a", "leads out"),
        (vec![pax(&[("size", "7")]), file("a", "x")], "a", "two sizes, 1 and 7"),
        (vec![pax(&[("GNU.sparse.major", "1")]), file("a", "x")], "a", "sparse"),
        (vec![Raw { mode: 0o4755, ..file("su", "x") }], "su", "set-user-id"),
        (vec![Raw { mode: 0o2755, ..file("sg", "x") }], "sg", "set-group-id"),
        (vec![raw("null", b'3')], "null", "device"),
        (vec![raw("sda", b'4')], "sda", "device"),
        (vec![raw("pipe", b'6')], "pipe", "FIFO"),
        (vec![raw("odd", b'S')], "odd", "sparse"),
        (vec![raw("odd", b'V')], "odd", "unknown kind `V`"),
        (vec![file("a", "x"), file("./a", "y")], "./a", "such an entry already"),
        (vec![file("a", "x"), file("a/b", "y")], "a/b", "no directory"),
        (vec![Raw { data: b"x".into(), ..raw("d", b'5') }], "d", "yet has 1 bytes"),
        (vec![Raw { name: b"bad\nname\x1b/..".into(), ..raw("", b'0') }], "bad\\nname\\x1b/..", "leads out"),
        (vec![file("", "x")], "", "empty"),
        (
            vec![file(&"n".repeat(90), ""), pax(&[("path", &"n".repeat(300))]), file("a", "")],
            &"n".repeat(300),
            "long",
        ),
    ] {
        let error = refused(&members, 0, member);
        assert!(error.contains(why), "{error}");
    }
    assert!(refused(&[file("README", "x")], 1, "README").contains("above the 1 leading directories"));
    assert!(refused(&[file("a/x", ""), file("b/x", "")], 1, "b/x").contains("such an entry already"));
}

#[test]
fn an_archive_that_is_none_says_why() {
    let whole = archive(&[file("a", &"x".repeat(2000))]);
    let mut wrong_sum = whole.clone();
    wrong_sum[0] = b'b';
    let mut after = whole.clone();
    after.extend(file("late", "x").bytes());
    let global = Raw { kind: b'g', ..pax(&[("path", "x")]) };
    for (bytes, why) in [
        (Vec::new(), "it is no tar archive"),
        (b"garbage".repeat(200), "it is no tar archive"),
        (wrong_sum, "it is no tar archive"),
        (whole[..1000].to_vec(), "member: `a`\n  the archive ends in the middle of it"),
        (whole[..whole.len() - 1024].to_vec(), "it is truncated"),
        (whole[..whole.len() - 1124].to_vec(), "it is truncated"),
        ([&whole[..whole.len() - 1024], &[b'x'; 512]].concat(), "does not match its checksum"),
        (after, "there is something after its end"),
        (archive(&[pax(&[("path", "x")])]), "a long name has no member"),
        (archive(&[global, file("a", "x")]), "renames or resizes all members"),
        (archive(&[Raw { data: vec![b'9'; 2 << 20], ..raw("x", b'L') }]), "is too long"),
        (archive(&[raw("./", b'5')]), "it holds nothing"),
        (archive(&vec![raw("d/", b'5'); 1001]), "more than 1000 members"),
    ] {
        let place = Place::new();
        let error = place.unpack(&bytes, 0).unwrap_err();
        assert!(error.contains(why), "{why}: {error}");
        assert!(place.is_unharmed());
    }
    let place = Place::new();
    assert!(place.unpack(&archive(&[raw("d/", b'5')]), 1).unwrap_err().contains("without 1 leading"));
}

#[test]
fn all_that_real_archives_have_is_unpacked() {
    let long = format!("top/{}/{}", "d".repeat(120), "f".repeat(120));
    let members = [
        Raw { kind: b'g', ..pax(&[("comment", "0123456789abcdef")]) },
        Raw { mode: 0o2755, ..raw("./top/", b'5') },
        Raw { mode: 0o700, ..file("./top/run", "#!") },
        file("top//deep/er/file", "deep"),
        link("top/link", b'2', "../../anywhere"),
        link("top/again", b'1', "./top/run"),
        Raw { data: format!("{long}\0").into(), ..raw("././@LongLink", b'L') },
        file("top/short", "gnu"),
        pax(&[("path", "top/p\u{e4}x"), ("mtime", "1.5"), ("size", "3")]),
        file("top/short", "pax"),
        Raw { kind: 0, ..file("top/old", "old") },
        Raw { kind: 0, ..raw("top/olddir/", 0) },
    ];
    let place = Place::new();
    place.unpack(&archive(&members), 1).unwrap();
    for (name, text) in [
        ("run", "#!"),
        ("again", "#!"),
        ("deep/er/file", "deep"),
        (long.strip_prefix("top/").unwrap(), "gnu"),
        ("p\u{e4}x", "pax"),
        ("old", "old"),
    ] {
        assert_eq!(place.read(name), text);
    }
    let into = place.dir.path().join("into");
    assert_eq!(fs::metadata(into.join("run")).unwrap().mode() & 0o7777, 0o755);
    assert_eq!(fs::read_link(into.join("link")).unwrap(), Path::new("../../anywhere"));
    assert!(into.join("olddir").is_dir());
}

type Compress = fn(&[u8]) -> Vec<u8>;

fn compressions() -> [(&'static str, Compress); 4] {
    [
        ("gzip", |bytes| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }),
        ("xz", |bytes| {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }),
        ("bzip2", |bytes| {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }),
        ("zstd", |bytes| zstd::encode_all(bytes, 1).unwrap()),
    ]
}

#[test]
fn every_compression_is_told_by_its_bytes_and_checked_to_its_end() {
    let bytes = archive(&[file("a", &"text ".repeat(1000))]);
    for (name, compress) in compressions() {
        let compressed = compress(&bytes);
        let place = Place::new();
        place.unpack(&compressed, 0).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(place.read("a").len(), 5000);

        for cut in [compressed.len() - 1, compressed.len() / 2] {
            let error = Place::new().unpack(&compressed[..cut], 0).unwrap_err();
            assert!(error.contains("its compressed data"), "{name} cut at {cut}: {error}");
        }
        let mut flipped = compressed.clone();
        flipped[compressed.len() / 2] ^= 0x10;
        if name != "zstd" {
            // zstd has no checksum unless it is asked for one; the sha256 is what protects there.
            assert!(Place::new().unpack(&flipped, 0).is_err(), "{name} with a flipped bit");
        }
        // Two streams one after another are one archive, as parallel compressors write it.
        let (first, second) = bytes.split_at(700);
        Place::new().unpack(&[compress(first), compress(second)].concat(), 0).unwrap();
    }
}

#[test]
fn a_bomb_is_stopped_at_the_limit() {
    let bomb = archive(&[Raw { data: vec![0; 8 << 20], ..raw("zeros", b'0') }]);
    for (name, compress) in compressions() {
        let place = Place::new();
        let error = place.unpack(&compress(&bomb), 0).unwrap_err();
        assert!(error.contains("larger than the limit of 1048576 bytes"), "{name}: {error}");
        assert!(fs::metadata(place.dir.path().join("into/zeros")).unwrap().len() <= LIMITS.bytes);
    }
}

#[test]
fn an_archive_that_asks_for_all_of_the_memory_is_refused() {
    let [_, (_, xz), _, (_, zstd)] = compressions();
    let bytes = archive(&[file("a", "x")]);

    // The size of the dictionary stands in the block's header, behind the stream's 12 bytes, and has a checksum.
    let mut compressed = xz(&bytes);
    assert_eq!(compressed[14..16], [0x21, 1], "the only filter is LZMA2");
    compressed[16] = 40;
    let mut crc = flate2::Crc::new();
    crc.update(&compressed[12..20]);
    compressed[20..24].copy_from_slice(&crc.sum().to_le_bytes());
    let error = Place::new().unpack(&compressed, 0).unwrap_err();
    assert!(error.contains("its compressed data"), "{error}");
    assert!(error.to_lowercase().contains("mem"), "{error}");

    let mut compressed = zstd(&bytes);
    assert_eq!(compressed[4] & 0x20, 0, "the frame says how large its window is");
    compressed[5] = 0xf8;
    let error = Place::new().unpack(&compressed, 0).unwrap_err();
    assert!(error.contains("its compressed data") && error.contains("memory"), "{error}");
}

#[test]
fn a_name_of_a_megabyte_and_a_thousand_directories_are_errors_or_fine() {
    let deep = "d/".repeat(1000) + "f";
    Place::new().unpack(&archive(&[Raw { data: deep.into(), ..raw("L", b'L') }, file("x", "1")]), 0).unwrap();
    let deeper = "d/".repeat(5000) + "f";
    let error =
        Place::new().unpack(&archive(&[Raw { data: deeper.into(), ..raw("L", b'L') }, file("x", "1")]), 0);
    assert!(error.unwrap_err().contains("File name too long"));
}

#[test]
fn an_ordinary_archive_of_the_system_tar_is_unpacked_alike() {
    let dir = tempfile::tempdir().unwrap();
    let top = dir.path().join("top");
    fs::create_dir_all(top.join("sub/dir")).unwrap();
    for number in 0..50 {
        let mut file = File::create(top.join(format!("sub/{}{number}", "n".repeat(number * 4)))).unwrap();
        file.write_all(&vec![b'x'; number * 100]).unwrap();
    }
    fs::hard_link(top.join("sub/0"), top.join("sub/dir/hard")).unwrap();
    for format in ["gnu", "pax", "ustar", "v7"] {
        let archive = dir.path().join(format);
        let made = std::process::Command::new("tar")
            .args(["--create", "--format", format, "--directory"])
            .arg(dir.path())
            .arg("--file")
            .arg(&archive)
            .args(if matches!(format, "v7" | "ustar") { vec!["--exclude=nnnn*"] } else { vec![] })
            .arg("top")
            .status();
        match made {
            Ok(status) => assert!(status.success(), "{format}"),
            Err(cause) => return skip(&format!("no tar on this machine: {cause}")),
        }
        let into = dir.path().join(format!("{format}.out"));
        unpack(&archive, &into, 1, &LIMITS).unwrap();
        for entry in walkdir::WalkDir::new(&into) {
            let entry = entry.unwrap();
            let below = entry.path().strip_prefix(&into).unwrap();
            if entry.file_type().is_file() {
                assert_eq!(fs::read(entry.path()).unwrap(), fs::read(top.join(below)).unwrap(), "{format}");
            }
        }
        assert!(into.join("sub/dir/hard").is_file());
    }
}

fn any_member() -> impl Strategy<Value = Raw> {
    let name = || {
        let part = prop_oneof![
            Just(".."),
            Just("."),
            Just("a"),
            Just("b"),
            Just("precious"),
            Just(""),
            Just("into")
        ];
        prop::collection::vec(part, 1..4).prop_map(|parts| parts.join("/"))
    };
    let kind =
        prop_oneof![Just(b'0'), Just(b'1'), Just(b'2'), Just(b'5'), Just(b'2'), Just(b'0'), any::<u8>()];
    (name(), kind, name(), "[a-z]{0,3}", any::<bool>()).prop_map(|(name, kind, link, data, is_bare)| {
        let data = if kind == b'0' || is_bare { data.into_bytes() } else { Vec::new() };
        Raw { name: name.into(), kind, mode: 0o755, link: link.into(), data }
    })
}

proptest! {
    // A failure means that an archive can write, link or make something outside of the directory it is unpacked into.
    #[test]
    fn no_list_of_members_leaves_its_directory(members in prop::collection::vec(any_member(), 1..12), strip in 0..2u32) {
        let place = Place::new();
        let _ = place.unpack(&archive(&members), strip);
        prop_assert!(place.is_unharmed());
        // Nothing inside shares an inode with anything outside, and all of it is of a harmless kind.
        let into = place.dir.path().join("into");
        for entry in walkdir::WalkDir::new(&into).into_iter().flatten() {
            let kind = entry.file_type();
            prop_assert!(kind.is_file() || kind.is_dir() || kind.is_symlink());
        }
    }

    // A failure means that some bytes make the reader panic or hang.
    #[test]
    fn garbage_is_an_error(at in 0..2048usize, byte: u8, length in 0..2560usize) {
        let mut bytes = archive(&[pax(&[("path", "x")]), file("a", "x"), link("b", b'2', "a")]);
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(length);
        let place = Place::new();
        let _ = place.unpack(&bytes, 0);
        prop_assert!(place.is_unharmed());
    }
}
