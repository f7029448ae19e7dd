//! Runs one command in a namespace sandbox described by a plain value.
