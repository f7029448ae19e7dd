//! The broker with real clients: GNU make, and builds that know nothing of it.
//!
//! How many jobs ran at once is read from a file to which every job appends `+` and then `-`: no clock decides anything.
//! Where a width must be *reached*, jobs wait for each other, and a width that is not reached shows as a file `alone`.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use proptest::prelude::*;

use super::*;

/// A directory for one test, its jobserver, and the log of its jobs.
struct Case {
    dir: tempfile::TempDir,
    jobserver: Jobserver,
}

impl Case {
    fn new(width: usize) -> Case {
        let dir = tempfile::tempdir().unwrap();
        let jobserver = Jobserver::new(width, dir.path()).unwrap();
        Case { dir, jobserver }
    }

    fn seat(&self, build: &str) -> Seat {
        fs::create_dir_all(self.dir.path().join(build)).unwrap();
        self.jobserver.seat().unwrap().expect("nobody closes the jobserver")
    }

    /// Starts `make` for one build: `count` jobs, each of which runs `job` in sh between its marks.
    fn make(&self, make: &(String, Form), build: &str, seat: &Seat, count: usize, job: &str) -> Build {
        let dir = self.dir.path().join(build);
        let log = self.dir.path().join("log");
        let targets: Vec<String> = (0..count).map(|n| format!("{build}-{n}")).collect();
        let (targets, log) = (targets.join(" "), log.display());
        let text = format!(
            ".PHONY: all {targets}\nall: {targets}\n{targets}:\n\t@echo + >> {log}; {job}; echo - >> {log}\n"
        );
        fs::write(dir.join("Makefile"), text).unwrap();
        // The descriptors are inherited under their numbers, as the sandbox gives them to a build.
        let [read, write] = DESCRIPTORS;
        let fifo = seat.fifo();
        let script = format!("exec {read}<'{f}' {write}>'{f}'; exec {}", make.0, f = fifo.display());
        let child = Command::new("bash")
            .args(["-c", &script])
            .current_dir(&dir)
            .env("MAKEFLAGS", seat.makeflags(make.1, &fifo))
            .env("top", self.dir.path())
            .process_group(0)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Build { child }
    }

    fn exists(&self, name: &str) -> bool {
        self.dir.path().join(name).exists()
    }

    fn touch(&self, name: &str) {
        fs::write(self.dir.path().join(name), "").unwrap();
    }

    fn wait_for(&self, what: &str, is_so: impl Fn(&Case) -> bool) {
        for _ in 0..3000 {
            if is_so(self) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("waited 30 s in vain for: {what}");
    }

    fn marks(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    fn running(&self) -> usize {
        let marks = self.marks();
        marks.matches('+').count() - marks.matches('-').count()
    }

    /// The most jobs that ran at once.
    fn peak(&self) -> usize {
        let steps = self.marks().lines().fold((0, 0), |(now, most): (usize, usize), mark| {
            let now = if mark == "+" { now + 1 } else { now - 1 };
            (now, most.max(now))
        });
        steps.1
    }

    fn is_all_back(&self) -> bool {
        let pool = self.jobserver.shared.lock();
        pool.is_whole() && pool.free() == pool.width
    }
}

/// A running make, killed with all its jobs at the end of a failed test.
struct Build {
    child: Child,
}

impl Build {
    fn end(mut self) {
        assert!(self.child.wait().unwrap().success());
    }

    fn kill(&mut self) {
        let group = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

impl Drop for Build {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
        }
    }
}

/// Each make that is here, in each form that it understands: the host's, one that `PTHBS_TEST_MAKE` names, and those that
/// pthbs itself has built for this machine, which are static and run from where they lie.
#[expect(clippy::print_stdout, reason = "what could not be tested is told")]
fn makes() -> Vec<(String, Form)> {
    let built = fs::read_dir("/var/lib/pthbs/versions").into_iter().flatten().flatten();
    let built = built.filter(|entry| entry.file_name().to_string_lossy().starts_with("gnu-make."));
    let built = built.map(|entry| entry.path().join("bin/make")).find(|program| program.exists());
    let named = std::env::var("PTHBS_TEST_MAKE").ok().or_else(|| Some(built?.to_str()?.to_string()));
    let forms: Vec<(String, Form)> =
        named.into_iter().chain(["make".to_string()]).flat_map(forms_of).collect();
    for (form, versions) in [(Form::Fifo, "4.4 or later"), (Form::Combined, "any version")] {
        if !forms.iter().any(|(_, has)| *has == form) {
            println!("SKIPPED: no GNU make of {versions} here (PTHBS_TEST_MAKE=/path/to/make)");
        }
    }
    forms
}

/// The forms in which one make can be told of the jobserver; none if it is not there.
fn forms_of(program: String) -> Vec<(String, Form)> {
    let Ok(output) = Command::new(&program).arg("--version").output() else { return Vec::new() };
    let version = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = version.split_whitespace().nth(2).unwrap_or_default().to_string();
    let mut parts = number.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let knows_fifo = (parts.next(), parts.next()) >= (Some(4), Some(4));
    let fifo = knows_fifo.then(|| (program.clone(), Form::Fifo));
    fifo.into_iter().chain([(program, Form::Combined)]).collect()
}

/// A job that ends only when it has seen `n` jobs running at once.
fn meets(n: usize) -> String {
    format!(
        "i=0; while [ ! -e $$top/met ] && [ $$i -lt 1500 ]; do \
         p=$$(grep -c + $$top/log); m=$$(grep -c - $$top/log); [ $$((p - m)) -ge {n} ] && : > $$top/met; \
         i=$$((i + 1)); sleep 0.02; done; [ -e $$top/met ] || : > $$top/alone"
    )
}

#[test]
fn two_builds_never_exceed_the_width() {
    for make in makes() {
        let case = Case::new(4);
        let seats = ["a", "b"].map(|build| (build, case.seat(build)));
        let builds = seats.each_ref().map(|(build, seat)| case.make(&make, build, seat, 12, "sleep 0.05"));
        builds.into_iter().for_each(Build::end);
        drop(seats);
        assert_eq!(case.marks().matches('+').count(), 24, "{make:?}");
        assert!(case.peak() <= 4, "{make:?}: {} jobs at once", case.peak());
        assert!(case.is_all_back());
    }
}

#[test]
fn a_lone_build_gets_every_token() {
    for make in makes() {
        let case = Case::new(4);
        let seat = case.seat("a");
        case.make(&make, "a", &seat, 12, &meets(4)).end();
        assert!(!case.exists("alone"), "{make:?}");
        assert_eq!(case.peak(), 4, "{make:?}");
    }
}

#[test]
fn a_width_of_one_is_one_job_at_a_time() {
    for make in makes() {
        let case = Case::new(1);
        let seat = case.seat("a");
        case.make(&make, "a", &seat, 3, "sleep 0.02").end();
        assert_eq!(case.peak(), 1, "{make:?}");
    }
}

#[test]
fn when_one_build_ends_the_other_has_the_full_width() {
    for make in makes() {
        let case = Case::new(4);
        let (first, second) = (case.seat("a"), case.seat("b"));
        let short = case.make(&make, "a", &first, 4, "sleep 0.05");
        let job = format!("while [ ! -e $$top/ended ]; do sleep 0.02; done; {}", meets(4));
        let long = case.make(&make, "b", &second, 12, &job);
        short.end();
        drop(first);
        case.touch("ended");
        long.end();
        assert!(!case.exists("alone"), "{make:?}");
        assert_eq!(case.peak(), 4, "{make:?}");
    }
}

#[test]
fn a_killed_build_costs_no_token() {
    for make in makes() {
        let case = Case::new(4);
        let seat = case.seat("a");
        let mut build = case.make(&make, "a", &seat, 12, "sleep 1000");
        case.wait_for("four jobs", |case| case.running() == 4);
        build.kill();
        drop(seat);
        assert!(case.is_all_back());

        fs::remove_file(case.dir.path().join("log")).unwrap();
        let seat = case.seat("b");
        case.make(&make, "b", &seat, 8, &meets(4)).end();
        assert!(!case.exists("alone"), "{make:?}");
    }
}

#[test]
fn an_offer_that_a_build_without_make_ignores_goes_to_another() {
    for make in makes() {
        let case = Case::new(4);
        let idle = case.seat("idle");
        let seat = case.seat("a");
        case.make(&make, "a", &seat, 12, &meets(3)).end();
        assert!(!case.exists("alone"), "{make:?}");
        assert_eq!(case.peak(), 3, "{make:?}");
        drop((idle, seat));
        assert!(case.is_all_back());
    }
}

#[test]
fn a_newcomer_gets_its_seat_beside_a_busy_build() {
    for make in makes() {
        let case = Case::new(2);
        let seat = case.seat("a");
        let job = "i=0; while [ ! -e $$top/sat ] && [ $$i -lt 3 ]; do sleep 0.02; i=$$((i + 1)); done";
        let busy = case.make(&make, "a", &seat, 200, job);
        case.wait_for("both jobs", |case| case.running() == 2);
        // Waits until a job of the busy build gives its token back, and gets it before that build does.
        let newcomer = case.seat("b");
        assert!(case.marks().matches('-').count() < 200, "{make:?}");
        case.touch("sat");
        busy.end();
        drop((seat, newcomer));
        assert!(case.peak() <= 2, "{make:?}");
        assert!(case.is_all_back());
    }
}

#[test]
fn tokens_that_a_build_makes_up_do_not_count() {
    let case = Case::new(2);
    let seat = case.seat("a");
    let flood = fs::OpenOptions::new().write(true).open(seat.fifo()).unwrap();
    for _ in 0..6000 {
        // Never blocks for ever: the page is drained whole, and nothing is laid in before the writer has gone on.
        std::io::Write::write_all(&mut &flood, b"x").unwrap();
    }
    drop(seat);
    assert!(case.is_all_back());
}

#[test]
fn closing_sends_those_home_who_wait() {
    let case = Case::new(1);
    let seat = case.seat("a");
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| case.jobserver.seat().unwrap().is_none());
        case.wait_for("a waiter", |case| case.exists("2"));
        case.jobserver.close();
        assert!(waiter.join().unwrap());
    });
    drop(seat);
    assert!(!case.exists("1") && !case.exists("2"), "a FIFO goes with its seat");
    assert!(case.is_all_back());
}

#[test]
fn the_journal_tells_who_held_what() {
    let Some(make) = makes().into_iter().next() else { return };
    let case = Case::new(3);
    case.jobserver.keep_journal();
    let seat = case.seat("a");
    let number = seat.number();
    case.make(&make, "a", &seat, 6, &meets(3)).end();
    drop(seat);
    let journal = case.jobserver.journal();
    assert!(journal.iter().all(|held| held.seat == number && held.tokens <= 3));
    assert_eq!(journal.iter().map(|held| held.tokens).max(), Some(3));
    assert_eq!(journal.last().map(|held| held.tokens), Some(0));
}

#[test]
fn makeflags_name_the_jobserver_as_each_client_knows_it() {
    let case = Case::new(4);
    let seat = case.seat("a");
    let path = Path::new("/jobserver");
    assert_eq!(seat.makeflags(Form::Fifo, path), "-j4 --jobserver-auth=fifo:/jobserver");
    let combined = "-j4 --jobserver-auth=fifo:/jobserver --jobserver-auth=198,199";
    assert_eq!(seat.makeflags(Form::Combined, path), combined);
    assert_eq!(seat.makeflags(Form::None, path), "-j4");
}

/// What a client may do, and the passing of time.
#[derive(Debug, Clone)]
enum Act {
    Sit,
    StandUp(usize),
    Take(usize),
    GiveBack(usize),
    Pass(u64),
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        Just(Act::Sit),
        (0..4usize).prop_map(Act::StandUp),
        (0..4usize).prop_map(Act::Take),
        (0..4usize).prop_map(Act::Take),
        (0..4usize).prop_map(Act::GiveBack),
        (0..50u64).prop_map(Act::Pass),
    ]
}

proptest! {
    // A failure means that tokens are lost, which slows every later build, or made up, which overloads the machine.
    #[test]
    fn honest_clients_never_hold_more_than_the_width(
        width in 1..5usize, acts in prop::collection::vec(any_act(), 0..60)
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut pool = Pool::new(width);
        let mut now = Instant::now();
        // Per seat: its number, and the tokens that its processes hold besides the seat.
        let mut seats: Vec<(u64, usize)> = Vec::new();
        let mut queue: Vec<(u64, Fifo)> = Vec::new();
        for (count, act) in acts.into_iter().enumerate() {
            match act {
                Act::Sit => {
                    let seat = pool.queue();
                    queue.push((seat, Fifo::make(dir.path().join(count.to_string())).unwrap()));
                }
                Act::StandUp(at) if at < seats.len() => {
                    pool.stand_up(seats.remove(at).0).unwrap();
                }
                Act::Take(at) if at < seats.len() => {
                    let (seat, held) = &mut seats[at];
                    let mut end = nonblocking(pool.fifo(*seat).unwrap());
                    *held += usize::from(std::io::Read::read(&mut end, &mut [0]).is_ok());
                    pool.look(*seat);
                }
                Act::GiveBack(at) if at < seats.len() && seats[at].1 > 0 => {
                    let (seat, held) = &mut seats[at];
                    *held -= 1;
                    std::io::Write::write_all(&mut nonblocking(pool.fifo(*seat).unwrap()), b"+").unwrap();
                    pool.look(*seat);
                }
                Act::Pass(milliseconds) => now += Duration::from_millis(milliseconds),
                _ => {}
            }
            pool.settle(now);
            for (seat, fifo) in std::mem::take(&mut queue) {
                match pool.sit(seat, fifo) {
                    Ok(()) => seats.push((seat, 0)),
                    Err(fifo) => queue.push((seat, fifo)),
                }
            }
            pool.settle(now);
            let held: usize = seats.iter().map(|(_, held)| 1 + held).sum();
            prop_assert!(held <= width, "{held} of {width}");
            prop_assert!(pool.is_whole());
            prop_assert!(queue.is_empty() || held == width, "a seat waits though a token is free");
        }
        queue.into_iter().for_each(|(seat, _)| pool.leave(seat));
        seats.into_iter().for_each(|(seat, _)| drop(pool.stand_up(seat)));
        prop_assert_eq!(pool.free(), width);
    }
}

fn nonblocking(fifo: &Fifo) -> fs::File {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).custom_flags(nix::libc::O_NONBLOCK).open(fifo.path()).unwrap()
}
