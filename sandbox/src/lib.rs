//! Runs one command in a namespace sandbox described by a plain value. Knows no package, script, hash or store.
//!
//! [`Spec`] says what a sandbox is. A program with threads starts a [`Helper`] before the first of them and gives it
//! specs; one without calls [`run_here`]. [`overlay`] is for a view of the host with something added. In the order of events:
//! `spec` checks, `identity` chooses a uid, `launch` clones, `inside` is pid 1 (it calls `root`, `mount`, `rights`,
//! `seccomp`), `watch` follows it to its end. `weak` stands in for `inside` where a spec asks for it. `sys` alone is unsafe.

mod cgroup;
mod diagnose;
mod error;
mod examine;
mod helper;
mod here;
mod identity;
mod inside;
mod launch;
mod mount;
mod overlay;
mod relay;
mod report;
mod rights;
mod root;
mod seccomp;
mod spec;
mod sys;
mod terminal;
mod watch;
mod weak;

pub use cgroup::cgroup_absence;
pub use error::Error;
pub use examine::{Machine, examine};
pub use helper::{Heard, Helper, Running, Stdio, Stopper};
pub use here::run_here;
pub use overlay::overlay;
pub use spec::{Access, Bind, Boundary, INSIDE_ID, Limits, Link, Spec};
pub use watch::{Outcome, Timeout};
