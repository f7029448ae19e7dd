//! The words of the template language: facts, variables, functions, filters, tests. What is not here does not exist.

/// Facts that the engine itself reads; a definition may set them, whatever it extends.
pub(super) const FACTS: [&str; 7] = ["version", "meta", "sandbox", "set_path", "static", "system", "target"];

/// What `meta` may hold. None of it reaches the script.
pub(super) const META: [&str; 4] = ["description", "license", "homepage", "update"];

/// The machine that scripts run on.
pub(super) const SYSTEM: &str = "x86_64-linux";
/// What scripts make where nothing else is asked for.
pub(super) const TARGET: &str = "x86_64-linux-musl";
