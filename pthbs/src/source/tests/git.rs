//! Commits from real repositories: over HTTP from git's own server, from a directory, from a bundle.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::server::{Reply, Request, Server};
use super::{Bench, origins, quick, skip};
use crate::base::{Result, Sha256};
use crate::script::Source;
use crate::source::{Config, Mirror, check, place};

/// git as everybody has it: no settings of this machine.
fn git(dir: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(dir)
        .envs([("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null")])
        .envs([
            ("GIT_AUTHOR_NAME", "A"),
            ("GIT_AUTHOR_EMAIL", "a@b"),
            ("GIT_AUTHOR_DATE", "1000000000 +0000"),
        ])
        .envs([
            ("GIT_COMMITTER_NAME", "A"),
            ("GIT_COMMITTER_EMAIL", "a@b"),
            ("GIT_COMMITTER_DATE", "1000000000 +0000"),
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_string()
}

fn has_git() -> bool {
    let found = Command::new("git")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !found {
        skip("no git on this machine");
    }
    found
}

/// Makes a repository whose first commit is below another one; gives the first.
fn project(dir: &Path) -> String {
    fs::create_dir_all(dir.join("sub")).unwrap();
    git(dir, &["init", "-q"]);
    fs::write(dir.join("README"), "hello\r\n").unwrap();
    fs::write(dir.join("sub/run"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(dir.join("sub/run"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("../README", dir.join("sub/link")).unwrap();
    fs::write(
        dir.join(".gitattributes"),
        "* text eol=crlf export-subst ident\n*.x filter=evil\nsecret export-ignore\n",
    )
    .unwrap();
    fs::write(dir.join("secret"), "$Id$ $Format:%H$").unwrap();
    git(dir, &["add", "."]);
    git(dir, &["commit", "-qm", "one"]);
    let commit = git(dir, &["rev-parse", "HEAD"]);
    fs::write(dir.join("later"), "x".repeat(100_000)).unwrap();
    git(dir, &["add", "."]);
    git(dir, &["commit", "-qm", "two"]);
    commit
}

/// What the first commit of `project` must sum to: written out, because it is a format.
fn project_sum() -> Sha256 {
    let file = |bytes: &str| format!("{}\t{}", bytes.len(), Sha256::of(bytes.as_bytes()));
    let readme = "hello\n";
    let manifest = format!(
        "#@ manifest 1\n\
         f\t0444\t{}\t.gitattributes\n\
         f\t0444\t{}\tREADME\n\
         f\t0444\t{}\tsecret\n\
         d\t0555\tsub\n\
         l\tsub/link\t../README\n\
         f\t0555\t{}\tsub/run\n",
        file("* text eol=crlf export-subst ident\n*.x filter=evil\nsecret export-ignore\n"),
        file(readme),
        file("$Id$ $Format:%H$"),
        file("#!/bin/sh\n"),
    );
    Sha256::of(manifest.as_bytes())
}

fn source(commit: &str, tree: Sha256) -> Source {
    Source::Git { commit: commit.to_string(), tree, name: "project".to_string() }
}

fn file_url(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// git's own server below `root`; `older` hides that the client speaks version 2.
fn serve(root: PathBuf, is_older: bool) -> Server {
    let exec_path = PathBuf::from(git(&root, &["--exec-path"]));
    Server::start(move |request| backend(&exec_path.join("git-http-backend"), &root, request, is_older))
}

fn backend(program: &Path, root: &Path, request: &Request, is_older: bool) -> Reply {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let header = |name: &str| request.headers.get(name).cloned().unwrap_or_default();
    let mut command = Command::new(program);
    command
        .envs([
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_HTTP_EXPORT_ALL", "1"),
        ])
        .env("GIT_PROJECT_ROOT", root)
        .envs([("PATH_INFO", path), ("QUERY_STRING", query), ("REQUEST_METHOD", &request.method)])
        .env("CONTENT_TYPE", header("content-type"))
        .env("CONTENT_LENGTH", request.body.len().to_string());
    if !is_older {
        command.env("GIT_PROTOCOL", header("git-protocol"));
    }
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&request.body).unwrap();
    let output = child.wait_with_output().unwrap().stdout;
    let end = output.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(0);
    let head = String::from_utf8_lossy(&output[..end]).into_owned();
    let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::to_string);
    let status = value("Status: ").and_then(|status| status[..3].parse().ok()).unwrap_or(200);
    let kind = value("Content-Type: ").unwrap_or_default();
    Reply {
        status,
        headers: vec![("Content-Type", kind)],
        ..Reply::ok(output.get(end + 4..).unwrap_or_default())
    }
}

impl Bench {
    fn fetch_commit(&self, commit: &str, tree: Sha256, urls: &[&str]) -> Result<PathBuf> {
        self.fetcher(quick()).fetch(&source(commit, tree), &origins(urls))
    }
}

fn pack_bytes(repository: &Path) -> u64 {
    let packs = fs::read_dir(repository.join("objects/pack")).unwrap();
    packs.map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

#[test]
fn a_commit_comes_alone_and_is_laid_out_as_it_is() {
    if !has_git() {
        return;
    }
    for is_older in [false, true] {
        let bench = Bench::new();
        let commit = project(&bench.path("root/project"));
        if is_older {
            git(&bench.path("root/project"), &["config", "uploadpack.allowReachableSHA1InWant", "true"]);
        }
        let server = serve(bench.path("root"), is_older);
        let kept = bench.fetch_commit(&commit, project_sum(), &[&server.url("/project/.git")]).unwrap();
        assert!(pack_bytes(&kept) < 3000, "the later commit came with it");

        let src = bench.path("src");
        fs::create_dir(&src).unwrap();
        drop(server);
        let offline = bench.fetcher(Config { offline: true, ..quick() });
        offline.place(&source(&commit, project_sum()), &[], &src).unwrap();
        assert_eq!(fs::read_to_string(src.join("project/README")).unwrap(), "hello\n");
        assert_eq!(fs::read_to_string(src.join("project/secret")).unwrap(), "$Id$ $Format:%H$");
        assert_eq!(fs::metadata(src.join("project/sub/run")).unwrap().permissions().mode() & 0o7777, 0o755);
        assert_eq!(fs::read_link(src.join("project/sub/link")).unwrap(), Path::new("../README"));
        assert!(!src.join("project/.git").exists());
    }
}

#[test]
fn a_server_that_gives_only_branches_is_asked_for_them() {
    if !has_git() {
        return;
    }
    for is_older in [false, true] {
        let bench = Bench::new();
        let commit = project(&bench.path("root/project"));
        let (root, want) = (bench.path("root"), format!("want {commit}"));
        let program = PathBuf::from(git(&root, &["--exec-path"])).join("git-http-backend");
        // git's own server gives every commit that a branch has; others do not.
        let server =
            Server::start(move |request| match String::from_utf8_lossy(&request.body).contains(&want) {
                true => Reply::ok(b"0026ERR upload-pack: not our ref 1234\n0000"),
                false => backend(&program, &root, request, is_older),
            });
        let url = server.url("/project/.git");
        let error =
            bench.fetch_commit(&commit, project_sum(), &[&format!("{url}#nothing")]).unwrap_err().to_string();
        assert!(error.contains("the git server says: upload-pack: not our ref 1234"), "{error}");
        bench.fetch_commit(&commit, project_sum(), &[&format!("{url}#main")]).unwrap();
        fs::remove_dir_all(bench.store.sources().join("git")).unwrap();
        bench.fetch_commit(&commit, project_sum(), &[&url]).unwrap();
    }
}

#[test]
fn a_directory_and_a_bundle_are_as_good_as_a_server() {
    if !has_git() {
        return;
    }
    let bench = Bench::new();
    let (repository, bundle) = (bench.path("project"), bench.path("project.bundle"));
    let commit = project(&repository);
    git(&repository, &["bundle", "create", "-q", bundle.to_str().unwrap(), "main"]);
    git(&repository, &["worktree", "add", "-q", "../linked"]);
    git(bench.dir.path(), &["clone", "-q", "--bare", "project", "bare.git"]);
    for name in ["project", "linked", "bare.git", "project.bundle"] {
        let bench = Bench {
            store: crate::store::Store::open(&bench.path(&format!("store.{name}"))).unwrap(),
            ..Bench::new()
        };
        let url = file_url(&repository.with_file_name(name));
        let mirrors = vec![Mirror::Prefix { from: "https://upstream.invalid/p".to_string(), to: url }];
        let fetcher = bench.fetcher(Config { mirrors, offline: true, ..quick() });
        let kept = fetcher.fetch(&source(&commit, project_sum()), &origins(&["https://upstream.invalid/p"]));
        assert!(kept.unwrap().is_dir(), "{name}");
    }
}

#[test]
fn a_wrong_sum_keeps_nothing_and_says_the_right_one() {
    if !has_git() {
        return;
    }
    let bench = Bench::new();
    let commit = project(&bench.path("project"));
    let (url, wrong) = (file_url(&bench.path("project")), Sha256::of(b"wrong"));
    let unknown: Sha256 = format!("{}{}", "0".repeat(16), "1".repeat(48)).parse().unwrap();
    let asked = bench.fetch_commit(&commit, unknown, &[&url]).unwrap_err().to_string();
    assert!(asked.starts_with("error: source `project` has no hash yet\n"), "{asked}");
    assert!(asked.contains(&format!("write sha256=\"{}\" there", project_sum())), "{asked}");
    let error = bench.fetch_commit(&commit, wrong, &[&url]).unwrap_err();
    assert_eq!(error.kind().exit_code(), 1);
    let error = error.to_string();
    assert!(error.starts_with("error: source `project` does not match its hash\n"), "{error}");
    assert!(
        error.contains(&format!("commit: {commit}\n  expected: {wrong}\n  received: {}\n", project_sum())),
        "{error}"
    );
    assert!(!bench.store.git_commit(&commit, &wrong).exists());
    // What was fetched for it is used, once the sum is right.
    fs::remove_dir_all(bench.path("project")).unwrap();
    bench.fetch_commit(&commit, project_sum(), &[&url]).unwrap();
}

#[test]
fn a_damaged_repository_is_noticed_and_fetched_anew() {
    if !has_git() {
        return;
    }
    let bench = Bench::new();
    let commit = project(&bench.path("project"));
    let (url, src) = (file_url(&bench.path("project")), bench.path("src"));
    let kept = bench.fetch_commit(&commit, project_sum(), &[&url]).unwrap();
    fs::create_dir(&src).unwrap();
    let unharmed = check(&bench.store).unwrap();
    assert_eq!((unharmed.commits, unharmed.damaged.len()), (1, 0));
    let pack = fs::read_dir(kept.join("objects/pack")).unwrap().map(|entry| entry.unwrap().path());
    let pack = pack.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "pack")).unwrap();
    let mut bytes = fs::read(&pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 40].fill(0);
    fs::set_permissions(&pack, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(&pack, bytes).unwrap();
    let error = place(&bench.store, &source(&commit, project_sum()), &src).unwrap_err();
    assert_eq!(error.what(), "kept source `project` is damaged");
    assert!(!src.join("project").exists());
    bench.fetcher(quick()).place(&source(&commit, project_sum()), &origins(&[&url]), &src).unwrap();
    assert!(src.join("project/README").exists());
    fs::remove_file(kept.join("HEAD")).unwrap();
    fs::remove_dir_all(fs::canonicalize(&kept).unwrap()).unwrap();
    let found = check(&bench.store).unwrap();
    assert_eq!((found.commits, found.damaged.len()), (0, 1));
}

/// A project with a submodule at `lib/sub` whose URL is `url`, and its commit.
fn with_submodule(bench: &Bench, url: &str) -> String {
    let commit = project(&bench.path("root/sub"));
    let dir = bench.path("root/project");
    fs::create_dir_all(&dir).unwrap();
    git(&dir, &["init", "-q"]);
    fs::write(dir.join(".gitmodules"), format!("[submodule \"x\"]\n\tpath = lib/sub\n\turl = {url}\n"))
        .unwrap();
    git(&dir, &["add", "."]);
    git(&dir, &["update-index", "--add", "--cacheinfo", &format!("160000,{commit},lib/sub")]);
    git(&dir, &["update-index", "--add", "--cacheinfo", &format!("160000,{commit},unnamed")]);
    git(&dir, &["commit", "-qm", "one"]);
    git(&dir, &["rev-parse", "HEAD"])
}

#[test]
fn submodules_come_with_their_pinned_commits() {
    if !has_git() {
        return;
    }
    let bench = Bench::new();
    let commit = with_submodule(&bench, "../../sub/.git");
    let server = serve(bench.path("root"), false);
    let url = server.url("/project/.git");
    let error = bench.fetch_commit(&commit, Sha256::of(b"?"), &[&url]).unwrap_err().to_string();
    let sum = error.lines().find_map(|line| line.strip_prefix("  received: ")).unwrap().parse().unwrap();
    bench.fetch_commit(&commit, sum, &[&url]).unwrap();
    let out = bench.path("out");
    let bundle = bench.fetcher(quick()).export(&source(&commit, sum), &origins(&[&url]), &out).unwrap();
    assert_eq!(bundle, out.join(format!("{commit}.bundle")));
    assert_eq!(check(&bench.store).unwrap().commits, 1);
    drop(server);

    // Another machine has the bundle alone.
    let bench = Bench::new();
    let offline = bench.fetcher(Config { distfiles: vec![out], offline: true, ..quick() });
    offline.fetch(&source(&commit, sum), &origins(&[&url])).unwrap();
    let src = bench.path("src");
    fs::create_dir(&src).unwrap();
    place(&bench.store, &source(&commit, sum), &src).unwrap();
    assert_eq!(fs::read_to_string(src.join("project/lib/sub/README")).unwrap(), "hello\n");
    assert_eq!(fs::read_dir(src.join("project/unnamed")).unwrap().count(), 0);
}

#[test]
fn a_submodule_cannot_reach_this_machine() {
    if !has_git() {
        return;
    }
    for url in ["file:///etc", "/etc", "ext::sh -c true", "--upload-pack=true", "../../../../.."] {
        let bench = Bench::new();
        let commit = with_submodule(&bench, url);
        let error = bench.fetch_commit(&commit, Sha256::of(b"?"), &[&file_url(&bench.path("root/project"))]);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("submodule `lib/sub`: `"), "{url}: {error}");
    }
}

/// Writes a tree with any names and kinds, which git itself would refuse to check out.
fn hostile_tree(dir: &Path, entries: &[(&str, &str)]) -> String {
    fs::create_dir_all(dir).unwrap();
    git(dir, &["init", "-q"]);
    let repository = git2::Repository::open(dir).unwrap();
    let blob = repository.blob(b"../../precious").unwrap();
    let mut data = Vec::new();
    for (mode, name) in entries {
        data.extend(format!("{mode} {name}\0").bytes());
        data.extend(blob.as_bytes());
    }
    let tree = repository.odb().unwrap().write(git2::ObjectType::Tree, &data).unwrap();
    git(dir, &["commit-tree", "-m", "x", &tree.to_string()])
}

#[test]
fn hostile_trees_are_refused() {
    if !has_git() {
        return;
    }
    for (entries, why) in [
        (&[("100644", "..")][..], "no plain file name"),
        (&[("100644", "a/../../precious")], "no plain file name"),
        (&[("100644", ".GIT")], "must not hold this name"),
        (&[("100644", "a\nb")], "control character"),
        (&[("020000", "null")], "unknown kind"),
        (&[("040000", "d")], "git:"),
    ] {
        let bench = Bench::new();
        let commit = hostile_tree(&bench.path("project"), entries);
        let error = bench.fetch_commit(&commit, Sha256::of(b"?"), &[&file_url(&bench.path("project"))]);
        let error = error.unwrap_err().to_string();
        assert!(error.contains(why), "{entries:?}: {error}");
    }
    // Twice the same name: summed it would do, written it would go through the link.
    let bench = Bench::new();
    let commit = hostile_tree(&bench.path("project"), &[("120000", "a"), ("100644", "a")]);
    let error =
        bench.fetch_commit(&commit, Sha256::of(b"?"), &[&file_url(&bench.path("project"))]).unwrap_err();
    let sum: Sha256 = error
        .to_string()
        .lines()
        .find_map(|line| line.strip_prefix("  received: "))
        .unwrap()
        .parse()
        .unwrap();
    bench.fetch_commit(&commit, sum, &[&file_url(&bench.path("project"))]).unwrap();
    let src = bench.path("src");
    fs::create_dir(&src).unwrap();
    let error = place(&bench.store, &source(&commit, sum), &src).unwrap_err().to_string();
    assert!(error.contains("`a`: there is such an entry already"), "{error}");
    assert!(!bench.path("precious").exists());
}

#[test]
fn nothing_of_a_repository_runs() {
    if !has_git() {
        return;
    }
    let bench = Bench::new();
    let dir = bench.path("project");
    fs::create_dir(&dir).unwrap();
    git(&dir, &["init", "-q"]);
    fs::write(dir.join(".gitattributes"), "* filter=evil diff=evil merge=evil\n").unwrap();
    fs::write(dir.join("file"), "as it was committed\n").unwrap();
    git(&dir, &["add", "."]);
    git(&dir, &["commit", "-qm", "x"]);
    let commit = git(&dir, &["rev-parse", "HEAD"]);
    let marker = bench.path("marker");
    let touch = format!("touch {}", marker.display());
    for name in [
        "filter.evil.smudge",
        "filter.evil.clean",
        "filter.evil.process",
        "core.fsmonitor",
        "core.sshCommand",
        "uploadpack.packObjectsHook",
        "diff.evil.textconv",
    ] {
        git(&dir, &["config", name, &touch]);
    }
    for name in ["post-checkout", "pre-upload", "post-merge", "reference-transaction", "post-index-change"] {
        let hook = dir.join(".git/hooks").join(name);
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::write(&hook, format!("#!/bin/sh\n{touch}\n")).unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let error = bench.fetch_commit(&commit, Sha256::of(b"?"), &[&file_url(&dir)]).unwrap_err().to_string();
    let sum = error.lines().find_map(|line| line.strip_prefix("  received: ")).unwrap().parse().unwrap();
    let kept = bench.fetch_commit(&commit, sum, &[&file_url(&dir)]).unwrap();
    let src = bench.path("src");
    fs::create_dir(&src).unwrap();
    place(&bench.store, &source(&commit, sum), &src).unwrap();
    assert_eq!(fs::read_to_string(src.join("project/file")).unwrap(), "as it was committed\n");
    assert!(!marker.exists());
    // Nor did any of it come along.
    let config = fs::read_to_string(kept.join("config")).unwrap();
    assert!(!config.contains("evil") && !kept.join("hooks/post-checkout").exists(), "{config}");
}

#[test]
fn urls_that_run_something_are_refused() {
    let bench = Bench::new();
    let commit = "0123456789012345678901234567890123456789";
    let urls =
        ["ext::sh -c id", "ssh://h/x", "git@h:x/y", "--upload-pack=id", "git://h/x", "deb-src:sid/a/b"];
    let error = bench.fetch_commit(commit, Sha256::of(b"?"), &urls).unwrap_err().to_string();
    assert_eq!(bench.reasons().len(), urls.len(), "{error}");
    let error = bench.fetch_commit(&"0".repeat(64), Sha256::of(b"?"), &[]).unwrap_err();
    assert!(error.what().contains("sha256 ids"));
}

#[test]
fn a_server_that_is_no_git_server_says_so() {
    let bench = Bench::new();
    let server = Server::start(|request| match request.path.as_str() {
        path if path.starts_with("/gone") => Reply::status(404),
        path if path.starts_with("/html") => Reply::ok(b"<html>"),
        _ => Reply {
            headers: vec![("Content-Type", "application/x-git-upload-pack-advertisement".into())],
            ..Reply::ok(b"002cERR access denied \x1b[31m or not exported\n")
        },
    });
    let urls = ["/gone", "/html", "/err"].map(|path| server.url(path));
    let error = bench
        .fetch_commit(&"1".repeat(40), Sha256::of(b"?"), &urls.each_ref().map(|url| &**url))
        .unwrap_err();
    let error = error.to_string();
    for why in
        ["404 Not Found", "no git repository that speaks", r"says: access denied \u{1b}[31m or not exported"]
    {
        assert!(error.contains(why), "{error}");
    }
}
