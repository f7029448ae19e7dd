//! Runs the script of a build in its sandbox and takes in its output.

use std::fs::File;
use std::path::PathBuf;

use nix::fcntl::OFlag;
use sandbox::{Outcome, Stdio};

use super::inside::{Inside, JOBSERVER, Place};
use super::{Job, failure};
use crate::base::event::Event;
use crate::base::{Error, Result};
use crate::build::jobserver::{Form, Seat};
use crate::build::log::{Capture, Captured};
use crate::build::run::Part;
use crate::build::visible::Visible;
use crate::script::Sandbox;

impl Job<'_> {
    /// Returns when no process of the build is left.
    pub(super) fn execute(
        &self,
        visible: &Visible,
        place: &Place,
        seat: &Seat,
        captured: &mut Captured,
    ) -> Result<Outcome> {
        let form = self.jobserver_form(visible)?;
        let inside = Inside {
            store: self.site.store,
            script: self.script,
            visible,
            place,
            jobs: self.site.options.jobs,
            jobserver: Some((seat.makeflags(form, &self.jobserver_path(seat)), seat.fifo())),
            limits: &self.site.options.limits,
            is_weak: self.site.options.view.is_some(),
        };
        let spec = inside.spec()?;
        let jobserver = match form {
            Form::Fifo | Form::None => None,
            Form::Combined => Some(seat.descriptors()?),
        };
        let (read, output) = nix::unistd::pipe2(OFlag::O_CLOEXEC)
            .map_err(|errno| Error::usage(format!("cannot start a build: pipe2: {}", errno.desc())))?;
        let stdio = Stdio { output, jobserver };
        let mut running = self.site.helper.run(&spec, stdio).map_err(failure::of_sandbox)?;
        let (path, name, id) = (self.log(), self.install.name.to_string(), self.install.id.to_string());
        let on_phase = |phase: &str| {
            let (name, id, phase) = (name.clone(), id.clone(), phase.to_string());
            self.site.tell(Event::BuildPhase { name, id, phase });
        };
        let mut capture = Capture::begin(&path, self.site.options.log_bytes, &on_phase);
        let outcome = running.wait_reading(File::from(read), |bytes| capture.take(bytes));
        *captured = capture.end();
        outcome.map_err(failure::of_sandbox)
    }

    /// Where the build finds its jobserver.
    fn jobserver_path(&self, seat: &Seat) -> PathBuf {
        match self.site.options.view.is_some() {
            true => seat.fifo(),
            false => JOBSERVER.into(),
        }
    }

    /// Host make, and GNU make before 4.4, know descriptors alone.
    fn jobserver_form(&self, visible: &Visible) -> Result<Form> {
        if self.site.options.without.contains(&Part::Jobserver) {
            return Ok(Form::None);
        }
        if self.script.header.sandbox != Sandbox::On {
            return Ok(Form::Combined);
        }
        let makes = visible.tools.iter().filter(|tool| matches!(tool.name.as_str(), "gnu-make" | "make"));
        for make in makes {
            if let Some(script) = self.site.scripts.script(make)?
                && is_before_4_4(&script.header.version)
            {
                return Ok(Form::Combined);
            }
        }
        Ok(Form::Fifo)
    }
}

fn is_before_4_4(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    (numbers.next(), numbers.next()) < (Some(4), Some(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_make_are_told_apart() {
        for (version, is_before) in
            [("4.3", true), ("4.4", false), ("4.4.1", false), ("3.82", true), ("4", true), ("5.0", false)]
        {
            assert_eq!(is_before_4_4(version), is_before, "{version}");
        }
    }
}
