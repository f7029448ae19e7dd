//! The mistakes of authors, one test each, and all that is shown: file, line, the line itself with a caret, and what
//! to do about it. Lints are shown in the same way and are no errors.

use super::Options;
use super::fixture::Fixture;

const EXTENDS: &str = "{% extends \"base\" %}\n{% set version = \"1\" %}\n";

/// A project with a package that consists of these lines, from line 3 on, and one that has an option.
fn project(lines: impl AsRef<[u8]>) -> Fixture {
    let fixture = Fixture::new(&[
        (
            "tool",
            "{% extends \"base\" %}{% set version = \"1\" %}\n{% set flags = [option(\"size\", default=\"big\", choices=[\"big\", \"small\"])] %}\n",
        ),
        ("packages/tool/secret", "not for others"),
    ]);
    fixture.write("x", [EXTENDS.as_bytes(), lines.as_ref(), b"\n"].concat());
    fixture
}

#[track_caller]
fn check(lines: impl AsRef<[u8]>, shown: &str) {
    assert_eq!(project(lines).error(), shown);
}

#[track_caller]
fn check_lint(lines: &str, shown: &str) {
    let meta =
        "{% set meta = {\"description\": \"x\", \"license\": \"MIT\", \"homepage\": \"https://e.org/\"} %}";
    let fixture = project(format!("{meta}\n{lines}"));
    let project = fixture.open();
    let only = Options { only: vec!["x".to_string()], ..Options::default() };
    let output = project.render(&only).unwrap_or_else(|error| panic!("{error}"));
    let found: Vec<String> = project.lint(&output).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(found, [shown]);
}

#[test]
fn an_undefined_variable() {
    check(
        "{% block build %}{{ verson }}{% endblock %}",
        "\
error: unknown variable `verson`
  where: packages/x/package.sh:3
  3 | {% block build %}{{ verson }}{% endblock %}
    |                     ^^^^^^
  hint: did you mean `version`?",
    );
}

#[test]
fn a_variable_that_nothing_resembles() {
    check(
        "{% block build %}{{ colour }}{% endblock %}",
        "\
error: unknown variable `colour`
  where: packages/x/package.sh:3
  3 | {% block build %}{{ colour }}{% endblock %}
    |                     ^^^^^^
  hint: set it first; a variable of one's own begins with `_`: `_colour`",
    );
}

#[test]
fn a_set_of_what_is_no_fact() {
    check(
        "{% set flag = [] %}",
        "\
error: `flag` is no fact of the templates that this extends
  where: packages/x/package.sh:3
  3 | {% set flag = [] %}
    |        ^^^^
  hint: did you mean `flags`?",
    );
}

#[test]
fn a_misspelt_block() {
    check(
        "{% block biuld %}make{% endblock %}",
        "\
error: no template here has a block `biuld`
  where: packages/x/package.sh:3
  3 | {% block biuld %}make{% endblock %}
    |          ^^^^^
  hint: did you mean `build`?",
    );
}

#[test]
fn text_outside_of_a_block() {
    check(
        "\tmake install",
        "\
error: this stands in no block and would be dropped
  where: packages/x/package.sh:3
  3 | \tmake install
    | \t^^^^^^^^^^^^
  hint: put it into a block: {% block build %} ... {% endblock %}",
    );
}

#[test]
fn output_outside_of_a_block() {
    check(
        "{{ dep(\"tool\") }}",
        "\
error: this stands in no block and would be dropped
  where: packages/x/package.sh:3
  3 | {{ dep(\"tool\") }}
    | ^^^^^^^^^^^^^^
  hint: to call a function for its effect write `{% do ... %}`",
    );
}

#[test]
fn an_unknown_keyword() {
    check(
        "{% do src(\"https://e.org/x.tar\", sha265=\"\") %}",
        "\
error: `src()` has no keyword `sha265`
  where: packages/x/package.sh:3
  3 | {% do src(\"https://e.org/x.tar\", sha265=\"\") %}
    |                                  ^^^^^^
  hint: did you mean `sha256`?",
    );
}

#[test]
fn an_unknown_option() {
    check(
        "{% do tool(\"tool\", siez=\"small\", as=\"t\") %}",
        "\
error: `tool@t` has no option `siez`
  asked for by: packages/x/package.sh:3
  3 | {% do tool(\"tool\", siez=\"small\", as=\"t\") %}
    |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  hint: did you mean `size`?",
    );
}

#[test]
fn an_unknown_choice() {
    check(
        "{% do tool(\"tool\", size=\"smal\") %}",
        "\
error: option `size` cannot be `smal`
  choices: big, small
  where: packages/tool/package.sh:2
  2 | {% set flags = [option(\"size\", default=\"big\", choices=[\"big\", \"small\"])] %}
    |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  asked for by: packages/x/package.sh:3
  3 | {% do tool(\"tool\", size=\"smal\") %}
    |       ^^^^^^^^^^^^^^^^^^^^^^^^^
  hint: did you mean `small`?",
    );
}

#[test]
fn an_unknown_function() {
    check(
        "{% do depp(\"tool\") %}",
        "\
error: unknown function `depp`
  where: packages/x/package.sh:3
  3 | {% do depp(\"tool\") %}
    |       ^^^^
  hint: did you mean `dep`?",
    );
}

#[test]
fn an_unknown_filter() {
    check(
        "{% set _x = version | shh %}",
        "\
error: unknown filter `shh`
  where: packages/x/package.sh:3
  3 | {% set _x = version | shh %}
    |                       ^^^
  hint: did you mean `sh`?",
    );
}

#[test]
fn an_unknown_package() {
    check(
        "{% do dep(\"tol\") %}",
        "\
error: package `tol` not found
  asked for by: packages/x/package.sh:3
  3 | {% do dep(\"tol\") %}
    |       ^^^^^^^^^^
  hint: did you mean `tool`?",
    );
}

#[test]
fn a_path_that_leads_out_of_the_package() {
    for path in ["../tool/secret", "a/../../tool/secret", "/etc/passwd", "./x", "a//b"] {
        let line = format!("{{% set _x = file(\"{path}\") %}}");
        check(
            &line,
            &format!(
                "\
error: `{path}` is no path below packages/x
  it may not begin with `/` or hold `.`, `..` or empty parts
  where: packages/x/package.sh:3
  3 | {line}
    |             {}
  hint: a file that goes into the script lies beside its definition: copy it there",
                "^".repeat(path.len() + 8)
            ),
        );
    }
}

#[test]
fn a_symlink_out_of_the_tree() {
    let fixture = project("{% set _x = file(\"leak\") %}");
    std::os::unix::fs::symlink("/etc/passwd", fixture.path().join("packages/x/leak")).unwrap();
    assert_eq!(
        fixture.error(),
        "\
error: `packages/x/leak` is a symlink, or lies behind one
  a script may hold only what lies in the tree itself
  where: packages/x/package.sh:3
  3 | {% set _x = file(\"leak\") %}
    |             ^^^^^^^^^^^^
  hint: copy the file there"
    );
}

#[test]
fn an_include_from_outside_of_the_tree() {
    for path in ["/etc/passwd", "../packages/tool/secret", "packages/tool/secret"] {
        let line = format!("{{% block build %}}{{% include \"{path}\" %}}{{% endblock %}}");
        let error = project(&line).error();
        let caret = format!("    | {}{}\n", " ".repeat(20), "^".repeat(path.len() + 10));
        for part in [
            format!("error: template `{path}` not found\n  templates: base\n"),
            format!("  where: packages/x/package.sh:3\n  3 | {line}\n"),
            caret,
            "  hint: a template is a file of templates/, named without `.sh`".to_string(),
        ] {
            assert!(error.contains(&part), "{error}");
        }
    }
}

#[test]
fn a_loop_without_an_end() {
    check(
        "{% for _a in range(9999) %}{% for _b in range(9999) %}{% set _c = 1 %}{% endfor %}{% endfor %}",
        "\
error: rendering does not come to an end
  where: packages/x/package.sh:3
  3 | {% for _a in range(9999) %}{% for _b in range(9999) %}{% set _c = 1 %}{% endfor %}{% endfor %}
    | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  hint: look for an endless loop",
    );
}

#[test]
fn a_macro_that_calls_itself() {
    check(
        "{% macro _f(n) %}{{ _f(n) }}{% endmacro %}{% block build %}{{ _f(1) }}{% endblock %}",
        "\
error: rendering does not come to an end
  where: packages/x/package.sh:3
  3 | {% macro _f(n) %}{{ _f(n) }}{% endmacro %}{% block build %}{{ _f(1) }}{% endblock %}
    |                     ^^^^^
  hint: look for a macro or a block that calls itself",
    );
}

#[test]
fn a_package_that_asks_for_itself_with_other_options() {
    let line = "{% set _n = option(\"n\", default=0) %}{% do tool(\"x\", n=_n + 1) %}";
    let caret = format!("{}^^^^^^^^^^^^^^^^^^^", " ".repeat(line.find("tool").unwrap()));
    let error = project(line).error();
    assert!(error.starts_with("error: dependencies are nested deeper than "), "{error}");
    let shown = format!("  asked for by: packages/x/package.sh:3\n  3 | {line}\n    | {caret}\n");
    assert!(error.contains(&shown), "{error}");
    assert!(
        error.ends_with("\n  hint: look for a package whose options change from call to call"),
        "{error}"
    );
}

#[test]
fn other_bytes_than_utf_8() {
    check(
        b"{% block build %}\n\techo caf\xe9 au lait\n{% endblock %}",
        "\
error: this byte, 0xe9, is no UTF-8 text
  where: packages/x/package.sh:4
  4 | \techo caf\u{fffd} au lait
    | \t        ^
  hint: save the file as UTF-8",
    );
}

#[test]
fn jinjas_own_comment() {
    check(
        "{% block build %}\n\techo {# hidden #}\n{% endblock %}",
        "\
error: `{#` begins no comment here
  where: packages/x/package.sh:4
  4 | \techo {# hidden #}
    | \t     ^^
  hint: comments are written {%# ... #%}",
    );
}

#[test]
fn shells_own_braces_are_safe() {
    let fixture = project("{% block build %}\n\techo ${#x} ${##} ${x##*/} ${#}\n{% endblock %}");
    assert!(fixture.script("x").ends_with("\n\techo ${#x} ${##} ${x##*/} ${#}\n"));
}

#[test]
fn a_width_for_make() {
    check_lint(
        "{% block build %}\n\tmake -j4 all\n{% endblock %}",
        "\
error: `make -j` throws the jobserver away that all builds share
  where: packages/x/package.sh:5
  5 | \tmake -j4 all
    | \t     ^^^
  hint: plain `make` takes its width from MAKEFLAGS",
    );
}

#[test]
fn a_download_in_a_build() {
    check_lint(
        "{% block build %}\n\tcurl -O https://e.org/x.tar\n{% endblock %}",
        "\
error: `curl` has no network in a build
  where: packages/x/package.sh:5
  5 | \tcurl -O https://e.org/x.tar
    | \t^^^^
  hint: declare what it fetches: `src(...)` or `git(...)`",
    );
}

#[test]
fn a_value_outside_of_quotes() {
    check_lint(
        "{% set flags = [option(\"o\", default=\"\")] %}\n{% block build %}\n\techo {{ flags[0] }}\n{% endblock %}",
        "\
error: this value stands outside of quotes: the shell splits and expands it
  where: packages/x/package.sh:6
  6 | \techo {{ flags[0] }}
    | \t     ^^^^^^^^^^^
  hint: write \"{{ value }}\", or {{ value | sh }}",
    );
}

#[test]
fn a_byte_that_no_shell_reads_behind() {
    check(
        "{% block build %}\n\techo a\0b\n{% endblock %}",
        "\
error: the script would have a NUL byte in it
  no shell reads on behind one
  where: packages/x/package.sh:4
  4 | \techo a\0b
    | \t      ^",
    );
    check(
        "{% block build %}\n\techo {{ \"a\\u0000b\" }}\n{% endblock %}",
        "\
error: the script would have a NUL byte in it
  no shell reads on behind one
  where: packages/x/package.sh",
    );
}

#[test]
fn a_line_that_looks_like_the_header() {
    check(
        "{% block build %}\n#@ dep x\n{% endblock %}",
        "\
error: the script has a line `#@ dep x`
  lines that begin with `#@ ` belong to the header, which is written for you
  where: packages/x/package.sh:4
  4 | #@ dep x
    | ^^^^^^^^",
    );
}

#[test]
fn a_carriage_return() {
    let shown = |file: &str, line: usize, text: &str| {
        format!(
            "\
error: a carriage return stands here
  the shell takes it for a part of the word before it
  where: {file}:{line}
  {line} | {text}
    | {}^
  hint: save the file with line feeds alone, as `sed -i 's/\\r$//' FILE` does",
            " ".repeat(text.len())
        )
    };
    let fixture = project("");
    let text = "{% extends \"base\" %}\r\n{% set version = \"1\" %}\r\n{% block build %}\r\nmake\r\n{% endblock %}\r\n";
    fixture.write("x", text);
    assert_eq!(fixture.error(), shown("packages/x/package.sh", 1, "{% extends \"base\" %}"));
    fixture.write("x", EXTENDS);
    fixture.write("templates/base.sh", "set -eu\nmake\r\n{% block build %}{% endblock %}\n");
    assert!(fixture.error().starts_with(&shown("templates/base.sh", 2, "make")), "{}", fixture.error());
}

#[test]
fn an_update_rule_that_is_no_regular_expression() {
    check(
        "{% set meta = {\n\t\"description\": \"x\",\n\t\"update\": {\"url\": \"https://e.org/\", \"pattern\": \"x-([0-9\"},\n} %}",
        "\
error: `x-([0-9` is no regular expression
  found unclosed character class
  where: packages/x/package.sh:5
  5 | \t\"update\": {\"url\": \"https://e.org/\", \"pattern\": \"x-([0-9\"},
    | \t                                     ^^^^^^^",
    );
    check(
        "{% set meta = {\"update\": {\"url\": \"https://e.org/\", \"pattern\": \"x-[0-9]\"}} %}",
        "\
error: `x-[0-9]` has no group for the version
  where: packages/x/package.sh:3
  3 | {% set meta = {\"update\": {\"url\": \"https://e.org/\", \"pattern\": \"x-[0-9]\"}} %}
    |                                                     ^^^^^^^
  hint: put what is the version in parentheses",
    );
}

#[test]
fn a_fact_that_has_choices() {
    check(
        "{% set sandbox = \"hots\" %}",
        "\
error: `sandbox` cannot be `hots`
  choices: \"on\", \"host\", \"off\"
  where: packages/x/package.sh:3
  3 | {% set sandbox = \"hots\" %}
    |        ^^^^^^^
  hint: did you mean `host`?",
    );
    check(
        "{% set static = \"off\" %}",
        "\
error: `static` is true or false, not a string
  where: packages/x/package.sh:3
  3 | {% set static = \"off\" %}
    |        ^^^^^^
  hint: write `{% set static = false %}`, without quotes",
    );
}

#[test]
fn a_package_that_needs_itself() {
    check(
        "{% do dep(\"x\") %}",
        "\
error: dependency cycle: x -> x
  `x` asks for `x` at packages/x/package.sh:3
  3 | {% do dep(\"x\") %}
    |       ^^^^^^^^",
    );
}

#[test]
fn a_sum_that_is_none() {
    let sum = "9b8d1ecedd5b5e81fbf1918e876752a7dd948e05c1a0dba10ab863842d45acd5";
    for (wrong, more) in [
        ("9b8d1e", "  it has 6 digits\n".to_string()),
        (&sum.to_uppercase(), format!("  hint: did you mean `{sum}`?")),
        (&format!("{sum} "), format!("  hint: did you mean `{sum}`?")),
        (&"z".repeat(64), "  hint: with `sha256=\"\"` the fetch fails and tells the real one".to_string()),
    ] {
        let line = format!("{{% do src(\"https://e.org/x-1.tar\", sha256=\"{wrong}\") %}}");
        let error = project(&line).error();
        assert!(
            error.starts_with(&format!("error: `{wrong}` is not a sha256: 64 digits 0-9 a-f\n")),
            "{error}"
        );
        let place = format!("  where: packages/x/package.sh:3\n  3 | {line}\n    |       ^^^^");
        assert!(error.contains(&place) && error.contains(&more), "{error}");
    }
}

#[test]
fn a_label_that_is_none() {
    for (label, near) in [("a b", "a-b"), ("a/b", "a-b"), ("Tiny", "tiny"), (" x", "x")] {
        let line = format!("{{% do tool(\"tool\", as=\"{label}\") %}}");
        check(
            &line,
            &format!(
                "\
error: `as=\"{label}\"` is no label
  a label is 1 to 64 of `a-z 0-9 + _ -` and begins with a letter or a digit
  where: packages/x/package.sh:3
  3 | {line}
    |       {}
  hint: did you mean `{near}`?",
                "^".repeat(line.len() - 9)
            ),
        );
    }
}

#[test]
fn two_sources_of_one_name() {
    check(
        "{% do src(\"https://e.org/x-1.tar\", sha256=\"\") %}\n{% do src(\"https://f.org/x-1.tar\", sha256=\"\") %}",
        "\
error: two sources would both be `x-1` in $src
  the other one: packages/x/package.sh:3
  where: packages/x/package.sh:4
  4 | {% do src(\"https://f.org/x-1.tar\", sha256=\"\") %}
    |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  hint: give one of them another name: `name=\"...\"`",
    );
}

#[test]
fn a_patch_that_is_not_there() {
    let fixture = project("{% do patch(\"fix.pach\") %}");
    fixture.write("packages/x/fix.patch", "");
    assert_eq!(
        fixture.error(),
        "\
error: packages/x has no file `fix.pach`
  where: packages/x/package.sh:3
  3 | {% do patch(\"fix.pach\") %}
    |       ^^^^^^^^^^^^^^^^^
  hint: did you mean `fix.patch`?"
    );
}

#[test]
fn a_fact_of_another_kind() {
    check(
        "{% set flags = \"-O2\" %}",
        "\
error: `flags` must be a sequence (as its default), not a string
  set at: packages/x/package.sh:3
  3 | {% set flags = \"-O2\" %}
    |        ^^^^^
  where: templates/base.sh:7
  7 | make {{ fact(\"flags\", default=[], doc=\"for make\") | sh }}
    |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  while rendering: packages/x/package.sh",
    );
}

#[test]
fn a_value_that_is_not_named() {
    check(
        "{% do src(\"https://e.org/x-1.tar\", \"\") %}",
        "\
error: there are too many arguments
  where: packages/x/package.sh:3
  3 | {% do src(\"https://e.org/x-1.tar\", \"\") %}
    |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  hint: all behind the first one are named: `sha256=\"...\"`, `as=\"...\"`",
    );
}

#[test]
fn an_empty_definition() {
    let fixture = project("");
    for text in ["", "\n\n"] {
        fixture.write("x", text);
        assert_eq!(
            fixture.error(),
            "\
error: `version` is not set
  where: packages/x/package.sh
  hint: write `{% set version = \"...\" %}` into the definition"
        );
    }
}

#[test]
fn a_byte_order_mark() {
    let fixture = project("");
    fixture.write("x", format!("\u{feff}{EXTENDS}"));
    let error = fixture.error();
    let place =
        "error: a byte order mark stands here\n  where: packages/x/package.sh:1\n  1 | \u{feff}{% extends";
    assert!(
        error.starts_with(place) && error.ends_with("hint: save the file as UTF-8 without one"),
        "{error}"
    );
}

#[test]
fn a_misspelt_key_of_meta() {
    check(
        "{% set meta = {\n\t\"licence\": \"MIT\",\n} %}",
        "\
error: `meta` has no `licence`
  where: packages/x/package.sh:4
  4 | \t\"licence\": \"MIT\",
    | \t ^^^^^^^
  hint: did you mean `license`?",
    );
}

#[test]
fn a_text_that_is_doubled_in_a_loop() {
    check(
        "{% set _s = namespace(t=\"x\") %}{% for _i in range(25) %}{% set _s.t = _s.t ~ _s.t %}{% endfor %}{% block build %}{{ _s.t }}{% endblock %}",
        "\
error: the script would have 32 MiB
  16 MiB are the most; what is so large is a source: `src(...)`
  where: packages/x/package.sh
  hint: look for a text that a loop makes longer and longer",
    );
}
