//! The same files render to the same bytes for everybody: whatever the locale, the time zone, the umask, the user's
//! environment, the place of the project, the order of its directories and the number of processors.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files of the repository's own packages, in an order of creation.
fn copy(to: &Path, reversed: bool) {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut files: Vec<PathBuf> = ["pthbs.toml", "packages", "templates"]
        .iter()
        .flat_map(|part| walkdir::WalkDir::new(root.join(part)).sort_by_file_name())
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.is_file())
        .collect();
    if reversed {
        files.reverse();
    }
    for file in files {
        let target = to.join(file.strip_prefix(root).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(&target, fs::read(&file).unwrap()).unwrap();
    }
}

/// What `genpkg render` writes, by file name, but for the stamp, which tells of the place and not of the content.
fn rendered(
    project: &Path,
    umask: &str,
    processors: &str,
    variables: &[(&str, &str)],
) -> BTreeMap<String, Vec<u8>> {
    let script = format!("umask {umask}; exec taskset -c {processors} \"$0\" -C \"$1\" render");
    let output = Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_genpkg")])
        .arg(project)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let files = fs::read_dir(project.join("rendered")).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| !path.ends_with(".stamp"));
    files
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_string(), fs::read(&path).unwrap()))
        .collect()
}

#[test]
fn a_rendering_is_the_same_for_everybody() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let far = other.path().join("a place with blanks/ünd mehr");
    copy(one.path(), false);
    copy(&far, true);
    let first = rendered(one.path(), "022", "0", &[("LC_ALL", "C"), ("TZ", "UTC0")]);
    let variables = [
        ("LC_ALL", "tr_TR.UTF-8"),
        ("LANGUAGE", "tr:de"),
        ("TZ", "Pacific/Kiritimati"),
        ("HOME", "/nonexistent"),
        ("SOURCE_DATE_EPOCH", "1"),
        ("COLUMNS", "20"),
        ("CLICOLOR_FORCE", "1"),
    ];
    let all = format!("0-{}", std::thread::available_parallelism().unwrap().get() - 1);
    let second = rendered(&far, "077", &all, &variables);
    assert!(first.len() > 10, "{:?}", first.keys());
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    for (name, bytes) in &first {
        assert!(second[name] == *bytes, "`{name}` differs");
    }
}
