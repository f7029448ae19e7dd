//! Commits from this machine: a repository's directory, or a bundle. Only objects are read, never its settings.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use git2::{Odb, Oid, Repository};

use super::super::http::Refusal;
use super::Take;
use super::export::plain;
use crate::base::error::system_word;

/// Gives a pack with the commit and all of its files.
pub(super) fn pack(path: &Path, commit: Oid, take: &mut Take<'_>) -> Result<(), Refusal> {
    if path.is_file() { from_bundle(path, take) } else { from_repository(path, commit, take) }
}

fn from_repository(path: &Path, commit: Oid, take: &mut Take<'_>) -> Result<(), Refusal> {
    let refused = |cause: git2::Error| Refusal::lasting(plain(cause));
    let objects = objects_of(path).ok_or_else(|| match path.exists() {
        true => Refusal::lasting("it is no git repository"),
        false => Refusal::lasting("No such file or directory"),
    })?;
    let objects = objects.to_str().ok_or_else(|| Refusal::lasting("its path is not UTF-8"))?;
    // An object database and nothing around it: no configuration, no hooks, no owner to trust.
    let odb = Odb::new().map_err(refused)?;
    odb.add_disk_alternate(objects).map_err(refused)?;
    let repository = Repository::from_odb(odb).map_err(refused)?;
    if repository.find_commit(commit).is_err() {
        return Err(Refusal::lasting("it does not have the commit"));
    }
    let mut builder = repository.packbuilder().map_err(refused)?;
    builder.insert_commit(commit).map_err(refused)?;
    let mut taken = Ok(());
    let built = builder.foreach(|bytes| {
        taken = take(bytes);
        taken.is_ok()
    });
    taken.and_then(|()| built.map_err(refused))
}

/// Writes a bundle with some commits and all of their files.
pub(super) fn bundle(repository: &Repository, commits: &[Oid], out: &mut File) -> Result<(), String> {
    let mut head = "# v2 git bundle\n".to_string();
    let mut builder = repository.packbuilder().map_err(plain)?;
    for (number, commit) in commits.iter().enumerate() {
        head.push_str(&format!("{commit} refs/heads/{number}\n"));
        builder.insert_commit(*commit).map_err(plain)?;
    }
    head.push('\n');
    let mut written = out.write_all(head.as_bytes());
    let built = builder.foreach(|bytes| {
        if written.is_ok() {
            written = out.write_all(bytes);
        }
        written.is_ok()
    });
    written.map_err(|cause| system_word(&cause)).and_then(|()| built.map_err(plain))
}

/// The object directory of a bare repository, of one with files, or of a linked work tree.
fn objects_of(path: &Path) -> Option<PathBuf> {
    let dot_git = path.join(".git");
    let git_dir = match fs::read_to_string(&dot_git) {
        Ok(text) => path.join(text.strip_prefix("gitdir: ")?.trim_end()),
        Err(_) if dot_git.is_dir() => dot_git,
        Err(_) => path.to_path_buf(),
    };
    let common = match fs::read_to_string(git_dir.join("commondir")) {
        Ok(text) => git_dir.join(text.trim_end()),
        Err(_) => git_dir,
    };
    let objects = common.join("objects");
    (objects.is_dir() && common.join("HEAD").exists()).then_some(objects)
}

/// A bundle: some lines, then a pack (gitformat-bundle(5)).
fn from_bundle(path: &Path, take: &mut Take<'_>) -> Result<(), Refusal> {
    let failed = |cause: std::io::Error| Refusal::lasting(system_word(&cause));
    let mut file = BufReader::with_capacity(128 * 1024, File::open(path).map_err(failed)?);
    let mut is_first = true;
    loop {
        let mut line = Vec::new();
        (&mut file).take(64 * 1024).read_until(b'\n', &mut line).map_err(failed)?;
        let line = line.strip_suffix(b"\n").ok_or_else(|| Refusal::lasting("it is no git bundle"))?;
        match line {
            b"# v2 git bundle" | b"# v3 git bundle" if is_first => {}
            _ if is_first => return Err(Refusal::lasting("it is no git bundle")),
            b"@object-format=sha1" => {}
            [b'@', ..] => {
                return Err(Refusal::lasting(format!("the bundle needs `{}`", line.escape_ascii())));
            }
            [b'-', ..] => return Err(Refusal::lasting("the bundle holds only a part of the history")),
            b"" => break,
            _ => {}
        }
        is_first = false;
    }
    loop {
        let piece = file.fill_buf().map_err(failed)?;
        let length = piece.len();
        if length == 0 {
            return Ok(());
        }
        take(piece)?;
        file.consume(length);
    }
}
