//! The system calls that no command in a sandbox gets, as a table and as a filter for the kernel.
//!
//! A list of what is denied: builds run any program there is, and a list of what is allowed would break some of them
//! with every new C library. Namespaces, empty capabilities and the mount table carry the boundary; the filter takes
//! away the parts of the kernel in which escapes were found.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use libc::{
    CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWUTS,
};
use nix::errno::Errno;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, sock_filter,
};

use crate::error::{Error, Result};
use crate::spec::Boundary;

/// The newest system call whose meaning was known when this table was written (file_setattr). Later ones do not exist in a
/// sandbox: a new way to mount would not be in the table. x32 calls have numbers far above and fall under the same rule.
const NEWEST_KNOWN: u32 = 469;

/// Has no constant in libc for all C libraries.
const SYS_SETXATTRAT: i64 = 463;
const SYS_OPEN_TREE_ATTR: i64 = 467;
const CLONE_NEWTIME: i32 = 0x80;

/// Denied whatever the arguments are.
const NEVER: &[i64] = &[
    // Mounts: without capabilities they fail anyway; the code behind them need not be reachable.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    SYS_OPEN_TREE_ATTR,
    libc::SYS_mount_setattr,
    libc::SYS_setns,
    // The kernel's large side doors.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_fanotify_init,
    // Keyrings have no namespace of their own.
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    // Opens any file of a file system, past every directory.
    libc::SYS_open_by_handle_at,
    // The machine itself.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_kexec_file_load,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
];

/// Answered as by a kernel that lacks them, so that the C library takes the older call, whose arguments can be seen.
const ABSENT: &[i64] = &[libc::SYS_clone3, libc::SYS_openat2];

/// Answered as by a file system that lacks them: cp and install then go on without.
const UNSUPPORTED: &[i64] = &[libc::SYS_setxattr, libc::SYS_lsetxattr, libc::SYS_fsetxattr, SYS_SETXATTRAT];

const NAMESPACES: [i32; 8] = [
    CLONE_NEWNS,
    CLONE_NEWCGROUP,
    CLONE_NEWUTS,
    CLONE_NEWIPC,
    CLONE_NEWUSER,
    CLONE_NEWPID,
    CLONE_NEWNET,
    CLONE_NEWTIME,
];

/// Calls with a mode: its argument's place, and that of the open flags if the mode counts only with them.
const WITH_MODE: &[(i64, u8, Option<u8>)] = &[
    (libc::SYS_fchmod, 1, None),
    (libc::SYS_fchmodat, 2, None),
    (libc::SYS_fchmodat2, 2, None),
    (libc::SYS_mknodat, 2, None),
    (libc::SYS_openat, 3, Some(2)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_chmod, 1, None),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_mknod, 1, None),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_creat, 1, None),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_open, 2, Some(1)),
];

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// The filter, made once per process: before the first clone, so that every sandbox finds it ready.
pub(crate) fn program(boundary: Boundary) -> Result<&'static BpfProgram> {
    static PROGRAMS: [OnceLock<Result<BpfProgram>>; 2] = [OnceLock::new(), OnceLock::new()];
    let made = PROGRAMS[boundary as usize].get_or_init(|| {
        compile(boundary).map_err(|why| Error::new(format!("cannot make the seccomp filter: {why}")))
    });
    made.as_ref().map_err(Error::clone)
}

/// Puts this process and all that come of it under the filter. After no_new_privs, and last of all.
pub(crate) fn apply(boundary: Boundary) -> Result<()> {
    seccompiler::apply_filter(program(boundary)?).map_err(|why| {
        Error::new(format!("seccomp(SECCOMP_SET_MODE_FILTER): {why}"))
            .hint("the kernel needs CONFIG_SECCOMP_FILTER")
    })
}

/// One filter, since each costs the kernel 90 us to take in. seccompiler knows one answer for each, so it makes several,
/// and the end of one, its default, becomes the beginning of the next: no call is in two of them.
fn compile(boundary: Boundary) -> Result<BpfProgram, BackendError> {
    let answers = [
        (refused()?, Errno::EPERM),
        (always(ABSENT), Errno::ENOSYS),
        (always(UNSUPPORTED), Errno::ENOTSUP),
        (sockets(boundary)?, Errno::EAFNOSUPPORT),
    ];
    let mut whole = BpfProgram::new();
    let mut ruled = Vec::new();
    for (rules, errno) in answers {
        ruled.extend(rules.keys().map(|&call| call as u32));
        let refuse = SeccompAction::Errno(errno as i32 as u32);
        // A call by another architecture's numbers (int 0x80) kills the process.
        let arch = std::env::consts::ARCH.try_into()?;
        let mut part: BpfProgram =
            SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch)?.try_into()?;
        let default = part.pop();
        assert_eq!(
            default.map(|last| last.k),
            Some(libc::SECCOMP_RET_ALLOW),
            "a filter ends with its default"
        );
        whole.extend(part);
    }
    whole.extend(nothing_newer());
    ruled.sort_unstable();
    let mut program = shortcut(&ruled);
    program.extend(whole);
    Ok(program)
}

/// Lets through what has no rule, by halving: a tree of comparisons before the long list.
///
/// When it takes a filter in, the kernel works out the answer for each of its calls; through the list alone that is a
/// tenth of what a sandbox costs to start. `ruled` is ascending. Whatever is not surely without a rule, and any other
/// architecture, goes on to the list.
fn shortcut(ruled: &[u32]) -> BpfProgram {
    const AUDIT_ARCH_X86_64: u32 = 0xc000_003e;
    const AUDIT_ARCH_AARCH64: u32 = 0xc000_00b7;
    let own = if cfg!(target_arch = "aarch64") { AUDIT_ARCH_AARCH64 } else { AUDIT_ARCH_X86_64 };
    // Where the answer changes: from this number on it is this one, until the next.
    let mut changes = vec![(0, true)];
    for &call in ruled {
        // Two ruled numbers in a row have no gap between them.
        if changes.last() == Some(&(call, true)) {
            changes.pop();
        }
        if changes.last().is_none_or(|(_, is_free)| *is_free) {
            changes.push((call, false));
        }
        changes.push((call + 1, true));
    }
    changes.push((NEWEST_KNOWN + 1, false));
    let mut tree = BpfProgram::new();
    branch(&changes, &mut tree);
    let (load, jump, go) = (
        libc::BPF_LD | libc::BPF_W | libc::BPF_ABS,
        libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K,
        libc::BPF_JMP | libc::BPF_JA,
    );
    let length = tree.len() as u32;
    // The architecture stands at offset 4 of `struct seccomp_data`, the number at 0.
    let mut program =
        vec![step(load, 0, 0, 4), step(jump, 1, 0, own), step(go, 0, 0, length + 1), step(load, 0, 0, 0)];
    // A leaf that goes on to the list jumps behind the tree.
    for (index, instruction) in tree.iter_mut().enumerate() {
        if instruction.code == go as u16 {
            instruction.k = length - 1 - index as u32;
        }
    }
    program.extend(tree);
    program
}

/// The tree below one half of the changes: the lower half stands first, the upper one is jumped to.
fn branch(changes: &[(u32, bool)], tree: &mut BpfProgram) {
    let (jump, go, answer) =
        (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, libc::BPF_JMP | libc::BPF_JA, libc::BPF_RET);
    match changes {
        [] => unreachable!("a half of two or more has one at least"),
        [(_, true)] => tree.push(step(answer, 0, 0, libc::SECCOMP_RET_ALLOW)),
        [(_, false)] => tree.push(step(go, 0, 0, 0)),
        _ => {
            let (lower, upper) = changes.split_at(changes.len() / 2);
            let mut first = BpfProgram::new();
            branch(lower, &mut first);
            // A conditional jump reaches 255; each half is shorter for any table of up to 128 changes a half.
            let over = u8::try_from(first.len()).expect("the table of calls fits one jump");
            tree.push(step(jump, over, 0, upper[0].0));
            tree.extend(first);
            branch(upper, tree);
        }
    }
}

fn step(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt, jf, k }
}

fn always(calls: &[i64]) -> Rules {
    calls.iter().map(|&call| (call, Vec::new())).collect()
}

/// Everything that gets EPERM: the table, namespaces, set-id modes, typing into a terminal.
fn refused() -> Result<Rules, BackendError> {
    let mut rules = always(NEVER);
    let any_namespace =
        NAMESPACES.iter().map(|&flag| rule(&[bits(0, flag as u32)?])).collect::<Result<Vec<_>, _>>()?;
    rules.insert(libc::SYS_unshare, any_namespace.clone());
    // The low byte of clone's flags is a signal, where CLONE_NEWTIME would be: 0x80 is none.
    rules.insert(libc::SYS_clone, any_namespace);
    for &(call, mode, flags) in WITH_MODE {
        let mut set_id = Vec::new();
        for bit in [libc::S_ISUID, libc::S_ISGID] {
            match flags {
                None => set_id.push(rule(&[bits(mode, bit)?])?),
                // Without these flags the mode is whatever lies in the register.
                Some(flags) => {
                    // O_TMPFILE alone: the constant of libc includes O_DIRECTORY.
                    for creates in [libc::O_CREAT, libc::O_TMPFILE & !libc::O_DIRECTORY] {
                        set_id.push(rule(&[bits(flags, creates as u32)?, bits(mode, bit)?])?);
                    }
                }
            }
        }
        rules.insert(call, set_id);
    }
    // Typing into a terminal, and the console's cut and paste, which does the same. The kernel looks at 32 bits.
    let terminal = [libc::TIOCSTI as u32, libc::TIOCLINUX as u32];
    let terminal = terminal.map(|request| rule(&[compare(1, SeccompCmpOp::Eq, request)?]));
    rules.insert(libc::SYS_ioctl, terminal.into_iter().collect::<Result<_, _>>()?);
    Ok(rules)
}

/// Sockets of any family but UNIX and internet: AF_VSOCK and others know no network namespace.
///
/// Without a network namespace every socket is one of the host's: then none is made but pairs.
fn sockets(boundary: Boundary) -> Result<Rules, BackendError> {
    let mut conditions = Vec::new();
    for family in [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6] {
        conditions.push(compare(0, SeccompCmpOp::Ne, family as u32)?);
    }
    let other = vec![rule(&conditions)?];
    let refused = match boundary {
        Boundary::Namespaces => other.clone(),
        Boundary::Landlock => Vec::new(),
    };
    Ok(Rules::from([(libc::SYS_socket, refused), (libc::SYS_socketpair, other)]))
}

/// Every call above the newest known one gets ENOSYS. By hand: seccompiler's tables know equal numbers only.
fn nothing_newer() -> BpfProgram {
    let (load, jump_greater, answer) = (
        libc::BPF_LD | libc::BPF_W | libc::BPF_ABS,
        libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K,
        libc::BPF_RET,
    );
    let enosys = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;
    vec![
        // The number stands at offset 0 of `struct seccomp_data`.
        step(load, 0, 0, 0),
        step(jump_greater, 0, 1, NEWEST_KNOWN),
        step(answer, 0, 0, enosys),
        step(answer, 0, 0, libc::SECCOMP_RET_ALLOW),
    ]
}

/// The argument has all of these bits.
fn bits(argument: u8, bits: u32) -> Result<SeccompCondition, BackendError> {
    compare(argument, SeccompCmpOp::MaskedEq(u64::from(bits)), bits)
}

fn compare(argument: u8, operator: SeccompCmpOp, value: u32) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, u64::from(value))
}

fn rule(conditions: &[SeccompCondition]) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(conditions.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_compiles_and_fits_the_kernel() {
        // BPF_MAXINSNS
        assert!((1..=4096).contains(&program(Boundary::Namespaces).unwrap().len()));
    }

    /// What the kernel would answer to a call without arguments: the few instructions that a filter is made of.
    #[cfg(target_arch = "x86_64")]
    fn answer(program: &BpfProgram, arch: u32, call: u32) -> u32 {
        let (mut accumulator, mut at) = (0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = program[at];
            let code = u32::from(code);
            at += 1;
            let compared = match code & 0xf0 {
                libc::BPF_JEQ => accumulator == k,
                libc::BPF_JGT => accumulator > k,
                libc::BPF_JGE => accumulator >= k,
                _ => accumulator & k != 0,
            };
            match code & 0x07 {
                libc::BPF_LD => accumulator = [call, arch].get(k as usize / 4).copied().unwrap_or(0),
                libc::BPF_ALU => accumulator &= k,
                libc::BPF_RET => return k,
                _ if code & 0xf0 == libc::BPF_JA => at += k as usize,
                _ => at += usize::from(if compared { jt } else { jf }),
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_shortcut_changes_no_answer() {
        const X86_64: u32 = 0xc000_003e;
        const I386: u32 = 0x4000_0003;
        for boundary in [Boundary::Namespaces, Boundary::Landlock] {
            let whole = program(boundary).unwrap();
            // The list begins with its own look at the architecture.
            let arch = |code: &sock_filter| {
                u32::from(code.code) == libc::BPF_LD | libc::BPF_W | libc::BPF_ABS && code.k == 4
            };
            let begin = whole.iter().enumerate().filter(|(_, code)| arch(code)).nth(1).unwrap().0;
            let list: BpfProgram = whole[begin..].to_vec();
            for call in (0..1000).chain([0x4000_0000, 0x4000_003b, u32::MAX]) {
                for arch in [X86_64, I386, 0] {
                    assert_eq!(answer(whole, arch, call), answer(&list, arch, call), "{call} {arch:x}");
                }
            }
            assert_eq!(answer(whole, X86_64, libc::SYS_read as u32), libc::SECCOMP_RET_ALLOW);
            assert_ne!(answer(whole, X86_64, libc::SYS_mount as u32), libc::SECCOMP_RET_ALLOW);
        }
    }

    /// Else the default of the first part that has it would hide the others.
    #[test]
    fn no_call_has_two_answers() {
        let tables =
            [refused().unwrap(), always(ABSENT), always(UNSUPPORTED), sockets(Boundary::Landlock).unwrap()];
        let mut calls: Vec<i64> = tables.iter().flat_map(|rules| rules.keys().copied()).collect();
        let count = calls.len();
        calls.sort_unstable();
        calls.dedup();
        assert_eq!(calls.len(), count);
    }
}
