//! What a sandbox gives up for ever before its command runs: capabilities, privileges, resources.

use nix::errno::Errno;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, rlim_t, setrlimit};

use crate::error::{Error, Named as _, Result};
use crate::spec::Limits;
use crate::sys;

/// Empties all five capability sets and forbids regaining anything by exec.
pub(crate) fn drop_all() -> Result<()> {
    drop_bounding_set().named(|| "prctl(PR_CAPBSET_DROP)".to_string())?;
    drop_present()
}

/// Empties the bounding set, which takes a capability. Where nobody has that one, an exec under
/// [`drop_present`] gains none of the set either.
pub(crate) fn drop_bounding_set() -> nix::Result<()> {
    for capability in 0..64 {
        match sys::drop_from_bounding_set(capability) {
            Ok(()) => {}
            // Past the last one this kernel knows.
            Err(Errno::EINVAL) => break,
            failed => return failed,
        }
    }
    Ok(())
}

/// Empties the other four sets and forbids regaining anything by exec.
pub(crate) fn drop_present() -> Result<()> {
    nix::sys::prctl::set_no_new_privs().named(|| "prctl(PR_SET_NO_NEW_PRIVS)".to_string())?;
    match sys::clear_ambient_set() {
        // A kernel without ambient capabilities has none to give.
        Ok(()) | Err(Errno::EINVAL) => {}
        failed => failed.named(|| "prctl(PR_CAP_AMBIENT_CLEAR_ALL)".to_string())?,
    }
    sys::drop_capability_sets().named(|| "capset(none)".to_string())
}

/// Sets the resource limits of this process and all that come of it.
pub(crate) fn limit(limits: &Limits) -> Result<()> {
    lower(Resource::RLIMIT_CORE, 0)?;
    lower(Resource::RLIMIT_NOFILE, limits.nofile)?;
    lower(Resource::RLIMIT_NPROC, limits.nproc)?;
    lower(Resource::RLIMIT_FSIZE, limits.fsize)?;
    // The caller's stack, file and address limits are part of the host; what is not named here is set free, as far as
    // the caller's own hard limit allows, so that a build does not depend on who starts it.
    lower(Resource::RLIMIT_STACK, limits.stack)?;
    for resource in [Resource::RLIMIT_AS, Resource::RLIMIT_DATA, Resource::RLIMIT_CPU, Resource::RLIMIT_RSS] {
        lower(resource, RLIM_INFINITY)?;
    }
    Ok(())
}

/// Lets this process open as many files as it ever may: one descriptor is needed for each bind.
pub(crate) fn raise_open_files() -> Result<()> {
    lower(Resource::RLIMIT_NOFILE, RLIM_INFINITY)
}

/// Says so where the caller's own limit leaves no room for a descriptor with a high number.
pub(crate) fn need_open_files(count: u64) -> Result<()> {
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).named(|| "getrlimit(RLIMIT_NOFILE)".to_string())?;
    match soft >= count {
        true => Ok(()),
        false => Err(Error::new(format!("a process may open {soft} files, and a jobserver needs {count}"))
            .hint(format!("ulimit -H -n must be {count} or more, and so must the spec's nofile"))),
    }
}

/// Soft and hard limit become `wanted`, or the present hard limit where that is less.
fn lower(resource: Resource, wanted: rlim_t) -> Result<()> {
    let (_, hard) = getrlimit(resource).named(|| format!("getrlimit({resource:?})"))?;
    let limit = wanted.min(hard);
    setrlimit(resource, limit, limit).named(|| format!("setrlimit({resource:?}, {limit})"))
}
