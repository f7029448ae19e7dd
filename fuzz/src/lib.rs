//! The upper half alone, from its own files: instrumenting libgit2 and the rest of the lower half would take longer than
//! the fuzzing.

#[path = "../../pthbs/src"]
mod upper {
    pub mod base;
    pub mod genpkg;
    pub mod script;
}

pub use upper::{base, genpkg, script};
