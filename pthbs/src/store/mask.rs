//! The masked digest and the tree key: what two trees have in common when they differ in hashes alone.
//!
//! A tree names itself and its dependencies by hash, so two builds of one thing under two ids are never equal. The
//! *masked manifest* is the manifest with every known `NAME.HASH` replaced by a mask: NAME, the byte 01, the name's
//! number in decimal, and the byte 01 again. Numbers count from 1 in order of first appearance. Exactly:
//!
//! 1. Names are looked for in paths, in the texts of links, and in the bytes of files. Known are the install itself and
//!    what its script could see; any other 64 digits are content.
//! 2. Entries are ordered by their paths with every known name written NAME, 01, 01; equal ones by their paths.
//! 3. Going through the entries in that order, names are numbered as they come: in an entry first those of its path,
//!    then those of the link's text or of the file's bytes, each by ascending offset.
//! 4. The text begins with `#@ masked 1`. An entry has the line that it has in the manifest, with masked path and text,
//!    and for a file the sum of its bytes with every known name masked; its size stays the real one. Its `r` lines give
//!    the mask instead of the name, and are ordered by number; their offsets stay the real ones.
//!
//! The *masked digest* is the sha256 of that text. Nothing is lost by masking but the hashes: no path holds the byte 01,
//! and the offsets tell a mask in a file from content that looks like one.
//!
//! The *tree key* is the sha256 of the text
//!
//! ```text
//! #@ tree 1
//! MASKED-DIGEST
//! TREE-KEY or `own`, for each number in order
//! ```

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::cursor::open_beneath;
use super::names::{Hit, Known, length};
use super::spread::Spread;
use super::{Entry, Manifest, Reference, What, trouble};
use crate::base::hash::Hasher;
use crate::base::{Result, Sha256};
use crate::script::InstallId;

/// The digest of a tree without the hashes in it, and whose hashes those were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    /// The sha256 of the masked manifest.
    pub digest: Sha256,
    /// The installs that the tree names, itself among them, in order of first appearance.
    pub named: Vec<InstallId>,
}

impl Masked {
    /// The other installs that the tree of `own` names.
    pub fn references(&self, own: &InstallId) -> BTreeSet<InstallId> {
        self.named.iter().filter(|install| *install != own).cloned().collect()
    }

    /// What may stand for the tree's content; nothing as long as a named install has no tree key.
    pub fn tree_key(
        &self,
        own: &InstallId,
        mut key_of: impl FnMut(&InstallId) -> Result<Option<Sha256>>,
    ) -> Result<Option<Sha256>> {
        let mut text = format!("#@ tree 1\n{}\n", self.digest);
        for install in &self.named {
            if install == own {
                text.push_str("own\n");
            } else {
                let Some(key) = key_of(install)? else { return Ok(None) };
                text.push_str(&format!("{key}\n"));
            }
        }
        Ok(Some(Sha256::of(text.as_bytes())))
    }
}

/// Masks a sealed tree. `place` is where `top` was opened, for errors.
pub(super) fn mask(
    top: BorrowedFd<'_>,
    place: &Path,
    manifest: &Manifest,
    known: &Known<'_>,
    spread: Spread,
) -> Result<Masked> {
    let entries = in_order(manifest, known);
    let mut numbers = Numbers::default();
    for NamedEntry { entry, path, .. } in &entries {
        path.iter().for_each(|hit| numbers.give(hit.install));
        match &entry.what {
            What::Directory => {}
            What::Link { target } => {
                known.hits_in(target.as_os_str().as_bytes()).iter().for_each(|hit| numbers.give(hit.install));
            }
            What::File { references, .. } => {
                by_offset(references).iter().for_each(|hit| numbers.give(hit.install));
            }
        }
    }
    let lines = spread.each(&entries, |entry| entry.lines(&numbers, known, top));
    let lines = lines.map_err(|cause| trouble("read the files of", place, &cause))?;
    let mut hasher = Hasher::default();
    hasher.update(b"#@ masked 1\n");
    lines.iter().for_each(|lines| hasher.update(lines));
    Ok(Masked { digest: hasher.finish(), named: numbers.named.into_iter().cloned().collect() })
}

/// An entry and the names in its path.
struct NamedEntry<'m, 'a> {
    entry: &'m Entry,
    path: Vec<Hit<'a>>,
    /// The path as it is ordered.
    order: Vec<u8>,
}

fn in_order<'m, 'a>(manifest: &'m Manifest, known: &Known<'a>) -> Vec<NamedEntry<'m, 'a>> {
    let named = manifest.entries.iter().map(|entry| {
        let bytes = entry.path.as_os_str().as_bytes();
        let path = known.hits_in(bytes);
        let order = masked(bytes, &path, |install| format!("{}\u{1}\u{1}", install.name));
        NamedEntry { entry, path, order }
    });
    let mut entries: Vec<NamedEntry<'_, '_>> = named.collect();
    // Stable: the manifest's own order decides between equal ones.
    entries.sort_by(|a, b| a.order.cmp(&b.order));
    entries
}

/// The number of every name, in order of first appearance.
#[derive(Default)]
struct Numbers<'a> {
    named: Vec<&'a InstallId>,
    numbers: HashMap<&'a InstallId, usize>,
}

impl<'a> Numbers<'a> {
    fn give(&mut self, install: &'a InstallId) {
        self.numbers.entry(install).or_insert_with(|| {
            self.named.push(install);
            self.named.len()
        });
    }

    fn of(&self, install: &InstallId) -> usize {
        self.numbers[install]
    }

    fn mask(&self, install: &InstallId) -> String {
        format!("{}\u{1}{}\u{1}", install.name, self.of(install))
    }
}

impl NamedEntry<'_, '_> {
    /// The entry's lines in the masked manifest.
    fn lines(&self, numbers: &Numbers<'_>, known: &Known<'_>, top: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
        let mask = |install: &InstallId| numbers.mask(install);
        let path = masked(self.entry.path.as_os_str().as_bytes(), &self.path, mask);
        let What::File { executable, size, sha256, references } = &self.entry.what else {
            let mut line = match &self.entry.what {
                What::Link { .. } => [b"l\t", path.as_slice()].concat(),
                _ => [b"d\t0555\t", path.as_slice()].concat(),
            };
            if let What::Link { target } = &self.entry.what {
                let target = target.as_os_str().as_bytes();
                line.push(b'\t');
                line.extend(masked(target, &known.hits_in(target), mask));
            }
            line.push(b'\n');
            return Ok(line);
        };
        let sum = match references.is_empty() {
            true => *sha256,
            false => masked_sum(top, &self.entry.path, &by_offset(references), mask)?,
        };
        let mode = if *executable { "0555" } else { "0444" };
        let mut lines = format!("f\t{mode}\t{size}\t{sum}\t").into_bytes();
        lines.extend(path);
        lines.push(b'\n');
        let mut references: Vec<&Reference> = references.iter().collect();
        references.sort_unstable_by_key(|reference| numbers.of(&reference.install));
        for Reference { install, offsets } in references {
            let offsets: Vec<String> = offsets.iter().map(u64::to_string).collect();
            lines.extend(format!("r\t{}\t{}\n", mask(install), offsets.join(" ")).into_bytes());
        }
        Ok(lines)
    }
}

/// All names in a file by ascending offset.
fn by_offset(references: &[Reference]) -> Vec<Hit<'_>> {
    let hits = references.iter().flat_map(|Reference { install, offsets }| {
        offsets.iter().map(move |offset| Hit { install, offset: *offset })
    });
    let mut hits: Vec<Hit<'_>> = hits.collect();
    hits.sort_unstable_by_key(|hit| hit.offset);
    hits
}

/// A short text with its names replaced.
fn masked(text: &[u8], hits: &[Hit<'_>], mask: impl Fn(&InstallId) -> String) -> Vec<u8> {
    let mut masked = Vec::with_capacity(text.len());
    let mut done = 0;
    for hit in hits {
        masked.extend(&text[done..hit.offset as usize]);
        masked.extend(mask(hit.install).into_bytes());
        done = hit.end() as usize;
    }
    masked.extend(&text[done..]);
    masked
}

/// The sum of a file with NAME for every `NAME.HASH`: what two builds of one thing have in common.
pub(super) fn sum_without_hashes(
    top: BorrowedFd<'_>,
    path: &Path,
    references: &[Reference],
) -> io::Result<Sha256> {
    masked_sum(top, path, &by_offset(references), |install| format!("{}\u{1}", install.name))
}

/// The sum of a file with its names replaced.
fn masked_sum(
    top: BorrowedFd<'_>,
    path: &Path,
    hits: &[Hit<'_>],
    mask: impl Fn(&InstallId) -> String,
) -> io::Result<Sha256> {
    let mut file = File::from(open_beneath(top, path)?);
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; 64 * 1024];
    let mut at = 0;
    for hit in hits {
        pass(&mut file, hit.offset - at, &mut buffer, |bytes| hasher.update(bytes))?;
        hasher.update(mask(hit.install).as_bytes());
        pass(&mut file, length(hit.install) as u64, &mut buffer, |_| {})?;
        at = hit.end();
    }
    pass(&mut file, u64::MAX, &mut buffer, |bytes| hasher.update(bytes))?;
    Ok(hasher.finish())
}

/// Reads so many bytes, or to the end.
fn pass(file: &mut File, length: u64, buffer: &mut [u8], mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut rest = file.take(length);
    loop {
        match rest.read(buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => take(&buffer[..n]),
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{Tree, install};

    /// A tree that names itself and two others in a program, a script, a link and a path.
    fn tree(own: &InstallId, zlib: &InstallId, musl: &InstallId) -> Tree {
        let mut tree = Tree::new();
        (tree.own, tree.known) = (own.clone(), BTreeSet::from([zlib.clone(), musl.clone()]));
        let program = format!("\x7fELF\x02\x01\0\0/versions/{own}/share\0/versions/{musl}/lib\0{zlib}");
        tree.file("bin/program", 0o755, program)
            .file("bin/script", 0o755, format!("#!/versions/{own}/bin/program\n/versions/{zlib}/x\n"))
            .file("doc/sums", 0o644, format!("{}  zlib.tar\n", zlib.id))
            .link("lib/libz.a", &format!("/versions/{zlib}/lib/libz.a"))
            .file(&format!("share/{own}/{musl}"), 0o644, "x");
        tree
    }

    fn numbered(name: &str, number: u32) -> InstallId {
        format!("{name}.{}", Sha256::of(&number.to_be_bytes())).parse().unwrap()
    }

    #[test]
    fn two_builds_that_differ_in_their_own_hash_alone_have_one_digest() {
        let (zlib, musl) = (install("zlib"), install("musl"));
        let first = tree(&numbered("x", 1), &zlib, &musl).seal().unwrap();
        let second = tree(&numbered("x", 2), &zlib, &musl).seal().unwrap();
        assert_ne!(first.manifest, second.manifest);
        assert_eq!(first.masked.digest, second.masked.digest);
        assert_eq!(first.masked.named, [numbered("x", 1), musl, zlib]);
        let key = |_: &InstallId| Ok(Some(Sha256::of(b"key")));
        let keys =
            [(first, 1), (second, 2)].map(|(sealed, n)| sealed.masked.tree_key(&numbered("x", n), key));
        assert_eq!(keys[0], keys[1]);
    }

    #[test]
    fn two_builds_on_different_zlibs_differ_in_their_tree_keys() {
        let (own, musl) = (install("x"), install("musl"));
        let zlibs = [numbered("zlib", 1), numbered("zlib", 2)];
        let keys = zlibs.clone().map(|zlib| {
            // What it says of the sum of zlib's archive is content, and stays what it is.
            let tree = tree(&own, &zlib, &musl);
            tree.file("doc/sums", 0o644, "same");
            let masked = tree.seal().unwrap().masked;
            let key = |of: fn(&InstallId) -> String| {
                masked
                    .tree_key(&own, |install| Ok(Some(Sha256::of(of(install).as_bytes()))))
                    .unwrap()
                    .unwrap()
            };
            (masked.digest, key(InstallId::to_string), key(|install| install.name.to_string()))
        });
        let [first, second] = keys;
        assert_eq!(first.0, second.0, "the masked digest knows no hashes");
        assert_ne!(first.1, second.1, "other content has another key");
        assert_eq!(first.2, second.2, "the same content under another hash has the same key");
        let unknown = tree(&own, &zlibs[0], &musl).seal().unwrap().masked;
        assert_eq!(unknown.tree_key(&own, |_| Ok(None)).unwrap(), None);
    }

    #[test]
    fn what_is_named_where_makes_a_difference() {
        let digest = |text: &str| {
            let tree = Tree::new();
            tree.file("f", 0o644, text);
            tree.seal().unwrap().masked.digest
        };
        let (zlib, musl) = (install("zlib"), install("musl"));
        let texts = [
            format!("{zlib} {zlib} {musl}"),
            format!("{zlib} {musl} {musl}"),
            format!("{zlib} {musl} {zlib}"),
            // Content that looks like a mask is none.
            format!("{zlib} zlib\u{1}1\u{1} {musl}"),
        ];
        let digests: BTreeSet<Sha256> = texts.iter().map(|text| digest(text)).collect();
        assert_eq!(digests.len(), texts.len());
    }

    #[test]
    fn order_does_not_depend_on_hashes() {
        let (low, high) = (numbered("a", 5), numbered("a", 1));
        let digests = [&low, &high].map(|install| {
            let mut tree = Tree::new();
            tree.known = BTreeSet::from([install.clone()]);
            tree.file(&format!("{install}"), 0o644, "1").file("a.7", 0o644, "2");
            let sealed = tree.seal().unwrap();
            (sealed.manifest.entries[0].path == Path::new("a.7"), sealed.masked.digest)
        });
        assert!(!digests[0].0 && digests[1].0, "the two hashes lie on either side of the other entry");
        assert_eq!(digests[0].1, digests[1].1);
    }

    #[test]
    fn the_digest_is_the_sum_of_the_text_that_the_documents_give() {
        let (own, musl) = (install("x"), install("musl"));
        let tree = Tree::new();
        tree.file("bin/x", 0o755, format!("#!/versions/{own}/bin/sh\n"))
            .link("lib", &format!("../{musl}/lib"));
        let masked = tree.seal().unwrap().masked;
        let text = format!(
            "#@ masked 1\nd\t0555\tbin\nf\t0555\t86\t{}\tbin/x\nr\tx\u{1}1\u{1}\t12\nl\tlib\t../musl\u{1}2\u{1}/lib\n",
            Sha256::of(b"#!/versions/x\x011\x01/bin/sh\n")
        );
        assert_eq!(masked.digest, Sha256::of(text.as_bytes()));
        // A vector for other programs: this sum must never change.
        assert_eq!(
            masked.digest.to_string(),
            "14981028cf0ec78c3a8913c5e0dc43c3ae8e2d607143994ae4e7eba5e5d4aae5"
        );
        let key = masked.tree_key(&own, |_| Ok(Some(Sha256::of(b"musl")))).unwrap().unwrap();
        let text = format!("#@ tree 1\n{}\nown\n{}\n", masked.digest, Sha256::of(b"musl"));
        assert_eq!(key, Sha256::of(text.as_bytes()));
    }
}
