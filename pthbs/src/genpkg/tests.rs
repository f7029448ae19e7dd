//! The upper half as a whole, on tiny projects.

use super::fixture::Fixture;
use super::{Options, Relation};
use crate::base::Sha256;
use crate::script::Script;
use crate::script::rendered::Rendered;

const SUM: &str = "9b8d1ecedd5b5e81fbf1918e876752a7dd948e05c1a0dba10ab863842d45acd5";

/// A definition that extends `base`.
fn package(more: &str) -> String {
    format!("{{% extends \"base\" %}}\n{{% set version = \"1.0\" %}}\n{more}")
}

#[test]
fn a_script_is_header_and_body() {
    let zlib = package(&format!(
        "{{% set _src = src(\"https://example.org/zlib-1.0.tar.gz\", sha256=\"{SUM}\") %}}\n\
         {{% block build %}}\ncd \"{{{{ _src }}}}\"\n\n\n{{{{ super() }}}}{{% endblock %}}\n"
    ));
    let fixture = Fixture::new(&[("zlib", &zlib)]);
    let text = fixture.script("zlib");
    assert_eq!(
        text,
        format!(
            "#!/bin/sh\n#@ pthbs 1\n#@ name zlib\n#@ version 1.0\n#@ system x86_64-linux\n\
             #@ target x86_64-linux-musl\n#@ source sha256:{SUM} zlib-1.0.tar.gz\n\
             #@ build sandbox=on set_path=on static=on\nset -eu\ncd \"$src/zlib-1.0\"\n\nmake\n"
        )
    );
    let script = Script::parse(text, "zlib.sh").unwrap();
    let output = fixture.render().unwrap();
    assert_eq!(output.index.scripts["zlib"], script.id);
    assert_eq!(
        output.files.to_string(),
        format!("{SUM}\thttps://example.org/zlib-1.0.tar.gz\tpackages/zlib/package.sh:3\n")
    );
}

#[test]
fn dependencies_are_named_by_hash_and_seen_through() {
    let fixture = Fixture::new(&[
        ("a", &package("{% do dep(\"b\") %}{% do tool(\"t\") %}")),
        ("b", &package("{% do dep(\"c\") %}{% do needs(\"t\") %}")),
        ("c", &package("")),
        ("t", &package("")),
    ]);
    let output = fixture.render().unwrap();
    let id = |label: &str| output.scripts[label].script.install_id().to_string();
    let text = &output.scripts["a"].script.text;
    assert!(text.contains(&format!("#@ tool {}\n#@ dep {}\n#@ build", id("t"), id("b"))), "{text}");
    assert!(
        text.contains(&format!("# uses /versions/{}\n# uses /versions/{}\n", id("b"), id("c"))),
        "{text}"
    );
    let relations: Vec<Relation> = output.scripts["b"].edges.iter().map(|edge| edge.relation).collect();
    assert_eq!(relations, [Relation::Dep, Relation::Needs]);
}

#[test]
fn an_unknown_package_names_who_asks() {
    let fixture = Fixture::new(&[("curl", &package("{% do dep(\"zlibb\") %}")), ("zlib", &package(""))]);
    assert_eq!(
        fixture.error(),
        "error: package `zlibb` not found\n  asked for by: packages/curl/package.sh:3\n  \
         3 | {% do dep(\"zlibb\") %}\n    |       ^^^^^^^^^^^^\n  hint: did you mean `zlib`?"
    );
}

#[test]
fn a_cycle_prints_its_chain_once() {
    let fixture = Fixture::new(&[
        ("app", &package("{% do dep(\"gcc\") %}")),
        ("binutils", &package("{% do tool(\"gcc\") %}")),
        ("gcc", &package("{% do tool(\"binutils\") %}")),
    ]);
    for threads in [1, 2] {
        let error = fixture.open().render(&Options { threads, ..Options::default() }).err().unwrap();
        assert_eq!(
            error.to_string(),
            "error: dependency cycle: gcc -> binutils -> gcc\n  \
             `binutils` asks for `gcc` at packages/binutils/package.sh:3\n  \
             3 | {% do tool(\"gcc\") %}\n    |       ^^^^^^^^^^^\n  \
             `gcc` asks for `binutils` at packages/gcc/package.sh:3\n  \
             3 | {% do tool(\"binutils\") %}\n    |       ^^^^^^^^^^^^^^^^"
        );
    }
    let only = Options { only: vec!["binutils".into()], ..Options::default() };
    let error = fixture.open().render(&only).err().unwrap();
    assert!(error.what().ends_with("binutils -> gcc -> binutils"), "{error}");
}

#[test]
fn variants_stand_side_by_side() {
    let fixture = Fixture::new(&[
        ("busybox", &package("{% set flags = [option(\"config\", default=\"all\", doc=\"what\")] %}")),
        (
            "user",
            &package(
                "{% do tool(\"busybox\", config=\"ash\", as=\"ash\") %}{% do tool(\"busybox\", config=\"sed\") %}\
                 {% do tool(\"busybox\") %}",
            ),
        ),
    ]);
    let output = fixture.render().unwrap();
    let labels: Vec<&String> = output.scripts.keys().collect();
    assert_eq!(labels.len(), 4, "{labels:?}");
    assert_eq!(labels[0], "busybox");
    assert!(output.scripts["busybox@ash"].script.text.contains("\nmake ash\n"));
    assert!(output.scripts["busybox@ash"].script.text.contains("#@ name busybox\n"));
    let given = fixture.render_with(&["busybox.config=most"]).unwrap();
    assert!(given.scripts["busybox"].script.text.contains("\nmake most\n"));
    assert_eq!(given.scripts["busybox@ash"].script.id, output.scripts["busybox@ash"].script.id);
    let error = fixture.render_with(&["busybox.confg=most"]).err().unwrap().to_string();
    assert_eq!(
        error,
        "error: `busybox` has no option `confg`\n  given by: -o\n  hint: did you mean `config`?"
    );
}

#[test]
fn a_label_is_one_script() {
    let fixture = Fixture::new(&[
        ("x", &package("{% set flags = [option(\"o\", default=\"\")] %}")),
        ("a", &package("{% do tool(\"x\", o=\"1\", as=\"l\") %}")),
        ("b", &package("{% do tool(\"x\", o=\"2\", as=\"l\") %}")),
    ]);
    let error = fixture.error();
    assert!(
        error.starts_with("error: `x@l` would be two different scripts\n  `a` and `b` ask for it"),
        "{error}"
    );
}

#[test]
fn a_wrong_option_names_both_sides() {
    let fixture = Fixture::new(&[
        (
            "x",
            &package("{% set flags = [option(\"size\", default=\"big\", choices=[\"big\", \"small\"])] %}"),
        ),
        ("a", &package("{% do tool(\"x\", size=\"smal\") %}")),
    ]);
    let error = fixture.error();
    for part in [
        "error: option `size` cannot be `smal`\n  choices: big, small\n  where: packages/x/package.sh:3\n",
        "\n  asked for by: packages/a/package.sh:3\n",
        "\n  hint: did you mean `small`?",
    ] {
        assert!(error.contains(part), "{error}");
    }
    fixture.write("a", package("{% do tool(\"x\", sise=\"small\") %}"));
    let error = fixture.error();
    assert!(error.starts_with("error: `x@"), "{error}");
    assert!(error.contains("has no option `sise`\n  asked for by: packages/a/package.sh:3\n"), "{error}");
    fixture.write("a", package("{% do tool(\"x\", size=3) %}"));
    assert!(fixture.error().contains("must be a string (as its default), not a number"));
}

#[test]
fn the_target_is_inherited_by_dep_alone() {
    let fixture = Fixture::new(&[
        ("app", &package("{% do dep(\"lib\", target=\"riscv64-linux-musl\") %}")),
        ("lib", &package("{% do dep(\"base\") %}{% do tool(\"make\") %}")),
        ("base", &package("")),
        ("make", &package("")),
    ]);
    let output = fixture.render().unwrap();
    let lib = output.scripts["app"].edges[0].to.clone();
    assert_eq!(lib.script.header.target, "riscv64-linux-musl");
    assert_eq!(lib.edges[0].to.script.header.target, "riscv64-linux-musl");
    assert_eq!(lib.edges[1].to.script.header.target, "x86_64-linux-musl");
    assert_eq!(lib.edges[1].label, "make");
}

#[test]
fn one_hash_is_one_file() {
    let with = |name: &str| {
        package(&format!("{{% do src(\"https://example.org/{name}.tar.gz\", sha256=\"{SUM}\") %}}"))
    };
    let fixture = Fixture::new(&[("a", &with("x-1")), ("b", &with("x-2"))]);
    let error = fixture.error();
    assert!(error.starts_with("error: `x-2.tar.gz` and `x-1.tar.gz` claim the same sha256\n"), "{error}");
    assert!(error.contains("where: packages/a/package.sh:3\n  and: packages/b/package.sh:3\n"), "{error}");
    fixture.write("b", with("x-1"));
    fixture.render().unwrap();
}

#[test]
fn an_unknown_sum_is_one_that_no_file_has() {
    let package = package("{% do src(\"https://example.org/x-1.tar.gz\", sha256=\"\") %}");
    let fixture = Fixture::new(&[("x", &package)]);
    let text = fixture.script("x");
    assert!(text.contains("#@ source sha256:0000000000000000"), "{text}");
}

#[test]
fn wrong_sources_are_pointed_at() {
    for (call, expected) in [
        ("src(\"https://e.org/x.tar.gz\")", "`src()` needs `sha256=`"),
        ("src(\"https://e.org/x.tar.gz\", sha256=\"12\")", "`12` is not a sha256"),
        ("src(\"https://e.org/x.patch\", sha256=\"\")", "`x.patch` is no archive"),
        ("src(\"htps://e.org/x.tar\", sha256=\"\")", "did you mean `https:`?"),
        ("src(\"https://e.org/a b.tar\", sha256=\"\")", "has blanks"),
        ("src(\"https://e.org/x.tar\", sha265=\"\")", "did you mean `sha256`?"),
        ("src(\"https://e.org/x.tar\", sha256=\"\", strip=-1)", "a number from 0 to 32"),
        ("src([], sha256=\"\")", "needs an address"),
        ("git([], commit=\"\", sha256=\"\")", "needs an address"),
        ("src(\"https://e.org/..\", sha256=\"\")", "is not a source's name"),
        ("git(\"https://e.org/x.git\", commit=\"v1\", sha256=\"\")", "`v1` is not a full commit id"),
        ("file(\"../zsh/package.sh\")", "is no path below packages/x"),
        ("file(\"/etc/passwd\")", "is no path below packages/x"),
        ("patch(\"fix.pach\")", "did you mean `fix.patch`?"),
        ("dep(\"../y\")", "package `../y` not found"),
        ("dep(\"x\", as=\"../y\")", "is no label"),
        ("fail(\"not on Tuesdays\")", "error: not on Tuesdays"),
    ] {
        let fixture =
            Fixture::new(&[("x", &package(&format!("{{% do {call} %}}"))), ("packages/x/fix.patch", "")]);
        let error = fixture.error();
        assert!(error.contains(expected), "{call}: {error}");
        assert!(error.contains(": packages/x/package.sh:3\n  3 | {% do"), "{call}: {error}");
    }
}

#[test]
fn facts_are_checked() {
    for (fact, expected) in [
        (
            "version = 1.10",
            "`version` must be text, not a number\n  where: packages/x/package.sh:2\n  2 | {% set version = 1.10 %}\n    |        ^^^^^^^\n  hint: put it in quotes; without them it is 1.1",
        ),
        ("version = \"a b\"", "`a b` is not a version"),
        ("sandbox = \"of\"", "`sandbox` cannot be `of`"),
        ("static = \"off\"", "`static` is true or false, not a string"),
        ("meta = {\"licence\": \"MIT\"}", "did you mean `license`?"),
        ("meta = {\"silence\": {\"stak\": \"x\"}}", "did you mean `stack`?"),
        ("meta = {\"silence\": {\"stack\": \"\"}}", "`meta.silence.stack` must be text: the reason why"),
        ("flags = [true]", "`sh` cannot take a bool"),
        ("flags = \"-x\"", "`flags` must be a sequence (as its default), not a string"),
    ] {
        let fixture = Fixture::new(&[(
            "x",
            &format!(
                "{{% extends \"base\" %}}\n{{% set {fact} %}}\n{{% set version = version | default(\"1\") %}}"
            ),
        )]);
        let error = fixture.error();
        assert!(error.contains(expected), "{fact}: {error}");
    }
    let fixture = Fixture::new(&[("x", "{% extends \"base\" %}")]);
    assert!(fixture.error().starts_with("error: `version` is not set\n  where: packages/x/package.sh"));
}

#[test]
fn only_text_and_numbers_are_written() {
    for (value, expected) in
        [("true", "a bool"), ("none", "a none"), ("[1]", "a sequence"), ("{1: 2}", "a map")]
    {
        let fixture = Fixture::new(&[(
            "x",
            &package(&format!("{{% block build %}}{{{{ {value} }}}}{{% endblock %}}")),
        )]);
        let error = fixture.error();
        assert!(error.contains(&format!("error: {expected} cannot be written into a script")), "{error}");
        assert!(error.contains("where: packages/x/package.sh:3"), "{error}");
    }
}

#[test]
fn an_error_in_a_template_names_the_package() {
    let fixture = Fixture::new(&[
        ("x", &package("")),
        ("templates/base.sh", "set -eu\n{{ fact(\"must\", doc=\"what it needs\") }}\n"),
    ]);
    let error = fixture.error();
    assert!(error.starts_with("error: `must` is not set\n  must: what it needs\n"), "{error}");
    assert!(error.contains("where: templates/base.sh:2\n"), "{error}");
    assert!(error.contains("while rendering: packages/x/package.sh"), "{error}");
}

#[test]
fn endless_loops_and_wild_recursion_end() {
    let fixture = Fixture::new(&[(
        "x",
        &package(
            "{% for _a in range(9999) %}{% for _b in range(9999) %}{% set _c = _a + _b %}{% endfor %}{% endfor %}",
        ),
    )]);
    assert!(fixture.error().contains("does not come to an end"), "{}", fixture.error());
    let fixture = Fixture::new(&[(
        "x",
        &package("{% set _n = option(\"n\", default=0) %}{% do tool(\"x\", n=_n + 1) %}"),
    )]);
    let error = fixture.error();
    assert!(error.contains("dependencies are nested deeper than"), "{error}");
}

#[test]
fn rendered_is_written_once_and_kept_whole() {
    let fixture = Fixture::new(&[("a", &package("")), ("b", &package("{% do dep(\"a\") %}"))]);
    let dir = fixture.path().join("rendered");
    let project = fixture.open();
    assert!(!project.is_fresh(&dir).unwrap());
    let written = project.render(&Options::default()).unwrap().write(&dir).unwrap();
    assert_eq!((written.changed, written.removed), (2, 0));
    assert!(project.is_fresh(&dir).unwrap());
    let rendered = Rendered::open(&dir).unwrap();
    let text = std::fs::read(dir.join("b.sh")).unwrap();
    assert_eq!(rendered.index.scripts["b"].0, Sha256::of(&text));

    let again = project.render(&Options::default()).unwrap().write(&dir).unwrap();
    assert_eq!((again.changed, again.removed), (0, 0));

    std::fs::write(dir.join("b.sh"), "edited").unwrap();
    std::fs::remove_dir_all(fixture.path().join("packages/a")).unwrap();
    fixture.write("b", package(""));
    std::fs::write(dir.join("mine.sh"), "not rendered").unwrap();
    assert!(!project.is_fresh(&dir).unwrap());
    let written = fixture.render().unwrap().write(&dir).unwrap();
    assert_eq!((written.changed, written.removed), (1, 1));
    let mut names: Vec<_> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let written = ["about.json", "b.sh", "downloadlist.git", "downloadlist.sha256", "index", "mine.sh"];
    assert_eq!(names, [&[".stamp"], &written[..]].concat());
}

#[test]
fn patches_reach_the_base_template() {
    let base =
        "set -eu\n{% for _patch in patches() %}\npatch -p1 {{ _patch.text | heredoc }}\n{% endfor %}\n";
    let fixture = Fixture::new(&[
        ("templates/base.sh", base),
        ("x", &package("{% do patch(\"a.patch\") %}")),
        ("packages/x/a.patch", "--- a\n+++ b\n \n\n\n+x \n"),
    ]);
    let text = fixture.script("x");
    assert!(text.ends_with("set -eu\npatch -p1 <<'EOF'\n--- a\n+++ b\n \n\n\n+x \nEOF\n"), "{text}");
}

#[test]
fn a_traced_run_tells_where_lines_come_from_and_changes_nothing() {
    let fixture = Fixture::new(&[
        (
            "a",
            &package(
                "{% set flags = [\"x\"] %}\n{% block build %}\n\n\n\tcc -c {{ name }}.c\n{{ super() }}{% endblock %}",
            ),
        ),
        ("b", &package("{% do dep(\"a\") %}")),
    ]);
    let plain = fixture.render().unwrap();
    let traced = fixture.open().render(&Options { traces: true, ..Options::default() }).unwrap();
    assert_eq!(plain.index, traced.index);
    let origin = |label: &str, text: &str| {
        let one = &traced.scripts[label];
        let line = one.script.text.lines().position(|line| line.contains(text)).unwrap();
        one.origins[line].as_ref().map(|origin| format!("{}:{}", origin.file, origin.line))
    };
    assert_eq!(origin("a", "cc -c a.c").unwrap(), "packages/a/package.sh:7");
    assert_eq!(origin("a", "make x").unwrap(), "templates/base.sh:7");
    assert_eq!(origin("b", "# uses").unwrap(), "templates/base.sh:4");
    assert_eq!(origin("a", "#@ version"), None);
}
