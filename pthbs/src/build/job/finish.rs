//! From a script's output to an install: sealed, recorded, published.

use std::collections::{BTreeMap, BTreeSet};

use super::{Job, keep};
use crate::base::{Error, Result};
use crate::build::log::Captured;
use crate::build::visible::Visible;
use crate::script::{Sandbox, Source};
use crate::store::{Finding, Host, Meta, Record, Seal, Sealed, Staging};

impl Job<'_> {
    /// Makes the output an install.
    pub(super) fn finish(&self, staging: Staging, visible: &Visible, captured: &Captured) -> Result<()> {
        let sealed = match self.seal(&staging, visible) {
            Ok(sealed) => sealed,
            Err(error) => {
                let error = error
                    .with("log", self.log().display())
                    .with("what it made", format!("`pthbs shell --failed {}`", self.install.name));
                return Err(keep(staging, error));
            }
        };
        sealed.warnings.iter().for_each(|warning| self.warn(warning));
        let record = self.record(&sealed, captured)?;
        let meta = Meta { script: Some(self.script), record: Some(&record) };
        // Another one cannot have been first: this one holds the lock. If it has by other means, that one stays.
        self.site.store.publish(staging, &self.item, &sealed.manifest, meta)?;
        Ok(())
    }

    fn seal(&self, staging: &Staging, visible: &Visible) -> Result<Sealed> {
        let (tree, own, known) = (staging.tree(), self.install.clone(), visible.all.clone());
        let is_static = self.script.header.is_static;
        let silenced = self.silenced();
        let seal = Seal { tree: &tree, own: Some(&own), known: &known, is_static, silenced: &silenced };
        let walked = seal.walk()?;
        if walked.is_small() {
            return seal.finish(walked);
        }
        self.site.work.run(move || {
            Seal { tree: &tree, own: Some(&own), known: &known, is_static, silenced: &silenced }
                .finish(walked)
        })
    }

    fn record(&self, sealed: &Sealed, captured: &Captured) -> Result<Record> {
        Ok(Record {
            started: self.started,
            seconds: self.begun.elapsed().as_secs_f64(),
            phases: captured.phases.clone(),
            taint: self.taint()?,
            host: Host::this(),
            pthbs: env!("CARGO_PKG_VERSION").to_string(),
            references: sealed.masked.references(&self.install),
            // Known when it is published.
            manifest: None,
            tree_key: self.site.store.tree_key(&self.install, &sealed.masked)?,
            warnings: sealed.warnings.clone(),
            license: self.site.options.licenses.get(&self.install).cloned().unwrap_or_default(),
            silenced: self.silenced().iter().map(|finding| finding.as_str().to_string()).collect(),
            urls: self.urls(),
        })
    }

    fn silenced(&self) -> BTreeSet<Finding> {
        self.site.options.silenced.get(&self.install).cloned().unwrap_or_default()
    }

    fn urls(&self) -> BTreeMap<String, Vec<String>> {
        let urls = |source: &Source| {
            (self.site.origins)(source).into_iter().map(|origin| origin.url).collect::<Vec<_>>()
        };
        let all = self.script.header.sources.iter().map(|source| (source.key(), urls(source)));
        all.filter(|(_, urls)| !urls.is_empty()).collect()
    }

    /// Why the install may depend on more than its script names: its own reasons, then each input that is tainted.
    fn taint(&self) -> Result<Vec<String>> {
        let header = &self.script.header;
        let own = match header.sandbox {
            Sandbox::On => None,
            Sandbox::Host => Some("sandbox=host: it saw the host's programs and libraries".to_string()),
            Sandbox::Off => Some("sandbox=off: it saw the whole host".to_string()),
        };
        let weak = "weak-sandbox=landlock: no namespaces were between it and the host".to_string();
        let mut reasons: Vec<String> =
            own.into_iter().chain(self.site.options.view.is_some().then_some(weak)).collect();
        for input in header.inputs() {
            let record = self.site.store.record(input).map_err(|error: Error| {
                error.with("which is an input of", format!("`{}`", self.install.name))
            })?;
            if !record.taint.is_empty() {
                reasons.push(format!("built from {input}, which is tainted"));
            }
        }
        reasons.dedup();
        Ok(reasons)
    }
}
