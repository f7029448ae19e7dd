//! Tiny projects for tests.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{Options, Output, Project};
use crate::base::Result;

/// A project in a directory of its own, removed when dropped.
pub(super) struct Fixture {
    dir: TempDir,
}

/// A template with the blocks and facts that the tests use.
pub(super) const BASE: &str = "\
{%# what every script begins with #%}
set -eu
{% for _path in deps() %}
# uses {{ _path }}
{% endfor %}
{% block build %}
make {{ fact(\"flags\", default=[], doc=\"for make\") | sh }}
{% endblock %}
";

impl Fixture {
    /// A project with files by their paths; `pthbs.toml` and the template `base` are there unless given.
    pub(super) fn new(files: &[(&str, &str)]) -> Fixture {
        let fixture = Fixture { dir: TempDir::new().unwrap() };
        fs::create_dir(fixture.path().join("packages")).unwrap();
        fixture.write("pthbs.toml", "");
        fixture.write("templates/base.sh", BASE);
        for (path, text) in files {
            fixture.write(path, text);
        }
        fixture
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes one file; `zlib` alone stands for `packages/zlib/package.sh`.
    pub(super) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = match path.contains(['/', '.']) {
            true => self.path().join(path),
            false => self.path().join(format!("packages/{path}/package.sh")),
        };
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn open(&self) -> Project {
        Project::open(self.path()).unwrap()
    }

    pub(super) fn render(&self) -> Result<Output> {
        self.open().render(&Options::default())
    }

    pub(super) fn render_with(&self, given: &[&str]) -> Result<Output> {
        let mut options = Options::default();
        given.iter().for_each(|assignment| options.give(assignment).unwrap());
        self.open().render(&options)
    }

    /// The text of one script.
    pub(super) fn script(&self, label: &str) -> String {
        match self.render() {
            Ok(output) => output.scripts[label].script.text.clone(),
            Err(error) => panic!("{error}"),
        }
    }

    /// The error of a project that is wrong.
    pub(super) fn error(&self) -> String {
        match self.render() {
            Ok(_) => panic!("this was rendered without an error"),
            Err(error) => error.to_string(),
        }
    }
}
