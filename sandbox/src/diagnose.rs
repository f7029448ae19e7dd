//! Why a machine refuses user namespaces, and what to do about it.
//!
//! The refusing call says little: EPERM and ENOSPC have six causes between them. The kernel's own settings say the rest.

use std::path::Path;

use nix::errno::Errno;

use crate::error::Error;

/// Explains a call that makes namespaces.
pub(crate) fn no_namespaces(call: &str, errno: Errno) -> Error {
    let error = Error::new(format!("cannot make a user namespace: {call}: {}", errno.desc()));
    explain(error, errno, &Facts::read(Path::new("/proc")))
}

/// Explains a step that a fresh user namespace must allow and that failed all the same.
pub(crate) fn powerless(error: Error) -> Error {
    let is_refusal = [Errno::EPERM, Errno::EACCES].iter().any(|errno| error.what.ends_with(errno.desc()));
    if !is_refusal {
        return error;
    }
    explain(error, Errno::EPERM, &Facts::read(Path::new("/proc")))
}

/// What the kernel says of itself.
#[derive(Debug, Default)]
struct Facts {
    is_root: bool,
    /// The kernel has user namespaces at all.
    is_built_in: bool,
    /// Settings user.max_*_namespaces that are 0.
    zero_limits: Vec<String>,
    /// kernel.unprivileged_userns_clone, where a distribution's kernel has it.
    unprivileged_clone: Option<u64>,
    /// kernel.apparmor_restrict_unprivileged_userns, likewise.
    apparmor: Option<u64>,
    /// A system call filter is in force.
    is_filtered: bool,
}

impl Facts {
    fn read(proc: &Path) -> Facts {
        let number = |name: &str| std::fs::read_to_string(proc.join(name)).ok()?.trim().parse().ok();
        let kinds = ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup"];
        let names = kinds.map(|kind| format!("max_{kind}_namespaces"));
        let zero = names.iter().filter(|name| number(&format!("sys/user/{name}")) == Some(0));
        let status = std::fs::read_to_string(proc.join("self/status")).unwrap_or_default();
        Facts {
            is_root: nix::unistd::geteuid().is_root(),
            is_built_in: proc.join("self/ns/user").exists(),
            zero_limits: zero.map(|name| format!("user.{name}")).collect(),
            unprivileged_clone: number("sys/kernel/unprivileged_userns_clone"),
            apparmor: number("sys/kernel/apparmor_restrict_unprivileged_userns"),
            is_filtered: status
                .lines()
                .any(|line| line.strip_prefix("Seccomp:").is_some_and(|mode| mode.trim() == "2")),
        }
    }
}

/// Adds the causes that apply, the surest first; the hint is that of the first.
fn explain(error: Error, errno: Errno, facts: &Facts) -> Error {
    let mut causes: Vec<(String, String)> = Vec::new();
    let sysctl = |name: &str, value: u64| format!("as root: sysctl -w {name}={value}");
    if !facts.is_built_in {
        causes.push(("the kernel has none (CONFIG_USER_NS)".into(), "use a kernel that has them".into()));
    }
    if errno == Errno::ENOSYS {
        let hint = "use Linux 5.3 or later; in a container, allow clone3 in its system call filter";
        causes.push(("the kernel does not have clone3, or a filter hides it".into(), hint.into()));
    }
    for name in &facts.zero_limits {
        causes.push((format!("the kernel allows none ({name} is 0)"), sysctl(name, 15_000)));
    }
    if !facts.is_root && facts.unprivileged_clone == Some(0) {
        let name = "kernel.unprivileged_userns_clone";
        causes.push((format!("the kernel keeps it from ordinary users ({name} is 0)"), sysctl(name, 1)));
    }
    if !facts.is_root && facts.apparmor.is_some_and(|value| value != 0) {
        let name = "kernel.apparmor_restrict_unprivileged_userns";
        let hint =
            format!("{}, or give this program an AppArmor profile that allows `userns`", sysctl(name, 0));
        causes.push((format!("AppArmor keeps it from programs without a profile ({name} is not 0)"), hint));
    }
    if matches!(errno, Errno::ENOSPC | Errno::EUSERS) && facts.zero_limits.is_empty() {
        let hint = "as root: sysctl -a | grep max_.*_namespaces, and raise the one that is reached";
        causes.push((
            "there are as many as user.max_*_namespaces allows, or 32 inside each other".into(),
            hint.into(),
        ));
    }
    if errno == Errno::EPERM && facts.is_filtered {
        let hint = "docker and podman: --security-opt seccomp=unconfined, or --privileged";
        causes.push(("a system call filter is in force, as containers have it".into(), hint.into()));
    }
    if causes.is_empty() && errno == Errno::EPERM {
        let hint = "run outside of the chroot; for SELinux and other modules, see the kernel's log";
        causes.push(("no setting forbids it: a chroot or a security module does".into(), hint.into()));
    }
    let hint = causes.first().map(|(_, hint)| hint.clone());
    let error = causes.into_iter().fold(error, |error, (cause, _)| error.line(cause));
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(errno: Errno, facts: Facts) -> String {
        explain(Error::new("refused"), errno, &Facts { is_built_in: true, ..facts }).to_string()
    }

    #[test]
    fn each_setting_that_refuses_is_named_with_its_cure() {
        assert_eq!(
            explained(Errno::EPERM, Facts { unprivileged_clone: Some(0), ..Facts::default() }),
            "error: refused\n  the kernel keeps it from ordinary users (kernel.unprivileged_userns_clone is 0)\n  \
             hint: as root: sysctl -w kernel.unprivileged_userns_clone=1"
        );
        let apparmor = explained(Errno::EACCES, Facts { apparmor: Some(1), ..Facts::default() });
        assert!(apparmor.contains("kernel.apparmor_restrict_unprivileged_userns is not 0"), "{apparmor}");
        assert!(apparmor.contains("sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"), "{apparmor}");
        let zero = vec!["user.max_net_namespaces".to_string()];
        let limit = explained(Errno::ENOSPC, Facts { zero_limits: zero, ..Facts::default() });
        assert!(limit.contains("(user.max_net_namespaces is 0)"), "{limit}");
        assert!(limit.contains("sysctl -w user.max_net_namespaces=15000"), "{limit}");
    }

    #[test]
    fn what_binds_ordinary_users_is_not_blamed_on_root() {
        let facts =
            Facts { is_root: true, unprivileged_clone: Some(0), apparmor: Some(1), ..Facts::default() };
        assert!(explained(Errno::EPERM, facts).contains("a chroot or a security module"));
    }

    #[test]
    fn a_missing_kernel_feature_is_told_from_a_setting() {
        let none = explain(Error::new("refused"), Errno::EINVAL, &Facts::default()).to_string();
        assert!(none.contains("CONFIG_USER_NS"), "{none}");
        assert!(explained(Errno::ENOSYS, Facts::default()).contains("Linux 5.3"));
        assert!(explained(Errno::ENOSPC, Facts::default()).contains("inside each other"));
        assert!(
            explained(Errno::EPERM, Facts { is_filtered: true, ..Facts::default() })
                .contains("seccomp=unconfined")
        );
    }
}
