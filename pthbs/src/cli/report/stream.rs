//! Events for programs: one JSON object a line, on stdout.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::base::event::{Event, Sink};

/// A sink that prints every event.
pub fn stream() -> Sink {
    Arc::new(|event| {
        super::data(&format!("{}\n", object(&event)));
    })
}

/// The event as an object; its first key tells which. Times are seconds.
pub(super) fn object(event: &Event) -> Value {
    match event {
        Event::Planned { fetches, builds, usual } => {
            json!({ "event": "planned", "fetches": fetches, "builds": builds, "seconds": usual.as_secs_f64() })
        }
        Event::Left { left } => json!({ "event": "left", "seconds": left.as_secs_f64() }),
        Event::FetchStarted { source } => json!({ "event": "fetch_started", "source": source }),
        Event::FetchProgress { source, bytes, total } => {
            json!({ "event": "fetch_progress", "source": source, "bytes": bytes, "total": total })
        }
        Event::FetchRetried { source, url, why } => {
            json!({ "event": "fetch_retried", "source": source, "url": url, "why": why })
        }
        Event::Fetched { source, bytes, elapsed } => {
            json!({ "event": "fetched", "source": source, "bytes": bytes, "seconds": elapsed.as_secs_f64() })
        }
        Event::FetchFailed { source } => json!({ "event": "fetch_failed", "source": source }),
        Event::BuildWaits { name, id, holder } => {
            json!({ "event": "build_waits", "name": name, "id": id, "holder": holder })
        }
        Event::BuildStarted { name, id, usual } => {
            let usual = usual.map(|usual| usual.as_secs_f64());
            json!({ "event": "build_started", "name": name, "id": id, "usual_seconds": usual })
        }
        Event::BuildPhase { name, id, phase } => {
            json!({ "event": "build_phase", "name": name, "id": id, "phase": phase })
        }
        Event::Built { name, id, elapsed } => {
            json!({ "event": "built", "name": name, "id": id, "seconds": elapsed.as_secs_f64() })
        }
        Event::BuildFailed { name, id, elapsed } => {
            json!({ "event": "build_failed", "name": name, "id": id, "seconds": elapsed.as_secs_f64() })
        }
        Event::BuildFound { name, id } => json!({ "event": "build_found", "name": name, "id": id }),
        Event::NotBuilt { name, id, because } => {
            json!({ "event": "not_built", "name": name, "id": id, "because": because })
        }
        Event::NeverOpened { name, id, never } => {
            json!({ "event": "never_opened", "name": name, "id": id, "never": never })
        }
        Event::Warning(text) => json!({ "event": "warning", "text": text }),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_document_names_every_event_with_its_keys() {
        let text = include_str!("../../../../docs/schedule.md");
        let [name, id, source] = ["zsh", "3f9c", "zsh.tar.xz"].map(String::from);
        let (elapsed, bytes) = (Duration::from_secs(1), 7);
        let events = [
            Event::Planned { fetches: 1, builds: 1, usual: elapsed },
            Event::Left { left: elapsed },
            Event::FetchStarted { source: source.clone() },
            Event::FetchProgress { source: source.clone(), bytes, total: None },
            Event::FetchRetried { source: source.clone(), url: "u".into(), why: "w".into() },
            Event::Fetched { source: source.clone(), bytes, elapsed },
            Event::FetchFailed { source },
            Event::BuildWaits { name: name.clone(), id: id.clone(), holder: "process 7".into() },
            Event::BuildStarted { name: name.clone(), id: id.clone(), usual: None },
            Event::BuildPhase { name: name.clone(), id: id.clone(), phase: "check".into() },
            Event::Built { name: name.clone(), id: id.clone(), elapsed },
            Event::BuildFailed { name: name.clone(), id: id.clone(), elapsed },
            Event::BuildFound { name: name.clone(), id: id.clone() },
            Event::NotBuilt { name: name.clone(), id: id.clone(), because: "`curl` failed".into() },
            Event::NeverOpened { name, id, never: Vec::new() },
            Event::Warning("careful".into()),
        ];
        for event in events {
            let object = object(&event);
            let kind = format!("`{}`", object["event"].as_str().unwrap());
            let row = text.lines().find(|line| line.starts_with('|') && line.contains(&kind));
            let row = row.unwrap_or_else(|| panic!("docs/schedule.md does not name {kind}"));
            for key in object.as_object().unwrap().keys().filter(|key| *key != "event") {
                assert!(row.contains(&format!("`{key}`")), "docs/schedule.md: {kind} has no `{key}`");
            }
        }
    }
}
