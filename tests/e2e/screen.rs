//! What a run shows while it goes on: rows on a terminal (under tmux, where that is installed), objects for programs, a trace.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::world::{Who, World};

fn definition(more: &str, body: &str) -> String {
    format!(
        "{{% extends \"plain\" %}}\n{{% set version = \"1\" %}}\n{{% set sandbox = \"host\" %}}\n{more}\n\
         {{% block build %}}\n{body}\n{{% endblock %}}\n"
    )
}

/// A terminal with a run in it.
struct Terminal {
    world: World,
    socket: String,
}

impl Terminal {
    /// Starts a command in a terminal of this size; nothing where there is no tmux.
    fn start(world: World, columns: u32, variables: &str, command: &str) -> Option<Terminal> {
        let socket = world.path("tmux").display().to_string();
        let terminal = Terminal { world, socket };
        let inner = terminal.world.command("pthbs", &[]);
        let program = PathBuf::from(inner.get_program());
        // It stays after the command's end, so that its last screen can be read.
        let text =
            format!("{variables} {} {command}; echo \"ended with $?\"; exec sleep 1000", program.display());
        let size = ["-x", &columns.to_string(), "-y", "24"].map(str::to_string);
        let mut tmux = terminal.tmux(&["-f", "/dev/null", "new-session", "-d"]);
        tmux.args(size)
            .arg(text)
            .env_clear()
            .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        tmux.env("TERM", "xterm").env("LC_ALL", "C.UTF-8").current_dir(inner.get_current_dir().unwrap());
        match tmux.status() {
            Ok(status) => assert!(status.success()),
            Err(_) => {
                println!("SKIPPED: tmux is not installed");
                return None;
            }
        }
        Some(terminal)
    }

    fn tmux(&self, arguments: &[&str]) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.args(["-S", &self.socket]).args(arguments);
        tmux
    }

    fn rows(&self) -> Vec<String> {
        let output = self.tmux(&["capture-pane", "-p", "-S", "-100"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.trim_end().lines().map(str::to_string).collect()
    }

    /// What is shown as soon as it is what one waits for.
    fn wait(&self, what: &str, is_so: impl Fn(&[String]) -> bool) -> Vec<String> {
        for _ in 0..600 {
            let rows = self.rows();
            if is_so(&rows) {
                return rows;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{what} is not shown:\n{}", self.rows().join("\n"));
    }

    /// Lets the build that waits in a sandbox go on.
    fn let_go(&self, name: &str) {
        let tmp = self.world.path("store/tmp");
        let dirs = std::fs::read_dir(tmp).unwrap().map(|entry| entry.unwrap().path());
        let mut dirs =
            dirs.filter(|dir| dir.file_name().unwrap().to_str().unwrap().starts_with(&format!("{name}.")));
        std::fs::write(dirs.next().unwrap().join("build/tmp/go"), "").unwrap();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux(&["kill-server"]).status();
    }
}

/// `slow` waits until it is let go, `bad` fails, `user` needs `bad`.
fn world() -> World {
    let world = World::new(Who::Caller);
    world.write("packages/slow/package.sh", &definition("", "\twhile [ ! -e $tmp/go ]; do sleep 0.05; done"));
    world.write("packages/bad/package.sh", &definition("", "\techo this went wrong; exit 3"));
    world.write("packages/user/package.sh", &definition("{% set _bad = dep(\"bad\") %}", "\ttrue"));
    world.genpkg(&["render"]).ok();
    world
}

const BUILD: &str = "build -j2 word slow user";

fn shows(rows: &[String], start: &str) -> bool {
    rows.iter().any(|row| row.starts_with(start))
}

#[test]
fn a_terminal_shows_what_runs_below_what_is_finished() {
    for columns in [80, 200] {
        let Some(terminal) = Terminal::start(world(), columns, "", BUILD) else { return };
        let rows = terminal.wait("a failure beside a build", |rows| {
            shows(rows, "failed   bad: 1 build needs it")
                && shows(rows, "building slow  build ")
                && shows(rows, "built    word")
        });
        let place = |start: &str| rows.iter().position(|row| row.starts_with(start)).unwrap();
        // Above: what is finished, in its order; below: what goes on, failures, the bar.
        assert!(place("fetched  word-1.0.txt") < place("built    word"), "{rows:?}");
        assert!(place("not done user") < place("building slow"), "{rows:?}");
        assert!(place("building slow") < place("failed   bad: "), "{rows:?}");
        let bar = rows.last().unwrap();
        assert!(bar.starts_with("[=") || bar.starts_with("[>"), "{bar}");
        assert!(bar.contains("] 1 of 4 built, 1 failed, 13 B fetched, "), "{bar}");
        terminal.let_go("slow");
        let rows = terminal.wait("the end", |rows| shows(rows, "ended with 1"));
        assert!(!shows(&rows, "[") && !shows(&rows, "building"), "the rows are gone: {rows:?}");
        assert_eq!(rows.iter().filter(|row| row.starts_with("built    ")).count(), 2, "{rows:?}");
        let error = rows
            .iter()
            .position(|row| row.starts_with("error: build of `bad` failed in phase `build` (exit 3)"))
            .unwrap();
        assert_eq!(rows[error + 1], "  | this went wrong");
        assert!(shows(&rows, "  not built because of it: user"), "{rows:?}");
        assert!(shows(&rows, "1 fetched, 2 built, 1 failed, 1 not built in "), "{rows:?}");
    }
}

#[test]
fn a_terminal_that_becomes_narrower_keeps_one_copy_of_each_row() {
    let Some(terminal) = Terminal::start(world(), 120, "", BUILD) else { return };
    let is_there = |rows: &[String]| shows(rows, "failed   bad: ") && shows(rows, "building slow  build ");
    terminal.wait("the rows", is_there);
    for columns in ["60", "30", "90"] {
        assert!(terminal.tmux(&["resize-window", "-x", columns]).status().unwrap().success());
        // Drawn anew at least twice since.
        let row = |rows: &[String]| rows.iter().find(|row| row.starts_with("building slow")).cloned();
        let before = row(&terminal.wait("the rows", is_there));
        let rows = terminal.wait("a later row", |rows| is_there(rows) && row(rows) != before);
        assert_eq!(
            rows.iter().filter(|row| row.starts_with("building slow")).count(),
            1,
            "{columns}: {rows:?}"
        );
        assert_eq!(rows.iter().filter(|row| row.contains(" of 4 built")).count(), 1, "{columns}: {rows:?}");
        assert!(shows(&rows, "built    word"), "{columns}: {rows:?}");
    }
}

#[test]
fn a_hostile_log_does_not_act_on_the_terminal() {
    let world = world();
    world.write(
        "packages/writes/package.sh",
        &definition("", &format!("\tset +e\n{}", crate::hostile::WRITES)),
    );
    world.genpkg(&["render"]).ok();
    let Some(terminal) = Terminal::start(world, 80, "", "build -j2 word writes") else { return };
    let rows = terminal.wait("the end", |rows| shows(rows, "ended with 1"));
    // Nothing was cleared, no other screen was entered, the title is tmux's own.
    for start in ["built    word", "error: build of `writes`", "  | esc red   end", "  | bidi gnp.exe x end"]
    {
        assert!(shows(&rows, start), "{start}: {rows:?}");
    }
    let output = terminal.tmux(&["display-message", "-p", "#{pane_title} #{alternate_on}"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("pwned") && text.trim_end().ends_with(" 0"), "{text}");
}

#[test]
fn colors_are_left_out_where_they_are_not_wanted() {
    for (variables, is_colored) in [("", true), ("NO_COLOR=1", false)] {
        let Some(terminal) = Terminal::start(world(), 80, variables, BUILD) else { return };
        terminal.wait("a finished build", |rows| shows(rows, "built    word"));
        let output = terminal.tmux(&["capture-pane", "-p", "-e"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.contains("\u{1b}[32mbuilt"), is_colored, "{text:?}");
    }
    // Where nothing can be drawn there are plain lines.
    let Some(terminal) = Terminal::start(world(), 80, "TERM=dumb", "build word") else { return };
    let rows = terminal.wait("the end", |rows| shows(rows, "ended with 0"));
    assert!(shows(&rows, "building word") && shows(&rows, "built    word"), "{rows:?}");
}

#[test]
fn a_shell_in_a_build_has_a_terminal_of_its_own() {
    for (command, prompt) in
        [("shell --failed bad", "[bad failed] /build $"), ("shell --build slow", "[slow build] /build $")]
    {
        let world = world();
        world.pthbs(&["build", "bad"]).exits(1);
        let Some(terminal) = Terminal::start(world, 80, "", command) else { return };
        let type_in = |text: &str| {
            assert!(terminal.tmux(&["send-keys", text, "Enter"]).status().unwrap().success());
        };
        let prompts = |rows: &[String]| rows.iter().filter(|row| row.contains(prompt)).count();
        terminal.wait("a prompt", |rows| prompts(rows) == 1);
        type_in("tty; stty size; cat; exit 6");
        terminal.wait("the terminal's name", |rows| shows(rows, "/dev/pts/0") && shows(rows, "24 80"));
        // What is typed reaches the build alone: Ctrl-C ends cat, and neither the shell nor pthbs.
        assert!(terminal.tmux(&["send-keys", "C-c"]).status().unwrap().success());
        terminal.wait("the shell again", |rows| prompts(rows) == 2);
        type_in("exit 6");
        terminal.wait("its status", |rows| shows(rows, "ended with 6"));
    }
}

#[test]
fn programs_read_one_object_a_line() {
    let world = world();
    let ran = world.pthbs(&["build", "--json", "user", "word"]).exits(1);
    let events: Vec<serde_json::Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| events.iter().filter(|event| event["event"] == kind).collect::<Vec<_>>();
    assert_eq!(of("planned")[0]["builds"], 3);
    assert_eq!(of("fetched")[0]["source"], "word-1.0.txt");
    assert_eq!((&of("built")[0]["name"], &of("build_failed")[0]["name"]), (&"word".into(), &"bad".into()));
    assert_eq!(of("not_built")[0]["because"], "`bad` failed");
    assert!(of("done").is_empty());
    assert!(
        ran.stderr.contains("error: build of `bad`") && !ran.stderr.contains("built    word"),
        "{}",
        ran.stderr
    );

    let ran = world.pthbs(&["build", "--json", "word"]).ok();
    let last: serde_json::Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
    assert!(last["installs"][0].as_str().unwrap().contains("/versions/word."), "{last}");
}

#[test]
fn a_trace_is_written_also_of_a_run_that_failed() {
    let world = world();
    world.pthbs(&["build", "--trace-out", "trace.json", "user", "word"]).exits(1);
    let text = std::fs::read_to_string(world.path("project/trace.json")).unwrap();
    let trace: serde_json::Value = serde_json::from_str(&text).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    assert!(events.iter().any(|event| event["name"] == "bad" && event["cat"] == "step"), "{text}");
    assert!(events.iter().any(|event| event["cat"] == "critical path"), "{text}");
    assert!(events.iter().any(|event| event["name"] == "tokens of word"), "{text}");

    // Nothing to do is a trace too, a device is written to, and what cannot be written is told before anything is built.
    let nothing = world.pthbs(&["build", "--trace-out", "/dev/stderr", "word"]).exits(0);
    assert!(nothing.stderr.starts_with("{\"traceEvents\":[]}"), "{}", nothing.stderr);
    let wrong = world.pthbs(&["build", "--trace-out", "nowhere/trace.json", "user"]).exits(2);
    let told = "error: cannot write `nowhere/trace.json`: No such file or directory\n";
    assert_eq!(wrong.stderr, told);
}
