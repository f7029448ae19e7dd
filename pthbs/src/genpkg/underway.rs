//! What is being rendered at this moment, for whoever watches the process from another thread.
//!
//! One register for the process and not one for a project: memory, for which it is watched, is the process's too.

use std::sync::{Mutex, PoisonError};
use std::thread::{self, ThreadId};

/// Each thread's renderings, the innermost last.
static UNDERWAY: Mutex<Vec<(ThreadId, String)>> = Mutex::new(Vec::new());

/// A rendering that has begun; it is over when this is dropped.
pub(super) struct Begun {
    label: String,
}

impl Begun {
    pub(super) fn new(label: &str) -> Begun {
        let mut underway = UNDERWAY.lock().unwrap_or_else(PoisonError::into_inner);
        underway.push((thread::current().id(), label.to_string()));
        Begun { label: label.to_string() }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let thread = thread::current().id();
        let mut underway = UNDERWAY.lock().unwrap_or_else(PoisonError::into_inner);
        let is_this = |(owner, label): &(ThreadId, String)| *owner == thread && *label == self.label;
        if let Some(position) = underway.iter().rposition(is_this) {
            underway.remove(position);
        }
    }
}

/// What each thread renders: `NAME` or `NAME@LABEL`, not what asks for it.
pub fn underway() -> Vec<String> {
    let underway = UNDERWAY.lock().unwrap_or_else(PoisonError::into_inner);
    let is_last =
        |position: usize, owner: &ThreadId| underway[position + 1..].iter().all(|(other, _)| other != owner);
    let last = underway.iter().enumerate().filter(|(position, (owner, _))| is_last(*position, owner));
    let mut labels: Vec<String> = last.map(|(_, (_, label))| label.clone()).collect();
    labels.sort();
    labels.dedup();
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_of_each_thread_is_told_until_it_is_over() {
        // Other tests render at the same time: only these labels count here.
        let told =
            || underway().into_iter().filter(|label| label.starts_with("underway-")).collect::<Vec<_>>();
        let outer = Begun::new("underway-app");
        let inner = Begun::new("underway-zlib");
        thread::scope(|scope| {
            scope.spawn(|| {
                let _other = Begun::new("underway-m4");
                assert_eq!(told(), ["underway-m4", "underway-zlib"]);
            });
        });
        drop(inner);
        assert_eq!(told(), ["underway-app"]);
        drop(outer);
        assert!(told().is_empty());
    }
}
